"""How much a text repeats itself, and how much two texts share."""


def ngrams(text: str, n: int) -> list[str]:
    """Return all runs of n characters in a text, from left to right; ValueError if there is none.

    >>> ngrams("to be", 4)
    ['to b', 'o be']
    """
    if not 1 <= n <= len(text):
        raise ValueError(f"{len(text)} characters hold no run of {n}: give more, or a smaller n.")
    return [text[i : i + n] for i in range(len(text) - n + 1)]


def distinct(text: str, n: int) -> float:
    """Return which share of a text's n-grams are different ones: 1 if none comes twice.

    Li et al. (2016), there with words. Compare texts of one length only: longer ones repeat more.
    """
    return len(set(ngrams(text, n))) / len(ngrams(text, n))


def overlap(text: str, others: list[str], n: int) -> float:
    """Return which share of a text's different n-grams also stand in one of the others."""
    own = set(ngrams(text, n))
    return len(own & {run for other in others for run in ngrams(other, n)}) / len(own)
