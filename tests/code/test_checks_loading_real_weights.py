"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import pytest
import torch

from scratchlm.checks import check, loading_real_weights
from scratchlm.llama import Llama, LlamaConfig
from scratchlm.smollm import llama_places
from tests.wrong import answers

SLUG = "loading-real-weights"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "torch": torch,
    "Llama": Llama,
    "LlamaConfig": LlamaConfig,
    "llama_places": llama_places,
}
# What the solutions show besides, on the model of the chapter.
SHOWN = ("\nprint(",)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    prefix = SLUG.replace("-", "_") + "_"
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(loading_real_weights) if name.startswith(prefix)
    )


@pytest.mark.parametrize("exercise", ["block", "q4-0", "names"])
def test_solutions_that_need_no_model(exercise):
    code = CELLS[f"{SLUG}-{exercise}"]
    for shown in SHOWN:
        code = code.partition(shown)[0]
    assert answers.verdict(SLUG, f"{SLUG}-{exercise}", code, NAMES)


def test_right_answers_in_other_forms():
    assert check(f"{SLUG}-block", torch.tensor([1, -2, -1.25, 1.75]))


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
