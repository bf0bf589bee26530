"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.autograd import Value
from scratchlm.checks import check, pytorch
from tests.wrong.answers import caught, cells, page_of, wrong_answers

SLUG = "pytorch"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]
NAMES = {"torch": torch, "nn": nn, "F": F, "math": math, "Value": Value}
LOSSES = {2: 2.816, 8: 2.554, 32: 2.495}


def solution(exercise, name):
    """What a solution of the chapter calls `name`."""
    scope = {**NAMES, "print": lambda *_: None}
    exec(CELLS[exercise], scope)
    return scope[name]


def rejected(exercise, answer):
    verdict = check(exercise, answer)
    assert not verdict
    assert verdict.sentence[-1] in ".?" and "\n" not in verdict.sentence
    assert "stopped with" not in verdict.sentence
    return verdict.sentence


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong):
    caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(pytorch) if name.startswith("pytorch_")
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in rejected(exercise, ...)


def test_trace():
    right = solution("pytorch-trace", "gradients")
    assert check("pytorch-trace", right)
    assert check("pytorch-trace", {name: float(x) for name, x in right.items()})
    assert right["m"] == 2 * (2 * -3 + 2) and right["a"] == right["m"] * (-3 + 1)


def test_the_trace_is_what_the_engine_finds():
    a, b = Value(2), Value(-3)
    m = a * b
    s = m + a
    (s**2).backward()
    found = {"s": s.grad, "m": m.grad, "a": a.grad, "b": b.grad}
    assert check("pytorch-trace", found)


def test_shapes():
    right = solution("pytorch-shapes", "shapes")
    assert check("pytorch-shapes", right)
    assert check("pytorch-shapes", {k: list(v) if v != "error" else v for k, v in right.items()})
    y = torch.zeros(5, 3)
    with pytest.raises(RuntimeError):
        y - y.mean(dim=1)


def test_loss():
    assert check("pytorch-loss", solution("pytorch-loss", "value_loss"))


def test_loss_without_a_graph():
    def from_data(logits, target):
        return Value(F.cross_entropy(torch.tensor([z.data for z in logits]), torch.tensor(target)))

    assert "graph reaches" in rejected("pytorch-loss", from_data)


def test_dual():
    right = solution("pytorch-dual", "Dual")
    assert check("pytorch-dual", right)

    class ReturnsItsParent(right):
        pass

    assert "should be a Dual" in rejected("pytorch-dual", ReturnsItsParent)


def test_mend():
    assert check("pytorch-mend", solution("pytorch-mend", "epoch"))
    code = CELLS["pytorch-mend"].replace("        optimizer.zero_grad()\n", "")
    step = "        optimizer.step()\n"
    assert step in code
    scope = dict(NAMES)
    exec(code.replace(step, f"{step}        optimizer.zero_grad()\n"), scope)
    assert check("pytorch-mend", scope["epoch"])


def test_a_total_may_be_a_tensor_that_remembers_no_graph():
    code = CELLS["pytorch-mend"]
    for old, new in [("loss.item()", "loss.detach()"), ("total / len", "total.item() / len")]:
        assert old in code
        code = code.replace(old, new)
    scope = dict(NAMES)
    exec(code, scope)
    assert check("pytorch-mend", scope["epoch"])


def test_the_broken_function_of_the_text_is_rejected():
    code = page_of(SLUG).text.split("```python\n")[1].split("```")[0]
    scope = dict(NAMES)
    exec(code, scope)
    assert not check("pytorch-mend", scope["epoch"])


def test_squeeze():
    assert check("pytorch-squeeze", LOSSES)
