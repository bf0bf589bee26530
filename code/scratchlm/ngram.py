"""Language models that count: which character follows which context, and three ways to ask.

`NGram` answers with the fractions it saw, `AddAlphaNGram` pretends to have seen everything a
little, `InterpolatedNGram` mixes long contexts with short ones. They can share one set of counts.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from scratchlm.sampling import apply_temperature, sample


def predictions(text: str, n: int, boundary: str | None = None) -> Iterator[tuple]:
    """Yield (context, target) for every character that a model of order n predicts.

    A context is the n - 1 characters before the target, fewer at the start of the
    text. With a boundary, n - 1 of it stand before the text and one after: then the
    model also predicts how texts begin and where they end.

    >>> list(predictions("tea", n=3))
    [('', 't'), ('t', 'e'), ('te', 'a')]
    >>> list(predictions("tea", n=3, boundary="."))
    [('..', 't'), ('.t', 'e'), ('te', 'a'), ('ea', '.')]
    """
    start = 0
    if boundary is not None:
        start = n - 1
        text = boundary * start + text + boundary
    for i in range(start, len(text)):
        yield text[max(0, i - n + 1) : i], text[i]


class NGram:
    """Maximum likelihood: how often, of all times, a character followed a context.

    Args: n, the length of the longest strings counted; vocab, all characters in the order
    of their indices; boundary, the one of them that marks where texts begin and end, or None.
    `rows[context]` counts what followed a context, for every length up to n - 1.
    """

    def __init__(self, n: int, vocab: str, boundary: str | None = None):
        if n < 1:
            raise ValueError(f"n is {n}: an n-gram has at least 1 character.")
        if boundary is not None and (len(boundary) != 1 or boundary not in vocab):
            raise ValueError(f"The boundary {boundary!r} is not one character of vocab.")
        self.n, self.vocab, self.boundary = n, vocab, boundary
        self.rows: dict[str, Counter] = defaultdict(Counter)

    def fit(self, sequences: Iterable[str]) -> "NGram":
        """Count every text of a list; return self. ValueError for an unknown character."""
        if isinstance(sequences, str):
            raise ValueError("fit takes a list of texts: put the text in [brackets].")
        for text in sequences:
            if unknown := set(text) - set(self.vocab):
                raise ValueError(f"Not in vocab: {sorted(unknown)}; add them to it.")
            for context, target in predictions(text, self.n, self.boundary):
                for start in range(len(context) + 1):  # every suffix, the empty one too
                    self.rows[context[start:]][target] += 1
        return self

    def of_order(self, n: int) -> "NGram":
        """Return the model of a smaller n; it shares these counts."""
        if n > self.n:
            raise ValueError(f"These counts stop at n = {self.n}: fit one with n = {n}.")
        lower = NGram(n, self.vocab, self.boundary)
        lower.rows = self.rows
        return lower

    def window(self, context: str) -> str:
        """Return the part of a context that the model sees: its last n - 1 characters."""
        if self.boundary is not None:
            context = self.boundary * (self.n - 1) + context
        # not context[1 - n :], which keeps everything when n is 1
        return context[max(0, len(context) - self.n + 1) :]

    def probability(self, target: str, context: str) -> float:
        """Return P(target | context); 0 for all targets if the context is unseen."""
        row = self.rows.get(self.window(context))  # not [...]: that would add a row
        return row[target] / row.total() if row else 0.0

    def distribution(self, context: str) -> Tensor:
        """Return P(character | context) for the whole vocabulary: (V,) float64."""
        chances = [self.probability(character, context) for character in self.vocab]
        return torch.tensor(chances, dtype=torch.float64)


class AddAlphaNGram:
    """Additive smoothing: every character counts alpha more in every context.

    Args as for NGram, and alpha > 0; alpha = 1 is Laplace's rule. Nothing is zero.
    """

    def __init__(self, n: int, vocab: str, alpha: float = 1.0, boundary: str | None = None):
        if not alpha > 0:
            raise ValueError(f"alpha is {alpha}: give a number above 0.")
        self.n, self.vocab, self.alpha, self.boundary = n, vocab, alpha, boundary
        self.counts = NGram(n, vocab, boundary)

    def fit(self, sequences: Iterable[str]) -> "AddAlphaNGram":
        """Count every text of a list, from zero; return self."""
        return self.use(NGram(self.n, self.vocab, self.boundary).fit(sequences))

    def use(self, counts: NGram) -> "AddAlphaNGram":
        """Share the counts of a fitted model of this n or a larger one; return self."""
        if (counts.vocab, counts.boundary) != (self.vocab, self.boundary):
            raise ValueError("These counts have another vocab or boundary: give the same.")
        self.counts = counts.of_order(self.n)
        return self

    def probability(self, target: str, context: str) -> float:
        """Return P(target | context) = (count + alpha) / (total + alpha V)."""
        row = self.counts.rows.get(self.counts.window(context), Counter())
        return (row[target] + self.alpha) / (row.total() + self.alpha * len(self.vocab))

    def distribution(self, context: str) -> Tensor:
        """Return P(character | context) for the whole vocabulary: (V,) float64."""
        chances = [self.probability(character, context) for character in self.vocab]
        return torch.tensor(chances, dtype=torch.float64)


class InterpolatedNGram:
    """Witten-Bell smoothing: mix each context with shorter ones, down to the uniform.

    A context that was followed N times, by K different characters, keeps N / (N + K)
    for what it saw and gives K / (N + K) to the next shorter one: method C of Witten
    and Bell (1991), interpolated as in Chen and Goodman (1999). Args as for NGram.
    """

    def __init__(self, n: int, vocab: str, boundary: str | None = None):
        self.n, self.vocab, self.boundary = n, vocab, boundary
        self.counts = NGram(n, vocab, boundary)

    def fit(self, sequences: Iterable[str]) -> "InterpolatedNGram":
        """Count every text of a list, from zero; return self."""
        return self.use(NGram(self.n, self.vocab, self.boundary).fit(sequences))

    def use(self, counts: NGram) -> "InterpolatedNGram":
        """Share the counts of a fitted model of this n or a larger one; return self."""
        if (counts.vocab, counts.boundary) != (self.vocab, self.boundary):
            raise ValueError("These counts have another vocab or boundary: give the same.")
        self.counts = counts.of_order(self.n)
        return self

    def probability(self, target: str, context: str) -> float:
        """Return P(target | context), never zero."""
        window = self.counts.window(context)
        p = 1 / len(self.vocab)  # what we would say if we had read nothing
        for length in range(len(window) + 1):
            row = self.counts.rows.get(window[len(window) - length :])
            if row is None:  # then no longer context was seen either
                break
            kinds = len(row)
            p = (row[target] + kinds * p) / (row.total() + kinds)
        return p

    def distribution(self, context: str) -> Tensor:
        """Return P(character | context) for the whole vocabulary: (V,) float64."""
        chances = [self.probability(character, context) for character in self.vocab]
        return torch.tensor(chances, dtype=torch.float64)


def surprisals(model, text: str) -> list[float]:
    """Return -ln P(character | context), in nats, for every predicted character.

    `model` has n, vocab, boundary and probability(target, context). What it holds
    impossible costs infinity. ValueError for a character that is not in its vocab.
    """
    if unknown := set(text) - set(model.vocab):
        raise ValueError(f"Not in the model's vocab: {sorted(unknown)}.")
    asked = list(predictions(text, model.n, model.boundary))
    chances = {(h, x): model.probability(x, h) for h, x in set(asked)}  # each only once
    return [math.log(1 / chances[q]) if chances[q] > 0 else math.inf for q in asked]


def cross_entropy(model, sequences: Iterable[str]) -> float:
    """Return the mean surprisal, in nats per predicted character, over all texts."""
    if isinstance(sequences, str):
        raise ValueError("cross_entropy takes a list of texts: put it in [brackets].")
    costs = [cost for text in sequences for cost in surprisals(model, text)]
    if not costs:
        raise ValueError("There is nothing to predict: every text is empty.")
    return sum(costs) / len(costs)


def generate_text(
    model,
    length: int,
    prompt: str = "",
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
) -> str:
    """Write up to `length` characters after the prompt; stop at the model's boundary.

    Each character is drawn at this temperature (0 is greedy) and becomes part of the
    next context. Returns the prompt and what follows it.
    """
    text = prompt
    for _ in range(length):
        logits = model.distribution(text).log()  # (V,)
        index = sample(apply_temperature(logits, temperature), generator)
        if model.vocab[index] == model.boundary:
            break
        text += model.vocab[index]
    return text
