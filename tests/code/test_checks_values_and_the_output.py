"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch
import torch.nn.functional as F

from scratchlm.attention_head import attention, causal_mask, nadaraya_watson
from scratchlm.checks import check, values_and_the_output
from tests.wrong import answers

SLUG = "values-and-the-output"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "torch": torch,
    "F": F,
    "math": math,
    "attention": attention,
    "causal_mask": causal_mask,
    "nadaraya_watson": nadaraya_watson,
}


def solution(exercise, name):
    return answers.solution(SLUG, f"{SLUG}-{exercise}", name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


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
