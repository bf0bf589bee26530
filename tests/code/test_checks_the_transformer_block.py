"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.checks import check, the_transformer_block
from scratchlm.depth import Party, Plus, draw_guests
from scratchlm.transformer_block import Block, LayerNorm
from tests.wrong import answers

SLUG = "the-transformer-block"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "copy": copy,
    "torch": torch,
    "F": F,
    "nn": nn,
    "Block": Block,
    "LayerNorm": LayerNorm,
    "Party": Party,
    "Plus": Plus,
    "draw_guests": draw_guests,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(the_transformer_block) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", ["trace", "parameters", "apart"])
def test_solutions_that_need_nothing_of_the_page(exercise):
    assert answers.verdict(SLUG, f"{SLUG}-{exercise}", CELLS[f"{SLUG}-{exercise}"], NAMES)


@pytest.mark.parametrize("exercise", ["mixes", "drop"])
def test_solutions_that_go_on_with_the_page(exercise):
    function = answers.solution(SLUG, f"{SLUG}-{exercise}", exercise, NAMES)
    assert check(f"{SLUG}-{exercise}", function)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-trace", torch.tensor([3.0, 2.0, 9.0, 3.0]))
    more = [[2.0, -1, 0], [-2, 1, 0], [0, 0, 1]], [[0.0, 0, 0.5], [0, 0, 1], [0, 0, 0]]
    assert check(f"{SLUG}-apart", *more)
    assert check(f"{SLUG}-parameters", lambda C, F: 4.0 * C * C + 2 * C * F + F + 9 * C)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
