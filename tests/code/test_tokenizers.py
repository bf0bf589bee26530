"""Word and byte tokenizers and special tokens: by hand, round trips, against tiktoken."""

import pytest
import tiktoken
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.characters import CharTokenizer
from scratchlm.tokenizers import (
    END_OF_TEXT,
    ByteTokenizer,
    SpecialTokens,
    WordTokenizer,
    build_vocab,
    split_special,
    split_words,
)

TEXT = st.text(st.characters(codec="utf-8"))  # all of Unicode but lone surrogates
SPECIALS = [END_OF_TEXT, "<|pad|>"]
WITH_SPECIALS = st.lists(st.one_of(TEXT, st.sampled_from([*SPECIALS, "<|", "|>"]))).map("".join)

ORACLE = tiktoken.Encoding(
    name="bytes",
    pat_str=r"(?s:.)",
    mergeable_ranks={bytes([i]): i for i in range(256)},
    special_tokens={END_OF_TEXT: 256, "<|pad|>": 257},
)


def byte_tokenizer():
    return SpecialTokens(ByteTokenizer(), SPECIALS)


# ----------------------------------------------------------------------------------------- words


def test_words_by_hand():
    assert split_words("Speak, sir!\n") == ["Speak", ",", " ", "sir", "!", "\n"]
    assert split_words("don't 7up a_b") == ["don", "'", "t", " ", "7up", " ", "a_b"]
    assert split_words("") == []


@given(st.text())
def test_pieces_join_to_the_text(text):
    assert "".join(split_words(text)) == text


def test_the_vocabulary_goes_by_frequency_then_alphabet():
    tokens = ["to", "be", "or", "not", "to", "be", "that"]
    assert build_vocab(tokens) == ["be", "to", "not", "or", "that"]
    assert build_vocab(reversed(tokens)) == build_vocab(tokens)
    assert build_vocab(tokens, min_count=2) == ["be", "to"]
    assert build_vocab(tokens, max_size=1) == ["be"]
    assert build_vocab(tokens, max_size=0) == build_vocab([]) == []
    assert "".join(build_vocab("abracadabra")) == "abrcd"


@pytest.mark.parametrize("limits", [{"max_size": -1}, {"min_count": 0}])
def test_limits_that_cannot_be_meant(limits):
    with pytest.raises(ValueError, match="give a size of 0 or more"):
        build_vocab(["a"], **limits)


@given(TEXT, st.data())
def test_known_words_survive_the_round_trip(text, data):
    vocab = build_vocab(split_words(text))
    tokenizer = WordTokenizer(vocab)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer) == len(vocab) + 1
    chosen = data.draw(st.lists(st.sampled_from(vocab))) if vocab else []
    assert WordTokenizer(["x"]).encode("".join(chosen)).count(0) <= len("".join(chosen))


def test_unknown_words_share_an_id():
    tokenizer = WordTokenizer(["to", " ", "be"])
    assert tokenizer.encode("to bee or") == [1, 2, 0, 2, 0]
    assert tokenizer.decode(torch.tensor([1, 2, 0])) == "to <unk>"
    assert tokenizer.encode("<unk>") == [0, 0, 0]  # three pieces: no text spells the token


@pytest.mark.parametrize("vocab", [["a", "a"], ["<unk>"], "abc"])
def test_a_vocabulary_of_words_that_cannot_be_meant(vocab):
    with pytest.raises(ValueError, match="list of words, each once"):
        WordTokenizer(vocab)


# ----------------------------------------------------------------------------------------- bytes


def test_bytes_by_hand():
    assert ByteTokenizer().encode("né") == [110, 195, 169]
    assert len(ByteTokenizer()) == 256


@given(TEXT)
def test_bytes_survive_the_round_trip(text):
    tokenizer = ByteTokenizer()
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == tokenizer.decode(torch.tensor(ids, dtype=torch.int64)) == text
    assert ids == ORACLE.encode_ordinary(text)


@given(st.lists(st.integers(0, 255)))
def test_any_bytes_are_decoded(ids):
    assert ByteTokenizer().decode(ids) == ORACLE.decode(ids)


@given(TEXT, st.characters(categories=["Cs"]), TEXT)
def test_half_of_a_surrogate_pair_is_refused_in_a_sentence(before, half, after):
    with pytest.raises(ValueError) as caught:
        ByteTokenizer().encode(before + half + after)
    assert f"Character {len(before)} is" in str(caught.value)
    assert "\n" not in str(caught.value) and not isinstance(caught.value, UnicodeError)


# -------------------------------------------------------------------------------- special tokens


@given(WITH_SPECIALS, st.sets(st.sampled_from(SPECIALS)))
def test_special_tokens_are_those_of_tiktoken(text, allowed):
    mine = byte_tokenizer()
    for options in (
        {"disallowed_special": ()},
        {"allowed_special": "all"},
        {"allowed_special": allowed, "disallowed_special": ()},
    ):
        ids = mine.encode(text, **options)
        assert ids == ORACLE.encode(text, **options)
        assert mine.decode(ids) == text


@given(WITH_SPECIALS, st.sets(st.sampled_from(SPECIALS)))
def test_a_disallowed_one_is_refused_as_by_tiktoken(text, allowed):
    try:
        right = ORACLE.encode(text, allowed_special=allowed)
    except ValueError:
        with pytest.raises(ValueError, match="put it in allowed_special"):
            byte_tokenizer().encode(text, allowed_special=allowed)
    else:
        assert byte_tokenizer().encode(text, allowed_special=allowed) == right


@given(st.lists(st.integers(0, 257)))
def test_any_ids_are_decoded_in_runs(ids):
    parts, run = [], []
    for i in [*ids, None]:
        if i is None or i >= 256:
            parts.append(bytes(run).decode("utf-8", errors="replace"))
            run = []
            parts.append("" if i is None else SPECIALS[i - 256])
        else:
            run.append(i)
    assert byte_tokenizer().decode(ids) == byte_tokenizer().decode(torch.tensor(ids).long())
    assert byte_tokenizer().decode(ids) == "".join(parts)


@pytest.mark.parametrize("base", [CharTokenizer("abc"), WordTokenizer(["abc"]), ByteTokenizer()])
def test_every_tokenizer_can_have_them(base):
    tokenizer = SpecialTokens(base)
    assert tokenizer.special_ids == {END_OF_TEXT: len(base)} and len(tokenizer) == len(base) + 1
    text = "abc" + END_OF_TEXT + "abc"
    ids = tokenizer.encode(text, allowed_special="all")
    assert ids == [*base.encode("abc"), len(base), *base.encode("abc")]
    assert tokenizer.decode(ids) == text


def test_without_specials_it_is_the_tokenizer():
    tokenizer = SpecialTokens(ByteTokenizer(), [])
    assert tokenizer.encode(END_OF_TEXT) == ByteTokenizer().encode(END_OF_TEXT)


def test_the_longer_name_wins():
    assert split_special("<a><a>b", ["<a>", "<a>b"]) == ["", "<a>", "", "<a>b", ""]


@pytest.mark.parametrize("names", ["<|pad|>", ["a", "a"], [""]])
def test_names_that_cannot_be_meant(names):
    with pytest.raises(ValueError, match="list of distinct texts"):
        SpecialTokens(ByteTokenizer(), names)
