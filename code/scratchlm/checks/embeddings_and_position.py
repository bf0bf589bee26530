"""Checks of the exercises in the chapter on embeddings and position."""

import math
from numbers import Real

import torch

from scratchlm.positions import shift_matrix, sinusoidal_positions

BASES = (10_000, 100, 4)


def _random(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def embeddings_and_position_clock(vector) -> str | None:
    """The sinusoidal vector of one place, by hand."""
    if isinstance(vector, torch.Tensor):
        vector = vector.flatten().tolist()
    if not isinstance(vector, (list, tuple)) or len(vector) != 4:
        return "Give a list of four numbers."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in vector):
        return "Every entry should be a number."
    right = sinusoidal_positions(4, 4, base=100)[3].tolist()
    for wrong, hint in [
        ([math.sin(math.radians(3)), math.cos(math.radians(3))], "Angles are in radians."),
        ([right[1], right[0]], "Each pair is sine first, then cosine."),
        ([right[0], right[2]], "Sine and cosine take turns: the pair of one hand side by side."),
        (sinusoidal_positions(3, 4, base=100)[2, :2].tolist(), "That is place 2."),
    ]:
        if all(abs(a - b) < 0.006 for a, b in zip(vector, wrong)):
            return hint
    if all(abs(a - b) < 0.006 for a, b in zip(vector, right)):
        return None
    if abs(vector[0] - right[0]) < 0.006 and abs(vector[1] - right[1]) < 0.006:
        return "The first hand is right; the second turns by 100^(-2/4) = 0.1 radians a step."
    return "These are not (sin 3, cos 3, sin 0.3, cos 0.3), rounded to two decimals."


def embeddings_and_position_gradient(function) -> str | None:
    """The gradient of an embedding table, from those of the vectors looked up."""
    if not callable(function):
        return "Give the function embedding_gradient itself, without calling it."
    ids, gradients = torch.tensor([3, 0, 1, 3, 2]), _random(5, 2)
    right = torch.zeros(6, 2).index_add_(0, ids, gradients)
    found = function(ids.clone(), gradients.clone(), 6)
    if not isinstance(found, torch.Tensor):
        return "Return a tensor of shape (V, C)."
    if tuple(found.shape) != (6, 2):
        return f"It returned {tuple(found.shape)}; the table has the shape (V, C) = (6, 2)."
    if torch.allclose(found, right, atol=1e-5):
        return None
    for kept in (0, 3):
        once = right.clone()
        once[3] = gradients[kept]
        if torch.allclose(found, once, atol=1e-5):
            return "The token that occurs twice should collect both of its gradients."
    averaged = right.clone()
    averaged[3] /= 2
    if torch.allclose(found, averaged, atol=1e-5):
        return "Gradients of a token that occurs twice add up; do not average them."
    if found[4:].abs().sum() > 0:
        return "A row that was not looked up should get zeros."
    return "The rows do not hold their tokens' gradients: row i collects where ids equals i."


def embeddings_and_position_distance(function) -> str | None:
    """Mean dot product by distance."""
    if not callable(function):
        return "Give the function by_distance itself, without calling it."
    positions = _random(6, 4)
    products = positions @ positions.T
    right = torch.stack([products.diagonal(k).mean() for k in range(6)])
    found = function(positions.clone())
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != (6,):
        return "Return a tensor of shape (T,): one mean for each distance from 0 to T - 1."
    if torch.allclose(found, right, atol=1e-5):
        return None
    if torch.allclose(found, torch.stack([products.diagonal(k).sum() for k in range(6)])):
        return "These are sums: take the mean over the pairs at each distance."
    if torch.allclose(found, products[0], atol=1e-5):
        return "That is place 0 only: take the mean over all pairs at each distance."
    unit = positions / positions.norm(dim=1, keepdim=True)
    cosines = torch.stack([(unit @ unit.T).diagonal(k).mean() for k in range(6)])
    if torch.allclose(found, cosines, atol=1e-5):
        return "These are cosines: asked are dot products, without dividing by the lengths."
    return f"For distance 1 it should be {right[1]:.4f} in our example, and it is {found[1]:.4f}."


def embeddings_and_position_base(losses) -> str | None:
    """Validation losses with hands of different speeds."""
    if not isinstance(losses, dict) or set(losses) != set(BASES):
        return f"Give a dict with the keys {list(BASES)}."
    for base, loss in losses.items():
        if isinstance(loss, bool) or not isinstance(loss, Real) or not math.isfinite(loss):
            return f"The loss for base {base} is {loss!r}: give a number, such as history.val[-1]."
        if not 2.3 < loss < 3.2:
            return f"The loss for base {base} is {loss:.2f}: give the validation loss in nats."
    if not losses[10_000] - 0.01 > losses[100] > losses[4] + 0.01:
        return (
            "The smaller the base, the lower the loss should be: build a new Bag for each, pass "
            "the base on, and use the same training for all."
        )
    return None


def embeddings_and_position_rotate(function) -> str | None:
    """Rotary position embedding of a sequence of vectors."""
    if not callable(function):
        return "Give the function rotate itself, without calling it."
    x = _random(7, 6)
    found = function(x.clone())
    if not isinstance(found, torch.Tensor) or found.shape != x.shape:
        return "Return a tensor of the shape of x, (T, C)."
    # shift_matrix turns (sin, cos) pairs, so it turns (a, b) by minus the angle
    right = torch.stack([v @ shift_matrix(-t, 6) for t, v in enumerate(x)])
    if not torch.allclose(found[0], x[0], atol=1e-4):
        return _problem_at_the_start(x, found)
    if not torch.allclose(found.norm(dim=1), x.norm(dim=1), rtol=1e-3):
        return "A rotation leaves the length of a vector as it is: look at the signs."
    if torch.allclose(
        found, torch.stack([v @ shift_matrix(t, 6) for t, v in enumerate(x)]), atol=1e-4
    ):
        return "It turns the other way: (a, b) becomes (a cos - b sin, a sin + b cos)."
    if not torch.allclose(found, right, atol=1e-3):
        return (
            "The vectors are turned, but not as asked: the pairs are the columns 0 and 1, 2 and "
            "3, …, with the angles t · ω_i."
        )
    if torch.allclose(function(x, 10.0), right, atol=1e-3):
        return "The base has no effect: pass it on to the frequencies."
    return None


def _problem_at_the_start(x, found) -> str:
    """Say why the vector at place 0 has changed."""
    if torch.allclose(found, x + sinusoidal_positions(7, 6), atol=1e-4):
        return "That adds the positions: turn the vectors instead."
    if torch.allclose(found[0], x[0] @ shift_matrix(-1, 6), atol=1e-4):
        return "The places start at 0: the first vector stays as it is."
    return "At place 0 all angles are 0, so the first vector should stay as it is."
