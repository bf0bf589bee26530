"""Checks of the exercises in the chapter on multi-head attention."""

import copy
import math
from numbers import Real

import torch
from torch import nn

from scratchlm.attention_head import attention, causal_mask
from scratchlm.multi_head_attention import MultiHeadAttention
from scratchlm.river_bank import W_O, W_V_HEADS, X

PAIRS = [(1, 3), (2, 3), (3, 3), (2, 5), (4, 2)]


LOOKS = torch.tensor([[0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5]])  # what the exercise says: (H, S)


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
    found = torch.einsum("hs,sh->h", LOOKS, X @ W_V_HEADS)  # (H,)
    written = found @ W_O  # (C,)
    if _close(answer, X[3] + written):
        return None
    if _close(answer, written):
        return "That is what the heads write: add it to the row of 'flooded', (2, -1, 2)."
    if _close(answer, X[3] - written):
        return "You have taken off what the heads write: add it, the signs are in W_O."
    if _close(answer, X[3] + found.flip(0) @ W_O):
        return "You have swapped the heads: topic is the first row of W_O, grammar the second."
    if _close(answer, X[3] + (LOOKS.flip(0) @ X @ W_V_HEADS).diagonal() @ W_O):
        return "You have swapped the weights: those for topic go with the first column of V."
    return "The heads find -4.5 and 0.5; multiply these two with W_O, and add (2, -1, 2)."


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
    """Adds a little of one place's vector to another's."""

    def __init__(self, to: int, of: int):
        super().__init__()
        self.to, self.of = to, of

    def forward(self, x):
        result = x.clone()
        result[:, self.to] += 0.01 * x[:, self.of]
        return result


def _table(pairs, size: int) -> torch.Tensor:
    """Return the identity with these pairs (to, of) beside the diagonal."""
    table = torch.eye(size, dtype=torch.bool)
    for to, of in pairs:
        table[to, of] = True
    return table


def multi_head_attention_influence(function) -> str | None:
    """A function that tells which places of a layer's input move which of its output."""
    if not callable(function):
        return "Give the function who_matters itself, without calling it."
    past = torch.ones(6, 6, dtype=torch.bool).tril()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trials = [
            (nn.Identity(), _table([], 6), "a layer that returns x"),
            (_Peek(4, 5), _table([(4, 5)], 6), "a layer in which place 4 also reads place 5"),
            (_Peek(5, 0), _table([(5, 0)], 6), "a layer in which place 5 also reads place 0"),
            (MultiHeadAttention(8, 2), past, "a causal layer"),
            (MultiHeadAttention(8, 2, causal=False), past | past.T, "a layer without a mask"),
        ]
        for layer, right, name in trials:
            said = function(layer, 6, 8)
            if not isinstance(said, torch.Tensor) or said.shape != right.shape:
                return "Return a tensor of shape (T, T), a row for each output."
            if said.dtype != torch.bool:
                return f"Return booleans, not {said.dtype}: has the output moved, or not?"
            if not torch.equal(said, right):
                return _first_difference(said, right, name)
    return None


def _first_difference(said: torch.Tensor, right: torch.Tensor, name: str) -> str:
    if torch.equal(said, right.T):
        return f"For {name} rows and columns are swapped: row t is the output at place t."
    t, s = (said != right).nonzero()[0].tolist()
    verb = "does not move" if right[t, s] else "moves"
    return f"For {name} the table says that output {t} {verb} with token {s}: it is otherwise."


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
