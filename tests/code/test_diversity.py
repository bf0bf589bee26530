"""Measures of repetition: by hand, slowly, and as properties."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.diversity import distinct, ngrams, overlap

texts = st.text("ab c", min_size=4, max_size=30)


def test_by_hand():
    assert ngrams("to be", 4) == ["to b", "o be"]
    assert distinct("abab", 2) == 2 / 3
    assert distinct("abcd", 2) == 1 and distinct("aaaaa", 2) == 1 / 4
    assert overlap("abc", ["xbc"], 2) == 1 / 2
    assert overlap("abc", ["bc", "ab"], 2) == 1 and overlap("abc", ["cba"], 2) == 0


@given(texts, st.integers(1, 4))
def test_distinct_slowly(text, n):
    counts = Counter(text[i : i + n] for i in range(len(text)) if len(text[i : i + n]) == n)
    assert distinct(text, n) == len(counts) / sum(counts.values())


@given(texts, texts, st.integers(1, 4))
def test_properties(a, b, n):
    assert 0 < distinct(a, n) <= 1
    assert 0 <= overlap(a, [b], n) <= 1 and overlap(a, [a, b], n) == 1
    assert distinct(a + a, n) <= distinct(a, n)


@pytest.mark.parametrize("n", [0, 4])
def test_too_short_a_text_is_told(n):
    with pytest.raises(ValueError, match="no run of"):
        ngrams("abc", n)
