"""Costs of texts: by hand, against PyTorch and SciPy, and independent of how a text is cut."""

import math
from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scratchlm.compression import (
    LeanTokenizer,
    bits_per_byte,
    entropy,
    multiply_adds,
    smaller,
    total_nats,
    unigram_nats,
)
from scratchlm.mlp import MLP, MLPConfig
from scratchlm.tokenizer import train_tokenizer

TEXT = "the cat and the hat and the bat that sat"


def test_entropy_by_hand():
    assert entropy({"a": 2, "b": 1, "c": 1}) == 1.5
    assert entropy(Counter("aaaa")) == 0 and entropy({"a": 3, "b": 0}) == 0


@given(st.lists(st.integers(1, 1000), min_size=1))
def test_entropy_is_scipys(counts):
    found = entropy(dict(enumerate(counts)))
    assert math.isclose(found, stats.entropy(counts, base=2), abs_tol=1e-9)
    assert found <= math.log2(len(counts)) + 1e-9


def test_bits_per_byte_by_hand():
    assert math.isclose(bits_per_byte(6 * math.log(2), "né"), 2)  # three bytes
    with pytest.raises(ValueError, match="empty"):
        bits_per_byte(1.0, "")


def test_unigram_by_hand():
    # seen: 0 twice, 1 once; with one more each and four ids: 3/7, 2/7, 1/7, 1/7
    right = math.log(7 / 3) + math.log(7 / 2) + math.log(7)
    assert math.isclose(unigram_nats([0, 0, 1], [0, 1, 3], 4), right)


@given(st.lists(st.integers(0, 4)), st.integers(5, 9))
def test_unigram_probabilities_sum_to_one(train_ids, size):
    total = sum(math.exp(-unigram_nats(train_ids, [i], size)) for i in range(size))
    assert math.isclose(total, 1)


def test_smaller_is_a_shorter_training():
    big, small = train_tokenizer([TEXT], 275), train_tokenizer([TEXT], 262)
    assert smaller(big, 262).ranks == small.ranks
    assert smaller(big, 262).encode(TEXT) == small.encode(TEXT)
    assert smaller(big, 256).encode(TEXT) == list(TEXT.encode())
    for size in (255, len(big.ranks) + 1):
        with pytest.raises(ValueError, match="bytes alone"):
            smaller(big, size)


def model_with(**changes):
    torch.manual_seed(1)
    return MLP(
        MLPConfig(**{"vocab_size": 5, "context_length": 3, "d_model": 4, "d_ff": 6} | changes)
    )


def test_total_nats_counts_every_token():
    model, ids = model_with(dropout=0.5).train(), [1, 2, 3, 4, 0, 1]
    found = total_nats(model, [4, 3, 2, 1], ids)
    model.eval()
    whole, right = torch.tensor([3, 2, 1, *ids]), 0.0
    for i in range(len(ids)):
        right += F.cross_entropy(model(whole[None, i : i + 3]), whole[None, i + 3]).item()
    assert math.isclose(found, right, rel_tol=1e-5)
    with pytest.raises(ValueError, match="looks back 3"):
        total_nats(model, [1, 2], ids)


def test_total_nats_in_parts():
    model = model_with()
    ids = torch.randint(5, (20_000,), generator=torch.Generator().manual_seed(0)).tolist()
    halves = total_nats(model, [0] * 3, ids[:9000]) + total_nats(model, ids[:9000], ids[9000:])
    assert math.isclose(total_nats(model, [0] * 3, ids), halves, rel_tol=1e-5)


@pytest.mark.parametrize("sizes", [(5, 3, 4, 6), (300, 8, 32, 161), (1, 1, 1, 1)])
def test_multiply_adds_are_the_weights_of_the_linear_layers(sizes):
    config = MLPConfig(*sizes)
    model = MLP(config)
    assert multiply_adds(config) == model.hidden.weight.numel() + model.output.weight.numel()


def test_lean_by_hand():
    lean = LeanTokenizer(train_tokenizer(["ababa"], 257), "ababa")
    assert len(lean) == 3 and lean.encode("abba") == [2, 1, 0] and lean.decode([2, 1, 0]) == "abba"
    with pytest.raises(ValueError, match="left out"):
        lean.encode("abc")


@given(st.text(alphabet=sorted(set(TEXT)), max_size=40))
def test_lean_round_trip(text):
    base = train_tokenizer([TEXT], 270)
    lean = LeanTokenizer(base, TEXT)
    ids = lean.encode(text)
    assert lean.decode(ids) == text and len(ids) == len(base.encode(text))
    assert all(0 <= i < len(lean) for i in ids)
    assert len(lean) == len(set(TEXT)) + len(base) - 256
