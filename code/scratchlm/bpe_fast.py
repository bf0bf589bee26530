"""Byte-pair encoding at size: counts that are kept up to date, and words cut up by rank.

    words = Counter(word.encode() for word in …)    how often each word occurs, as bytes
    merges = train_fast(words, n_merges=768)        the merges of `scratchlm.bpe.train_naive`
    ranks = rank_tokens(merges)                     token → id: 256 bytes, then the merges
    cut_word_fast(b" thee", ranks)                  [b" the", b"e"]

A merge changes the counts of few pairs, and only in the words that contain it. So the trainer
keeps the counts, for every pair the words to look at, and a queue of the pairs by frequency.
"""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise


class PairIndex:
    """The pairs of a corpus, with counts that stay right while pairs are merged.

    Symbols are ids. `words` holds each distinct word as a list of ids and `times` how often
    it occurs; `where[pair]` numbers the words in which a pair was seen, `touched` how often
    a word has been looked at. The queue may hold outdated counts: `best` sorts them out.
    """

    def __init__(self, words: Mapping[bytes, int]):
        self.words = [list(word) for word in words]  # of bytes, list makes numbers
        self.times = list(words.values())
        self.counts: dict[tuple[int, int], int] = defaultdict(int)
        self.where: dict[tuple[int, int], set[int]] = defaultdict(set)
        for number, word in enumerate(self.words):
            for pair in pairwise(word):
                self.counts[pair] += self.times[number]
                self.where[pair].add(number)
        self.queue = [(-count, pair) for pair, count in self.counts.items()]
        heapq.heapify(self.queue)
        self.touched = 0

    def best(self) -> tuple[int, int] | None:
        """Take the most frequent pair off the queue, of several the oldest; or None."""
        while self.queue:
            negative, pair = heapq.heappop(self.queue)
            count = self.counts[pair]
            if 0 < count == -negative:
                return pair
            if count > 0:  # it has become rarer since: back, further down
                heapq.heappush(self.queue, (-count, pair))
        return None

    def merge(self, pair: tuple[int, int], new: int) -> None:
        """Replace a pair by the id `new`, and correct the counts of the pairs beside it."""
        numbers = self.where.pop(pair)
        born = set()
        for number in numbers:
            born |= self.merge_in_word(number, pair, new)
        self.touched += len(numbers)
        del self.counts[pair]
        for neighbours in born:
            heapq.heappush(self.queue, (-self.counts[neighbours], neighbours))

    def merge_in_word(self, number: int, pair: tuple[int, int], new: int) -> set:
        """Merge a pair in one word; return the pairs that this has brought into being."""
        word, times, counts = self.words[number], self.times[number], self.counts
        (left, right), born, i = pair, set(), 0
        while i < len(word) - 1:
            if word[i] == left and word[i + 1] == right:
                if i > 0:
                    counts[word[i - 1], left] -= times
                    counts[word[i - 1], new] += times
                    born.add((word[i - 1], new))
                if i + 2 < len(word):
                    counts[right, word[i + 2]] -= times
                    counts[new, word[i + 2]] += times
                    born.add((new, word[i + 2]))
                word[i : i + 2] = [new]
            i += 1
        for neighbours in born:
            self.where[neighbours].add(number)
        return born


def train_fast(words: Mapping[bytes, int], n_merges: int) -> list[tuple[bytes, bytes]]:
    """Learn the merges that `scratchlm.bpe.train_naive` learns, in a fraction of the steps.

    `words` says how often each word occurs. Returns fewer than `n_merges` pairs if every
    word has become one token before. ValueError for a negative number.
    """
    if n_merges < 0:
        raise ValueError(f"n_merges is {n_merges}: give 0 or more.")
    index = PairIndex(words)
    tokens = [bytes([value]) for value in range(256)]
    merges = []
    while len(merges) < n_merges and (pair := index.best()):
        index.merge(pair, new=len(tokens))
        merges.append((tokens[pair[0]], tokens[pair[1]]))
        tokens.append(tokens[pair[0]] + tokens[pair[1]])
    return merges


def rank_tokens(merges: Sequence[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """Number the tokens: the bytes by value, then each merge as it was learned."""
    ranks = {bytes([value]): value for value in range(256)}
    for left, right in merges:
        ranks[left + right] = len(ranks)
    return ranks


def cut_word_fast(word: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """Cut a word as `scratchlm.bpe.cut_word` does: n bytes take about n log n steps, not n².

    `ranks` holds all 256 bytes.
    """
    if word in ranks:
        return [word]
    end = [*range(1, len(word) + 1)]  # where a part that starts here ends, or 0
    before = [*range(-1, len(word) - 1)]  # where the part left of it starts
    queue = []

    def offer(start):
        """Queue the part that starts here, joined with its right neighbour."""
        if start >= 0 and (middle := end[start]) < len(word):
            stop = end[middle]
            if (rank := ranks.get(word[start:stop])) is not None:
                heapq.heappush(queue, (rank, start, middle, stop))

    for start in range(len(word)):
        offer(start)
    while queue:
        _, start, middle, stop = heapq.heappop(queue)
        if end[start] != middle or end[middle] != stop:
            continue  # one of the two has been joined with another part since
        end[start], end[middle] = stop, 0
        if stop < len(word):
            before[stop] = start
        offer(start)
        offer(before[start])
    return [word[start:stop] for start, stop in enumerate(end) if stop]
