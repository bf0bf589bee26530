"""Tokenizers in files: what is saved comes back, what is malformed gets a sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchlm import data
from scratchlm.pretokens import GPT4_PATTERN
from scratchlm.tokenizer import BPETokenizer, train_tokenizer
from scratchlm.tokenizer_files import (
    FORMAT,
    gpt2_tokenizer,
    load_tokenizer,
    save_tokenizer,
    stand_ins,
    to_tiktoken,
)

SPECIALS = {"<|end|>": 900, "<é\n\"'>": 5000}


@pytest.fixture(scope="module")
def tokenizer():
    text = data.load("tiny-shakespeare")[:50_000] + "日本語 🙂 " * 50
    ranks = train_tokenizer([text], 700, GPT4_PATTERN).ranks
    return BPETokenizer(ranks, GPT4_PATTERN, SPECIALS)


@pytest.fixture(scope="module")
def reloaded(tokenizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizers") / "own.json"
    save_tokenizer(tokenizer, path)
    return load_tokenizer(path)


def test_everything_comes_back(tokenizer, reloaded):
    assert reloaded.ranks == tokenizer.ranks
    assert reloaded.pattern == GPT4_PATTERN and reloaded.specials == SPECIALS
    assert len(reloaded) == 5001


@given(text=st.text())
def test_the_reloaded_gives_the_same_ids(text, tokenizer, reloaded):
    assert reloaded.encode(text) == tokenizer.encode(text)


def test_gpt2_can_be_saved(tmp_path):
    original = gpt2_tokenizer()
    save_tokenizer(original, tmp_path / "gpt2.json")
    found = load_tokenizer(tmp_path / "gpt2.json")
    assert (found.ranks, found.specials) == (original.ranks, original.specials)


def good():
    ranks = {chr(value): value for value in range(256)}
    return {"format": FORMAT, "pattern": r"\s+|\S+", "specials": {"<x>": 300}, "ranks": ranks}


def without(key):
    return {name: value for name, value in good().items() if name != key}


@pytest.mark.parametrize(
    "content, reason",
    [
        ("{", "no tokenizer"),
        ("[]", '"format"'),
        ("{}", '"format"'),
        (without("ranks"), '"ranks"'),
        (without("specials"), '"specials"'),
        (without("pattern"), "pattern"),
        (good() | {"ranks": {"a": "b"}}, '"ranks"'),
        (good() | {"ranks": {"a": -1}}, '"ranks"'),
        (good() | {"ranks": {"a": 1}}, "lack the byte 0"),
        (good() | {"ranks": good()["ranks"] | {"日": 400}}, "latin-1"),
        (good() | {"specials": {"<x>": 65}}, "same id"),
        (good() | {"pattern": "("}, "pattern"),
        (b"\xff\xfe\x00", "utf-8"),
    ],
)
def test_a_malformed_file_gets_a_sentence(content, reason, tmp_path):
    path = tmp_path / "bad.json"
    if not isinstance(content, (str, bytes)):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError) as error:
        load_tokenizer(path)
    assert reason in str(error.value) and "\n" not in str(error.value)
    assert "bad.json" in str(error.value) and str(error.value).endswith(".")


def test_a_good_file_is_read(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(good()))
    assert load_tokenizer(tmp_path / "good.json").encode("<x>", allowed_special="all") == [300]


def test_gpt2s_spelling_of_bytes():
    byte_of = stand_ins()
    assert len(byte_of) == 256 == len(set(byte_of.values()))
    assert (byte_of["a"], byte_of["Ġ"], byte_of["Ċ"], byte_of["é"]) == (97, 32, 10, 0xE9)
    assert all(character.isprintable() for character in byte_of)


def test_gpt2s_merges_are_its_ranks():
    tokenizer, (_, merges) = gpt2_tokenizer(), data.load("gpt2-bpe")
    byte_of = stand_ins()
    joined = [bytes(byte_of[c] for c in left + right) for left, right in merges]
    assert [tokenizer.ranks[token] for token in joined] == list(range(256, 50256))


def test_the_export_keeps_specials_and_pattern(tokenizer):
    peer = to_tiktoken(tokenizer, "own")
    text = "I'LL\n\nsay <|end|>日本語 12345"
    ids = tokenizer.encode(text, allowed_special="all")
    assert peer.encode(text, allowed_special="all") == ids
    assert (peer.name, peer.n_vocab, peer.decode(ids)) == ("own", 5001, text)
