"""Checks of the exercises in the chapter on PyTorch."""

import copy
import math
import weakref
from numbers import Real

import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.autograd import Value


def pytorch_trace(gradients) -> str | None:
    """The gradients of (a b + a)² at a = 2, b = -3."""
    right = {"s": -8.0, "m": -8.0, "a": 16.0, "b": -16.0}
    if not isinstance(gradients, dict) or set(gradients) != set(right):
        return "Give a dict with the keys 's', 'm', 'a' and 'b'."
    if not all(isinstance(x, Real) and not isinstance(x, bool) for x in gradients.values()):
        return "Every value of the dict should be a number."
    if gradients["a"] in (24, -8):
        return "a reaches y by two roads, through m and directly: add up what comes by each."
    for name, number in right.items():  # from the result backwards
        if not math.isclose(gradients[name], number, abs_tol=1e-6):
            return (
                f"The gradient of {name!r} is not {gradients[name]}: multiply the gradient of what "
                f"was made from {name!r} by the slope of that operation, at these values."
            )
    return None


SHAPE_HINTS = {
    "sum": "align (4, 1, 3) and (5, 3) at the right; what is missing or 1 is stretched.",
    "reduced": "a sum without keepdim removes the direction that it sums over.",
    "centred": "the mean has the shape (5,): does it fit under (5, 3), aligned at the right?",
    "kept": "with keepdim the mean has the shape (5, 1).",
    "turned": "a transpose swaps the strides of a (5, 3) box, which are (3, 1).",
    "stretched": "the stretched direction reads the same number again and again.",
}


def pytorch_shapes(shapes) -> str | None:
    """Shapes and strides after broadcasting, reducing, transposing and stretching."""
    x, y = torch.zeros(4, 1, 3), torch.zeros(5, 3)
    right = {
        "sum": tuple((x + y).shape),
        "reduced": tuple((x.sum(dim=0) * y).shape),
        "centred": "error",
        "kept": tuple((y - y.mean(dim=1, keepdim=True)).shape),
        "turned": y.t().stride(),
        "stretched": x.expand(4, 5, 3).stride(),
    }
    if not isinstance(shapes, dict) or set(shapes) != set(right):
        return f"Give a dict with the keys {list(right)}."
    for key, answer in shapes.items():
        if answer != "error" and not isinstance(answer, (tuple, list)):
            return f"The value of {key!r} should be a tuple such as (5, 3), or 'error'."
    for key, expected in right.items():
        found = shapes[key] if shapes[key] == "error" else tuple(shapes[key])
        if found != expected:
            return f"{key!r} is not {found}: {SHAPE_HINTS[key]}"
    return None


def pytorch_loss(function) -> str | None:
    """The cross-entropy of a list of Values."""
    if not callable(function):
        return "Give the function value_loss itself, without calling it."
    for numbers, target in [((2.0, 1.0, 0.0), 1), ((0.5, -1.5, 0.25, 3.0), 0), ((0.0, 0.0), 1)]:
        if problem := _problem_with_value_loss(function, numbers, target):
            return problem
    try:
        if problem := _problem_with_value_loss(function, (1000.0, 999.0, 998.0), 0):
            return problem
    except (ArithmeticError, ValueError):
        return "With logits near 1000 it overflows: subtract the largest logit from all of them."
    try:
        return _problem_with_value_loss(function, (1000.0, 0.0), 1)
    except (ArithmeticError, ValueError):
        return (
            "For the logits (1000, 0) and target 1 the probability is too small for a computer, "
            "and its logarithm fails: subtract the target's logit from the logarithm of the sum."
        )


def _problem_with_value_loss(function, numbers, target) -> str | None:
    logits = [Value(number) for number in numbers]
    loss = function(logits, target)
    if not isinstance(loss, Value):
        return "It should return a Value: compute with the Values, not with their data."
    z = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    expected = F.cross_entropy(z, torch.tensor(target))
    expected.backward()
    if not math.isclose(loss.data, expected.item(), rel_tol=1e-6, abs_tol=1e-9):
        if math.isclose(loss.data, -expected.item(), rel_tol=1e-6):
            return "The sign is wrong: the loss is minus the logarithm of a probability."
        return f"For the logits {numbers} and target {target} it returned {loss.data:.4f} " + (
            f"where {expected.item():.4f} was expected."
        )
    loss.backward()
    if not torch.allclose(torch.tensor([v.grad for v in logits]).double(), z.grad, atol=1e-6):
        return (
            "The loss is right and its gradients are not: build every step from the Values given, "
            "so that the graph reaches all of them."
        )
    return None


def _dual_tries(cls) -> list[tuple]:
    """Expressions in x = Dual(3, 1): as text, as a function, and their data and slope."""
    return [
        ("x * x", lambda x: x * x, 9.0, 6.0),
        ("x + x", lambda x: x + x, 6.0, 2.0),
        ("x + 2", lambda x: x + 2, 5.0, 1.0),
        ("2 + x", lambda x: 2 + x, 5.0, 1.0),
        ("x - 2 * x", lambda x: x - 2 * x, -3.0, -1.0),
        ("x * 2 - 1", lambda x: x * 2 - 1, 5.0, 2.0),
        ("1 - x", lambda x: 1 - x, -2.0, -1.0),
        ("x.exp()", lambda x: x.exp(), math.exp(3), math.exp(3)),
        ("(x * x).exp()", lambda x: (x * x).exp(), math.exp(9), 6 * math.exp(9)),
        ("x.log()", lambda x: x.log(), math.log(3), 1 / 3),
        ("(x * x).log()", lambda x: (x * x).log(), math.log(9), 2 / 3),
        ("x * Dual(2.0)", lambda x: x * cls(2.0), 6.0, 2.0),
    ]


def pytorch_dual(cls) -> str | None:
    """Numbers that carry their slope forwards."""
    if not isinstance(cls, type):
        return "Give the class Dual itself."
    for text, function, data, slope in _dual_tries(cls):
        try:
            result = function(cls(3.0, 1.0))
        except (TypeError, AttributeError) as error:
            return f"At x = Dual(3.0, 1.0), {text} does not work: {error}."
        if not isinstance(result, cls):
            return f"At x = Dual(3.0, 1.0), {text} should be a Dual."
        for name, expected in [("data", data), ("slope", slope)]:
            if not math.isclose(found := getattr(result, name, math.nan), expected, rel_tol=1e-9):
                return f"At x = Dual(3.0, 1.0), {text} has {name} {found}, not {expected:.4g}."
    return None


class _Mark:
    """Something to hang on a graph: it lives as long as the graph does."""


class _Probe(nn.Module):
    """A table that notes, at each call, its mode, whether gradients are on, and old graphs."""

    def __init__(self, size: int):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.table = nn.Parameter(torch.randn(size, size, generator=generator))
        self.calls: list[tuple[bool, bool]] = []
        self.marks: list[weakref.ref] = []
        self.most_kept = 0  # graphs of earlier calls that were alive at a call

    def forward(self, ids):
        self.calls.append((self.training, torch.is_grad_enabled()))
        self.most_kept = max(self.most_kept, sum(mark() is not None for mark in self.marks))
        logits = self.table[ids]  # (B, T, V)
        if logits.grad_fn is not None:
            logits.grad_fn.metadata["mark"] = mark = _Mark()
            self.marks.append(weakref.ref(mark))
        return logits


def _reference(model, loader, held_out, optimizer) -> tuple[float, float]:
    losses = []
    for inputs, targets in loader:
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        measured = F.cross_entropy(model(held_out[0]).flatten(0, 1), held_out[1].flatten())
    return sum(losses) / len(losses), measured.item()


def pytorch_mend(function) -> str | None:
    """An epoch of training and a measurement, without the five mistakes."""
    if not callable(function):
        return "Give the function epoch itself, without calling it."
    size, generator = 6, torch.Generator().manual_seed(1)  # T = V: a wrong shape raises no error
    batches = torch.randint(size, (4, 2, 3, size), generator=generator)
    loader, held_out = [tuple(batch) for batch in batches[:3]], tuple(batches[3])
    mine, yours = _Probe(size), _Probe(size)
    right = _reference(mine, loader, held_out, torch.optim.SGD(mine.parameters(), lr=1.0))
    yours.eval()  # as a measurement before may have left it
    start = copy.deepcopy(yours.state_dict())
    found = function(yours, loader, held_out, torch.optim.SGD(yours.parameters(), lr=1.0))
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        return "It should return two numbers: the mean training loss, the loss on held_out."
    if torch.equal(start["table"], yours.table):
        return "The model has not changed: backward, then optimizer.step(), for every batch."
    if problem := _problem_with_calls(yours.calls, len(loader)):
        return problem
    if any(isinstance(x, torch.Tensor) or not isinstance(x, Real) for x in found):
        return "Return plain numbers: a sum of tensors keeps the graph of every step; use .item()."
    if yours.most_kept > 1:  # the last step's own may live in its variables
        return (
            "The graphs of all steps are kept until the end of the epoch: add loss.item() to the "
            "total, a plain number, in every step."
        )
    return _problem_with_epoch(found, right, mine, yours)


def _problem_with_calls(calls, steps: int) -> str | None:
    """Look at the mode in which the model was called, in training and in measuring."""
    if len(calls) != steps + 1:
        return f"The model was called {len(calls)} times for {steps} batches and a measurement."
    if not all(training and recording for training, recording in calls[:steps]):
        return "While it learns, the model should be in train mode, with gradients recorded."
    training, recording = calls[steps]
    if training:
        return "The measurement should be made in eval mode."
    if recording:
        return "The measurement records a graph that nobody needs: use torch.no_grad()."
    return None


def _problem_with_epoch(found, right, mine, yours) -> str | None:
    """Compare the trained parameters and the two losses with those of a sound epoch."""
    if not torch.allclose(mine.table, yours.table, atol=1e-4):
        return (
            "The parameters after the epoch are wrong: logits and targets should be (N, V) and "
            "(N,) for the loss, and the gradients of the last step forgotten before backward."
        )
    if not math.isclose(found[0], right[0], rel_tol=1e-4):
        return f"The mean training loss should be {right[0]:.4f}, not {found[0]:.4f}."
    if not math.isclose(found[1], right[1], rel_tol=1e-4):
        return f"The loss on held_out should be {right[1]:.4f}, not {found[1]:.4f}: mind its shape."
    return None


def pytorch_squeeze(losses) -> str | None:
    """Held-out losses of the pair table through three bottlenecks."""
    expected = {2: (2.75, 2.88), 8: (2.50, 2.62), 32: (2.47, 2.53)}
    if not isinstance(losses, dict) or set(losses) != set(expected):
        return "Give a dict with the keys 2, 8 and 32."
    for d, loss in losses.items():
        if isinstance(loss, bool) or not isinstance(loss, Real) or not math.isfinite(loss):
            return f"The loss for d = {d} is {loss!r}: give a number, such as held_out_loss(model)."
    if not losses[2] > losses[8] + 0.1 > losses[32] + 0.1:
        return "More numbers for a character should do better: start a new model for every d."
    for d, (low, high) in expected.items():
        if not low < losses[d] < high:
            return (
                f"The loss for d = {d} is {losses[d]:.3f}, and about {(low + high) / 2:.2f} was "
                "expected: one epoch of AdamW at 0.01, measured with held_out_loss, in nats."
            )
    return None
