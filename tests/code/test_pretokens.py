"""Cutting texts into words: by hand, and as `tiktoken`'s own patterns do."""

import pytest
import tiktoken
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from scratchlm.pretokens import (
    GPT2_PATTERN,
    GPT4_PATTERN,
    compiled,
    count_words,
    pretokens,
    split_specials,
    to_bytes,
)
from scratchlm.tokenizer import BPETokenizer

BYTES = {bytes([value]): value for value in range(256)}
# What the patterns tell apart, and texts made of it: pieces are drawn often, anything sometimes.
# All of Unicode that is assigned. `regex` and `tiktoken` carry tables of different years, so that
# what one knows for a letter may be no character yet to the other.
CHARACTER = st.characters(exclude_categories=["Cs", "Cn"])
PIECES = ["'s", "'LL", "'ſ", "'", "don't", " ", "  ", "\n", "\r\n", "\t", "\u3000", "a", "É", "ß"]
PIECES += ["한국", "1", "1234", "½", "!", "...", "🙂", "e\u0301", "\x1c", "\x85", "<|endoftext|>"]
TEXT = st.lists(st.sampled_from(PIECES) | CHARACTER, max_size=12).map("".join)


def test_gpt2_by_hand():
    assert pretokens("Don't  stop: it's 1984!\n\n I'LL") == [
        *("Don", "'t", " ", " stop", ":", " it", "'s", " 1984", "!", "\n\n", " I", "'", "LL")
    ]


def test_gpt4_by_hand():
    assert pretokens("Don't  stop: it's 1984!\n\n I'LL", GPT4_PATTERN) == [
        *("Don", "'t", " ", " stop", ":", " it", "'s", " ", "198", "4", "!\n\n", " I", "'LL")
    ]


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])
@given(TEXT)
def test_nothing_is_lost(pattern, text):
    assert "".join(pretokens(text, pattern)) == text


def pattern_of_tiktoken(name, monkeypatch):
    """The pattern as `tiktoken` states it; GPT-4's tokens, which it would fetch, are not needed."""
    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", lambda *_, **__: BYTES)
    return openai_public.r50k_pat_str if name == "gpt2" else openai_public.cl100k_base()["pat_str"]


PAIRS = {bytes([a, b]): 256 + 256 * a + b for a in range(256) for b in range(256)}


@pytest.mark.parametrize(
    "name, pattern", [("gpt2", GPT2_PATTERN), ("gpt4", GPT4_PATTERN)], ids=["gpt2", "gpt4"]
)
def test_the_patterns_cut_as_tiktokens_do(name, pattern, monkeypatch):
    """Any two bytes are a token, so that the ids show where the cuts are."""
    ours = BPETokenizer(BYTES | PAIRS, pattern)
    theirs = pattern_of_tiktoken(name, monkeypatch)
    peer = tiktoken.Encoding(
        "pairs", pat_str=theirs, mergeable_ranks=BYTES | PAIRS, special_tokens={}
    )

    @settings(max_examples=500, deadline=None)
    @given(TEXT)
    @example("\n \n  x\n ")
    def agree(text):
        assert ours.encode(text) == peer.encode(text)

    agree()


def test_words_are_counted_as_bytes():
    assert count_words(["a rose is a rose", "é"]) == {
        **{b"a": 1, b" rose": 2, b" is": 1, b" a": 1},
        "é".encode(): 1,
    }
    assert count_words(["one<end>one"], specials=["<end>"]) == {b"one": 2}
    assert count_words([]) == {}
    with pytest.raises(ValueError, match="in \\[brackets\\]"):
        count_words("a rose")


@pytest.mark.parametrize(
    "specials, parts",
    [
        ([], ["x<a>b"]),
        (["<a>"], ["x", "<a>", "b"]),
        (["<a>", "<a>b"], ["x", "<a>b", ""]),
        (["a>b", "x<a"], ["", "x<a", ">b"]),
        (["."], ["x<a>b"]),
    ],
)
def test_texts_are_cut_at_special_tokens(specials, parts):
    assert split_specials("x<a>b", specials) == parts


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(ValueError, match=r"'\\ud83d', half of a surrogate pair"):
        to_bytes("a\ud83d")
    assert to_bytes("a\U0001f642") == b"a\xf0\x9f\x99\x82"


@pytest.mark.parametrize(
    "pattern, reason", [("(", "missing"), (None, "None"), (r"(\w)+", "write (?:…)")]
)
def test_a_pattern_that_is_none_gets_a_sentence(pattern, reason):
    with pytest.raises(ValueError) as error:
        compiled(pattern)
    assert reason in str(error.value) and "\n" not in str(error.value)
