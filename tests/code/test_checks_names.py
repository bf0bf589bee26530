"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.checks import check, names
from scratchlm.mlp import MLP
from tests.wrong import answers

SLUG = "names"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {"torch": torch, "nn": nn, "F": F, "MLP": MLP}

CONTEXT = {3: 2.21, 5: 2.15, 8: 2.14}
ACTIVATION = {"tanh": 2.15, "relu": 2.11, "gelu": 2.12, "identity": 2.16}
WIDTH = {
    (16, 0.0): (2.07, 2.16),
    (64, 0.0): (1.92, 2.11),
    (256, 0.0): (1.69, 2.10),
    (256, 0.5): (1.90, 2.09),
}


def solution(exercise, name):
    return answers.solution(SLUG, exercise, name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def rejected(exercise, answer):
    verdict = check(exercise, answer)
    assert not verdict
    assert verdict.sentence[-1] in ".?" and "\n" not in verdict.sentence
    assert "stopped with" not in verdict.sentence
    return verdict.sentence


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(names) if name.startswith("names_")
    )


def test_windows():
    right = solution("names-windows", "pairs")
    assert check("names-windows", right) and check("names-windows", [list(p) for p in right])
    for wrong_type in (4, [1, 2], [("...", 1)]):
        assert "list of pairs" in rejected("names-windows", wrong_type)


def test_loss():
    assert check("names-loss", solution("names-loss", "mean_surprisal"))
    assert check("names-loss", lambda z, y: F.cross_entropy(z, y).item())


def test_measurements():
    assert check("names-context", CONTEXT)
    assert "give a number" in rejected("names-context", {**CONTEXT, 8: float("nan")})
    assert check("names-activation", ACTIVATION)
    assert check("names-width", WIDTH)
    assert "keys" in rejected("names-width", "WIDTH")


class OverBatch(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.embedding = config, nn.Embedding(config.vocab_size, config.vocab_size)

    def forward(self, contexts):
        return self.embedding(contexts).mean(dim=(0, 1)).expand(len(contexts), -1)


class NoHiddenLayer(OverBatch):
    def forward(self, contexts):
        return self.embedding(contexts).mean(dim=1)


class SmallStart(nn.Module):
    """Right, with another activation and the first embeddings of MLP."""

    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.hidden = nn.Linear(config.d_model, config.d_ff)
        self.output = nn.Linear(config.d_ff, config.vocab_size)
        nn.init.normal_(self.embedding.weight, std=0.2)

    def forward(self, contexts):
        return self.output(torch.relu(self.hidden(self.embedding(contexts).mean(dim=1))))


def test_bag():
    Bag = solution("names-bag", "Bag")
    for seed in range(20):
        torch.manual_seed(seed)
        assert check("names-bag", Bag) and check("names-bag", SmallStart)
    for wrong, hint in [
        (OverBatch, "not the batch"),
        (NoHiddenLayer, "hidden layer"),
        (Bag.__init__, "class Bag"),
    ]:
        assert hint in rejected("names-bag", wrong)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in rejected(exercise, ...)
