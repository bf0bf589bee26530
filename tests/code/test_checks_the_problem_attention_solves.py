"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch

from scratchlm.checks import check, the_problem_attention_solves
from scratchlm.raw_attention import raw_attention, softmax
from scratchlm.river_bank import TOKENS, X
from tests.wrong import answers

SLUG = "the-problem-attention-solves"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "math": math,
    "torch": torch,
    "X": X,
    "TOKENS": TOKENS,
    "softmax": softmax,
    "raw_attention": raw_attention,
    "show": lambda *_: None,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-")
        for name in vars(the_problem_attention_solves)
        if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", ["river", "long", "others", "rounds"])
def test_solutions_that_need_no_training(exercise):
    assert answers.verdict(SLUG, f"{SLUG}-{exercise}", CELLS[f"{SLUG}-{exercise}"], NAMES)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-river", raw_attention(X)[0][1])
    assert check(f"{SLUG}-long", torch.tensor([4.1, 1.1, 1.2]))
    assert check(f"{SLUG}-guests", {2: [0.48, 0.99], 4: (0.27, 1.0), 6: (0.16, 0.97)})


def test_no_short_vector_is_liked_by_all():
    """What the exercise asks beside: with length 3 there is none."""
    draw = torch.Generator().manual_seed(0)
    rows = torch.nn.functional.normalize(torch.randn(500, 3, generator=draw), dim=1) * 3
    assert not any(check(f"{SLUG}-long", row) for row in rows)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
