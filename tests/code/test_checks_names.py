"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from book import ROOT
from book.chapters import code_cells
from scratchlm.checks import check, names
from scratchlm.mlp import MLP

CHAPTER = ROOT / "chapters" / "first-models" / "names.md"
CELLS = {
    cell.code.rsplit('check("', 1)[1].split('"')[0]: cell.code
    for cell in code_cells(CHAPTER, CHAPTER.read_text(encoding="utf-8"))
    if "answer" in cell.tags
}

CONTEXT = {3: 2.21, 5: 2.15, 8: 2.14}
ACTIVATION = {"tanh": 2.15, "relu": 2.11, "gelu": 2.12, "identity": 2.16}
WIDTH = {
    (16, 0.0): (2.07, 2.16),
    (64, 0.0): (1.92, 2.11),
    (256, 0.0): (1.69, 2.10),
    (256, 0.5): (1.90, 2.09),
}


def solution(exercise, name):
    """The object called `name` that a solution of the chapter defines."""
    nodes = ast.parse(CELLS[exercise]).body
    [node] = [
        node
        for node in nodes
        if getattr(node, "name", None) == name
        or (isinstance(node, ast.Assign) and node.targets[0].id == name)
    ]
    scope = {"torch": torch, "nn": nn}
    exec(compile(ast.Module([node], []), str(CHAPTER), "exec"), scope)
    return scope[name]


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
    assert "end" in rejected("names-windows", right[:-1])
    assert "k + 1" in rejected("names-windows", right + right[-1:])
    assert "Pair 2" in rejected("names-windows", [right[0], ("...", "n"), *right[2:]])
    assert "3 characters" in rejected("names-windows", [("a", "n"), *right[1:]])
    for wrong_type in ("...a", 4, [1, 2], [("...", 1)]):
        assert "list of pairs" in rejected("names-windows", wrong_type)


def log_probabilities(logits, targets):
    return torch.log_softmax(logits, 1)[torch.arange(len(targets)), targets]


def naive(logits, targets):
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -p[torch.arange(len(targets)), targets].log().mean()


def shifted_by_the_batch(logits, targets):
    return naive(logits - logits.max(), targets)


def log_of_softmax(logits, targets, more=0.0):
    p = torch.softmax(logits, 1)[torch.arange(len(targets)), targets]
    return -(p + more).log().mean()


def test_loss():
    assert check("names-loss", solution("names-loss", "mean_surprisal"))
    assert check("names-loss", lambda z, y: F.cross_entropy(z, y).item())
    for wrong, hint in [
        (lambda z, y: log_probabilities(z, y).mean(), "sign"),
        (lambda z, y: -log_probabilities(z, y).sum(), "sum over the batch"),
        (lambda z, y: -log_probabilities(z, y).mean() / torch.tensor(2.0).log(), "bits"),
        (lambda z, y: -log_probabilities(z, y), "one number"),
        (lambda z, y: z.mean(), "should be"),
        (naive, "added to all logits"),
        (shifted_by_the_batch, "its own largest"),
        (lambda z, y: log_of_softmax(z, y), "never take its logarithm"),
        (lambda z, y: log_of_softmax(z, y, 1e-9), "never take its logarithm"),
    ]:
        assert hint in rejected("names-loss", wrong)
    assert "function" in rejected("names-loss", 1.4)


def test_context():
    assert check("names-context", CONTEXT)
    assert "keys" in rejected("names-context", {3: 2.2, 5: 2.1})
    assert "keys" in rejected("names-context", [2.2, 2.1, 2.1])
    assert "clearly worse" in rejected("names-context", {**CONTEXT, 3: 2.15})
    assert "close to 5" in rejected("names-context", {**CONTEXT, 8: 2.4})
    assert "no such run" in rejected("names-context", {**CONTEXT, 8: 1.9})
    assert "history.val" in rejected("names-context", {3: 2.137, 5: 2.062, 8: 2.035})
    assert "give a number" in rejected("names-context", {**CONTEXT, 8: "2.1"})
    assert "give a number" in rejected("names-context", {**CONTEXT, 8: float("nan")})


def test_activation():
    assert check("names-activation", ACTIVATION)
    same = dict.fromkeys(ACTIVATION, 2.15)
    assert "new MLP" in rejected("names-activation", same)
    assert "Without an activation" in rejected("names-activation", {**ACTIVATION, "identity": 2.11})
    assert "keys" in rejected("names-activation", {"tanh": 2.1})
    assert "keys" in rejected("names-activation", 2.1)


def test_width():
    assert check("names-width", WIDTH)
    swapped = {key: pair[::-1] for key, pair in WIDTH.items()}
    assert "in this order" in rejected("names-width", swapped)
    no_brake = {**WIDTH, (256, 0.5): WIDTH[256, 0.0]}
    assert "narrow the gap" in rejected("names-width", no_brake)
    tanh = {**WIDTH, (256, 0.0): (2.05, 2.16)}
    assert "nn.ReLU" in rejected("names-width", tanh)
    assert "pair" in rejected("names-width", {key: pair[1] for key, pair in WIDTH.items()})
    assert "keys" in rejected("names-width", "WIDTH")


class Ordered(MLP):
    """Keeps the order: not what was asked."""


class OverBatch(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.embedding = config, nn.Embedding(config.vocab_size, config.vocab_size)

    def forward(self, contexts):
        return self.embedding(contexts).mean(dim=(0, 1)).expand(len(contexts), -1)


class NoHiddenLayer(OverBatch):
    def forward(self, contexts):
        return self.embedding(contexts).mean(dim=1)


class Parts(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.hidden = nn.Linear(config.d_model, config.d_ff)
        self.output = nn.Linear(config.d_ff, config.vocab_size)


class ReluBag(Parts):
    """Right, with another activation."""

    def forward(self, contexts):
        return self.output(torch.relu(self.hidden(self.embedding(contexts).mean(dim=1))))


class Sum(Parts):
    def forward(self, contexts):
        return self.output(torch.tanh(self.hidden(self.embedding(contexts).sum(dim=1))))


class Probabilities(ReluBag):
    def forward(self, contexts):
        return super().forward(contexts).softmax(dim=1)


class NoActivation(Parts):
    def forward(self, contexts):
        return self.output(self.hidden(self.embedding(contexts).mean(dim=1)))


class AverageLater(Parts):
    def forward(self, contexts):
        return self.output(torch.tanh(self.hidden(self.embedding(contexts))).mean(dim=1))


class SmallStart(ReluBag):
    """Right, with the first embeddings of MLP."""

    def __init__(self, config):
        super().__init__(config)
        nn.init.normal_(self.embedding.weight, std=0.2)


class WrongShape(OverBatch):
    def forward(self, contexts):
        return self.embedding(contexts)


def test_bag():
    Bag = solution("names-bag", "Bag")
    for seed in range(20):
        torch.manual_seed(seed)
        assert check("names-bag", Bag) and check("names-bag", SmallStart)
    for wrong, hint in [
        (Ordered, "order"),
        (OverBatch, "not the batch"),
        (NoHiddenLayer, "hidden layer"),
        (WrongShape, "were expected"),
        (Sum, "not the sum"),
        (Probabilities, "without a softmax"),
        (NoActivation, "Nothing bends"),
        (AverageLater, "Nothing bends"),
        (Bag.__init__, "class Bag"),
        (3, "class Bag"),
    ]:
        assert hint in rejected("names-bag", wrong)


@pytest.mark.parametrize("exercise", sorted(CELLS))
def test_no_answer_yet(exercise):
    assert "no answer yet" in rejected(exercise, ...)
