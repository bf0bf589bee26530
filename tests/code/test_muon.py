"""Muon: its polynomial on singular values, PyTorch's own, and who gets which step."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.adamw import AdamW
from scratchlm.muon import NEWTON_SCHULZ, Muon, muon_groups, orthogonalise


def test_by_hand():
    G = torch.tensor([[3.0, 1.0], [1.0, 3.0]])
    values = torch.linalg.svdvals(orthogonalise(G, steps=0))
    assert torch.allclose(values, torch.tensor([4.0, 2.0]) / 20**0.5, atol=1e-5)
    assert torch.linalg.svdvals(orthogonalise(G, 1)).max().item() == pytest.approx(1.149, abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 5), st.integers(0, 99))
def test_a_polynomial_of_singular_values(rows, columns, steps, seed):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    u, s, vh = torch.linalg.svd(matrix.double(), full_matrices=False)
    s = s / s.square().sum().sqrt()
    for _ in range(steps):
        s = sum(factor * s**power for factor, power in zip(NEWTON_SCHULZ, (1, 3, 5)))
    expected = (u @ s.diag() @ vh).float()
    assert torch.allclose(orthogonalise(matrix, steps), expected, atol=1e-3)


def test_scale_does_not_matter_and_zero_stays():
    matrix = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(orthogonalise(matrix), orthogonalise(1e-3 * matrix), atol=1e-2)
    assert torch.equal(orthogonalise(torch.zeros(3, 3)), torch.zeros(3, 3))


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5)])
def test_the_way_of_torch(shape):
    ours, theirs = (nn.Parameter(torch.full(shape, 0.1)) for _ in range(2))
    options = dict(lr=0.02, weight_decay=0.1)
    pair = [
        Muon([{"params": [ours], "orthogonal": True}], momentum=0.9, **options),
        torch.optim.Muon([theirs], momentum=0.9, **options),
    ]
    draw = torch.Generator().manual_seed(0)
    for _ in range(15):
        ours.grad = torch.randn(shape, generator=draw)
        theirs.grad = ours.grad.clone()
        for optimizer in pair:
            optimizer.step()
    way = (ours - 0.1).norm()
    assert (ours - theirs).norm() < 0.05 * way  # theirs computes in bfloat16


def test_the_others_are_adamw():
    draw = torch.Generator().manual_seed(0)
    start = torch.randn(4, 3, generator=draw)
    ours, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    one, two = Muon([{"params": [ours]}], lr=0.01), AdamW([{"params": [theirs]}], lr=0.01)
    for _ in range(3):
        ours.grad = torch.randn(4, 3, generator=draw)
        theirs.grad = ours.grad.clone()
        one.step(), two.step()
    assert torch.equal(ours, theirs)


def test_resumed_like_uninterrupted():
    def make():
        torch.manual_seed(0)
        layer = nn.Linear(4, 3)
        groups = [{"params": [layer.weight], "orthogonal": True}, {"params": [layer.bias]}]
        return layer, Muon(groups, lr=0.02, weight_decay=0.0)

    def go(layer, optimizer, steps):
        for step in steps:
            for p in layer.parameters():
                p.grad = torch.full_like(p, 0.1) * p + step
            optimizer.step()

    layer, optimizer = make()
    go(layer, optimizer, range(3))
    again, other = make()
    again.load_state_dict(layer.state_dict())
    other.load_state_dict(optimizer.state_dict())
    go(layer, optimizer, range(3, 6)), go(again, other, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(layer.parameters(), again.parameters()))


def test_groups_are_whole_and_bad_input_gets_a_sentence():
    model = nn.Module()
    model.table, model.blocks = nn.Embedding(5, 4), nn.ModuleList([nn.Linear(4, 4)])
    matrices, others = muon_groups(model, share=0.5)
    assert matrices["params"] == [model.blocks[0].weight] and matrices["orthogonal"]
    assert len(others["params"]) == 2 and others["factor"] == 0.5
    with pytest.raises(ValueError, match="give a matrix"):
        orthogonalise(torch.zeros(3))
