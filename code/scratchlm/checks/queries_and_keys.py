"""Checks of the exercises in the chapter on queries and keys."""

import math
from numbers import Real

import torch

WIDTHS = (1, 2, 6)


def _random(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def queries_and_keys_cash(row) -> str | None:
    """One row of a relevance matrix, by hand."""
    if isinstance(row, torch.Tensor):
        row = row.flatten().tolist()
    if not isinstance(row, (list, tuple)) or len(row) != 4:
        return "Give a list of four numbers, for the, cash, bank and flooded."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in row):
        return "Every entry should be a number."
    for wrong, hint in [
        ([0, 6, 2, 5], "These are the scores with river: the key of cash is (0, 3)."),
        ([6, 0, 2, 2], "That is the column of bank: asked is the row, bank's query with each key."),
        ([-3, 6, 9, 0], "These are raw dot products: multiply with W_Q and W_K first."),
        ([0, 3, 2, 5], "Mind the sign: the second entry of the query of bank is -1."),
        ([0, 6, 8, 2], "These are products of keys: take bank's query, (2, -1), on the one side."),
        ([x / 2**0.5 for x in (0, -3, 2, 5)], "Asked are the scores before scaling."),
    ]:
        if all(abs(a - b) < 0.02 for a, b in zip(row, wrong)):
            return hint
    right = [0, -3, 2, 5]
    for name, found, expected in zip(("the", "cash", "bank", "flooded"), row, right):
        if abs(found - expected) > 1e-6:
            return f"The score for {name} is not right: multiply (2, -1) with the key of {name}."
    return None


def queries_and_keys_weights(function) -> str | None:
    """The weights of scaled attention between queries and keys."""
    if not callable(function):
        return "Give the function attention_weights itself, without calling it."
    x, W_Q, W_K = _random(5, 3), _random(3, 4, seed=1), _random(3, 4, seed=2)
    found = function(x.clone(), W_Q.clone(), W_K.clone())
    if not isinstance(found, torch.Tensor):
        return "Return a tensor of weights."
    if tuple(found.shape) != (5, 5):
        return f"For 5 tokens it returned {tuple(found.shape)}: the weights have shape (T, T)."
    scores = (x @ W_Q) @ (x @ W_K).T
    if not torch.allclose(found, (scores / 2).softmax(1), atol=1e-4):
        return _problem_with_weights(found, scores)
    pair = _random(2, 5, 3, seed=3)
    both = function(pair.clone(), W_Q.clone(), W_K.clone())
    one = function(pair[1].clone(), W_Q.clone(), W_K.clone())
    if tuple(both.shape) != (2, 5, 5) or not torch.allclose(both[1], one, atol=1e-4):
        return "One sentence is right; in a batch each should get the weights it gets alone."
    return None


def _problem_with_weights(found, scores) -> str:
    """Say why weights differ from the softmax over rows of scores / 2."""
    for wrong, hint in [
        (scores.softmax(1), "The scores are not scaled: divide them by the root of D."),
        ((scores / 3**0.5).softmax(1), "Divide by the root of D, the columns of W_Q, not of C."),
        ((scores / 4).softmax(1), "That divides by D: divide by its root."),
        ((scores / 2).softmax(0), "The softmax runs over the wrong side: each row sums to 1."),
        ((scores.T / 2).softmax(1), "Rows are seekers: queries times the keys transposed."),
        (scores / 2, "These are the scaled scores: the softmax is missing."),
    ]:
        if torch.allclose(found, wrong, atol=1e-4):
            return hint
    return "The weights are not softmax(Q Kᵀ / √D) with Q = x W_Q and K = x W_K."


def queries_and_keys_shared(function) -> str | None:
    """Whether a matrix is W Wᵀ for some W."""
    if not callable(function):
        return "Give the function shared_can itself, without calling it."
    w = _random(4, 2)
    cases = [
        (
            w @ w.T,
            True,
            "W Wᵀ for a W of rank 2; allow for eigenvalues that are 0 but for rounding",
        ),
        (torch.eye(3), True, "the identity"),
        (torch.zeros(2, 2), True, "the zero matrix, which W = 0 gives"),
        (torch.tensor([[1.0, 1.0], [0.0, 1.0]]), False, "not symmetric"),
        (torch.tensor([[0.0, 1.0], [1.0, 0.0]]), False, "symmetric with the eigenvalue -1"),
        (torch.tensor([[1.0, 2.0], [2.0, 1.0]]), False, "symmetric with the eigenvalue -1"),
        (-torch.eye(2), False, "symmetric with negative eigenvalues only"),
    ]
    for matrix, right, why in cases:
        found = function(matrix.clone())
        if not isinstance(found, bool):
            return "Return True or False."
        if found != right:
            return f"It says {found} for {matrix.round(decimals=2).tolist()}, which is {why}."
    return None


def queries_and_keys_narrow(right) -> str | None:
    """Accuracies of narrow queries and keys."""
    if not isinstance(right, dict) or set(right) != set(WIDTHS):
        return f"Give a dict with the keys {list(WIDTHS)}."
    for width, share in right.items():
        if isinstance(share, bool) or not isinstance(share, Real) or not math.isfinite(share):
            return f"The accuracy for d_head {width} is {share!r}: give a number from 0 to 1."
        if not 0.2 < share <= 1:
            return f"The accuracy for d_head {width} is {share:.2f}: give a share from 0 to 1."
    if not right[2] > 0.95 or not right[6] > 0.95:
        return "With 2 and with 6 slots it should get nearly all right: train a new model for each."
    if not 0.5 < right[1] < 0.85:
        return "With a single slot it should be better than one projection, and far from all right."
    return None


def queries_and_keys_jacobian(function) -> str | None:
    """The derivative of a softmax with respect to its scores."""
    if not callable(function):
        return "Give the function softmax_jacobian itself, without calling it."
    s = _random(4)
    p = s.softmax(0)
    right = torch.diag(p) - torch.outer(p, p)
    found = function(s.clone())
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != (4, 4):
        return "Return a tensor of shape (T, T)."
    if torch.allclose(found, right, atol=1e-5):
        return None
    for wrong, hint in [
        (torch.diag(p * (1 - p)), "The diagonal is right; a score moves the other weights, too."),
        (-right, "The signs are the wrong way round: its own score raises a weight."),
        (torch.diag(s) - torch.outer(s, s), "Those are products of scores: take the weights p."),
        (torch.diag(p) + torch.outer(p, p), "A higher score takes weight from the others: minus."),
    ]:
        if torch.allclose(found, wrong, atol=1e-5):
            return hint
    return f"Entry (0, 1) should be -p_0 p_1 = {right[0, 1]:.4f}, and it is {found[0, 1]:.4f}."
