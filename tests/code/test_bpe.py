"""Byte-pair encoding on paper: by hand, and properties of merging."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchlm import bpe

WORDS = st.dictionaries(st.text("abc", min_size=1, max_size=8), st.integers(1, 9), max_size=8)


def test_pairs_are_counted_with_their_words():
    words = {("h", "u", "g"): 3, ("u", "g"): 2, ("a", "a", "a"): 1}
    assert bpe.count_pairs(words) == {("h", "u"): 3, ("u", "g"): 5, ("a", "a"): 2}
    assert bpe.count_pairs({}) == {}


def test_of_equal_pairs_the_oldest_wins():
    ages = {"a": 0, "b": 1, "c": 2, "bc": 3}
    counts = Counter({("bc", "a"): 4, ("b", "c"): 4, ("b", "a"): 4, ("a", "c"): 3})
    assert bpe.best_pair(counts, ages) == ("b", "a")


@pytest.mark.parametrize(
    "symbols, merged",
    [
        ("aaa", ("aa", "a")),
        ("aaaa", ("aa", "aa")),
        ("baab", ("b", "aa", "b")),
        ("ab", ("a", "b")),
        ("a", ("a",)),
        ("", ()),
    ],
)
def test_merging_runs_from_left_to_right(symbols, merged):
    assert bpe.merge_pair(tuple(symbols), ("a", "a")) == merged


def test_training_by_hand():
    # pairs: ab 5, bc 5 (a is older than b), then ab+c 3
    merges = bpe.train_naive({"abc": 3, "ab": 2, "bc": 2}, 2)
    assert merges == [("a", "b"), ("ab", "c")]
    assert bpe.train_naive({"abc": 3, "ab": 2, "bc": 2}, 9) == [*merges, ("b", "c")]
    assert bpe.train_naive({}, 5) == [] == bpe.train_naive({"abc": 3}, 0)
    assert bpe.train_naive({b"\xff\x00": 1}, 3) == [(b"\xff", b"\x00")]
    with pytest.raises(ValueError, match="0 or more"):
        bpe.train_naive({"abc": 3}, -1)


@given(WORDS, st.integers(0, 12), st.text("abcd", max_size=12))
def test_ranks_cut_as_the_replayed_merges_do(words, n_merges, word):
    merges = bpe.train_naive(words, n_merges)
    ranks = {left + right: rank for rank, (left, right) in enumerate(merges)}
    assert len(ranks) == len(merges)
    parts = bpe.apply_merges(word, merges)
    assert "".join(parts) == word
    if word:
        assert bpe.cut_word(word, ranks) == list(parts)


@given(WORDS, st.integers(0, 12))
def test_each_merge_was_a_most_frequent_pair(words, n_merges):
    state = {tuple(word): times for word, times in words.items()}
    for pair in bpe.train_naive(words, n_merges):
        counts = bpe.count_pairs(state)
        assert counts[pair] == max(counts.values())
        state = {bpe.merge_pair(symbols, pair): times for symbols, times in state.items()}


def test_bytes_are_symbols_too():
    assert bpe.split_symbols("é") == ("é",)
    assert bpe.split_symbols("é".encode()) == (b"\xc3", b"\xa9")
    assert bpe.cut_word(b"aab", {b"ab": 1, b"aab": 2}) == [b"aab"]
    assert bpe.cut_word(b"caab", {b"ab": 1, b"aab": 2}) == [b"c", b"aab"]
    assert bpe.cut_word("", {}) == []
