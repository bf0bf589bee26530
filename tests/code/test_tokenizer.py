"""The tokenizer: GPT-2's ids as `tiktoken` gives them, special tokens, streams, bounds."""

import itertools
import tracemalloc

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scratchlm import data
from scratchlm.pretokens import GPT2_PATTERN, GPT4_PATTERN
from scratchlm.streams import encode_stream
from scratchlm.tokenizer import BPETokenizer, WordCache, train_tokenizer
from scratchlm.tokenizer_files import gpt2_tokenizer, to_tiktoken

END = "<|endoftext|>"
OVERLAPPING = {END: 50256, "<|end|>": 50257, "|><|": 50258, "end": 50259}
# All of Unicode that is assigned. `regex` and `tiktoken` carry tables of different years, so that
# what one knows for a letter may be no character yet to the other.
CHARACTER = st.characters(exclude_categories=["Cs", "Cn"])
PIECES = [" ", "   ", "\n", "\n\n", "\t ", "the", " the", "'s", "'S", "2024", "1", "日本", "🙂"]
PIECES += ["e\u0301", "\u00a0", "!?", "Ω", "ä", "\r\n", "\u2028", "a" * 30, *OVERLAPPING, "<|"]
TEXT = st.lists(st.sampled_from(PIECES) | CHARACTER, max_size=14).map("".join)
ANY_TEXT = TEXT | st.text(CHARACTER)


@pytest.fixture(scope="module")
def gpt2():
    tokenizer = gpt2_tokenizer()
    return BPETokenizer(tokenizer.ranks, tokenizer.pattern, OVERLAPPING)


@pytest.fixture(scope="module")
def peer(gpt2):
    return to_tiktoken(gpt2, "gpt2")


@pytest.fixture(scope="module")
def small():
    return train_tokenizer([data.load("tiny-shakespeare")[:50_000]], 400, specials=["<end>"])


def result(encode, *arguments, **options):
    """The ids, or that it was refused."""
    try:
        return encode(*arguments, **options)
    except ValueError:
        return "refused"


# ----------------------------------------------------------------------------- against `tiktoken`


@settings(max_examples=500, deadline=None)
@given(text=ANY_TEXT)
@example(text="")
@example(text="  \n\n  \t x  ")
def test_gpt2_ids_are_tiktokens(text, gpt2, peer):
    ids = gpt2.encode(text, disallowed_special=())
    assert ids == peer.encode(text, disallowed_special=())
    assert gpt2.decode(ids) == text


NAMES = st.sets(st.sampled_from([*OVERLAPPING, "no such token"]))


@settings(max_examples=500, deadline=None)
@given(
    text=TEXT,
    allowed=st.just("all") | NAMES,
    disallowed=st.sampled_from(["all", ()]) | NAMES,
)
def test_special_tokens_are_treated_as_tiktoken_treats_them(text, allowed, disallowed, gpt2, peer):
    options = {"allowed_special": allowed, "disallowed_special": disallowed}
    assert result(gpt2.encode, text, **options) == result(peer.encode, text, **options)


def test_a_real_text(gpt2, peer):
    text = data.load("tiny-shakespeare")
    assert gpt2.encode_ordinary(text) == peer.encode_ordinary(text)
    assert gpt2.encode("hello world") == [31373, 995]
    assert len(gpt2_tokenizer()) == 50257


@pytest.mark.parametrize("word", ["a" * 5000, " " * 5000, "日本" * 900, "!" * 999], ids=len)
def test_long_words(word, gpt2, peer):
    assert gpt2.encode(word) == peer.encode(word)


def test_of_specials_with_one_beginning_the_longest_is_taken():
    tokenizer = BPETokenizer(train_tokenizer([], 256).ranks, specials={"<a>": 256, "<a>b": 257})
    assert tokenizer.encode("<a>b<a>", allowed_special="all") == [257, 256]
    assert tokenizer.encode("<a>b", allowed_special={"<a>"}, disallowed_special=()) == [256, 98]
    with pytest.raises(ValueError, match="'<a>b'"):
        tokenizer.encode("<a>b", allowed_special={"<a>"})


def test_lone_surrogates_are_refused_where_tiktoken_replaces_them(gpt2, peer):
    assert peer.decode(peer.encode("a\ud800")) == "a\ufffd"
    for encode in (gpt2.encode, gpt2.encode_ordinary, lambda text: list(encode_stream(gpt2, text))):
        with pytest.raises(ValueError) as error:
            encode("a\ud800")
        assert "surrogate" in str(error.value) and "\n" not in str(error.value)


# ------------------------------------------------------------------------------------ properties


@given(text=ANY_TEXT)
def test_decoding_undoes_encoding(text, small):
    assert small.decode(small.encode(text, disallowed_special=())) == text


def test_every_byte_survives(small, gpt2):
    for tokenizer in (small, gpt2):
        every = bytes(range(256))
        assert tokenizer.decode_bytes(tokenizer.ranks[bytes([b])] for b in every) == every
    assert small.decode([0xC3]) == "\ufffd"
    assert small.decode([0xC3], errors="ignore") == ""


def test_ids_may_be_a_tensor(small):
    assert small.decode(torch.tensor(small.encode("my lord"))) == "my lord"


def test_training_gives_the_tokens_asked_for(small):
    assert len(small) == 400 == len(small.tokens) and small.specials == {"<end>": 399}
    assert small.ranks[b"a"] == 97 and small.tokens[256] in (b" t", b"th", b"he")
    assert small.encode("one<end>", allowed_special="all")[-1] == 399
    assert len(train_tokenizer(["abab"], 1000)) == 258  # ab, abab
    assert len(train_tokenizer(["aaa<x>aaa"], 1000, specials=["<x>", "<x>"])) == 259
    with pytest.raises(ValueError, match="at least 257"):
        train_tokenizer(["text"], 256, specials=["<end>"])


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (({b"a": 0},), "lack the byte 0"),
        (({bytes([b]): 0 for b in range(256)},), "same id"),
        (({bytes([b]): b for b in range(256)}, GPT2_PATTERN, {"x": 5}), "same id"),
        (({bytes([b]): b for b in range(256)}, GPT2_PATTERN, {"": 256}), "empty"),
        (({bytes([b]): b for b in range(256)}, "("), "pattern"),
    ],
)
def test_contradictions_get_a_sentence(arguments, reason):
    with pytest.raises(ValueError) as error:
        BPETokenizer(*arguments)
    assert reason in str(error.value) and "\n" not in str(error.value)


def test_wrong_calls_get_a_sentence(small):
    with pytest.raises(ValueError, match="no token 400: ids go up to 399"):
        small.decode([400])
    with pytest.raises(ValueError, match="not '<end>'"):
        small.encode("x", allowed_special="<end>")
    with pytest.raises(ValueError, match="holds the special token '<end>'"):
        small.encode("x<end>")
    with pytest.raises(ValueError, match="holds the special token '<end>'"):
        list(encode_stream(small, ["x<e", "nd>"], buffer_size=1))


def test_the_cache_is_bounded():
    asked = []
    cache = WordCache(lambda word: asked.append(word) or len(word), size=3)
    assert [cache[word] for word in ("a", "bb", "a", "ccc", "a")] == [1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc"] and len(cache) == 3
    assert cache["dddd"] == 4 and len(cache) == 1
    assert cache["e" * 65] == 65 and len(cache) == 1


# --------------------------------------------------------------------------------------- streams


def chunks(text, sizes):
    """Cut a text into chunks of these sizes, over and over."""
    sizes = itertools.cycle(sizes)
    while text:
        size = next(sizes)
        yield text[:size]
        text = text[size:]


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])
@settings(max_examples=500, deadline=None)
@given(
    text=TEXT,
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any),
    buffer_size=st.integers(1, 9),
    allowed=st.just("all") | NAMES,
    disallowed=st.sampled_from(["all", ()]) | NAMES,
)
def test_a_stream_gives_the_ids_of_the_whole(
    pattern, text, sizes, buffer_size, allowed, disallowed, gpt2
):
    tokenizer = BPETokenizer(gpt2.ranks, pattern, OVERLAPPING)
    whole = result(tokenizer.encode, text, allowed, disallowed)
    stream = encode_stream(tokenizer, chunks(text, sizes), allowed, disallowed, buffer_size)
    assert result(lambda: list(stream)) == whole


def test_a_stream_takes_constant_memory(small):
    text = data.load("tiny-shakespeare")

    def peak(repeats):
        tracemalloc.start()
        parts = (text[i : i + 4096] for _ in range(repeats) for i in range(0, 200_000, 4096))
        count = sum(1 for _ in encode_stream(small, parts))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return count, size

    small.encode(text)  # fills the cache
    (few, low), (many, high) = peak(1), peak(8)
    assert many > 7.9 * few and high < 1.2 * low + 200_000 and high < 8e6


def test_a_stream_begins_before_its_end(small):
    ids = encode_stream(small, itertools.repeat("my lord, "), buffer_size=100)
    assert small.decode(itertools.islice(ids, 40)).startswith("my lord, my lord, ")


def test_a_long_word_in_small_chunks_is_not_cut_at_each(small):
    word = "ab" * 100_000
    assert list(encode_stream(small, chunks(word, [3]), buffer_size=1)) == small.encode(word)
