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


def predictions(text: str, n: int, boundary: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield (context, target) for every character that an n-gram model predicts in a text.

    A context is the n - 1 characters before the target, fewer at the start of the text.
    With a boundary, n - 1 of it stand before the text and one after: the model then also
    predicts how texts begin and where they end.

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
    """Maximum likelihood: the fraction of the time that a character followed a context.

    Args: n, the length of the longest strings counted; vocab, the alphabet, index by index;
    boundary, a character of vocab that marks where texts begin and end, or None.
    `rows[context]` counts the characters seen after a context of any length up to n - 1.
    """

    def __init__(self, n: int, vocab: str, boundary: str | None = None):
        if n < 1:
            raise ValueError(f"n is {n}: an n-gram has at least 1 character.")
        if boundary is not None and (len(boundary) != 1 or boundary not in vocab):
            raise ValueError(f"The boundary is {boundary!r}: give one character of the vocabulary.")
        self.n, self.vocab, self.boundary = n, vocab, boundary
        self.rows: dict[str, Counter] = defaultdict(Counter)

    def fit(self, sequences: Iterable[str]) -> "NGram":
        """Count every text of a list; returns self. ValueError if a character is not in vocab."""
        if isinstance(sequences, str):
            raise ValueError("fit takes a list of texts: put your one text in square brackets.")
        for text in sequences:
            if unknown := set(text) - set(self.vocab):
                raise ValueError(f"The text holds {sorted(unknown)}: add them to the vocabulary.")
            for context, target in predictions(text, self.n, self.boundary):
                for start in range(len(context) + 1):  # every suffix, down to the empty one
                    self.rows[context[start:]][target] += 1
        return self

    def of_order(self, n: int) -> "NGram":
        """Return the model of a smaller n. It shares these counts, so nothing is counted twice."""
        if n > self.n:
            raise ValueError(f"These counts stop at n = {self.n}: fit a model of order {n}.")
        lower = NGram(n, self.vocab, self.boundary)
        lower.rows = self.rows
        return lower

    def window(self, context: str) -> str:
        """Return the part of a context that the model looks at: its last n - 1 characters."""
        if self.boundary is not None:
            context = self.boundary * (self.n - 1) + context
        return context[max(0, len(context) - self.n + 1) :]  # [-0:] would be everything

    def probability(self, target: str, context: str) -> float:
        """Return P(target | context); 0 for every target if the context was never seen."""
        row = self.rows.get(self.window(context))  # not [...]: that would add a row
        return row[target] / row.total() if row else 0.0

    def distribution(self, context: str) -> Tensor:
        """Return P(character | context) for the whole vocabulary: (V,) float64."""
        return torch.tensor([self.probability(c, context) for c in self.vocab], dtype=torch.float64)


class AddAlphaNGram:
    """Additive smoothing: as if every character had been seen alpha times more in every context.

    Args as for NGram, and alpha > 0; alpha = 1 is Laplace's rule. No probability is zero.
    """

    def __init__(self, n: int, vocab: str, alpha: float = 1.0, boundary: str | None = None):
        if not alpha > 0:
            raise ValueError(f"alpha is {alpha}: give a number above 0.")
        self.n, self.vocab, self.alpha, self.boundary = n, vocab, alpha, boundary
        self.counts = NGram(n, vocab, boundary)

    def fit(self, sequences: Iterable[str]) -> "AddAlphaNGram":
        """Count every text of a list; returns self. ValueError if a character is not in vocab."""
        self.counts = NGram(self.n, self.vocab, self.boundary).fit(sequences)
        return self

    def use(self, counts: NGram) -> "AddAlphaNGram":
        """Share the counts of a fitted model of this n or a larger one; returns self."""
        if (counts.vocab, counts.boundary) != (self.vocab, self.boundary):
            raise ValueError("These counts have another vocabulary or boundary: give the same.")
        self.counts = counts.of_order(self.n)
        return self

    def probability(self, target: str, context: str) -> float:
        """Return P(target | context) = (count + alpha) / (total + alpha V), never zero."""
        row = self.counts.rows.get(self.counts.window(context), Counter())
        return (row[target] + self.alpha) / (row.total() + self.alpha * len(self.vocab))

    def distribution(self, context: str) -> Tensor:
        """Return P(character | context) for the whole vocabulary: (V,) float64."""
        return torch.tensor([self.probability(c, context) for c in self.vocab], dtype=torch.float64)


class InterpolatedNGram:
    """Witten-Bell smoothing: mix each context with the next shorter one, down to the uniform.

    A context followed by T different characters in N occurrences keeps N / (N + T) for what it
    saw and gives T / (N + T) to the shorter context (Witten and Bell, 1991, method C; interpolated
    as in Chen and Goodman, 1999). Args as for NGram. No probability is zero.
    """

    def __init__(self, n: int, vocab: str, boundary: str | None = None):
        self.n, self.vocab, self.boundary = n, vocab, boundary
        self.counts = NGram(n, vocab, boundary)

    def fit(self, sequences: Iterable[str]) -> "InterpolatedNGram":
        """Count every text of a list; returns self. ValueError if a character is not in vocab."""
        self.counts = NGram(self.n, self.vocab, self.boundary).fit(sequences)
        return self

    def use(self, counts: NGram) -> "InterpolatedNGram":
        """Share the counts of a fitted model of this n or a larger one; returns self."""
        if (counts.vocab, counts.boundary) != (self.vocab, self.boundary):
            raise ValueError("These counts have another vocabulary or boundary: give the same.")
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
        return torch.tensor([self.probability(c, context) for c in self.vocab], dtype=torch.float64)


def surprisals(model, text: str) -> list[float]:
    """Return -ln P(character | context) in nats for every character that the model predicts.

    `model` has n, vocab, boundary and probability(target, context). A character to which it gives
    no chance costs infinity. ValueError for a character that is not in its vocabulary.
    """
    if unknown := set(text) - set(model.vocab):
        raise ValueError(f"The text holds {sorted(unknown)}, which the model's vocabulary lacks.")
    questions = list(predictions(text, model.n, model.boundary))
    chances = {(h, x): model.probability(x, h) for h, x in set(questions)}  # ask each only once
    return [math.log(1 / chances[q]) if chances[q] > 0 else math.inf for q in questions]


def cross_entropy(model, sequences: Iterable[str]) -> float:
    """Return the mean surprisal, in nats per predicted character, over a list of texts."""
    if isinstance(sequences, str):
        raise ValueError("cross_entropy takes a list of texts: put your text in square brackets.")
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
    """Write up to `length` characters after the prompt, one at a time; stop at the boundary.

    Each character is drawn from the model's distribution at this temperature (0 is greedy) and
    becomes part of the next context. Returns the prompt and what follows it.
    """
    text = prompt
    for _ in range(length):
        logits = model.distribution(text).log()  # (V,)
        index = sample(apply_temperature(logits, temperature), generator)
        if model.vocab[index] == model.boundary:
            break
        text += model.vocab[index]
    return text
