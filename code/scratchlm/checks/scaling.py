"""Checks of the exercises in the chapter on scaling laws."""

import math
from numbers import Real

import torch

from scratchlm.scaling_law import predicted

TYPICAL = torch.tensor([math.log(1.7), math.log(400.0), math.log(410.0), 0.34, 0.28]).double()
BILL = {"operations": 3.15e23, "days": 36.46, "tokens per parameter": 300 / 175}
SLIPS = [  # a value, how many times too large it is, what to say
    (
        "operations",
        1 / 3,
        "2 N D is the way forward alone: training also goes back, which costs twice as much.",
    ),
    ("days", 24, "Those are hours: a day has 86,400 seconds."),
    ("days", 1_000, "That is for one machine: a thousand work at a time."),
]


def scaling_bill(answer) -> str | None:
    """What the training of GPT-3 cost, in operations and in days of a thousand machines."""
    if not isinstance(answer, dict) or set(answer) != set(BILL):
        return f"Give a dict with the keys {', '.join(BILL)}."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer.values()):
        return "Every value should be a number."
    for name, times, hint in SLIPS:
        if math.isclose(answer[name], BILL[name] * times, rel_tol=0.02):
            return hint
    hints = {
        "operations": "The operations are 6 N D: six times the parameters times the tokens.",
        "days": "Divide the operations by 1,000 machines, by 10^14 a second, by 86,400 seconds.",
        "tokens per parameter": "Divide the tokens by the parameters, not the other way round.",
    }
    wrong = [name for name in BILL if not math.isclose(answer[name], BILL[name], rel_tol=0.03)]
    return hints[wrong[0]] if wrong else None


def _number(function, *arguments) -> float | str:
    """Return what an answer's function gives, as a number; or a sentence."""
    found = function(*arguments)
    if isinstance(found, torch.Tensor):
        if found.numel() != 1:
            return "It should return one number, not a tensor of several."
        found = found.item()
    if not isinstance(found, Real) or isinstance(found, bool) or math.isnan(found):
        return f"It should return a number, not {found!r}."
    return float(found)


def _cheapest(law: torch.Tensor, target: float, served: float) -> float:
    """Return the size whose training and serving together cost least, by trying many."""
    sizes = torch.logspace(4, 13, 9001, dtype=torch.float64)
    e, a, b = law[:3].exp()
    rest = target - e - a / sizes ** law[3]
    tokens = torch.where(rest > 0, (b / rest.clamp(min=1e-12)) ** (1 / law[4]), math.inf)
    return sizes[(6 * sizes * tokens + 2 * sizes * served).argmin()].item()


def scaling_served(function) -> str | None:
    """The size that is cheapest to train and to serve."""
    if not callable(function):
        return "Give the function best_to_serve itself."
    target, sizes = 2.2, []
    for served in (0.0, 1e12, 1e14):
        right = _cheapest(TYPICAL, target, served)
        found = _number(function, TYPICAL, target, served)
        if isinstance(found, str):
            return found
        sizes.append(found)
        if not math.isclose(found, right, rel_tol=0.08):
            return _served_hint(sizes, right, served)
    return None


def _served_hint(sizes: list[float], right: float, served: float) -> str:
    if served and math.isclose(sizes[-1], sizes[0], rel_tol=0.01):
        return "Serving changes nothing in your answer: add 2 N for every token served to the bill."
    if not served:
        return (
            f"With nothing to serve, about {right:.3g} parameters cost least, not {sizes[-1]:.3g}."
        )
    side = "too large" if sizes[-1] > right else "too small"
    return (
        f"To serve {served:.0e} tokens, {sizes[-1]:.3g} parameters are {side}: about {right:.3g}."
    )


def _exact() -> torch.Tensor:
    """Return runs (3, n) that follow a law without any error."""
    grid = torch.cartesian_prod(torch.logspace(3, 5, 5), torch.logspace(4.5, 6, 4)).double().T
    law = torch.tensor([math.log(1.5), math.log(60.0), math.log(300.0), 0.5, 0.5]).double()
    return torch.stack([*grid, predicted(law[None], *grid)[0]])


OFF = [0.10, -0.07, 0.02, 0.18]  # by how much the logarithms of the dear runs are moved, in turn


def scaling_backtest(function) -> str | None:
    """How far off a law was that knew only the cheaper runs."""
    if not callable(function):
        return "Give the function backtest itself."
    runs = _exact()
    compute = 6 * runs[0] * runs[1]
    budget = compute.median().item() / 1.005  # some lie just above, and still belong
    found = _number(function, runs.clone(), budget)
    if isinstance(found, str):
        return found
    if abs(found) > 2e-3:
        return "On runs that follow a law exactly the error should be 0, or nearly."
    dear = compute > budget * 1.01
    off = torch.tensor(OFF).double().repeat(len(compute))[: dear.sum()]
    runs[2, dear] *= off.exp()
    found = _number(function, runs, budget)
    return (
        found
        if isinstance(found, str)
        else _backtest_hint(found, off, (~dear & (compute > budget)).sum().item())
    )


def _slips(off: torch.Tensor, near: int) -> list[tuple[float, str]]:
    """What one finds with a mistake in the mean, and what to say of it; see `_backtest_hint`."""
    size = off.abs()
    with_near = size.sum().item() / (len(off) + near)
    return [
        (with_near, "A compute of up to 1.01 times the budget is cheap."),
        (
            abs(off.mean().item()),
            "Errors of both signs cancel: take the size of each, then the mean.",
        ),
        (off.pow(2).mean().item(), "Take the size of each log ratio, not its square."),
        (
            off.pow(2).mean().sqrt().item(),
            "Take the mean of the sizes, not the root of mean squares.",
        ),
        (size.median().item(), "Take the mean of the sizes, not the median."),
        (size.max().item(), "Take the mean of the sizes, not the largest."),
    ]


def _backtest_hint(found: float, off: torch.Tensor, near: int) -> str | None:
    """What to say of the error for dear runs whose logarithms lie `off` (n,) beside the law.

    `near` further runs lie above the budget, by less than a per cent, and follow the law.
    """
    right = off.abs().mean().item()
    if abs(found - right) < 1.5e-3:
        return None
    for value, hint in _slips(off, near):
        if abs(abs(found) - value) < 1.5e-3:
            return hint
    if found < right:
        return "The dear runs lie beside the law: they must not have a part in the fit."
    return f"The mean of |log ratio| should be {right:.4f}, not {found:.4f}."
