"""Parties, layers in other orders, and the gauges, beside what they are made of."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.depth import (
    AGES,
    GUESTS,
    Party,
    Plus,
    PostNormBlock,
    draw_guests,
    gradient_norms,
    train_with_warm_up,
)
from scratchlm.transformer_block import Block, LayerNorm


@given(st.integers(1, 20), st.integers(0, 10_000))
@settings(deadline=None)
def test_guests_name_somebody_who_came_before(batch_size, seed):
    guests, ages = draw_guests(batch_size, torch.Generator().manual_seed(seed))
    assert guests.shape == (batch_size, 8, 21) and ages.shape == (batch_size, 8, 2)
    own, friend, age = (part.argmax(dim=-1) for part in guests.split([GUESTS, GUESTS, AGES], -1))
    assert torch.equal(guests.sum(dim=-1), torch.full((batch_size, 8), 3.0))
    assert torch.equal(own, torch.arange(8).expand(batch_size, 8))
    assert (friend[:, 1:] < own[:, 1:]).all() and (friend[:, 0] == 0).all()
    assert torch.equal(ages[..., 0], age) and torch.equal(ages[..., 1], age.gather(1, friend))


def test_every_earlier_guest_is_named():
    guests, _ = draw_guests(400, torch.Generator().manual_seed(0))
    shares = guests[:, 7, 8:16].mean(dim=0)
    assert shares[7] == 0 and ((shares[:7] - 1 / 7).abs() < 0.06).all()


def test_plus_by_hand():
    layer = nn.Linear(2, 2, bias=False)
    layer.weight.data = torch.tensor([[0.0, 1.0], [3.0, 0.0]])
    assert Plus(layer)(torch.tensor([5.0, 7.0])).tolist() == [12, 22]


def test_post_norm_against_torch():
    torch.manual_seed(0)
    block, x = PostNormBlock(8, 2, 24), torch.randn(2, 5, 8)
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.5)
    theirs = nn.TransformerEncoderLayer(8, 2, 24, dropout=0, batch_first=True)
    theirs.activation = lambda x: F.gelu(x, approximate="tanh")
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(block.attention.qkv.weight)
        theirs.self_attn.in_proj_bias.copy_(block.attention.qkv.bias)
        for their, our in [
            (theirs.self_attn.out_proj, block.attention.output),
            (theirs.linear1, block.feed_forward.expand),
            (theirs.linear2, block.feed_forward.output),
        ]:
            their.load_state_dict(our.state_dict())
        for their, our in [(theirs.norm1, block.norm_1), (theirs.norm2, block.norm_2)]:
            their.weight.copy_(our.scale)
            their.bias.copy_(our.shift)
    future = torch.ones(5, 5, dtype=torch.bool).triu(1)
    torch.testing.assert_close(block(x), theirs(x, src_mask=future), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", [Block, PostNormBlock])
def test_nothing_comes_from_the_future(kind):
    torch.manual_seed(0)
    block, x = kind(8, 2, 16), torch.randn(1, 6, 8)
    changed = x.clone()
    changed[:, 4:] += 1
    torch.testing.assert_close(block(changed)[:, :4], block(x)[:, :4])


def test_the_stream_of_a_party():
    torch.manual_seed(0)
    party = Party([Plus(nn.Linear(6, 6)) for _ in range(3)], 6, LayerNorm(6))
    guests, _ = draw_guests(2, torch.Generator().manual_seed(0))
    stream = party.stream(guests)
    assert len(stream) == 4 and all(x.shape == (2, 8, 6) for x in stream)
    assert torch.equal(stream[2], party.layers[1](stream[1]))
    assert torch.equal(party(guests), party.readout(party.norm(stream[3])))
    assert party(guests).shape == (2, 8, AGES)


def test_gradient_norms_against_backward():
    torch.manual_seed(0)
    layers = nn.ModuleList(Plus(nn.Linear(4, 4)) for _ in range(3))
    x = torch.randn(5, 4)

    def loss():
        y = x
        for layer in layers:
            y = layer(y)
        return y.square().mean()

    norms = gradient_norms(layers, loss())
    loss().backward()
    for layer, norm in zip(layers, norms, strict=True):
        flat = torch.cat([p.grad.flatten() for p in layer.parameters()])
        assert norm == pytest.approx(flat.norm().item(), rel=1e-5)


def test_a_chain_of_slopes():
    layers = nn.ModuleList(nn.Linear(1, 1, bias=False) for _ in range(6))
    for layer in layers:
        nn.init.constant_(layer.weight, 0.1)
    x = torch.ones(1, 1)
    for layer in layers:
        x = layer(x)
    assert gradient_norms(layers, x.sum()) == pytest.approx([1e-5] * 6)


def test_parameters_that_the_loss_does_not_reach():
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    assert gradient_norms(layers, layers[1](torch.ones(2)).sum())[0] == 0


def test_the_rate_rises_and_falls():
    rates = []

    def loss_of(model, generator):
        rates.append(abs(model.weight.item()))
        return model.weight.sum()

    model = nn.Linear(1, 1, bias=False)
    model.weight.data.zero_()
    train_with_warm_up(model, loss_of, 10, 0, learning_rate=0.1, warm_up=4)
    moved = [b - a for a, b in pairwise(rates)]  # Adam moves by the rate: slopes are equal
    right = [0.1 * min((i + 1) / 4, 1) * (1 - i / 10) for i in range(9)]
    assert moved == pytest.approx(right, rel=1e-3)


def test_training_is_repeatable_and_draws_from_its_seed():
    def run(seed):
        torch.manual_seed(0)
        model = Party([Block(8, 2, 16)], 8, LayerNorm(8))

        def loss_of(model, generator):
            guests, ages = draw_guests(16, generator)
            return F.cross_entropy(model(guests).flatten(0, 1), ages.amax(dim=-1).flatten())

        return train_with_warm_up(model, loss_of, 30, seed, 1e-2)

    assert run(0) == run(0) != run(1)
    assert sum(run(0)[-5:]) < sum(run(0)[:5])
