"""A model of attention alone: shapes, causality, and the two numbers that say how a head looks."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from scratchlm.attention_only import (
    AttentionOnly,
    AttentionOnlyConfig,
    entropy,
    even_out,
    mean_distance,
)
from scratchlm.recipes import shakespeare_heads

CONFIG = AttentionOnlyConfig(11, context_length=6, d_model=8, n_heads=2, n_layers=3)


def weights(T, seed):
    scores = torch.randn(2, T, T, generator=torch.Generator().manual_seed(seed)) * 3
    hidden = torch.ones(T, T, dtype=torch.bool).triu(1)
    return scores.masked_fill(hidden, -math.inf).softmax(dim=-1)


def test_entropy_by_hand():
    rows = torch.tensor([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0.5, 0.25, 0.25, 0]])
    assert entropy(rows).tolist() == pytest.approx([0, 1, 2, 1.5])


@given(st.integers(1, 8), st.integers(0, 1000))
def test_entropy_against_scipy(T, seed):
    rows = weights(T, seed)
    expected = scipy_entropy(rows.double().numpy(), base=2, axis=-1)
    assert entropy(rows).numpy() == pytest.approx(expected, abs=1e-5)
    assert (entropy(rows) <= math.log2(T) + 1e-5).all()


def test_distance_by_hand():
    rows = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0.5, 0.25, 0.25]])
    assert mean_distance(rows).tolist() == pytest.approx([0, 0.5, 1.25])


@given(st.integers(1, 8), st.integers(0, 1000))
def test_distance_slowly(T, seed):
    rows = weights(T, seed)
    slow = [[sum(w * abs(t - s) for s, w in enumerate(row)) for t, row in enumerate(head)]
            for head in rows.tolist()]  # fmt: skip
    assert torch.allclose(mean_distance(rows), torch.tensor(slow), atol=1e-5)


def test_even_out():
    x = torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(0)) * 5 + 2
    y = even_out(x)
    assert y.mean(dim=-1).abs().max() < 1e-5
    assert torch.allclose(y.std(dim=-1, correction=0), torch.ones(3, 4), atol=1e-3)


def test_shapes_and_weights():
    model = AttentionOnly(CONFIG)
    ids = torch.randint(11, (2, 5), generator=torch.Generator().manual_seed(0))
    logits, looked = model.look(ids)
    assert logits.shape == (2, 5, 11) and looked.shape == (3, 2, 2, 5, 5)
    assert torch.allclose(looked.sum(dim=-1), torch.ones(3, 2, 2, 5), atol=1e-5)
    assert torch.equal(model(ids), logits)


def test_nobody_looks_ahead():
    model = AttentionOnly(CONFIG)
    ids = torch.tensor([[1, 2, 3, 4, 5, 6], [1, 2, 3, 9, 9, 9]])
    first, second = model(ids)
    assert torch.allclose(first[:3], second[:3], atol=1e-6)
    assert not torch.allclose(first[3:], second[3:], atol=1e-3)


def test_too_long_a_text():
    with pytest.raises(ValueError, match="at most 6"):
        AttentionOnly(CONFIG)(torch.zeros(1, 7, dtype=torch.int64))


def test_reload():
    model = AttentionOnly(CONFIG)
    again = shakespeare_heads.build(model.state_dict(), {"config": vars(CONFIG)})
    ids = torch.tensor([[1, 2, 3]])
    assert torch.equal(again(ids), model(ids))


def test_excerpts_and_loss():
    cut = shakespeare_heads.excerpts(torch.arange(10), size=4)
    assert cut.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    model = AttentionOnly(CONFIG)
    expected = F.cross_entropy(model(cut[:, :3]).transpose(1, 2), cut[:, 1:])
    assert torch.allclose(shakespeare_heads.loss(model, cut), expected)
