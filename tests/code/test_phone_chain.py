"""The phone chain: what is asked has one answer, and the readout keeps its shapes."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.phone_chain import MESSAGES, Listener, phone_chain
from scratchlm.query_key_attention import QueryKeyAttention


@given(st.integers(1, 4), st.integers(3, 9), st.integers(0, 999))
def test_a_chain_is_one_ring_and_the_target_what_the_called_one_says(count, people, seed):
    tokens, targets = phone_chain(count, people, seed)
    assert tokens.shape == (count, people, 2 * people + MESSAGES)
    assert targets.shape == (count, people) and targets.dtype == torch.int64
    assert (tokens.sum(2) == 3).all()
    own, called, says = (part.argmax(2) for part in tokens.split([people, people, MESSAGES], dim=2))
    for chain in range(count):
        calls = dict(zip(own[chain].tolist(), called[chain].tolist()))
        message = dict(zip(own[chain].tolist(), says[chain].tolist()))
        heard = [message[name] for name in called[chain].tolist()]
        assert heard == targets[chain].tolist()
        ring, name = set(), 0
        while name not in ring:
            ring.add(name)
            name = calls[name]
        assert name == 0 and len(ring) == people  # a single ring of all


def test_same_seed_same_chains_and_others_with_another():
    one, same, other = (phone_chain(5, 6, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_the_places_do_not_give_the_order_away():
    tokens, targets = phone_chain(2_000, 6, 0)
    own, called = tokens[..., :6].argmax(2), tokens[..., 6:12].argmax(2)
    neighbours = (called[:, 0] == own[:, 1]).double().mean().item()
    assert neighbours == pytest.approx(1 / 5, abs=0.04)
    assert targets.double().mean().item() == pytest.approx(1.5, abs=0.05)


def test_two_people_have_no_direction():
    with pytest.raises(ValueError, match="3 people"):
        phone_chain(1, 2, 0)


def test_a_listener_against_its_parts():
    torch.manual_seed(0)
    model = Listener(QueryKeyAttention(16, 6), 16)
    tokens, targets = phone_chain(4, 6, 0)
    logits = model(tokens)
    assert logits.shape == (4, MESSAGES, 6)
    read = model.readout(model.attention(tokens)[0])  # (B, T, MESSAGES)
    assert torch.allclose(logits.transpose(1, 2), read)
    flat = F.cross_entropy(read.flatten(0, 1), targets.flatten())
    assert torch.allclose(F.cross_entropy(logits, targets), flat)


def test_exact_matrices_solve_it():
    """Call seeks own name: with large scores attention finds exactly the called one."""
    model = Listener(QueryKeyAttention(16, 6), 16)
    with torch.no_grad():
        model.attention.query.weight.copy_(100 * torch.eye(6, 16).roll(6, 1))
        model.attention.key.weight.copy_(torch.eye(6, 16))
        model.readout.weight.copy_(torch.eye(16)[12:])
        model.readout.bias.zero_()
        tokens, targets = phone_chain(50, 6, 0)
        assert torch.equal(model(tokens).argmax(1), targets)
