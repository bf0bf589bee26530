"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch

from scratchlm.checks import check, sampling
from scratchlm.decoding import SamplingConfig, generate, min_p_filter
from tests.wrong import answers

SLUG = "sampling"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "math": math,
    "torch": torch,
    "generate": generate,
    "min_p_filter": min_p_filter,
    "SamplingConfig": SamplingConfig,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(sampling) if name.startswith("sampling_")
    )


@pytest.mark.parametrize(
    ("exercise", "beyond", "name"),
    [
        ("filters", "", "kept"),
        ("heat", "", "cold_ratio"),
        ("race", "", "race"),
        ("block", "\ntext = ", "block"),
        ("best-of", "\nfound = {", "best_of"),
    ],
)
def test_solutions_without_the_model(exercise, beyond, name):
    code = CELLS[f"{SLUG}-{exercise}"]
    if beyond:
        code = code.partition(beyond)[0] + f'\ncheck("{SLUG}-{exercise}", {name})'
    assert answers.verdict(SLUG, f"{SLUG}-{exercise}", code, NAMES)


def test_right_answers_in_other_forms():
    letters = {"top-k": "dcba", "top-p": "BA", "min-p": "ABC", "cool min-p": "ab"}
    assert check("sampling-filters", letters)
    assert check("sampling-heat", lambda r, tau: math.exp(tau * math.log(r)))
    assert check("sampling-heat", lambda r, tau: torch.tensor(r) ** tau)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
