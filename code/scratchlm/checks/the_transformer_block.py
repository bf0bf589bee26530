"""Checks of the exercises in the chapter on the transformer block."""

import copy
import math
from numbers import Real

import torch
from torch import nn

from scratchlm.depth import AGES, GUESTS, Party, Plus, draw_guests
from scratchlm.transformer_block import Block, LayerNorm

TOKEN = torch.tensor([5.0, 1.0, 5.0, 1.0])
LOOKS = torch.tensor([[1.0, -1, 1], [1, 1, -1], [1, 0, 0], [0, 1, 0]])
WRITES = torch.tensor([[0.0, 1, 0, 2], [9, 9, 9, 9], [-1, 0, 2, 0]])


def the_transformer_block_trace(answer) -> str | None:
    """A token's vector after half a block, by hand."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 4:
        return "Give a list of four numbers, the token's vector."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer):
        return "Every entry should be a number."
    for vector, sentence in _traced():
        if all(abs(a - b) < 0.011 for a, b in zip(answer, vector.tolist(), strict=True)):
            return sentence
    return "The copy is (1, -1, 1, -1); multiply it by W_1, apply ReLU, then W_2, then add x."


def _traced() -> list[tuple[torch.Tensor, str | None]]:
    """Return what may come of the token, and what is wrong with it."""
    normed = (TOKEN - 3) / 2
    written = (normed @ LOOKS).relu() @ WRITES
    return [
        (TOKEN + written, None),
        (written, "That is what the network writes: add it to x."),
        (normed + written, "You have added to the normalised copy: the plus is on x itself."),
        (TOKEN + normed @ LOOKS @ WRITES, "A hidden number below zero becomes 0: apply ReLU."),
        (TOKEN + (TOKEN @ LOOKS).relu() @ WRITES, "The network reads the normalised copy, not x."),
        (TOKEN + ((TOKEN - 3) @ LOOKS).relu() @ WRITES, "Divide by the root of the variance, 2."),
        (TOKEN + ((TOKEN - 3) / 4 @ LOOKS).relu() @ WRITES, "Divide by the root of the variance."),
    ]


def the_transformer_block_parameters(function) -> str | None:
    """A formula for the number of weights in a block."""
    if not callable(function):
        return "Give the function block_parameters itself, without calling it."
    for C, F in [(4, 16), (8, 32), (6, 10)]:
        given = function(C, F)
        if not isinstance(given, Real):
            return f"Return a number, not {type(given).__name__}."
        right = sum(p.numel() for p in Block(C, 1, F).parameters())
        biases, norms = 5 * C + F, 4 * C
        hints = {
            right: None,
            right - norms: "The two norms are missing: each has a scale and a shift.",
            right - biases: "The biases are missing: every matrix has one, as wide as its output.",
            right - norms - biases: "Biases are missing, and the norms' scales and shifts.",
            right - norms // 2: "There are two norms, and each has both a scale and a shift.",
            right - 3 * C * C - 3 * C: "Queries, keys and values are three matrices.",
        }
        if given not in hints:
            return f"For d_model = {C} and d_ff = {F} it is {right}, and yours says {given}."
        if hints[given]:
            return hints[given]
    return None


def the_transformer_block_apart(W_1, W_2) -> str | None:
    """Two matrices that work out a distance."""
    try:
        W_1, W_2 = (torch.as_tensor(W).float() for W in (W_1, W_2))
    except (TypeError, ValueError, RuntimeError):
        return "Give two matrices, as tensors or as lists of rows."
    if W_1.dim() != 2 or W_2.dim() != 2 or len(W_1) != 3 or W_2.shape != W_1.shape[::-1]:
        shapes = f"{tuple(W_1.shape)} and {tuple(W_2.shape)}"
        return f"The shapes are {shapes}: they should be (3, h) and (h, 3) with the same h."
    x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * 5
    added = (x @ W_1).relu() @ W_2  # (50, 3)
    right = (x[:, 0] - x[:, 1]).abs()
    if not torch.allclose(added[:, :2], torch.zeros(50, 2), atol=1e-4):
        return "The first two columns should stay: write zeros into them."
    if torch.allclose(added[:, 2], right, atol=1e-3):
        return None
    larger = x[:, 0] > x[:, 1]
    for part, name in [(larger, "x_0 is the larger one"), (~larger, "x_1 is the larger one")]:
        if torch.allclose(added[part, 2], right[part], atol=1e-3):
            return f"It is right where {name}, and not otherwise: use a unit for either case."
    y, target = x[0].tolist(), right[0].item()
    return (
        f"For x = ({y[0]:.1f}, {y[1]:.1f}, {y[2]:.1f}) it adds {added[0, 2]:.1f} to the third "
        f"column, and should add {target:.1f}."
    )


def _pull(x: torch.Tensor, to: tuple, of: tuple) -> torch.Tensor:
    """Return x (B, T, C) with one token added to another."""
    result = x.clone()
    result[to] += x[of]
    return result


def _adder(to: tuple, of: tuple):
    return lambda x: _pull(x, to, of)


def _norms() -> list:
    """Return functions by name that mix something, and what."""
    return [
        ("a layer norm", LayerNorm(5), set()),
        ("a batch norm", lambda x: x - x.mean(dim=(0, 1)), {"time", "batch"}),
        ("a norm over the places of a text", lambda x: x - x.mean(dim=1, keepdim=True), {"time"}),
        ("a norm over the texts at each place", lambda x: x - x.mean(dim=0), {"batch"}),
        ("a function that adds place 2 of text 1 to place 0", _adder((1, 0), (1, 2)), {"time"}),
        ("a function that adds text 2 to text 0 in place 3", _adder((0, 3), (2, 3)), {"batch"}),
        (
            "a function that adds a place of text 0 to another of 1",
            _adder((1, 0), (0, 1)),
            {"batch"},
        ),
    ]


def the_transformer_block_mixes(function) -> str | None:
    """A function that tells what a norm mixes."""
    if not callable(function):
        return "Give the function mixes itself, without calling it."
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    for name, norm, right in _norms():
        with torch.no_grad():
            given = function(norm, x.clone())
        if not isinstance(given, (set, frozenset, list, tuple)):
            return f"Return a set, empty if nothing is mixed, not {type(given).__name__}."
        if set(given) != right:
            wanted = sorted(right) or "the empty set"
            return f"For {name} it says {sorted(given)}, and it should be {wanted}."
    return None


def _party() -> tuple[Party, torch.Tensor]:
    """Return a party of three layers, and guests."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        party = Party([Plus(nn.Linear(8, 8)) for _ in range(3)], 8, LayerNorm(8))
    return party, draw_guests(2, torch.Generator().manual_seed(0))[0]


def _without(party: Party, gone: set[int]) -> Party:
    """Return a copy of a party without some of its layers."""
    other = copy.deepcopy(party)
    other.layers = nn.ModuleList(x for i, x in enumerate(other.layers) if i not in gone)
    return other


def the_transformer_block_drop(function) -> str | None:
    """A copy of a party without one of its layers."""
    if not callable(function):
        return "Give the function drop itself, without calling it."
    party, guests = _party()
    shorter = function(party, 1)
    if not isinstance(getattr(shorter, "layers", None), nn.ModuleList):
        return "Return the model without the layer, a Party."
    before, _ = _party()
    with torch.no_grad():
        if len(party.layers) != 3 or not torch.equal(party(guests), before(guests)):
            return "The model itself has changed: drop from a copy, made with copy.deepcopy(model)."
        given = shorter(guests)
        if given.shape != (2, GUESTS, AGES):
            return f"What you return gives scores of the shape {tuple(given.shape)}, not (2, 8, 5)."
        for gone in ({1}, {0}, {2}, {1, 2}, set()):
            if torch.allclose(_without(before, gone)(guests), given, atol=1e-5):
                missing = ", ".join(map(str, sorted(gone))) or "none"
                return None if gone == {1} else f"Asked to drop layer 1, it drops {missing}."
    return "Take the layer out of `layers` and leave all the rest as it is."
