"""The task of two letters: what is wanted stands where it says, and one head cannot have both."""

import pytest
import torch
import torch.nn.functional as F

from scratchlm.pen_pals import MESSAGE, WRITERS, PenPals, draw_letters


def test_letters_are_those_of_the_pals():
    writers, letters = draw_letters(20, torch.Generator().manual_seed(0))
    assert writers.shape == (20, WRITERS, 3 * WRITERS + MESSAGE)
    assert letters.shape == (20, WRITERS, 2 * MESSAGE)
    names = writers[..., : 3 * WRITERS].unflatten(-1, (3, WRITERS))
    assert (names.sum(dim=-1) == 1).all()
    for round_, wanted, of in zip(writers, letters, names.argmax(dim=-1).tolist(), strict=True):
        for t, (own, first, second) in enumerate(of):
            assert own == t and len({own, first, second}) == 3
            assert torch.equal(wanted[t, :MESSAGE], round_[first, 3 * WRITERS :])
            assert torch.equal(wanted[t, MESSAGE:], round_[second, 3 * WRITERS :])


def test_drawn_again_from_the_same_seed():
    first, second = (draw_letters(3, torch.Generator().manual_seed(5)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("n_heads", [1, 2, 4])
def test_shapes_and_parameters(n_heads):
    model = PenPals(12, n_heads)
    writers, letters = draw_letters(4, torch.Generator().manual_seed(0))
    assert model(writers).shape == letters.shape
    assert sum(p.numel() for p in model.parameters()) == 30 * 12 + 4 * 144 + 13 * 12


@pytest.mark.parametrize("weight", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_a_blend_explains_half(weight):
    """The best linear readout of any blend of two messages leaves half of both unexplained."""
    a, b = torch.randn(2, 20_000, generator=torch.Generator().manual_seed(0))
    blend = weight * a + (1 - weight) * b
    guesses = [(blend @ x) / (blend @ blend) * blend for x in (a, b)]
    errors = [F.mse_loss(guess, x).item() for guess, x in zip(guesses, (a, b), strict=True)]
    assert sum(errors) / 2 == pytest.approx(0.5, abs=0.02)


def perfect():
    """Two heads whose weights are set by hand: one for each pal."""
    model = PenPals(60, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.embedding.weight[:30] = torch.eye(30)
        q, k, v = model.heads.qkv.weight.view(3, 2, 30, 60)
        for head in range(2):
            start = WRITERS * (1 + head)
            q[head, :WRITERS, start : start + WRITERS] = 200 * torch.eye(WRITERS)
            k[head, :WRITERS, :WRITERS] = torch.eye(WRITERS)
            v[head, :MESSAGE, 24:30] = torch.eye(MESSAGE)
            model.heads.output.weight[30 + 6 * head : 36 + 6 * head, 30 * head : 30 * head + 6] = (
                torch.eye(MESSAGE)
            )
        model.readout.weight[:, 30:42] = torch.eye(12)
    return model


def test_two_heads_can_have_both():
    writers, letters = draw_letters(50, torch.Generator().manual_seed(1))
    assert F.mse_loss(perfect()(writers), letters) < 1e-6
