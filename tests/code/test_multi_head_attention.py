"""Several heads: values by hand, PyTorch's module as the oracle, loop against batch, properties."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.multi_head_attention import MultiHeadAttention, MultiHeadAttentionLoop, head_width
from scratchlm.river_bank import W_K, W_O, W_Q, W_V_HEADS, X

sizes = st.tuples(
    st.integers(1, 4),  # heads
    st.integers(1, 4),  # columns of each
    st.integers(1, 3),  # texts
    st.integers(1, 7),  # tokens
    st.booleans(),  # bias
    st.booleans(),  # causal
    st.integers(0, 10_000),
)


def drawn(heads, width, batch, length, bias, causal, seed, fused=False):
    """A layer with random weights, biases too, and a batch to try it on."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layer = MultiHeadAttention(heads * width, heads, bias=bias, causal=causal, fused=fused)
        for parameter in layer.parameters():
            nn.init.normal_(parameter, std=0.5)
        return layer, torch.randn(batch, length, heads * width)


def oracle(layer, x):
    """PyTorch's module with a layer's weights: outputs and weights."""
    C, bias = x.shape[-1], layer.qkv.bias is not None
    theirs = nn.MultiheadAttention(C, layer.n_heads, bias=bias, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(layer.qkv.weight)
        theirs.out_proj.weight.copy_(layer.output.weight)
        if bias:
            theirs.in_proj_bias.copy_(layer.qkv.bias)
            theirs.out_proj.bias.copy_(layer.output.bias)
    hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    mask = hidden if layer.causal else None
    return theirs, theirs(x, x, x, attn_mask=mask, average_attn_weights=False)


def tiny():
    """Two heads of one column each with the matrices of the small world, in three features.

    The layer has the width of the small world padded to 4: heads of two columns whose second
    is empty, and scores that undo the scaling.
    """
    layer = MultiHeadAttention(4, 2, causal=False)
    rows = torch.zeros(3, 2, 2, 4)  # query, key, value; head; column; feature
    for i, matrix in enumerate((W_Q * 2**0.5, W_K, W_V_HEADS)):
        rows[i, :, 0, :3] = matrix.T
    write = torch.zeros(4, 4)
    write[:3, ::2] = W_O.T
    layer.qkv.weight.data, layer.output.weight.data = rows.view(12, 4), write
    return layer, torch.cat([X, torch.zeros(4, 1)], dim=1)[None]


def test_by_hand():
    layer, x = tiny()
    written, weights = layer.look(x)
    assert weights[0, 1, 0].tolist() == pytest.approx([0.0025, 0.0025, 0.995, 0.0001], abs=1e-3)
    assert weights[0, 0, 2].tolist() == pytest.approx([0.002, 0.785, 0.106, 0.106], abs=1e-3)
    assert written[0, 2].tolist() == pytest.approx([2.037, -2.037, 0.504, 0], abs=1e-3)
    assert written[0, 0].tolist() == pytest.approx([0, 0, -1.990, 0], abs=1e-3)
    assert (x + written)[0, 3].tolist() == pytest.approx([1.806, -0.806, 0.078, 0], abs=1e-3)


def test_heads_are_columns():
    layer = MultiHeadAttention(6, 3)
    x = torch.arange(24.0).view(1, 4, 6)
    split = layer.split(x)
    assert split.shape == (1, 3, 4, 2)
    for h in range(3):
        assert torch.equal(split[0, h], x[0, :, 2 * h : 2 * h + 2])
    assert torch.equal(layer.merge(split), x)


@given(sizes)
@settings(deadline=None)
def test_against_torch(size):
    layer, x = drawn(*size)
    x.requires_grad_()
    output, weights = layer.look(x)
    theirs, (expected, expected_weights) = oracle(layer, x)
    assert torch.allclose(output, expected, atol=1e-5)
    assert torch.allclose(weights, expected_weights, atol=1e-6)
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    [ours] = torch.autograd.grad((output * direction).sum(), x, retain_graph=True)
    [other] = torch.autograd.grad((expected * direction).sum(), x, retain_graph=True)
    assert torch.allclose(ours, other, atol=1e-4)
    (output * direction).sum().backward()
    (expected * direction).sum().backward()
    assert torch.allclose(layer.qkv.weight.grad, theirs.in_proj_weight.grad, atol=1e-4)
    assert torch.allclose(layer.output.weight.grad, theirs.out_proj.weight.grad, atol=1e-4)


@given(sizes)
@settings(deadline=None)
def test_fused_gives_the_same(size):
    layer, x = drawn(*size)
    fused, _ = drawn(*size, fused=True)
    assert torch.allclose(layer(x), fused(x), atol=1e-5)
    assert torch.equal(layer(x), layer.look(x)[0])


@given(sizes)
@settings(deadline=None)
def test_loop_gives_the_same(size):
    heads, width, batch, length, _, _, seed = size
    fast, x = drawn(heads, width, batch, length, False, True, seed)
    slow = MultiHeadAttentionLoop(heads * width, heads)
    stacks = fast.qkv.weight.data.view(3, heads, width, heads * width)
    for parts, stack in zip((slow.queries, slow.keys, slow.values), stacks, strict=True):
        for part, rows in zip(parts, stack, strict=True):
            part.weight.data = rows
    slow.output.weight.data = fast.output.weight.data
    assert torch.allclose(slow(x), fast(x), atol=1e-5)


@given(sizes, st.integers(0, 6))
@settings(deadline=None)
def test_nobody_looks_ahead(size, place):
    heads, width, batch, length, bias, _, seed = size
    for fused in (False, True):
        layer, x = drawn(heads, width, batch, length, bias, True, seed, fused)
        cut = min(place, length - 1)
        changed = x.clone()
        changed[:, cut + 1 :] += 3
        assert torch.allclose(layer(changed)[:, : cut + 1], layer(x)[:, : cut + 1], atol=1e-5)
    assert layer.look(x)[1].triu(1).abs().max() == 0


@given(sizes)
@settings(deadline=None)
def test_order_does_not_matter_without_a_mask(size):
    heads, width, batch, length, bias, _, seed = size
    layer, x = drawn(heads, width, batch, length, bias, False, seed)
    order = torch.randperm(length, generator=torch.Generator().manual_seed(seed))
    assert torch.allclose(layer(x[:, order]), layer(x)[:, order], atol=1e-5)


@given(sizes)
@settings(deadline=None)
def test_texts_of_a_batch_are_apart(size):
    layer, x = drawn(*size)
    alone = torch.cat([layer(text[None]) for text in x])
    assert torch.allclose(layer(x), alone, atol=1e-5)


@given(sizes)
@settings(deadline=None)
def test_rows_of_weights_sum_to_one(size):
    layer, x = drawn(*size)
    weights = layer.look(x)[1]
    assert weights.shape == (x.shape[0], layer.n_heads, x.shape[1], x.shape[1])
    assert torch.allclose(weights.sum(dim=-1), torch.ones(weights.shape[:-1]), atol=1e-5)


def test_reload_with_other_settings(tmp_path):
    layer, x = drawn(3, 2, 2, 5, True, False, 4)
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    again = MultiHeadAttention(6, 3, bias=True, causal=False, fused=True)
    again.load_state_dict(torch.load(tmp_path / "layer.pt"))
    assert torch.allclose(again(x), layer(x), atol=1e-5)


def test_parameters_do_not_depend_on_the_heads():
    counts = {sum(p.numel() for p in MultiHeadAttention(12, h).parameters()) for h in (1, 3, 12)}
    assert counts == {4 * 12**2}
    assert sum(p.numel() for p in MultiHeadAttentionLoop(12, 4).parameters()) == 4 * 12**2


@pytest.mark.parametrize(("d_model", "n_heads"), [(10, 3), (4, 0), (4, 8), (4, -1)])
def test_heads_that_do_not_divide(d_model, n_heads):
    with pytest.raises(ValueError, match="divisor"):
        head_width(d_model, n_heads)
    with pytest.raises(ValueError, match="divisor"):
        MultiHeadAttention(d_model, n_heads)


def test_widths():
    assert [head_width(48, h) for h in (1, 2, 8, 48)] == [48, 24, 6, 1]
