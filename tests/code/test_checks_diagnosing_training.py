"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import statistics

import pytest
import torch

from scratchlm.checks import check, diagnosing_training
from scratchlm.checkup import abnormal, checkup, first_batch
from scratchlm.recipes.shakespeare_gpt_plain import texts
from scratchlm.sick_runs import healthy
from tests.wrong import answers

SLUG = "diagnosing-training"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
tokenizer, ids, val_ids = texts()


def patient(seed=0):
    return healthy(ids, val_ids, seed)


NAMES = {
    "statistics": statistics,
    "torch": torch,
    "first_batch": first_batch,
    "patient": patient,
    "checkup": checkup,
    "abnormal": abnormal,
    "ids": ids,
    "val_ids": val_ids,
    "tokenizer": tokenizer,
}


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(diagnosing_training) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_solutions(exercise):
    assert answers.verdict(SLUG, exercise, CELLS[exercise], NAMES)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence


def test_strangers_are_three():
    with pytest.raises(ValueError, match="X, Y or Z"):
        diagnosing_training.stranger("W", ids, val_ids)
    judged = diagnosing_training.stranger("X", ids, val_ids)
    assert not torch.equal(judged.val_ids, val_ids) and torch.equal(judged.ids, ids)
    forgets = diagnosing_training.stranger("Z", ids, val_ids)
    log = forgets.run(11)
    assert log.norm[4] > 2 * log.norm[5]
