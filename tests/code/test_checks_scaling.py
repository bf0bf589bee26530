"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch

from scratchlm.checks import check, scaling
from scratchlm.recipes import scaling_runs
from scratchlm.scaling_law import best_size, fit_from_many, fit_line, predicted
from tests.wrong import answers

SLUG = "scaling"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
LAW = torch.tensor([math.log(1.3), math.log(40.0), math.log(300.0), 0.4, 0.45]).double()
GRID = torch.cartesian_prod(torch.logspace(3.4, 5, 6), torch.logspace(4.5, 6.2, 6)).double().T
FAMILY = torch.stack([*GRID, predicted(LAW[None], *GRID)[0]])


def on_edge(laws, budget):
    n = best_size(laws, torch.tensor([budget]).double())
    return predicted(laws, n, budget / 6 / n)[:, 0]


MONEY = torch.tensor(scaling_runs.BUDGETS).double()
NAMES = {
    "math": math,
    "torch": torch,
    "scaling_runs": scaling_runs,
    "fit_from_many": fit_from_many,
    "fit_line": fit_line,
    "predicted": predicted,
    "on_edge": on_edge,
    "chinchilla": LAW,
    "family": FAMILY,
    "size": FAMILY[0],
    "data": FAMILY[1],
    "loss": FAMILY[2],
    "width_of": FAMILY[0],
    "money": MONEY,
    "lowest": [on_edge(LAW[None], budget).item() for budget in scaling_runs.BUDGETS],
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
