"""Raw attention: values by hand, PyTorch as the oracle, and properties."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.raw_attention import average, raw_attention, softmax
from scratchlm.river_bank import X

sizes = st.tuples(st.integers(1, 8), st.integers(1, 6), st.integers(0, 10_000))


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def slow(x):
    """Raw attention of (T, C) with lists and loops."""
    rows, C = x.tolist(), x.shape[1]
    outputs = []
    for row in rows:
        scores = [sum(a * b for a, b in zip(row, other)) / math.sqrt(C) for other in rows]
        exponentials = [math.exp(score - max(scores)) for score in scores]
        weights = [e / sum(exponentials) for e in exponentials]
        outputs.append([sum(w * other[c] for w, other in zip(weights, rows)) for c in range(C)])
    return torch.tensor(outputs)


def test_by_hand():
    output, weights = raw_attention(X)
    exponentials = [math.exp(-12 / 3**0.5), math.exp(-3 / 3**0.5), 1, math.exp(-9 / 3**0.5)]
    by_hand = [e / sum(exponentials) for e in exponentials]
    assert weights[2].tolist() == pytest.approx(by_hand, abs=1e-6)
    water = 3 * by_hand[1] + 2 * by_hand[2] + 2 * by_hand[3]
    assert output[2, 0].item() == pytest.approx(water, abs=1e-5)
    assert weights[2].tolist() == pytest.approx([0.001, 0.149, 0.845, 0.005], abs=6e-4)


def test_softmax_by_hand():
    assert softmax(torch.tensor([0.0, math.log(2), math.log(5)])).tolist() == pytest.approx(
        [1 / 8, 2 / 8, 5 / 8]
    )
    assert softmax(torch.tensor([-math.inf, 0.0, 0.0])).tolist() == [0, 0.5, 0.5]


def test_softmax_does_not_overflow():
    assert softmax(torch.tensor([1000.0, 1000.0, -1000.0])).tolist() == [0.5, 0.5, 0]


@given(sizes, st.floats(-50, 50))
def test_softmax_against_torch(size, shift):
    T, S, seed = size
    scores = drawn(2, T, S, seed=seed) * 5
    assert torch.allclose(softmax(scores), scores.softmax(dim=-1), atol=1e-6)
    assert torch.allclose(softmax(scores + shift), softmax(scores), atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 3), (1, 5), (2, 6, 8), (2, 3, 5, 4)])
def test_outputs_and_gradients_against_torch(shape):
    mine, theirs = (drawn(*shape).requires_grad_() for _ in range(2))
    output, weights = raw_attention(mine)
    oracle = F.scaled_dot_product_attention(theirs, theirs, theirs)
    assert weights.shape == (*shape[:-1], shape[-2])
    assert torch.allclose(output, oracle, atol=1e-5)
    target = drawn(*shape, seed=1)
    (output * target).sum().backward()
    (oracle * target).sum().backward()
    assert torch.allclose(mine.grad, theirs.grad, atol=1e-5)


@given(sizes)
def test_slow_is_fast(size):
    T, C, seed = size
    x = drawn(T, C, seed=seed)
    assert torch.allclose(raw_attention(x)[0], slow(x), atol=1e-5)


@given(sizes)
def test_shuffled_tokens_give_shuffled_outputs(size):
    T, C, seed = size
    x, order = drawn(T, C, seed=seed), drawn(T, seed=seed + 1).argsort()
    output, weights = raw_attention(x)
    shuffled, shuffled_weights = raw_attention(x[order])
    assert torch.allclose(shuffled, output[order], atol=1e-5)
    assert torch.allclose(shuffled_weights, weights[order][:, order], atol=1e-5)


@given(sizes)
def test_texts_of_a_batch_do_not_meet(size):
    T, C, seed = size
    x = drawn(3, T, C, seed=seed)
    together = raw_attention(x)[0]
    for alone, text in zip(together, x):
        assert torch.allclose(alone, raw_attention(text)[0], atol=1e-5)


@given(sizes)
def test_outputs_lie_between_the_tokens(size):
    T, C, seed = size
    x = drawn(T, C, seed=seed)
    output, weights = raw_attention(x)
    assert (weights >= 0).all() and torch.allclose(weights.sum(dim=1), torch.ones(T), atol=1e-5)
    assert (output <= x.amax(dim=0) + 1e-5).all() and (output >= x.amin(dim=0) - 1e-5).all()


@given(sizes)
def test_of_equal_length_everybody_likes_itself_best(size):
    T, C, seed = size
    _, weights = raw_attention(F.normalize(drawn(T, C, seed=seed), dim=1) * 3)
    assert (weights.diagonal() >= weights.amax(dim=1) - 1e-5).all()


def test_a_ring_of_wishes_gets_a_third_at_most():
    """The geometric mean of the weights on the right neighbour, for random rings."""
    for seed in range(300):
        T, C = 3 + seed % 5, 1 + seed % 7
        _, weights = raw_attention(drawn(T, C, seed=seed) * (0.1 + seed % 4))
        right = weights.roll(-1, dims=1).diagonal()
        assert right.log().mean().exp() <= 1 / 3 + 1e-6


def test_the_average():
    output, weights = average(X)
    assert output.tolist() == [[1.75, 0.25, 1.0]] * 4
    assert weights.tolist() == [[0.25] * 4] * 4
    x = drawn(2, 5, 3)
    assert torch.allclose(average(x)[0], x.mean(dim=1, keepdim=True).expand(2, 5, 3), atol=1e-6)
    assert average(x)[1].shape == (2, 5, 5)


def test_a_single_vector_is_no_text():
    with pytest.raises(ValueError, match=r"one row a token"):
        raw_attention(torch.ones(3))
