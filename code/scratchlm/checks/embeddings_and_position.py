"""Checks of the exercises in the chapter on embeddings and position."""

import math
from numbers import Real

import torch

from scratchlm.positions import frequencies, shift_matrix, sinusoidal_positions

BASES = (10_000, 100, 4)


def _random(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _close(found: torch.Tensor, right: torch.Tensor, atol: float = 1e-4) -> bool:
    """Whether an answer is right, in whatever numbers it was worked out."""
    return torch.allclose(found.detach().to(right.dtype), right, atol=atol)


def embeddings_and_position_clock(vector) -> str | None:
    """The sinusoidal vector of one place, by hand."""
    if hasattr(vector, "tolist"):  # a tensor, an array
        vector = vector.flatten().tolist()
    if not isinstance(vector, (list, tuple)) or len(vector) != 4:
        return "Give a list of four numbers."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in vector):
        return "Every entry should be a number."
    table = sinusoidal_positions(7, 4, base=100).tolist()
    right = table[5]
    for wrong, hint in [
        ([math.sin(math.radians(5)), math.cos(math.radians(5))], "Angles are in radians."),
        ([right[1], right[0]], "Each pair is sine first, then cosine."),
        ([right[0], right[2]], "Sine and cosine take turns: the pair of one hand side by side."),
        (table[4][:2], "That is place 4: the places start at 0."),
        (table[6][:2], "That is place 6."),
    ]:
        if all(abs(a - b) < 0.006 for a, b in zip(vector, wrong)):
            return hint
    if all(abs(a - b) < 0.006 for a, b in zip(vector, right)):
        return None
    if abs(vector[0] - right[0]) < 0.006 and abs(vector[1] - right[1]) < 0.006:
        return "The first hand is right; the second turns by 100^(-2/4) = 0.1 radians a step."
    return "These are not (sin 5, cos 5, sin 0.5, cos 0.5), rounded to two decimals."


def embeddings_and_position_gradient(function) -> str | None:
    """The gradient of an embedding table, from those of the vectors looked up."""
    if not callable(function):
        return "Give the function embedding_gradient itself, without calling it."
    ids = torch.tensor([3, 0, 1, 3, 2])
    for columns in (2, 3):
        gradients = _random(5, columns)
        try:
            found = function(ids.clone(), gradients.clone(), 6)
        except RuntimeError as error:
            if "dtype" not in str(error):
                raise
            return "F.one_hot gives whole numbers: make them float before you multiply."
        if said := _problem_of_gradient(ids, gradients, found):
            return said
    return None


def _problem_of_gradient(ids, gradients, found) -> str | None:
    """Say what is wrong with the gradient of a table of six rows."""
    shape = (6, gradients.shape[1])
    right = torch.zeros(shape).index_add_(0, ids, gradients)
    if not isinstance(found, torch.Tensor):
        return "Return a tensor of shape (V, C)."
    if tuple(found.shape) != shape:
        return f"It returned {tuple(found.shape)}; the table has the shape (V, C) = {shape}."
    if _close(found, right):
        return None
    for kept in (0, 3):
        once = right.clone()
        once[3] = gradients[kept]
        if _close(found, once):
            return "The token that occurs twice should collect both of its gradients."
    averaged = right.clone()
    averaged[3] /= 2
    if _close(found, averaged):
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
    if _close(found, right):
        return None
    for wrong, hint in _other_means(positions, products, right):
        if _close(found, wrong):
            return hint
    return f"For distance 1 it should be {right[1]:.4f} in our example, and it is {found[1]:.4f}."


def _other_means(positions, products, right) -> list[tuple[torch.Tensor, str]]:
    """What one may take for the means by distance of six places, each with a hint."""
    sums = torch.stack([products.diagonal(k).sum() for k in range(6)])
    around = torch.stack([(positions * positions.roll(k, 0)).sum(1).mean() for k in range(6)])
    unit = positions / positions.norm(dim=1, keepdim=True)
    cosines = torch.stack([(unit @ unit.T).diagonal(k).mean() for k in range(6)])
    return [
        (sums, "These are sums: take the mean over the pairs at each distance."),
        (sums / 6, "At distance k there are T - k pairs: divide by that, not by T."),
        (right / right[0], "Give the means themselves, not their shares of that at distance 0."),
        (around, "The places do not go round: none comes after the last."),
        (products[0], "That is place 0 only: take the mean over all pairs at each distance."),
        (cosines, "These are cosines: asked are dot products, without dividing by the lengths."),
    ]


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
    if not isinstance(found, torch.Tensor) or found.shape != x.shape or found.is_complex():
        return "Return a tensor of the shape of x, (T, C), of real numbers."
    # shift_matrix turns (sin, cos) pairs, so it turns (a, b) by minus the angle
    right = torch.stack([v @ shift_matrix(-t, 6) for t, v in enumerate(x)])
    if not _close(found[0], x[0]):
        return _problem_at_the_start(x, found)
    if not _close(found, right, 1e-3):
        return _problem_of_turns(x, found)
    if _close(function(x.clone(), 10.0), right, 1e-3):
        return "The base has no effect: pass it on to the frequencies."
    return None


def _problem_at_the_start(x, found) -> str:
    """Say why the vector at place 0 has changed."""
    if _close(found, x + sinusoidal_positions(7, 6)):
        return "That adds the positions: turn the vectors instead."
    if _close(found[0], x[0] @ shift_matrix(-1, 6)):
        return "The places start at 0: the first vector stays as it is."
    return "At place 0 all angles are 0, so the first vector should stay as it is."


def _problem_of_turns(x, found) -> str:
    """Say why the vectors at other places are not the rotated ones."""
    angles = torch.arange(7)[:, None] * frequencies(6).float()
    first = x[:, ::2] * angles.cos() - x[:, 1::2] * angles.sin()
    second = first * angles.sin() + x[:, 1::2] * angles.cos()
    if _close(found, torch.stack([first, second], dim=2).flatten(1), 1e-3):
        return (
            "The new b is worked out from the new a: x[:, ::2] shows what you write into x, "
            "so keep a copy of it or build a new tensor."
        )
    if not torch.allclose(found.norm(dim=1).to(x.dtype), x.norm(dim=1), rtol=1e-3):
        return "A rotation leaves the length of a vector as it is: look at the signs."
    if _close(found, torch.stack([v @ shift_matrix(t, 6) for t, v in enumerate(x)])):
        return "It turns the other way: (a, b) becomes (a cos - b sin, a sin + b cos)."
    return (
        "The vectors are turned, but not as asked: the pairs are the columns 0 and 1, 2 and "
        "3, …, with the angles t · ω_i."
    )
