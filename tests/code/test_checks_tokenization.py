"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast
import math
import re
from collections import Counter
from functools import cache

import pytest
import torch

from scratchlm import data
from scratchlm.checks import check, tokenization
from scratchlm.tokenizers import WordTokenizer, build_vocab, split_words
from tests.wrong.answers import caught, cells, verdict, wrong_answers

SLUG = "tokenization"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]


@cache
def scope():
    """The names that the chapter has defined when the exercises begin, as far as they need."""
    train_text, val_text = data.split_text(data.load("tiny-shakespeare"))
    return {
        **{"torch": torch, "math": math, "re": re, "Counter": Counter, "print": lambda *_: None},
        **{"train_text": train_text, "val_text": val_text, "val_words": split_words(val_text)},
        **{"WordTokenizer": WordTokenizer, "split_words": split_words},
        "vocab": build_vocab(split_words(train_text)),
    }


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong):
    caught(SLUG, exercise, wrong, scope())


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    assert verdict(SLUG, exercise, CELLS[exercise], scope())


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(tokenization) if name.startswith("tokenization_")
    )


def test_every_answer_runs_without_other_answers():
    for cell in CELLS.values():
        ast.parse(cell)


def test_windows_may_be_tensors():
    here = {}
    exec(CELLS["tokenization-windows"], here)
    x, y = here["inputs"], here["targets"]
    assert check("tokenization-windows", torch.tensor(x), torch.tensor(y))


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    found = check(exercise, ...)
    assert not found and "no answer yet" in found.sentence
