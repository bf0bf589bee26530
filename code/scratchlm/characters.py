"""Characters as numbers: a vocabulary, and the (context, target) pairs that a model learns from."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


class CharTokenizer:
    """Give every character of a vocabulary an id: its place in the vocabulary.

    >>> tokenizer = CharTokenizer(".abc")
    >>> tokenizer.encode("cab")
    [3, 1, 2]
    >>> tokenizer.decode([3, 1, 2])
    'cab'
    """

    def __init__(self, vocab: str):
        if not vocab or len(set(vocab)) < len(vocab):
            raise ValueError(f"The vocabulary is {vocab!r}: give each character once.")
        self.vocab = vocab
        self.itos = dict(enumerate(vocab))  # integer to string
        self.stoi = {character: i for i, character in self.itos.items()}

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's characters; ValueError for an unknown one."""
        if unknown := sorted(set(text) - set(self.stoi)):
            raise ValueError(f"The vocabulary lacks {unknown}: remove or add them.")
        return [self.stoi[character] for character in text]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text that the ids stand for."""
        return "".join(self.itos[int(i)] for i in ids)


def windows(ids: Sequence[int], context_length: int) -> tuple[Tensor, Tensor]:
    """Slide over ids: every run of `context_length` ids, with the id that follows it.

    Returns contexts (N, T) and targets (N,), int64, where T = context_length and
    N = len(ids) - T. Raises ValueError when the ids are too few for one window.

    >>> windows([5, 6, 7, 8], context_length=2)
    (tensor([[5, 6],
            [6, 7]]), tensor([7, 8]))
    """
    ids = torch.as_tensor(ids)
    if context_length < 1 or len(ids) <= context_length:
        raise ValueError(
            f"{len(ids)} ids hold no window of context_length {context_length} with a target: "
            "give more ids, or a context_length from 1 to one less than that."
        )
    contexts = ids.unfold(0, context_length, 1)  # (N + 1, T): a view, nothing is copied
    return contexts[:-1], ids[context_length:]  # the last window has nothing after it


def name_windows(
    names: Sequence[str],
    tokenizer: CharTokenizer,
    context_length: int,
    boundary: str = ".",
) -> tuple[Tensor, Tensor]:
    """Cut every name into windows of its own: contexts (N, T), targets (N,), int64.

    `context_length` boundaries go before a name and one behind it, so that a model
    also learns how names begin and where they end; k characters give k + 1 windows.
    """
    if isinstance(names, str) or not names:
        raise ValueError("name_windows takes a list of names: give at least one.")
    padded = (boundary * context_length + name + boundary for name in names)
    pairs = [windows(tokenizer.encode(text), context_length) for text in padded]
    contexts, targets = zip(*pairs)
    return torch.cat(contexts), torch.cat(targets)
