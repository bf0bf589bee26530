"""The fast trainer and the fast cut: the same as the slow ones, and as `tokenizers`."""

import json
import os
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm import bpe, data
from scratchlm.bpe_fast import PairIndex, cut_word_fast, rank_tokens, train_fast
from scratchlm.pretokens import GPT2_PATTERN, GPT4_PATTERN, count_words

WORD = st.binary(min_size=1, max_size=10) | st.lists(
    st.sampled_from([b"a", b"b", b"ab", b"ba", b"c"]), min_size=1, max_size=8
).map(b"".join)
WORDS = st.dictionaries(WORD, st.integers(1, 9), max_size=10)


@pytest.fixture(scope="module")
def text():
    return data.load("tiny-shakespeare")


@settings(max_examples=300)
@given(WORDS, st.integers(0, 40))
def test_it_learns_what_the_naive_trainer_learns(words, n_merges):
    assert train_fast(words, n_merges) == bpe.train_naive(words, n_merges)


def test_it_learns_the_same_from_a_real_text(text):
    words = count_words([text[:30_000]])
    assert train_fast(words, 150) == bpe.train_naive(words, 150)


@given(WORDS, st.integers(1, 20))
def test_its_counts_stay_right(words, n_merges):
    index = PairIndex(words)
    for step in range(n_merges):
        if not (pair := index.best()):
            break
        index.merge(pair, 256 + step)
        state = [(tuple(word), times) for word, times in zip(index.words, index.times)]
        fresh = sum((bpe.count_pairs({word: n}) for word, n in state), bpe.Counter())
        assert {pair: n for pair, n in index.counts.items() if n} == fresh
        for number, (word, _) in enumerate(state):
            assert all(number in index.where[pair] for pair in pairwise(word))


def test_it_looks_at_few_words(text):
    words = count_words([text[:100_000]])
    index = PairIndex(words)
    for step in range(200):
        index.merge(index.best(), 256 + step)
    assert index.touched < 200 * len(words) / 20


def test_it_stops_when_nothing_is_left():
    assert train_fast({b"ab": 2}, 9) == [(b"a", b"b")]
    assert train_fast({b"aaa": 1}, 9) == [(b"a", b"a"), (b"aa", b"a")]
    assert train_fast({}, 9) == [] == train_fast({b"a": 3}, 9)
    with pytest.raises(ValueError, match="0 or more"):
        train_fast({b"ab": 2}, -1)


def test_tokens_are_numbered_bytes_first():
    ranks = rank_tokens([(b"a", b"b"), (b"ab", b"c")])
    assert (ranks[b"\x00"], ranks[b"a"], ranks[b"ab"], ranks[b"abc"]) == (0, 97, 256, 257)
    assert len(rank_tokens([])) == 256


@given(WORDS, st.integers(0, 40), st.binary(max_size=30) | WORD)
def test_the_queue_cuts_as_the_search_does(words, n_merges, word):
    ranks = rank_tokens(train_fast(words, n_merges))
    assert cut_word_fast(word, ranks) == bpe.cut_word(word, ranks)


@given(st.lists(WORD, max_size=15), WORD)
def test_any_ranks_are_followed(tokens, word):
    ranks = {bytes([value]): value for value in range(256)}
    ranks |= {token: 256 + i for i, token in enumerate(tokens) if token not in ranks}
    assert cut_word_fast(word, ranks) == bpe.cut_word(word, ranks)


def test_a_long_word_takes_no_square_of_steps(text):
    ranks = rank_tokens(train_fast(count_words([text[:100_000]]), 200))
    long = text.replace(" ", "").replace("\n", "").encode()[:200_000]
    assert b"".join(cut_word_fast(long, ranks)) == long


# ------------------------------------------------------------------------ against `tokenizers`


def stand_in(word: bytes) -> str:
    """A word in characters that sort as its bytes do: `tokenizers` breaks ties by that order."""
    return "".join(chr(0x4E00 + value) for value in word)


def merges_of_tokenizers(words, n_merges):
    """The merges that Hugging Face's trainer learns from the same words."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizers = pytest.importorskip("tokenizers")
    peer = tokenizers.Tokenizer(tokenizers.models.BPE())
    peer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=256 + n_merges,
        initial_alphabet=[chr(0x4E00 + value) for value in range(256)],
        show_progress=False,
    )
    texts = (" ".join([stand_in(word)] * times) for word, times in words.items())
    peer.train_from_iterator(texts, trainer)
    merges = json.loads(peer.to_str())["model"]["merges"]
    return [tuple(bytes(ord(c) - 0x4E00 for c in symbol) for symbol in pair) for pair in merges]


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["gpt2", "gpt4"])
def test_tokenizers_learns_the_same_merges(pattern, text):
    words = count_words([text], pattern)
    merges = train_fast(words, 768)
    assert len(merges) == 768
    assert merges_of_tokenizers(words, 768) == merges


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(0, 30))
def test_tokenizers_learns_the_same_from_any_words(words, n_merges):
    assert merges_of_tokenizers(words, n_merges) == train_fast(words, n_merges)
