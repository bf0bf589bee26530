"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import pytest
import torch
import torch.nn.functional as F

from scratchlm.checks import check, queries_and_keys
from scratchlm.river_bank import W_K, W_Q, X
from tests.wrong import answers

SLUG = "queries-and-keys"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {"torch": torch, "F": F, "X": X, "W_Q": W_Q, "W_K": W_K}


def solution(exercise, name):
    return answers.solution(SLUG, f"{SLUG}-{exercise}", name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(queries_and_keys) if name.startswith(prefix)
    )


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("cash", "row"),
        ("weights", "attention_weights"),
        ("shared", "shared_can"),
        ("jacobian", "softmax_jacobian"),
    ],
)
def test_solutions_that_need_no_training(exercise, name):
    assert check(f"{SLUG}-{exercise}", solution(exercise, name))


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-cash", torch.tensor([0.0, -3.0, 2.0, 5.0]))
    assert check(f"{SLUG}-narrow", {1: 0.65, 2: 1.0, 6: 1.0})


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
