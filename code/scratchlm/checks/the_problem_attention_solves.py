"""Checks of the exercises in the chapter on the problem attention solves."""

import math
from numbers import Real

import torch

from scratchlm.raw_attention import raw_attention
from scratchlm.river_bank import TOKENS, X

ROUNDS = (0, 1, 2, 5, 10)
GUESTS = (2, 4, 6)
LONGEST = 4.5


def _numbers(answer) -> list[float] | str:
    """Return three numbers as a list, or the sentence that says what is wrong with them."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 3:
        return "Give a list of three numbers: water, money and grammar."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer):
        return "Every entry should be a number."
    return list(answer)


def _close(answer, right) -> bool:
    return all(abs(a - b) < 0.006 for a, b in zip(answer, right))


def the_problem_attention_solves_river(answer) -> str | None:
    """The output of raw attention for one token, by hand."""
    if isinstance(found := _numbers(answer), str):
        return found
    if _close(found, raw_attention(X)[0][1].tolist()):
        return None
    scores = X @ X.T
    for weights, hint in [
        (scores.softmax(dim=1), "Divide the scores by the root of 3 before the exponential."),
        ((scores / 3).softmax(dim=1), "Divide by the root of 3, not by 3."),
        (
            scores / scores.sum(dim=1, keepdim=True),
            "Take the exponentials, then divide by their sum.",
        ),
        (torch.full((4, 4), 0.25), "That is the plain average of all rows."),
    ]:
        if _close(found, (weights @ X)[1].tolist()):
            return hint
    for token, row in zip(TOKENS, raw_attention(X)[0].tolist()):
        if _close(found, row):
            return f"That is the output of {token!r}: use the scores of 'river'."
    return "These are not the weights (0.004, 0.736, 0.130, 0.130) times the rows of X, added up."


def the_problem_attention_solves_long(answer) -> str | None:
    """A vector that every token gives its largest weight to."""
    if isinstance(found := _numbers(answer), str):
        return found
    x = X.clone()
    x[0] = torch.tensor(found)
    if (length := x[0].norm().item()) > LONGEST + 1e-6:
        return f"Your vector has the length {length:.2f}: make it no longer than {LONGEST}."
    scores = x @ x.T
    for token, row in zip(TOKENS[1:], scores[1:]):
        if row[0] <= row[1:].max():
            best = TOKENS[1 + row[1:].argmax()]
            return (
                f"{token!r} has a score of {row[0]:.2f} for your vector and {row[1:].max():.2f} "
                f"for {best!r}."
            )
    if scores[0, 0] <= scores[0, 1:].max():
        return "Your vector likes another token better than itself: make it longer."
    return None


def the_problem_attention_solves_others(function) -> str | None:
    """Raw attention in which no token attends to itself."""
    if not callable(function):
        return "Give the function others itself, without calling it."
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    found = function(x.clone())
    if not isinstance(found, tuple) or len(found) != 2:
        return "Return a pair: the outputs and the weights."
    output, weights = found
    if not all(isinstance(part, torch.Tensor) for part in found):
        return "Return two tensors: the outputs (..., T, C) and the weights (..., T, T)."
    if output.shape != (5, 4) or weights.shape != (5, 5):
        return (
            "The outputs should have the shape (..., T, C), the weights (..., T, T), in this order."
        )
    if weights.isnan().any():
        return "There are nan among the weights: forbid only the diagonal of the scores."
    if weights.diagonal().abs().max() > 0:
        return "The diagonal of the weights is not zero: a token still attends to itself."
    if not torch.allclose(weights.sum(dim=1), torch.ones(5), atol=1e-4):
        return "The rows do not sum to 1: forbid the diagonal before the softmax, not after it."
    return _others_in_detail(function, x, output, weights)


def _others_in_detail(function, x, output, weights) -> str | None:
    """Compare the weights with the right ones, alone and in a batch."""
    itself = torch.eye(5, dtype=torch.bool)
    right = (x @ x.T / 2).masked_fill(itself, -math.inf).softmax(dim=1)
    if torch.allclose(weights, (x @ x.T).masked_fill(itself, -math.inf).softmax(dim=1), atol=1e-4):
        return "Divide the scores by the root of C, the number of columns."
    if not torch.allclose(weights, right, atol=1e-4):
        return (
            f"Token 0 should give token 1 a weight of {right[0, 1]:.3f}, not {weights[0, 1]:.3f}."
        )
    if not torch.allclose(output, right @ x, atol=1e-4):
        return "The weights are right; the outputs are these weights times x."
    try:
        batched, _ = function(torch.stack([x, x.flip(0)]))
    except (RuntimeError, ValueError, IndexError):
        return (
            "It works for (T, C) and stops with a batch (B, T, C): use x.mT, and dimensions -1, -2."
        )
    if batched.shape != (2, 5, 4) or not torch.allclose(batched[0], output, atol=1e-4):
        return "It works for (T, C), but in a batch (B, T, C) a text gets another result."
    return None


def the_problem_attention_solves_guests(reached) -> str | None:
    """Accuracies of the average and of raw attention by the number of guests."""
    if not isinstance(reached, dict) or set(reached) != set(GUESTS):
        return f"Give a dict with the keys {list(GUESTS)}."
    for guests, pair in reached.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            return f"For {guests} guests give a pair: (average, raw attention)."
        if not all(isinstance(share, Real) and 0 <= share <= 1 for share in pair):
            return f"For {guests} guests give two accuracies from 0 to 1, such as measured[-1]."
        plain, raw = pair
        if raw < plain:
            return f"For {guests} guests the pair seems to be swapped: the average comes first."
        if raw < 0.9:
            return (
                f"With {guests} guests raw attention should get nearly all right: train it fresh."
            )
        if abs(plain - 1 / guests) > 0.06:
            return (
                f"With {guests} guests the average reached {plain:.2f}: train and measure it on "
                f"notes with {guests} guests."
            )
    return None


def the_problem_attention_solves_rounds(spread) -> str | None:
    """The largest distance between two tokens after some rounds of raw attention."""
    if not isinstance(spread, dict) or set(spread) != set(ROUNDS):
        return f"Give a dict with the keys {list(ROUNDS)}."
    if not all(isinstance(far, Real) and math.isfinite(far) for far in spread.values()):
        return "Give numbers: .item() makes one of a tensor."
    right, x = {}, X
    for done in range(max(ROUNDS) + 2):
        right[done] = torch.cdist(x, x).max().item()
        x, _ = raw_attention(x)
    if all(abs(spread[done] - right[done]) < 0.02 for done in ROUNDS):
        return None
    if all(abs(spread[done] - right[done + 1]) < 0.02 for done in ROUNDS):
        return "You are one round ahead: after 0 rounds x is still X."
    if abs(spread[0] - right[0]) > 0.02:
        return "After 0 rounds it is the largest distance between two rows of X, from torch.cdist."
    if spread[10] > 0.1:
        return "Feed each round with the outputs of the round before, not with X."
    return "The start and the end are right; look at the rounds in between."
