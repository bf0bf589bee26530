"""Counting what autograd keeps, and keeping less with equal gradients."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from scratchlm.activations import Recompute, Recomputed, SavedBytes
from scratchlm.gpt import GPT, GPTConfig

SMALL = GPTConfig(vocab_size=11, context_length=8, d_model=16, n_heads=2, n_layers=3)


def test_by_hand():
    layer = nn.Linear(3, 5, bias=False)
    with SavedBytes(layer.parameters()) as saved:
        layer(torch.randn(2, 3)).relu()
    assert saved.total == 4 * (2 * 3 + 2 * 5)
    layer(torch.randn(2, 3)).relu()  # outside: not counted
    assert saved.total == 64


def test_shared_memory_counts_once():
    x = torch.randn(4, requires_grad=True)
    with SavedBytes() as saved:
        (x * x) * x.view(2, 2).flatten()
    assert saved.total == 2 * 16  # x itself, and the product


def grown(wrap: bool):
    torch.manual_seed(0)
    model = GPT(SMALL)
    if wrap:
        model.blocks = nn.ModuleList(Recomputed(block) for block in model.blocks)
    ids = torch.randint(11, (2, 8), generator=torch.Generator().manual_seed(1))
    with SavedBytes(model.parameters()) as saved:
        loss = model(ids).square().mean()
    loss.backward()
    return [p.grad for p in model.parameters()], saved.total


def test_equal_gradients_for_fewer_bytes():
    (kept, many), (again, few) = grown(False), grown(True)
    assert all(torch.equal(a, b) for a, b in zip(kept, again, strict=True))
    assert few < many / 3


def test_as_torch_does_it():
    block, x = nn.Sequential(nn.Linear(4, 4), nn.GELU()), torch.randn(3, 4, requires_grad=True)
    Recompute.apply(block, x).sum().backward()
    ours, x.grad = x.grad, None
    checkpoint(block, x, use_reentrant=False).sum().backward()
    assert torch.equal(ours, x.grad)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_gradient_that_comes_back_is_used(scale):
    x = torch.ones(2, requires_grad=True)
    (scale * Recompute.apply(nn.Tanh(), x)).sum().backward()
    assert torch.allclose(x.grad, scale * (1 - torch.tanh(torch.ones(2)) ** 2))
