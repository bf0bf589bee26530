"""Checks of the exercises in the chapter on training a GPT."""

import copy
import json
import math
from numbers import Real
from types import SimpleNamespace

import torch
from torch import nn

from scratchlm.trainer import TrainerConfig, scheduled_rate

FIRST = {"weights": 1, "m": 2, "v": 2, "t": 2, "step": 1, "log": 0, "torch": 0}


def training_loop_schedule(answer) -> str | None:
    """The learning rates of a warm-up and a cosine at five steps."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 5:
        return "Give a list of five numbers, one for each step."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer):
        return "Every entry should be a number."
    config = TrainerConfig(steps=1_100, warm_up=100, learning_rate=4e-3, final_rate=4e-4)
    right = [scheduled_rate(step, config) for step in (0, 24, 99, 600, 1_100)]
    off = [not math.isclose(a, b, rel_tol=0.01, abs_tol=1e-7) for a, b in zip(answer, right)]
    if off[0] and answer[0] == 0:
        return "Step 0 is the first of the warm-up's hundred: a rate of 0 would waste it."
    if any(off[:3]):
        return "On the way up, step s has (s + 1) hundredths of the peak."
    if off[3] and math.isclose(answer[3], 2e-3, rel_tol=0.01):
        return "Half way down is the middle between the peak and the final rate, not half the peak."
    if off[3]:
        return "Step 600 is half way between step 100 and step 1,100: where is half a cosine then?"
    return "At the end of the cosine the final rate is left." if off[4] else None


def training_loop_forget(answer) -> str | None:
    """Which batch loss is the first to show what a checkpoint has lost."""
    if not isinstance(answer, dict) or set(answer) != set(FIRST):
        return f"Give a dict with the keys {', '.join(FIRST)}."
    for name, said in answer.items():
        if isinstance(said, bool) or said not in (0, 1, 2):
            return f"{name}: write 1 for the first loss, 2 for the second, 0 for never."
    hints = {
        "weights": "The first loss is computed with the weights, before any update.",
        "step": "The trainer's step decides which excerpts are drawn: when is that?",
        "m": "m acts in the update, and the first loss is measured before it.",
        "v": "v acts in the update, and the first loss is measured before it.",
        "t": "t is in the hats: with t = 1 they correct means that have long been right.",
        "log": "The log is written and never read by an update.",
        "torch": "Without dropout, what draws from PyTorch's generator after the first weights?",
    }
    wrong = [name for name in FIRST if answer[name] != FIRST[name]]
    return hints[wrong[0]] if wrong else None


def _parameters() -> list[nn.Parameter]:
    draw = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=draw)) for shape in [(2, 3), (3,)]]


def _steps(optimizers, lists, count: int, draw: torch.Generator) -> None:
    for step in range(count):
        for parameters in zip(*lists):
            gradient = torch.randn(parameters[0].shape, generator=draw)
            for parameter in parameters:
                parameter.grad = gradient.clone()
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)
            optimizer.step()


def _apart(one, other) -> bool:
    return any(not torch.allclose(a, b, atol=1e-5) for a, b in zip(one, other))


def training_loop_momentum(kind) -> str | None:
    """A class of optimizers: gradient descent with momentum, which can be saved."""
    if not isinstance(kind, type):
        return "Give the class Momentum itself, without making an object of it."
    draw = torch.Generator().manual_seed(1)
    ours, theirs = _parameters(), _parameters()
    one = kind([{"params": ours}], lr=0.1, momentum=0.9)
    needed = ("param_groups", "zero_grad", "step", "state_dict", "load_state_dict")
    if missing := [name for name in needed if not hasattr(one, name)]:
        return f"It lacks {missing[0]}, which the trainer or save needs."
    if any("lr" not in group for group in one.param_groups):
        return 'Every group needs its "lr": the trainer sets the rate there.'
    two = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    _steps([one, two], [ours, theirs], 1, draw)
    if _apart(ours, theirs):
        return (
            "The first step is wrong: the velocity is the gradient then, and the step η times it."
        )
    _steps([one, two], [ours, theirs], 3, draw)
    if _apart(ours, theirs):
        return "Later steps go wrong: keep μ times the old velocity, and use the group's own lr."
    one.zero_grad()
    if any(p.grad is not None and p.grad.any() for p in ours):
        return "zero_grad should forget all gradients."
    return _resumes(kind, one, ours, draw)


def _resumes(kind, one, ours, draw: torch.Generator) -> str | None:
    """Whether an optimizer goes on from its state after a trip through a file."""
    saved = one.state_dict()
    try:
        groups = json.loads(json.dumps(saved["param_groups"]))
        state = {
            int(i): {n: v.clone() for n, v in values.items()}
            for i, values in saved["state"].items()
        }
    except (TypeError, KeyError, ValueError, AttributeError):
        return (
            'state_dict needs "state", numbers to dicts of tensors, and "param_groups" with '
            "numbers in place of parameters: JSON has to hold them."
        )
    other = [nn.Parameter(p.detach().clone()) for p in ours]
    two = kind([{"params": other}], lr=0.1, momentum=0.9)
    two.load_state_dict({"state": state, "param_groups": groups})
    if any(not isinstance(p, torch.Tensor) for p in two.param_groups[0]["params"]):
        return "After load_state_dict the groups should hold the parameters, not their numbers."
    _steps([one, two], [ours, other], 2, draw)
    return (
        "After load_state_dict it goes another way: load the velocity."
        if _apart(ours, other)
        else None
    )


def training_loop_average(kind) -> str | None:
    """A class that keeps a running mean of a model's weights."""
    if not isinstance(kind, type):
        return "Give the class Average itself, without making an object of it."
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(8.0)
    average = kind(model, 0.5)
    if not isinstance(getattr(average, "model", None), nn.Module):
        return "Keep the averaged model as the attribute model."
    if average.model is model or average.model.weight is model.weight:
        return "The averaged model has to be a copy: training would move it, and you the training."
    seen, before = [], copy.deepcopy(model.state_dict())
    for value in (4.0, 2.0):
        model.weight.data.fill_(value)
        average(SimpleNamespace(model=model))
        seen.append(average.model.weight.item())
    if model.weight.item() != 2.0 or before["weight"].item() != 8.0:
        return "Leave the model that is being trained as it is."
    if seen[0] == 8.0:
        return "It has not moved: a call with the trainer should mix in trainer.model's weights."
    return None if seen == [6.0, 4.0] else _mean_hint(seen)


def _mean_hint(seen: list[float]) -> str:
    if seen[1] == 3.0:
        return "That is the mean of the last two models: the running mean remembers all of them."
    return f"From 8, with keep = 0.5 and weights 4 and then 2, it is 6 and then 4, not {seen}."
