"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import math

import pytest
import torch
from torch import nn

from scratchlm.checks import check, shakespeare
from scratchlm.mlp import MLP
from tests.wrong import answers

SLUG = "shakespeare"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {"torch": torch, "nn": nn, "math": math, "MLP": MLP}
COLD = {1.0: (0.456, 387), 0.8: (0.607, 355), 0.6: (0.701, 299), 0.4: (0.811, 224)}


def solution(exercise, name):
    return answers.solution(SLUG, exercise, name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(shakespeare) if name.startswith("shakespeare_")
    )


def test_wider():
    parameters, products = (solution("shakespeare-wider", n) for n in ("parameters", "products"))
    assert parameters == 64 * 16 + (256 * 16 + 1) * 85 + 86 * 64
    assert products == 256 * 16 * 85 + 85 * 64
    assert check("shakespeare-wider", parameters, products)


def test_suitcase():
    assert check("shakespeare-suitcase", solution("shakespeare-suitcase", "compressed_bytes"))


def log_sum(network, table, weight):
    logs = torch.tensor([weight, 1 - weight]).log()
    return -torch.logaddexp(logs[0] - network, logs[1] - table).mean()


def test_mixture():
    assert check("shakespeare-mixture", solution("shakespeare-mixture", "mixture_loss"))
    assert check("shakespeare-mixture", log_sum)


def test_cold():
    assert check("shakespeare-cold", COLD)


def test_tree():
    class Joined(solution("shakespeare-tree", "Tree")):
        def forward(self, contexts):
            x = self.embedding(contexts)
            for level in self.levels:
                x = torch.tanh(level(torch.cat([x[:, ::2], x[:, 1::2]], dim=2)))
            return self.output(x[:, 0])

    for seed in range(10):
        torch.manual_seed(seed)
        assert check("shakespeare-tree", solution("shakespeare-tree", "Tree"))
        assert check("shakespeare-tree", Joined)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
