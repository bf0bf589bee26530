"""Queries and keys: values by hand, PyTorch as an oracle, and properties."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.query_key_attention import QueryKeyAttention, SymmetricAttention
from scratchlm.river_bank import W_K, W_Q, X

KINDS = [SymmetricAttention, QueryKeyAttention]


def projections(attention):
    """The modules that make queries and keys: one for both, or two."""
    if isinstance(attention, SymmetricAttention):
        return attention.feature, attention.feature
    return attention.query, attention.key


def river_bank():
    attention = QueryKeyAttention(3, 2)
    with torch.no_grad():
        attention.query.weight.copy_(W_Q.T)
        attention.key.weight.copy_(W_K.T)
    return attention


def test_by_hand():
    Q, K = X @ W_Q, X @ W_K
    assert Q.tolist() == [[0, 3], [0, 0], [2, -1], [-1, 2]]
    assert K.tolist() == [[0, 0], [3, 0], [2, 2], [2, -1]]
    assert (Q @ K.T).tolist() == [[0, 0, 6, -3], [0, 0, 0, 0], [0, 6, 2, 5], [0, -3, 2, -4]]
    with torch.no_grad():
        output, weights = river_bank()(X[None])
    assert weights[0, 2].tolist() == pytest.approx([0.009, 0.638, 0.038, 0.315], abs=6e-4)
    assert weights[0, 1].tolist() == [0.25] * 4
    mixed = 0.0092 * X[0] + 0.6376 * X[1] + 0.0377 * X[2] + 0.3144 * X[3]
    assert torch.allclose(output[0, 2], mixed, atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d_head", [1, 5, 16])
def test_against_pytorch_with_gradients(kind, d_head):
    torch.manual_seed(0)
    attention, x = kind(6, d_head), torch.randn(3, 7, 6)
    query, key = projections(attention)
    ours, reference = x.clone().requires_grad_(), x.clone().requires_grad_()
    expected = F.scaled_dot_product_attention(query(reference), key(reference), reference)
    found, _ = attention(ours)
    assert torch.allclose(found, expected, atol=1e-5)
    arriving = torch.randn_like(x)
    by_hand = torch.autograd.grad(found, [ours, *attention.parameters()], arriving)
    by_torch = torch.autograd.grad(expected, [reference, *attention.parameters()], arriving)
    for one, other in zip(by_hand, by_torch):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_another_scale_against_pytorch(scale):
    torch.manual_seed(0)
    attention, x = QueryKeyAttention(6, 4, scale=scale), torch.randn(2, 5, 6)
    q, k = attention.query(x), attention.key(x)
    expected = F.scaled_dot_product_attention(q, k, x, scale=scale)
    assert torch.allclose(attention(x)[0], expected, atol=1e-5)


def test_against_a_loop_over_pairs():
    torch.manual_seed(0)
    attention, x = QueryKeyAttention(4, 3), torch.randn(1, 5, 4)
    W_query, W_key = attention.query.weight.T, attention.key.weight.T
    output, weights = attention(x)
    for t in range(5):
        scores = [(x[0, t] @ W_query) @ (x[0, s] @ W_key) / 3**0.5 for s in range(5)]
        row = torch.stack(scores).softmax(0)
        assert torch.allclose(weights[0, t], row, atol=1e-5)
        assert torch.allclose(output[0, t], sum(w * v for w, v in zip(row, x[0])), atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(KINDS), st.integers(1, 8), st.integers(1, 9), st.integers(0, 999))
def test_the_order_of_tokens_and_the_rest_of_the_batch_do_not_matter(kind, d_head, T, seed):
    torch.manual_seed(seed)
    attention, x = kind(5, d_head), torch.randn(3, T, 5)
    order = torch.randperm(T)
    with torch.no_grad():
        output, weights = attention(x)
        shuffled, moved = attention(x[:, order])
        alone, _ = attention(x[1:2])
    assert torch.allclose(weights.sum(-1), torch.ones(3, T), atol=1e-5)
    assert torch.allclose(shuffled, output[:, order], atol=1e-5)
    assert torch.allclose(moved, weights[:, order][:, :, order], atol=1e-5)
    assert torch.allclose(alone[0], output[1], atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), st.integers(0, 999))
def test_one_projection_is_symmetric_and_prefers_itself(d_head, seed):
    torch.manual_seed(seed)
    attention, x = SymmetricAttention(5, d_head), 3 * torch.randn(1, 6, 5)
    with torch.no_grad():
        weights = attention(x)[1][0]
    scores = weights.log()  # each row up to a constant: differences to the diagonal are scores
    gaps = scores.diagonal()[:, None] - scores  # s_ii - s_ij
    assert (gaps + gaps.T > -1e-3).all()  # s_ii + s_jj >= 2 s_ij


def test_queries_and_keys_are_not_symmetric():
    with torch.no_grad():
        weights = river_bank()(X[None])[1][0]
    assert weights[2, 1] > weights[2, 2] and weights[1, 2] == weights[1, 1]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 999))
def test_only_the_product_of_the_matrices_counts(seed):
    torch.manual_seed(seed)
    one, other, x = QueryKeyAttention(5, 3), QueryKeyAttention(5, 3), torch.randn(2, 4, 5)
    turn = torch.linalg.qr(torch.randn(3, 3))[0]
    with torch.no_grad():
        other.query.weight.copy_(turn @ one.query.weight)
        other.key.weight.copy_(turn @ one.key.weight)
        assert torch.allclose(one(x)[1], other(x)[1], atol=1e-5)


def test_rebuilt_from_its_state():
    torch.manual_seed(0)
    one, other = (QueryKeyAttention(5, 3, scale=0.5) for _ in range(2))
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, 4, 5)
    assert torch.equal(one(x)[0], other(x)[0])
