"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import copy

import pytest
import torch

from scratchlm.attention_head import attention, causal_mask
from scratchlm.checks import check, multi_head_attention
from scratchlm.multi_head_attention import MultiHeadAttention
from tests.wrong import answers

SLUG = "multi-head-attention"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "copy": copy,
    "torch": torch,
    "attention": attention,
    "causal_mask": causal_mask,
    "MultiHeadAttention": MultiHeadAttention,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(multi_head_attention) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", ["flooded", "pals", "influence", "mute"])
def test_solutions_that_need_no_training(exercise):
    code = CELLS[f"{SLUG}-{exercise}"].partition("\nfor i in range(3)")
    ending = f'\ncheck("{SLUG}-{exercise}", mute)' if code[1] else ""
    assert answers.verdict(SLUG, f"{SLUG}-{exercise}", code[0] + ending, NAMES)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-flooded", torch.tensor([-2.5, 3.5, 1.5]))
    assert check(
        f"{SLUG}-pals", {(1, 3): 0.67, (2, 3): 0.333, (3, 3): 0, (2, 5): 3 / 5, (4, 2): 0.0}
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
