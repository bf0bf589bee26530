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
    place = sinusoidal_positions(6, 4, base=100)[5]
    assert check(f"{SLUG}-clock", place) and check(f"{SLUG}-clock", place.double().numpy())
    assert check(f"{SLUG}-base", {10_000: 2.71, 100: 2.65, 4: 2.56})


@pytest.mark.parametrize(
    ("exercise", "name"),
    [("gradient", "embedding_gradient"), ("distance", "by_distance"), ("rotate", "rotate")],
)
def test_right_answers_in_other_numbers(exercise, name):
    solved = solution(exercise, name)
    assert check(f"{SLUG}-{exercise}", lambda *given: solved(*given).double())
    assert check(f"{SLUG}-{exercise}", lambda *given: solved(*given).requires_grad_())


def test_a_rotation_in_the_numbers_of_the_frequencies():
    def rotate(x, base=10_000.0):
        angles = torch.arange(len(x))[:, None] * frequencies(x.shape[1], base)
        turns = torch.polar(torch.ones_like(angles), angles)
        return torch.view_as_real(torch.view_as_complex(x.double().view(7, -1, 2)) * turns).flatten(
            1
        )

    assert rotate(torch.ones(7, 6)).dtype == torch.float64
    assert check(f"{SLUG}-rotate", rotate)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
