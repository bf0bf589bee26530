"""What a tokenizer buys: shorter texts, and one currency, bits per byte, for models of any tokens.

bits_per_byte(nats, text)                   the cost of a whole text, whatever its tokens
unigram_nats(train_ids, ids, vocab_size)    that cost for a model which ignores the context
total_nats(model, before, ids)              that cost for a network with a window
smaller(tokenizer, 300)                     the same tokenizer, had its training stopped at 300
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.characters import windows
from scratchlm.mlp import MLPConfig
from scratchlm.tokenizer import BPETokenizer


def smaller(tokenizer: BPETokenizer, vocab_size: int) -> BPETokenizer:
    """Return the tokenizer of the first `vocab_size` tokens: bytes and first merges.

    ValueError for less than the 256 bytes, or for more than there are.
    """
    if not 256 <= vocab_size <= len(tokenizer.ranks):
        raise ValueError(
            f"vocab_size is {vocab_size}: give 256 to {len(tokenizer.ranks)}, "
            "the bytes alone to all that were learned."
        )
    ranks = {token: i for token, i in tokenizer.ranks.items() if i < vocab_size}
    return BPETokenizer(ranks, tokenizer.pattern)


def entropy(counts: Mapping) -> float:
    """Return the entropy, in bits, of a draw from things that were counted.

    >>> entropy({"a": 2, "b": 1, "c": 1})
    1.5
    """
    total = sum(counts.values())
    return sum(n / total * math.log2(total / n) for n in counts.values() if n)


def unigram_nats(train_ids: Iterable[int], ids: Iterable[int], vocab_size: int) -> float:
    """Return what `ids` cost, added up, if each costs -ln of its share of `train_ids`.

    Every one of the `vocab_size` ids counts once more than it was seen, so none is free
    of charge and none is impossible.
    """
    seen = Counter(train_ids)
    whole = seen.total() + vocab_size
    return sum(math.log(whole / (seen[i] + 1)) for i in ids)


def bits_per_byte(nats: float, text: str) -> float:
    """Return the bits that each byte of a text cost, given the sum over all its tokens.

    ValueError for an empty text, which has no bytes to share the cost.
    """
    if not text:
        raise ValueError("The text is empty: give the one whose tokens cost these nats.")
    return nats / math.log(2) / len(text.encode("utf-8"))


@torch.no_grad()
def total_nats(model: nn.Module, before: Sequence[int], ids: Sequence[int]) -> float:
    """Return the surprisals of all `ids`, added up, under a model with a window.

    The first windows reach back into `before`, which must hold at least
    `model.config.context_length` ids. So nothing of the text goes uncounted.
    """
    T = model.config.context_length
    if len(before) < T:
        raise ValueError(f"The model looks back {T} ids, got {len(before)}: give more.")
    contexts, targets = windows([*before[-T:], *ids], T)  # (N, T), (N,)
    model.eval()
    parts = zip(contexts.split(8192), targets.split(8192))
    return sum(F.cross_entropy(model(c), t, reduction="sum").item() for c, t in parts)


def multiply_adds(config: MLPConfig) -> int:
    """Return the multiplications, each with an addition, of one prediction of an `MLP`.

    Looking up an embedding multiplies nothing. A training step costs three times as
    much for each window: once forward, twice backward, for weights and for inputs.
    """
    hidden = config.context_length * config.d_model * config.d_ff
    return hidden + config.d_ff * config.vocab_size


class LeanTokenizer:
    """A BPE tokenizer without the bytes that a text never uses, renumbered from 0.

    >>> lean = LeanTokenizer(train_tokenizer(["ababa"], 257), "ababa")
    >>> len(lean), lean.encode("abba")
    (3, [2, 1, 0])
    """

    def __init__(self, base: BPETokenizer, text: str):
        used = set(text.encode("utf-8"))
        ranks = base.ranks.items()
        kept = [i for token, i in ranks if len(token) > 1 or token[0] in used]
        self.base, self.kept = base, sorted(kept)
        self.new = {old: i for i, old in enumerate(self.kept)}

    def __len__(self) -> int:
        return len(self.kept)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text; ValueError for a byte that was left out."""
        try:
            return [self.new[i] for i in self.base.encode_ordinary(text)]
        except KeyError:
            raise ValueError("Some bytes of the text were left out: drop them.") from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text that the ids stand for."""
        return self.base.decode(self.kept[int(i)] for i in ids)
