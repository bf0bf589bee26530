"""Language models that count: which character follows which context, and three ways to ask.

`NGram` answers with the observed fractions, `AddAlphaNGram` pretends to have seen everything a
little, `InterpolatedNGram` mixes long contexts with short ones. All three share one set of counts.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from scratchlm.sampling import apply_temperature, sample


def predictions(text: str, n: int, boundary: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield (context, next character) for every prediction an n-gram model makes on a text.

    A context is the n - 1 characters before, or as many as there are at the start of the text.
    With a boundary, n - 1 of it are put before the text and one after, so that the model also
    predicts how texts begin and where they end.

    >>> list(predictions("tea", n=3))
    [('', 't'), ('t', 'e'), ('te', 'a')]
    """
    start = 0
    if boundary is not None:
        start = n - 1
        text = boundary * start + text + boundary
    for i in range(start, len(text)):
        yield text[max(0, i - n + 1) : i], text[i]


class NGram:
    """Count which characters follow each context of up to n - 1 characters.

    Args: n, the length of the counted strings; vocab, the alphabet, whose order is the order of
    the indices; boundary, one character of vocab that marks where a text starts and ends, or None.
    `rows[context]` counts the characters seen after `context`, for every length up to n - 1.
    """

    def __init__(self, n: int, vocab: str, boundary: str | None = None):
        if n < 1:
            raise ValueError(f"n is {n}: an n-gram needs at least 1 character.")
        if boundary is not None and boundary not in vocab:
            raise ValueError(f"The boundary {boundary!r} must be a character of the vocabulary.")
        self.n, self.vocab, self.boundary = n, vocab, boundary
        self.rows: dict[str, Counter] = defaultdict(Counter)

    def fit(self, sequences: Iterable[str]) -> "NGram":
        """Add the counts of every text; returns self. ValueError for a character not in vocab."""
        for text in sequences:
            require_vocabulary(text, self.vocab)
            for context, target in predictions(text, self.n, self.boundary):
                for start in range(len(context) + 1):  # every suffix, down to the empty one
                    self.rows[context[start:]][target] += 1
        return self
