"""The block and its parts: values by hand, PyTorch and transformers as oracles, properties."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2Block

from scratchlm.transformer_block import Block, FeedForward, LayerNorm, gelu

sizes = st.tuples(
    st.integers(1, 3),  # heads
    st.integers(1, 4),  # columns of each
    st.integers(1, 30),  # width within
    st.integers(1, 3),  # texts
    st.integers(1, 7),  # tokens
    st.booleans(),  # fused
    st.integers(0, 10_000),
)


def drawn(heads, width, d_ff, batch, length, fused, seed):
    """A block with random weights, norms and biases too, and a batch to try it on."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block = Block(heads * width, heads, d_ff, fused=fused).double()
        for parameter in block.parameters():
            nn.init.normal_(parameter, std=0.5)
        return block, torch.randn(batch, length, heads * width, dtype=torch.double)


def test_layer_norm_by_hand():
    norm = LayerNorm(4, epsilon=0.0)
    x = torch.tensor([5.0, 1.0, 5.0, 1.0])
    assert norm(x).tolist() == [1, -1, 1, -1]
    norm.scale.data, norm.shift.data = torch.tensor([1.0, 2, 3, 4]), torch.tensor([0.0, 0, 10, 10])
    assert norm(x).tolist() == [1, -2, 13, 6]
    bank = torch.tensor([4.037, -0.037, -0.496])
    assert LayerNorm(3)(bank).tolist() == pytest.approx([1.408, -0.591, -0.817], abs=1e-3)


def test_a_vector_without_variance():
    assert LayerNorm(3)(torch.full((2, 3), 7.0)).tolist() == [[0, 0, 0]] * 2


@given(st.integers(1, 8), st.integers(0, 10_000), st.sampled_from([1e-5, 1e-3, 1e-6]))
@settings(deadline=None)
def test_layer_norm_against_torch(width, seed, epsilon):
    draw = torch.Generator().manual_seed(seed)
    ours, theirs = LayerNorm(width, epsilon), nn.LayerNorm(width, eps=epsilon)
    scale, shift = torch.randn(2, width, generator=draw, dtype=torch.double)
    ours.scale.data, ours.shift.data = scale, shift
    theirs.weight.data, theirs.bias.data = scale, shift
    x = 3 * torch.randn(2, 3, width, generator=draw, dtype=torch.double) + 1
    results = []
    for norm in (ours, theirs):
        inputs = x.clone().requires_grad_()
        output = norm(inputs)
        output.square().sum().backward()
        results.append((output, inputs.grad, *(p.grad for p in norm.parameters())))
    for our, their in zip(*results, strict=True):
        torch.testing.assert_close(our, their, atol=1e-7, rtol=1e-7)


@given(st.integers(2, 8), st.integers(0, 10_000), st.floats(0.5, 20), st.floats(-5, 5))
@settings(deadline=None)
def test_layer_norm_ignores_length_and_mean(width, seed, factor, offset):
    x = torch.randn(3, width, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    norm = LayerNorm(width, epsilon=0.0).double()
    torch.testing.assert_close(norm(factor * x + offset), norm(x))


def test_gelu_by_hand_and_against_torch():
    x = torch.linspace(-6, 6, 101, dtype=torch.double, requires_grad=True)
    torch.testing.assert_close(gelu(x), F.gelu(x, approximate="tanh"))
    assert torch.allclose(gelu(x), F.gelu(x), atol=1e-3)
    (ours,) = torch.autograd.grad(gelu(x).sum(), x)
    (theirs,) = torch.autograd.grad(F.gelu(x, approximate="tanh").sum(), x)
    torch.testing.assert_close(ours, theirs)
    one = 0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715))
    assert gelu(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0, one])


def test_feed_forward_by_hand():
    network = FeedForward(2, 1)
    network.expand.weight.data, network.expand.bias.data = (
        torch.tensor([[1.0, -1.0]]),
        torch.ones(1),
    )
    network.output.weight.data, network.output.bias.data = (
        torch.tensor([[2.0], [0.0]]),
        torch.tensor([0.0, 5.0]),
    )
    hidden = gelu(torch.tensor(3.0)).item()  # 4 - 2 + 1
    assert network(torch.tensor([4.0, 2.0])).tolist() == pytest.approx([2 * hidden, 5])


def test_feed_forward_sees_one_token():
    torch.manual_seed(0)
    network, x = FeedForward(6, 24), torch.randn(2, 5, 6)
    for t in range(5):
        torch.testing.assert_close(network(x)[:, t], network(x[:, t]))


def gradients(module, x, **options):
    """The output of a module on x, and the gradient of a loss in x."""
    inputs = x.clone().requires_grad_()
    output = module(inputs, **options)
    output = output[0] if isinstance(output, tuple) else output
    (output * torch.arange(output.numel()).view_as(output).cos()).sum().backward()
    return output, inputs.grad


@given(sizes)
@settings(deadline=None)
def test_against_torch(size):
    block, x = drawn(*size)
    C, H, F_ = x.shape[-1], block.attention.n_heads, size[2]
    options = {"dropout": 0, "activation": gelu, "batch_first": True, "norm_first": True}
    theirs = nn.TransformerEncoderLayer(C, H, F_, **options).double()
    pairs = [
        (theirs.self_attn.in_proj_weight, block.attention.qkv.weight),
        (theirs.self_attn.in_proj_bias, block.attention.qkv.bias),
        (theirs.norm1.weight, block.norm_1.scale),
        (theirs.norm1.bias, block.norm_1.shift),
        (theirs.norm2.weight, block.norm_2.scale),
        (theirs.norm2.bias, block.norm_2.shift),
    ]
    for their, our in [
        (theirs.self_attn.out_proj, block.attention.output),
        (theirs.linear1, block.feed_forward.expand),
        (theirs.linear2, block.feed_forward.output),
    ]:
        pairs += [(their.weight, our.weight), (their.bias, our.bias)]
    with torch.no_grad():
        for their, our in pairs:
            their.copy_(our)
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    for our, their in zip(gradients(block, x), gradients(theirs, x, src_mask=future), strict=True):
        torch.testing.assert_close(our, their, atol=1e-8, rtol=1e-6)
    for their, our in pairs:
        torch.testing.assert_close(our.grad, their.grad, atol=1e-8, rtol=1e-6)


def test_against_gpt2():
    block, x = drawn(3, 4, 48, 2, 6, False, 0)
    config = GPT2Config(n_embd=12, n_head=3, n_inner=48, n_positions=6, attn_implementation="eager")
    theirs = GPT2Block(config).eval().double()
    pairs = []
    for their, our in [
        (theirs.attn.c_attn, block.attention.qkv),
        (theirs.attn.c_proj, block.attention.output),
        (theirs.mlp.c_fc, block.feed_forward.expand),
        (theirs.mlp.c_proj, block.feed_forward.output),
    ]:  # its matrices are kept the other way around
        pairs += [(their.weight, our.weight, True), (their.bias, our.bias, False)]
    for their, our in [(theirs.ln_1, block.norm_1), (theirs.ln_2, block.norm_2)]:
        pairs += [(their.weight, our.scale, False), (their.bias, our.shift, False)]
    with torch.no_grad():
        for their, our, transposed in pairs:
            their.copy_(our.T if transposed else our)
    future = torch.full((1, 1, 6, 6), -torch.inf, dtype=torch.double).triu(1)
    options = {"attention_mask": future}
    for our, their in zip(gradients(block, x), gradients(theirs, x, **options), strict=True):
        torch.testing.assert_close(our, their, atol=1e-8, rtol=1e-6)
    for their, our, transposed in pairs:
        gradient = our.grad.T if transposed else our.grad
        torch.testing.assert_close(gradient, their.grad, atol=1e-8, rtol=1e-6)


@given(sizes, st.integers(0, 6))
@settings(deadline=None)
def test_nothing_comes_from_the_future(size, place):
    block, x = drawn(*size)
    changed = x.clone()
    changed[:, place + 1 :] += 1
    torch.testing.assert_close(block(changed)[:, : place + 1], block(x)[:, : place + 1])


@given(sizes)
@settings(deadline=None)
def test_a_text_gives_the_same_alone(size):
    block, x = drawn(*size)
    for i in range(len(x)):
        torch.testing.assert_close(block(x)[i : i + 1], block(x[i : i + 1]), atol=1e-8, rtol=1e-6)


def test_fused_gives_the_same_numbers():
    slow, x = drawn(2, 4, 20, 2, 6, False, 1)
    fast, _ = drawn(2, 4, 20, 2, 6, True, 1)
    torch.testing.assert_close(slow(x), fast(x), atol=1e-8, rtol=1e-6)


def test_dropout_falls_on_what_is_added():
    torch.manual_seed(0)
    block = Block(8, 2, 16, dropout=1.0)
    x = torch.randn(1, 3, 8)
    assert torch.equal(block(x), x)
    assert not torch.allclose(block.eval()(x), x)


def test_without_biases():
    block = Block(8, 2, 16, bias=False)
    names = {name for name, _ in block.named_parameters()}
    assert not any(name.endswith("bias") for name in names)
    assert sum(p.numel() for p in block.parameters()) == 4 * 64 + 2 * 8 * 16 + 4 * 8
