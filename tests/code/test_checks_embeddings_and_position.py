"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import pytest
import torch
import torch.nn.functional as F

from scratchlm.checks import check, embeddings_and_position
from scratchlm.positions import frequencies, sinusoidal_positions
from tests.wrong import answers

SLUG = "embeddings-and-position"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "torch": torch,
    "F": F,
    "frequencies": frequencies,
    "sinusoidal_positions": sinusoidal_positions,
}


def solution(exercise, name):
    return answers.solution(SLUG, f"{SLUG}-{exercise}", name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(embeddings_and_position) if name.startswith(prefix)
    )


@pytest.mark.parametrize(
    ("exercise", "name"),
    [
        ("clock", "vector"),
        ("gradient", "embedding_gradient"),
        ("distance", "by_distance"),
        ("rotate", "rotate"),
    ],
)
def test_solutions_that_need_no_training(exercise, name):
    assert check(f"{SLUG}-{exercise}", solution(exercise, name))


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-clock", sinusoidal_positions(4, 4, base=100)[3])
    assert check(f"{SLUG}-base", {10_000: 2.71, 100: 2.65, 4: 2.56})


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
