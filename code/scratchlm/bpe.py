"""Byte-pair encoding as one would do it on paper: count all pairs, merge the most frequent, repeat.

Symbols are strings or bytes, and a merged symbol is its two parts joined, so the same
functions learn from characters and from bytes:

    words = {"hug": 2, "pug": 1}                    how often each word occurs
    merges = train_naive(words, n_merges=2)         [("u", "g"), ("h", "ug")]
    apply_merges("pug", merges)                     ("p", "ug")
    cut_word("pug", {"ug": 0, "hug": 1})            ["p", "ug"]

`scratchlm.bpe_fast` learns the same merges without counting everything anew;
`scratchlm.tokenizer` makes them into a tokenizer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise


def split_symbols(word: str | bytes) -> tuple:
    """Cut a word into its single characters, or its single bytes.

    >>> split_symbols("hug"), split_symbols(b"hug")
    (('h', 'u', 'g'), (b'h', b'u', b'g'))
    """
    return tuple(word[i : i + 1] for i in range(len(word)))  # word[i] of bytes is a number


def count_pairs(words: Mapping[tuple, int]) -> Counter:
    """Count the neighbours: for every pair of adjacent symbols, how often it occurs.

    `words` says how often each word, a tuple of symbols, occurs in the text.
    """
    counts = Counter()
    for symbols, times in words.items():
        for pair in pairwise(symbols):
            counts[pair] += times
    return counts


def best_pair(counts: Mapping[tuple, int], ages: Mapping) -> tuple:
    """Return the most frequent pair; of several, the one whose parts are oldest.

    `ages` numbers the symbols in the order in which they came into the vocabulary. The
    left part decides, then the right one.
    """
    return min(counts, key=lambda pair: (-counts[pair], ages[pair[0]], ages[pair[1]]))


def merge_pair(symbols: Sequence, pair: tuple) -> tuple:
    """Join every occurrence of a pair, from left to right.

    >>> merge_pair(("b", "a", "n", "a", "n", "a"), ("a", "n"))
    ('b', 'an', 'an', 'a')
    """
    merged, i = [], 0
    while i < len(symbols):
        width = 2 if tuple(symbols[i : i + 2]) == pair else 1
        merged.append(symbols[i] if width == 1 else pair[0] + pair[1])
        i += width
    return tuple(merged)


def train_naive(words: Mapping[str | bytes, int], n_merges: int) -> list[tuple]:
    """Learn merges by counting all pairs of all words before each one.

    Returns pairs of symbols in the order in which they were merged; fewer than
    `n_merges` if every word has become one symbol before. ValueError for a negative number.
    """
    if n_merges < 0:
        raise ValueError(f"n_merges is {n_merges}: give 0 or more.")
    words = {split_symbols(word): times for word, times in words.items()}
    alphabet = sorted({symbol for symbols in words for symbol in symbols})
    ages = {symbol: age for age, symbol in enumerate(alphabet)}
    merges = []
    while len(merges) < n_merges and (counts := count_pairs(words)):
        pair = best_pair(counts, ages)
        words = {merge_pair(symbols, pair): times for symbols, times in words.items()}
        ages[pair[0] + pair[1]] = len(ages)
        merges.append(pair)
    return merges


def apply_merges(word: str | bytes, merges: Sequence[tuple]) -> tuple:
    """Cut a word into tokens by replaying all merges in the order they were learned."""
    symbols = split_symbols(word)
    for pair in merges:
        symbols = merge_pair(symbols, pair)
    return symbols


def cut_word(word: str | bytes, ranks: Mapping) -> list:
    """Cut a word into tokens by rank: join the neighbours whose token is the oldest.

    `ranks` numbers the tokens in the order they were learned. Of several pairs of the
    same rank the leftmost comes first.
    """
    if word in ranks:
        return [word]
    parts, never = list(split_symbols(word)), float("inf")  # rank of what is no token
    while len(parts) > 1:
        candidates = [ranks.get(left + right, never) for left, right in pairwise(parts)]
        lowest = min(candidates)
        if lowest == never:
            break
        i = candidates.index(lowest)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts
