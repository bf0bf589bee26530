"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast

import pytest
import torch
import torch.nn.functional as F

from book import ROOT
from scratchlm.checks import check, queries_and_keys
from scratchlm.river_bank import W_K, W_Q, X
from tests.wrong.answers import caught, cells, wrong_answers

SLUG = "queries-and-keys"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]
NAMES = {"torch": torch, "F": F, "X": X, "W_Q": W_Q, "W_K": W_K}


def solution(exercise, name):
    """The object called `name` that a solution of the chapter defines."""
    nodes = ast.parse(CELLS[f"{SLUG}-{exercise}"]).body
    [node] = [
        node
        for node in nodes
        if getattr(node, "name", None) == name
        or (isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name)
    ]
    scope = dict(NAMES)
    exec(compile(ast.Module([node], []), str(ROOT), "exec"), scope)
    return scope[name]


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong):
    caught(SLUG, exercise, wrong, NAMES)


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
