"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast
import math
from collections import Counter, defaultdict
from fractions import Fraction

import pytest
import torch

from book import ROOT
from scratchlm import data
from scratchlm.checks import check, language_models
from scratchlm.ngram import InterpolatedNGram, NGram, cross_entropy
from tests.wrong.answers import caught, cells, wrong_answers

SLUG = "language-models"
CELLS = {exercise: code for exercise, (code, _) in cells(SLUG).items()}
WRONG = [(exercise, wrong) for exercise, found in wrong_answers(SLUG).items() for wrong in found]
NAMES = {
    "Counter": Counter,
    "defaultdict": defaultdict,
    "Fraction": Fraction,
    "math": math,
    "torch": torch,
    "NGram": NGram,
    "InterpolatedNGram": InterpolatedNGram,
    "cross_entropy": cross_entropy,
}


def definition(exercise, name):
    """The function or class `name` of the solution in the chapter."""
    nodes = ast.parse(CELLS[exercise]).body
    [node] = [node for node in nodes if getattr(node, "name", None) == name]
    scope = dict(NAMES)
    exec(compile(ast.Module([node], []), str(ROOT), "exec"), scope)
    return scope[name]


def run(exercise, **more):
    """Run a whole answer cell but the check; return its names."""
    scope = {**NAMES, **more}
    exec(CELLS[exercise], scope)
    return scope


def rejected(exercise, *answer):
    verdict = check(exercise, *answer)
    assert not verdict
    assert verdict.sentence[-1] in ".?)" and "\n" not in verdict.sentence
    assert "stopped with" not in verdict.sentence
    return verdict.sentence


def test_every_exercise_has_a_check():
    assert sorted(CELLS) == sorted(
        name.replace("_", "-") for name in vars(language_models) if name.startswith("language_")
    )


@pytest.fixture(scope="module")
def plays():
    text = data.load("tiny-shakespeare")
    train, validation = data.split_text(text)
    return {"train": train, "validation": validation, "vocab": "".join(sorted(set(text)))}


@pytest.mark.parametrize(("exercise", "wrong"), WRONG)
def test_wrong_answers(exercise, wrong, plays):
    caught(SLUG, exercise, wrong, {**NAMES, **plays})


def test_chain_rule():
    exercise = "language-models-chain-rule"
    scope = run(exercise)
    assert check(exercise, scope["probability"], scope["perplexity_per_character"])
    assert check(exercise, 1 / 135, 2.667)
    assert check(exercise, torch.tensor(1 / 135), torch.tensor(135.0) ** 0.2)
    assert "number" in rejected(exercise, torch.ones(2), 2.667)


def test_shannon():
    exercise = "language-models-shannon"
    assert check(exercise, definition(exercise, "shannon_next"))
    index = rejected(exercise, lambda text, h, start: text[text.index(h, start) + len(h)])
    assert "shannon_next('banana bread', 'an', 6)" in index


def test_temperature():
    exercise = "language-models-temperature"
    solution = definition(exercise, "temperature_for")
    assert check(exercise, solution)
    assert check(exercise, lambda z, bits: torch.tensor(solution(z, bits)))
    assert "higher" in rejected(exercise, lambda z, bits: 1e-320)


def test_small_library(plays):
    exercise = "language-models-small-library"
    scope = run(exercise, **plays)
    assert scope["best_small_n"] == 4  # the wrong answers stand on it
    assert check(exercise, scope["best_small_n"], scope["its_loss"])
    assert "whole number" in rejected(exercise, 4, "low")


def test_kneser_ney():
    exercise = "language-models-kneser-ney"
    solution = definition(exercise, "KneserNey")
    assert check(exercise, solution)

    class Emptying(solution):
        """Right numbers, but the counts are used up."""

        def use(self, counts):
            super().use(NGram(counts.n, counts.vocab).fit(["to be or not to be"]))
            counts.rows.clear()
            return self

    assert "changes the counts" in rejected(exercise, Emptying)
    assert "class" in rejected(exercise, solution(3, " benort"))
