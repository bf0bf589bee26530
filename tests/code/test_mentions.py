"""Who drinks what: the notes, and the models that read them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scratchlm.mentions import (
    DRINKS,
    NAMES,
    NOT_ASKED,
    FixedWeights,
    Guesser,
    accuracy,
    distinct,
    mentions,
)
from scratchlm.raw_attention import average, raw_attention


@given(st.integers(1, 6), st.integers(0, 1000))
def test_every_guest_is_named_twice(guests, seed):
    tokens, targets = mentions(20, seed, guests)
    assert tokens.shape == (20, 2 * guests, 2) and targets.shape == (20, 2 * guests)
    for note, answers in zip(tokens.tolist(), targets.tolist()):
        ordered = {name: drink for name, drink in note if drink}
        assert len(ordered) == guests == len(set(ordered.values()))
        assert sorted(name for name, drink in note if not drink) == sorted(ordered)
        for (name, drink), answer in zip(note, answers):
            assert answer == (NOT_ASKED if drink else ordered[name])


def test_notes_are_those_of_their_seed():
    assert torch.equal(mentions(5, 3)[0], mentions(5, 3)[0])
    assert not torch.equal(mentions(5, 3)[0], mentions(5, 4)[0])
    places = (mentions(500, 0)[0][..., 1] > 0).float().mean(dim=0)
    assert (places - 0.5).abs().max() < 0.1  # the drinks stand anywhere


def test_distinct_numbers():
    rows = distinct(50, 4, 6, torch.Generator().manual_seed(0))
    assert rows.shape == (50, 4) and rows.min() == 0 and rows.max() == 5
    assert all(len(set(row)) == 4 for row in rows.tolist())


def test_fixed_weights_start_as_the_average():
    x = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    output, weights = FixedWeights(4)(x)
    assert torch.allclose(output, average(x)[0], atol=1e-6) and weights.shape == (4, 4)


@pytest.mark.parametrize("mix", [average, raw_attention])
def test_a_guesser_by_hand(mix):
    torch.manual_seed(0)
    model, (tokens, _) = Guesser(8, mix), mentions(3, 0)
    logits = model(tokens)
    assert logits.shape == (3, len(DRINKS), 6)
    x = model.names.weight[tokens[1, :, 0]] + model.drinks.weight[tokens[1, :, 1]]  # (T, C)
    expected = (x + mix(x)[0]) @ model.readout.weight.T + model.readout.bias
    assert torch.allclose(logits[1].T, expected, atol=1e-5)
    assert model.names.num_embeddings == len(NAMES)


def test_the_average_cannot_tell_who_drinks_what():
    torch.manual_seed(0)
    model, (tokens, _) = Guesser(8, average), mentions(50, 0)
    held = tokens[..., 1] > 0
    swapped = tokens.clone()
    for note, has in zip(swapped, held):
        note[has, 1] = note[has, 1].roll(1)
    logits, others = model(tokens), model(swapped)
    asked = ~held[:, None].expand_as(logits)
    assert torch.allclose(logits[asked], others[asked], atol=1e-5)


def test_accuracy_counts_the_asked_only():
    class Fixed(nn.Module):
        def forward(self, tokens):
            return nn.functional.one_hot(tokens, 3).float().mT

    tokens = torch.tensor([[0, 1, 2, 2]])
    assert accuracy(Fixed(), tokens, torch.tensor([[0, 2, NOT_ASKED, 2]])) == pytest.approx(2 / 3)
