"""Checks of the exercises in the chapter on multi-head attention."""

import copy
import math
from numbers import Real

import torch
from torch import nn

from scratchlm.attention_head import attention, causal_mask
from scratchlm.multi_head_attention import MultiHeadAttention
from scratchlm.river_bank import TOKENS, W_K, W_O, W_Q, W_V_HEADS, X

PAIRS = [(1, 3), (2, 3), (3, 3), (2, 5), (4, 2)]


def _found() -> torch.Tensor:
    """Return what the two heads of the small world find: (T, 2)."""
    scores = torch.einsum("td,sd->dts", X @ W_Q, X @ W_K)  # one column a head: (H, T, S)
    return torch.einsum("dts,sd->td", scores.softmax(dim=-1), X @ W_V_HEADS)


def _close(answer, right) -> bool:
    return all(abs(a - b) < 0.011 for a, b in zip(answer, right.tolist(), strict=True))


def multi_head_attention_flooded(answer) -> str | None:
    """The vector of one token after both heads have written, by hand."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 3:
        return "Give a list of three numbers: water, money and grammar."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer):
        return "Every entry should be a number."
    found = _found()
    after = X + found @ W_O
    if _close(answer, after[3]):
        return None
    if _close(answer, (found @ W_O)[3]):
        return "That is what the heads write: add it to the row of 'flooded', (2, -1, 2)."
    if _close(answer, (X - found @ W_O)[3]):
        return "You have taken off what the heads write: add it, the signs are in W_O."
    if _close(answer, (X + found.flip(1) @ W_O)[3]):
        return "You have swapped the heads: topic is the first row of W_O, grammar the second."
    for token, row in zip(TOKENS, after):
        if _close(answer, row):
            return f"That is the vector of {token!r}: use the weights of 'flooded'."
    return "The heads find -0.19 and 1.92; multiply these two with W_O, and add (2, -1, 2)."


def multi_head_attention_pals(answer) -> str | None:
    """The smallest error with H heads and k pals."""
    if not isinstance(answer, dict) or set(answer) != set(PAIRS):
        return f"Give a dict with the keys (H, k): {', '.join(map(str, PAIRS))}."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer.values()):
        return "Every floor should be a number."
    for (heads, pals), floor in answer.items():
        right = max(0, pals - heads) / pals
        if floor < 0:
            return "An error cannot be negative: more heads than pals leave nothing unexplained."
        if abs(floor - right) > 0.006:
            return (
                f"For {heads} heads and {pals} pals it is not {floor:.3g}: of {pals} independent "
                f"messages, {heads} blends determine how many?"
            )
    return None


class _Peek(nn.Module):
    """Adds one place's vector to another's."""

    def __init__(self, to: int, of: int):
        super().__init__()
        self.to, self.of = to, of

    def forward(self, x):
        result = x.clone()
        result[:, self.to] += x[:, self.of]
        return result


def multi_head_attention_leak(function) -> str | None:
    """A function that tells whether a layer looks ahead."""
    if not callable(function):
        return "Give the function sees_ahead itself, without calling it."
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trials = [
            (MultiHeadAttention(8, 2), False, "a causal layer"),
            (MultiHeadAttention(8, 2, causal=False), True, "a layer without a mask"),
            (_Peek(to=4, of=5), True, "a layer in which only place 4 looks ahead, at place 5"),
            (_Peek(to=0, of=5), True, "a layer in which only place 0 looks ahead, at place 5"),
            (_Peek(to=1, of=2), True, "a layer in which only place 1 looks ahead, at place 2"),
            (_Peek(to=5, of=0), False, "a layer in which place 5 looks back at place 0"),
            (nn.Identity(), False, "a layer that returns x"),
        ]
        for layer, right, name in trials:
            said = function(layer, 6, 8)
            if not isinstance(said, (bool, torch.Tensor)):
                return f"Return True or False, not {type(said).__name__}."
            if bool(said) != right:
                return f"For {name} it says {bool(said)}, and it should be {right}."
    return None


def multi_head_attention_mute(function) -> str | None:
    """A copy of a layer in which some heads write nothing."""
    if not callable(function):
        return "Give the function mute itself, without calling it."
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer, x = MultiHeadAttention(12, 3), torch.randn(2, 5, 12)
    before = copy.deepcopy(layer.state_dict())
    muted = function(layer, [0, 2])
    if not isinstance(muted, nn.Module):
        return "Return the layer that has been muted, a MultiHeadAttention."
    if any(not torch.equal(before[key], value) for key, value in layer.state_dict().items()):
        return "The layer itself has changed: mute a copy, made with copy.deepcopy(layer)."
    with torch.no_grad():
        q, k, v = map(layer.split, layer.qkv(x).chunk(3, dim=-1))
        found = attention(q, k, v, causal_mask(5))[0]
        parts = [layer.output(layer.merge(_only(found, kept))) for kept in ([1], [0, 2], [1, 2])]
        given = muted(x)
    if torch.allclose(given, parts[0], atol=1e-5):
        return None
    if torch.allclose(given, parts[1], atol=1e-5):
        return "You have muted the other heads: those in the list should write nothing."
    if torch.allclose(given, parts[2], atol=1e-5):
        return "Only the first head of the list is mute: go through all of them."
    return "Set to zero the columns from h · D to (h + 1) · D of output.weight, and nothing else."


def _only(found: torch.Tensor, kept: list[int]) -> torch.Tensor:
    """Return what the heads found (B, H, T, D), zero for all but those kept."""
    result = torch.zeros_like(found)
    result[:, kept] = found[:, kept]
    return result
