"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch

from scratchlm.checks import beyond_one_machine, check
from tests.wrong import answers

SLUG = "beyond-one-machine"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {"math": math, "torch": torch}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(beyond_one_machine) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    assert answers.verdict(SLUG, exercise, CELLS[exercise], NAMES)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-overlap", torch.tensor([150, 100, 110, 64]))
    assert check(f"{SLUG}-overlap", (150.0, 100.0, 110.0, 64.0))
    assert check(f"{SLUG}-ring", {"chunk": 4, "steps": 8.0, "ring": 1600.0, "leader": 4000})


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
