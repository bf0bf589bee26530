"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from scratchlm.attention_head import causal_mask
from scratchlm.checks import check, gpt
from scratchlm.gpt import GPT, GPTConfig, count_parameters
from tests.wrong import answers

SLUG = "gpt"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
CONFIG = GPTConfig(64, 64, 128, 4, 4)
NAMES = {
    "copy": copy,
    "torch": torch,
    "nn": nn,
    "replace": replace,
    "causal_mask": causal_mask,
    "GPT": GPT,
    "GPTConfig": GPTConfig,
    "count_parameters": count_parameters,
    "config": CONFIG,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(gpt) if name.startswith("gpt_")
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    scope = {
        **NAMES,
        "model": GPT(CONFIG),
        "batch": torch.zeros(2, 5, dtype=torch.long),
        "excerpts": torch.zeros(4, 65, dtype=torch.long),
    }
    assert answers.verdict(SLUG, exercise, CELLS[exercise], scope)


def test_right_answers_in_other_forms():
    assert check("gpt-giant", float(sum(count_parameters(gpt.GIANT).values())))

    def by_places(length, prefix):
        places = torch.arange(length)
        looks, seen = places[:, None], places
        return (seen <= looks) | ((looks < prefix) & (seen < prefix))

    assert check("gpt-prefix", by_places)

    def one_by_one(model, ids):
        p = model(ids).softmax(dim=-1)
        return torch.stack(
            [p[b, t, i] for b, row in enumerate(ids) for t, i in enumerate(row)]
        ).mean()

    assert check("gpt-copies", one_by_one)


def test_the_giant_is_gpt_3():
    assert round(sum(count_parameters(gpt.GIANT).values()) / 1e9) == 175


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
