"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import copy
import json

import pytest
import torch
from torch import nn

from scratchlm.checks import check, training_loop
from tests.wrong import answers

SLUG = "training-loop"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {"copy": copy, "json": json, "torch": torch, "nn": nn}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(training_loop) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    assert answers.verdict(SLUG, exercise, CELLS[exercise], NAMES)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-schedule", torch.tensor([4e-5, 1e-3, 4e-3, 2.2e-3, 4e-4]))
    assert check(f"{SLUG}-schedule", (0.00004, 0.001, 0.004, 0.0022, 0.0004))


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
