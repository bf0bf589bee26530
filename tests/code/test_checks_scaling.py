"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch

from scratchlm.checks import check, scaling
from scratchlm.gpt import count_parameters
from scratchlm.recipes import scaling_runs
from scratchlm.scaling_law import fit_from_many, predicted
from tests.wrong import answers

SLUG = "scaling"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
LAW = torch.tensor([math.log(1.3), math.log(40.0), math.log(300.0), 0.4, 0.45]).double()
GRID = torch.cartesian_prod(torch.logspace(3.4, 5, 6), torch.logspace(4.5, 6.2, 6)).double().T
NAMES = {
    "math": math,
    "torch": torch,
    "count_parameters": count_parameters,
    "scaling_runs": scaling_runs,
    "fit_from_many": fit_from_many,
    "predicted": predicted,
    "chinchilla": LAW,
    "law": LAW,
    "larger": {"val": 2.0},
    "family": torch.stack([*GRID, predicted(LAW[None], *GRID)[0]]),
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(scaling) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    assert answers.verdict(SLUG, exercise, CELLS[exercise], NAMES)


def test_right_answers_in_other_forms():
    bill = {"operations": 315e21, "days": 36.5, "tokens per parameter": 1.7}
    assert check(f"{SLUG}-bill", bill)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
