"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast
import math

import pytest
import torch
import torch.nn.functional as F

from book import ROOT
from scratchlm.attention_head import attention, causal_mask, nadaraya_watson
from scratchlm.checks import check, values_and_the_output
from tests.wrong.answers import caught, cells, wrong_answers

SLUG = "values-and-the-output"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]
NAMES = {
    "torch": torch,
    "F": F,
    "math": math,
    "attention": attention,
    "causal_mask": causal_mask,
    "nadaraya_watson": nadaraya_watson,
}


def solution(exercise, name):
    """The object called `name` that a solution of the chapter defines."""
    nodes = ast.parse(CELLS[f"{SLUG}-{exercise}"]).body
    [node] = [
        node
        for node in nodes
        if getattr(node, "name", None) == name
        or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name)
    ]
    scope = dict(NAMES)
    exec(compile(ast.Module([node], []), str(ROOT), "exec"), scope)
    return scope[name]


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong):
    caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(values_and_the_output) if name.startswith(prefix)
    )


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("trace", "vector"),
        ("window", "window_mask"),
        ("leaks", "leaks"),
        ("loo", "leave_one_out"),
        ("previous", "copy_previous"),
    ],
)
def test_solutions(exercise, name):
    assert check(f"{SLUG}-{exercise}", solution(exercise, name))


def test_right_answers_in_other_forms():
    def by_gradient(model, x):
        jacobian = torch.autograd.functional.jacobian(model, x)  # (B, T, C, B, T, C)
        return bool(jacobian.abs().sum(dim=(0, 2, 3, 5)).triu(1).any())

    def one_by_one(points, values, width):
        rest = [[j for j in range(len(points)) if j != i] for i in range(len(points))]
        return torch.cat(
            [nadaraya_watson(points[i : i + 1], points[r], values[r], width)
             for i, r in enumerate(rest)]
        )  # fmt: skip

    assert check(f"{SLUG}-trace", torch.tensor([3.0, -2.0]))
    assert check(f"{SLUG}-trace", (3, -2))
    assert check(f"{SLUG}-leaks", by_gradient)
    assert check(f"{SLUG}-loo", one_by_one)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
