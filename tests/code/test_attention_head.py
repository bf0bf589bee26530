"""One attention head: values by hand, PyTorch's own attention as an oracle, properties."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.attention_head import (
    AttentionHead,
    CausalAttentionHead,
    attention,
    causal_mask,
    nadaraya_watson,
)
from scratchlm.river_bank import W_K, W_Q, W_V, X


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_by_hand_in_the_tiny_world():
    output, weights = attention(X @ W_Q, X @ W_K, X @ W_V)
    assert weights[2].tolist() == pytest.approx([0.009, 0.638, 0.038, 0.315], abs=6e-4)
    assert (X + output)[2].tolist() == pytest.approx([4.62, -0.62, -1], abs=5e-3)
    output, weights = attention(X @ W_Q, X @ W_K, X @ W_V, causal_mask(4))
    assert weights[0].tolist() == [1, 0, 0, 0]
    assert weights[1].tolist() == [0.5, 0.5, 0, 0]
    assert weights[2].tolist() == pytest.approx([0.013, 0.932, 0.055, 0], abs=6e-4)


def test_by_hand_with_fractions():
    q = torch.tensor([[1.0]])
    k = torch.tensor([[2.0], [1.0], [5.0]]).log()
    output, weights = attention(q, k, torch.tensor([[8.0, 0], [0, 16], [0, -8]]))
    assert weights[0].tolist() == pytest.approx([2 / 8, 1 / 8, 5 / 8])
    assert output[0].tolist() == pytest.approx([2, -3], abs=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_against_pytorch_with_gradients(causal):
    ours = [random(3, 7, D, seed=i).requires_grad_() for i, D in enumerate([4, 4, 5])]
    theirs = [part.detach().clone().requires_grad_() for part in ours]
    output, weights = attention(*ours, causal_mask(7) if causal else None)
    expected = F.scaled_dot_product_attention(*theirs, is_causal=causal)
    assert torch.allclose(output, expected, atol=1e-5)
    assert torch.allclose(weights.sum(dim=-1), torch.ones(3, 7).double())
    pull = random(*output.shape, seed=9)
    output.backward(pull)
    expected.backward(pull)
    for one, other in zip(ours, theirs):
        assert torch.allclose(one.grad, other.grad, atol=1e-5)


def test_against_pytorch_with_another_mask_and_more_keys():
    q, k, v = random(2, 4, 3), random(2, 6, 3, seed=1), random(2, 6, 2, seed=2)
    mask = torch.rand(4, 6, generator=torch.Generator().manual_seed(3)) > 0.4
    mask[:, 0] = True
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert torch.allclose(attention(q, k, v, mask)[0], expected, atol=1e-5)


def test_against_a_loop():
    q, k, v, mask = random(5, 3), random(5, 3, seed=1), random(5, 2, seed=2), causal_mask(5)
    for t, row in enumerate(attention(q, k, v, mask)[0]):
        powers = [math.exp(float(q[t] @ k[s]) / math.sqrt(3)) for s in range(t + 1)]
        expected = sum(power * v[s] for s, power in enumerate(powers)) / sum(powers)
        assert torch.allclose(row, expected)


@pytest.mark.parametrize("kind", [AttentionHead, CausalAttentionHead])
def test_a_head_against_its_four_matrices(kind):
    torch.manual_seed(0)
    head, x = kind(6, 3), torch.randn(2, 5, 6)
    q, k, v = (x @ layer.weight.T for layer in (head.query, head.key, head.value))
    found = F.scaled_dot_product_attention(q, k, v, is_causal=kind is CausalAttentionHead)
    output, weights = head(x)
    assert torch.allclose(output, found @ head.output.weight.T, atol=1e-5)
    assert output.shape == x.shape and weights.shape == (2, 5, 5)
    assert sum(p.numel() for p in head.parameters()) == 4 * 6 * 3
    output.square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in head.parameters())


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(0, 8), st.integers(0, 10_000))
def test_no_token_sees_a_later_one(T, place, seed):
    place = min(place, T - 1)
    torch.manual_seed(seed)
    head, x = CausalAttentionHead(4, 3), torch.randn(2, T, 4)
    changed = x.clone()
    changed[:, place] = 50 * torch.randn(2, 4)
    with torch.no_grad():
        before, after = head(x)[0], head(changed)[0]
    assert torch.equal(before[:, :place], after[:, :place])


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(0, 10_000))
def test_without_a_mask_the_order_is_lost(T, seed):
    torch.manual_seed(seed)
    head, x, order = AttentionHead(4, 3), torch.randn(2, T, 4), torch.randperm(T)
    with torch.no_grad():
        assert torch.allclose(head(x)[0][:, order], head(x[:, order])[0], atol=1e-5)


def test_gradients_by_the_future_are_exactly_zero():
    torch.manual_seed(0)
    head, x = CausalAttentionHead(4, 3), torch.randn(6, 4)
    jacobian = torch.autograd.functional.jacobian(lambda x: head(x[None])[0][0], x)
    influence = jacobian.norm(dim=(1, 3))
    assert influence.triu(1).count_nonzero() == 0 and influence.tril().count_nonzero() == 21


@pytest.mark.parametrize("kind", [AttentionHead, CausalAttentionHead])
def test_examples_of_a_batch_do_not_meet(kind):
    torch.manual_seed(0)
    head, x = kind(4, 3), torch.randn(3, 5, 4)
    with torch.no_grad():
        for together, alone in zip(head(x)[0], x):
            assert torch.allclose(together, head(alone[None])[0][0], atol=1e-6)


@pytest.mark.parametrize("kind", [AttentionHead, CausalAttentionHead])
def test_a_head_is_rebuilt_from_its_state(kind):
    one, other, x = kind(7, 2), kind(7, 2), torch.randn(1, 3, 7)
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(x)[0], other(x)[0])


def test_huge_scores_in_the_future_do_no_harm():
    q, k, v = torch.ones(3, 1), torch.tensor([[0.0], [1], [1e30]]), torch.ones(3, 1)
    output, weights = attention(q, k, v, causal_mask(3))
    assert output.isfinite().all() and weights[0, 0] == 1


def test_causal_mask():
    assert causal_mask(3).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(1).dtype == torch.bool
    with pytest.raises(ValueError, match="1 or more"):
        causal_mask(0)


def test_bad_input():
    with pytest.raises(ValueError, match="they need"):
        attention(torch.ones(2, 3), torch.ones(2, 4), torch.ones(2, 4))
    with pytest.raises(ValueError, match="they need"):
        attention(torch.ones(2, 3), torch.ones(2, 3), torch.ones(4, 3))
    with pytest.raises(ValueError, match="all False"):
        attention(torch.ones(2, 3), torch.ones(2, 3), torch.ones(2, 3), causal_mask(2).triu(1))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.floats(0.2, 5), st.integers(0, 10_000))
def test_a_smoother_is_attention(count, width, seed):
    at, points, values = (random(n, seed=seed + i) for i, n in enumerate([7, count, count]))
    scores = -((at[:, None] - points) ** 2) / (2 * width**2)
    expected = scores.softmax(dim=1) @ values
    assert torch.allclose(nadaraya_watson(at, points, values, width), expected, atol=1e-8)
    q = torch.stack([at, torch.ones_like(at)], dim=1) * math.sqrt(2) / width**2
    k = torch.stack([points, -(points**2) / 2], dim=1)
    output, _ = attention(q, k, values[:, None])
    assert torch.allclose(output[:, 0], expected, atol=1e-8)


def test_a_smoother_by_hand():
    at, points = torch.tensor([0.0]), torch.tensor([0.0, math.sqrt(2 * math.log(3))])
    found = nadaraya_watson(at, points, torch.tensor([4.0, 8.0]), 1.0)
    assert found.item() == pytest.approx(5)  # weights 3/4 and 1/4
    with pytest.raises(ValueError, match="above 0"):
        nadaraya_watson(at, points, points, 0)
