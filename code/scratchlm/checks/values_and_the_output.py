"""Checks of the exercises in the chapter on values and the output of an attention head."""

import math
from numbers import Real

import torch
import torch.nn.functional as F

from scratchlm.attention_head import attention, causal_mask, nadaraya_watson


def _random(*shape: int, seed: int = 0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def values_and_the_output_trace(vector) -> str | None:
    """One row of a causal head in the residual stream, by hand."""
    if isinstance(vector, torch.Tensor):
        vector = vector.flatten().tolist()
    if not isinstance(vector, (list, tuple)) or len(vector) != 2:
        return "Give a list of two numbers."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in vector):
        return "Every entry should be a number."
    for wrong, hint in [
        ((2, -3), "That is what comes in: add it to what the token was."),
        ((99, 99), "That is nearly the fourth value alone: the fourth token lies ahead."),
        ((100, 100), "That is nearly the fourth value alone: the fourth token lies ahead."),
        ((17, -23), "Divide the exponentials by their sum, so that the weights sum to 1."),
        (
            (11 / 3, 11 / 3),
            "That is the plain mean: weigh the values by the softmax of the scores.",
        ),
    ]:
        if all(abs(a - b) < 0.6 for a, b in zip(vector, wrong)):
            return hint
    if all(abs(a - b) < 0.006 for a, b in zip(vector, (3, -2))):
        return None
    return "The weights of the three visible tokens are 2/8, 1/8 and 5/8: mix, then add (1, 1)."


def values_and_the_output_window(function) -> str | None:
    """The mask of a causal window."""
    if not callable(function):
        return "Give the function window_mask itself, without calling it."
    for length, width in [(6, 3), (4, 1), (3, 10)]:
        found = function(length, width)
        if not isinstance(found, torch.Tensor) or tuple(found.shape) != (length, length):
            return "Return a tensor of shape (T, T)."
        if found.dtype != torch.bool:
            return f"The mask should be bool, and it is {found.dtype}: compare, or use .bool()."
        if problem := _window_problem(found, length, width):
            return problem
    return None


def _window_problem(found, length: int, width: int) -> str | None:
    """Say what is wrong with a mask, from the first wrong pair on."""
    ago = torch.arange(length)[:, None] - torch.arange(length)  # how long ago s is, seen from t
    right = (ago >= 0) & (ago < width)
    if torch.equal(found, right):
        return None
    if torch.equal(found, ~right):
        return "That is the other way round: True means that a token may look."
    if (found & (ago < 0)).any():
        return "The mask lets a token look ahead: nothing above the diagonal may be True."
    if not found.diagonal().all():
        return "Every token should see itself: the diagonal is True."
    t, s = (found != right).nonzero()[0].tolist()
    seen = "should" if right[t, s] else "should not"
    return f"With width {width}, row {t} {seen} see place {s}: itself and width - 1 before it."


def _fixtures():
    """Models by name, with whether they leak. All leaks reach the last place."""
    start = causal_mask(5).double()
    return [
        ("a model that changes nothing", lambda x: x * 1, False),
        ("a running sum", lambda x: torch.cumsum(x, dim=1), False),
        ("a mean over the past", lambda x: (start / start.sum(1, keepdim=True)) @ x, False),
        ("a norm of each token by itself", lambda x: F.layer_norm(x, x.shape[-1:]), False),
        ("a mean over all places", lambda x: x + x.mean(dim=1, keepdim=True), True),
        ("a look at the next place", lambda x: x + torch.roll(x, -1, dims=1), True),
        ("a faint leak", lambda x: x + 1e-4 * x.mean(dim=1, keepdim=True), True),
        ("a norm over the places", lambda x: x / x.norm(dim=1, keepdim=True), True),
    ]


def values_and_the_output_leaks(function) -> str | None:
    """A detector of leaks, tried on models that leak and on models that do not."""
    if not callable(function):
        return "Give the function leaks itself, without calling it."
    x = _random(2, 5, 3).double()
    for name, model, right in _fixtures():
        kept = x.clone()
        found = function(model, kept)
        if isinstance(found, torch.Tensor) and found.numel() == 1:
            found = bool(found)
        if not isinstance(found, bool):
            return f"Return True or False; it returned {type(found).__name__}."
        if not torch.equal(kept, x):
            return "Your function changed x: work on a copy, x.clone()."
        if found != right:
            says = "leaks, and your detector missed it" if right else "does not leak"
            return f"This model is {name}: it {says}."
    return None


def values_and_the_output_loo(function) -> str | None:
    """Leave-one-out estimates of a kernel smoother."""
    if not callable(function):
        return "Give the function leave_one_out itself, without calling it."
    points, values = _random(9).double(), _random(9, seed=1).double()
    found = function(points.clone(), values.clone(), 0.5)
    if not isinstance(found, torch.Tensor) or tuple(found.shape) != (9,):
        return "Return a tensor of shape (S,): one estimate for each point."
    near = torch.exp(-((points[:, None] - points) ** 2) / (2 * 0.5**2))
    others = near.clone().fill_diagonal_(0)
    if torch.allclose(found, nadaraya_watson(points, points, values, 0.5), atol=1e-5):
        return "Every point still sees itself: let the mask forbid the diagonal."
    if torch.allclose(found, others @ values / near.sum(dim=1), atol=1e-5):
        return (
            "The points' own weights were set to zero after the softmax: mask the scores before it."
        )
    if torch.allclose(found, (others / others.sum(1, keepdim=True)) @ values, atol=1e-5):
        return None
    right = (others[0] @ values / others[0].sum()).item()
    return f"For our first point the others give {right:.4f}, and yours is {found[0].item():.4f}."


def values_and_the_output_previous(function) -> str | None:
    """Matrices of a head that copies the token before."""
    if not callable(function):
        return "Give the function copy_previous itself, without calling it."
    V, T = 4, 6
    matrices = function(V, T)
    if not isinstance(matrices, (tuple, list)) or len(matrices) != 3:
        return "Return three matrices: W_Q, W_K, W_V."
    if not all(isinstance(m, torch.Tensor) and m.dim() == 2 and len(m) == V + T for m in matrices):
        return f"Each matrix should have V + T rows, here {V + T}: one for each entry of the input."
    W_Q, W_K, W_V = (matrix.float() for matrix in matrices)
    if W_Q.shape != W_K.shape or W_V.shape[1] != V:
        return "W_Q and W_K need the same shape (V + T, D), and W_V the shape (V + T, V)."
    tokens = F.one_hot(torch.tensor([2, 0, 3, 3, 1, 2]), V).float()  # (T, V)
    x = torch.cat([tokens, torch.eye(T)], dim=1)  # (T, V + T)
    output, weights = attention(x @ W_Q, x @ W_K, x @ W_V, causal_mask(T))
    if torch.allclose(output[1:], tokens[:-1], atol=0.01):
        return None
    return _copy_problem(output, weights, tokens)


def _copy_problem(output, weights, tokens) -> str:
    """Say why a head does not hand on the token before."""
    if weights.isnan().any():
        return "The scores are too large for 32 bits: a smaller factor is sharp enough."
    before = weights.diagonal(-1)  # (T - 1,)
    if weights.diagonal()[1:].min() > 0.9:
        return "Every token finds itself: the query of place t should match the key of place t - 1."
    if before.min() > 0.99:
        return "It looks at the right place; W_V should hand on the token and leave the place out."
    if (weights[1:].argmax(dim=1) == torch.arange(len(tokens) - 1)).all():
        return "The place before gets the most weight, not nearly all: make the scores larger."
    return f"The place before gets a weight of {before.min():.2f} at worst: it should be nearly 1."
