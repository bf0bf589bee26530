"""Positions: values by hand, an independent oracle, and properties."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scratchlm.mlp import MLPConfig
from scratchlm.positions import Bag, frequencies, shift_matrix, sinusoidal_positions

CONFIG = MLPConfig(vocab_size=11, context_length=5, d_model=6, d_ff=7)


def test_by_hand():
    assert frequencies(4, base=100).tolist() == pytest.approx([1, 0.1])
    table = sinusoidal_positions(2, 4, base=100)
    assert table[0].tolist() == [0, 1, 0, 1]
    expected = [math.sin(1), math.cos(1), math.sin(0.1), math.cos(0.1)]
    assert table[1].tolist() == pytest.approx(expected)


def test_against_the_formula_entry_by_entry():
    table = sinusoidal_positions(300, 10)
    for place in (0, 1, 17, 299):
        for i in range(5):
            angle = place / 10_000 ** (2 * i / 10)
            assert table[place, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[place, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


@given(st.integers(0, 200), st.integers(-50, 200), st.integers(1, 8), st.floats(2, 1e5))
def test_a_shift_is_one_matrix_everywhere(place, steps, pairs, base):
    steps = max(steps, -place)
    table = sinusoidal_positions(401, 2 * pairs, base)
    shifted = table[place] @ shift_matrix(steps, 2 * pairs, base)
    assert torch.allclose(shifted, table[place + steps], atol=1e-4)


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_shifts_add_up_and_are_rotations(a, b):
    one, other = shift_matrix(a, 6), shift_matrix(b, 6)
    assert torch.allclose(one @ other, shift_matrix(a + b, 6), atol=1e-5)
    assert torch.allclose(one @ one.T, torch.eye(6), atol=1e-5)


def test_dot_products_depend_on_the_distance_only():
    table = sinusoidal_positions(100, 16)
    products = table @ table.T
    for k in (0, 1, 7):
        diagonal = products.diagonal(k)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)


@pytest.mark.parametrize("d_model", [0, 1, 3, -2])
def test_columns_come_in_pairs(d_model):
    with pytest.raises(ValueError, match="even"):
        frequencies(d_model)


def test_a_bag_without_positions_is_blind_to_order():
    torch.manual_seed(0)
    bag, contexts = Bag(CONFIG), torch.randint(11, (4, 5))
    assert torch.allclose(bag(contexts), bag(contexts.flip(1)), atol=1e-6)
    assert bag(torch.randint(11, (2, 9))).shape == (2, 11)  # any width


@pytest.mark.parametrize("trained", [True, False])
def test_a_bag_with_positions_sees_the_order(trained):
    torch.manual_seed(0)
    positions = sinusoidal_positions(5, 6)
    bag = Bag(CONFIG, nn.Parameter(positions) if trained else positions)
    contexts = torch.randint(11, (4, 5))
    assert not torch.allclose(bag(contexts), bag(contexts.flip(1)), atol=1e-3)
    assert ("positions" in dict(bag.named_parameters())) == trained
    bag(contexts).sum().backward()
    assert (bag.positions.grad is not None) == trained
    assert "positions" in bag.state_dict()


def test_a_bag_against_a_loop_over_tokens():
    torch.manual_seed(0)
    positions = torch.randn(5, 6)
    bag, contexts = Bag(CONFIG, positions), torch.randint(11, (3, 5))
    for context, logits in zip(contexts, bag(contexts)):
        parts = [
            torch.tanh(bag.hidden(bag.embedding.weight[token] + positions[place]))
            for place, token in enumerate(context.tolist())
        ]
        assert torch.allclose(bag.output(sum(parts) / 5), logits, atol=1e-5)


def test_a_bag_is_rebuilt_from_its_state():
    torch.manual_seed(0)
    one, contexts = Bag(CONFIG, torch.randn(5, 6)), torch.randint(11, (3, 5))
    other = Bag(CONFIG, torch.zeros(5, 6))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(contexts), other(contexts))


def test_a_place_that_does_not_exist():
    bag = Bag(CONFIG, torch.randn(5, 6))
    assert bag(torch.zeros(1, 3, dtype=torch.int64)).shape == (1, 11)
    with pytest.raises(ValueError, match="5 positions for 6 tokens"):
        bag(torch.zeros(1, 6, dtype=torch.int64))
