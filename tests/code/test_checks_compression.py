"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast
import math
import re

import pytest

from scratchlm.checks import check, compression
from tests.wrong.answers import caught, cells, wrong_answers

SLUG = "compression"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]
ALONE = {"compression-bits": "answer", "compression-groups": "group_digits"}
ALONE |= {"compression-cuts": "text_probability"}


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong):
    caught(SLUG, exercise, wrong, {})


@pytest.mark.parametrize(("exercise", "name"), ALONE.items())
def test_solutions_that_need_no_training(exercise, name):
    scope = {"math": math, "re": re, "print": lambda *_: None}
    exec(CELLS[exercise], scope)
    assert check(exercise, scope[name])


def test_measured_answers():
    assert check("compression-table", {1: 3.629, 2: 2.584, 3: 2.323, 4: 2.362})
    assert check("compression-dictionary", {512: 3.887, 2048: 3.077, 4096: 2.903, 8192: 2.935})


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(compression) if name.startswith("compression_")
    )


def test_every_answer_runs_without_other_answers():
    for code in CELLS.values():
        ast.parse(code)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    verdict = check(exercise, ...)
    assert not verdict and "no answer yet" in verdict.sentence


@pytest.mark.parametrize("exercise", sorted(CELLS))
@pytest.mark.parametrize("answer", ["text", 3, [None], {"a": 1}, object()])
def test_wrong_types(exercise, answer):
    verdict = check(exercise, answer)
    assert not verdict and "stopped with" not in verdict.sentence
