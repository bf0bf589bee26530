"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import ast
import math
from collections import Counter, defaultdict
from fractions import Fraction

import torch

from book import ROOT
from book.chapters import code_cells
from scratchlm import data
from scratchlm.checks import check, language_models
from scratchlm.ngram import InterpolatedNGram, NGram, cross_entropy

CHAPTER = ROOT / "chapters" / "foundations" / "language-models.md"
CELLS = {
    cell.code.rsplit('check("', 1)[1].split('"')[0]: cell.code
    for cell in code_cells(CHAPTER, CHAPTER.read_text(encoding="utf-8"))
    if "answer" in cell.tags
}
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
    exec(compile(ast.Module([node], []), str(CHAPTER), "exec"), scope)
    return scope[name]


def run(exercise, **more):
    """Run a whole answer cell but its last line, the check; return its names."""
    scope = {**NAMES, **more}
    exec(CELLS[exercise].rsplit("check(", 1)[0], scope)
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


def test_chain_rule():
    exercise = "language-models-chain-rule"
    scope = run(exercise)
    assert check(exercise, scope["probability"], scope["perplexity_per_character"])
    assert check(exercise, 1 / 135, 2.667)
    assert check(exercise, torch.tensor(1 / 135), torch.tensor(135.0) ** 0.2)
    assert "first character" in rejected(exercise, 1 / 30, 30**0.25)
    assert "not 4/17" in rejected(exercise, Fraction(4, 17 * 30), 2)
    assert "impossible" in rejected(exercise, 0, 1)
    assert "multiply" in rejected(exercise, 0.5, 2.667)
    assert "fifth root" in rejected(exercise, 1 / 135, 135)
    assert "fourth root" in rejected(exercise, 1 / 135, 135**0.25)
    assert "in bits" in rejected(exercise, 1 / 135, 1.415)
    assert "in nats" in rejected(exercise, 1 / 135, 0.98)
    assert "geometric mean" in rejected(exercise, 1 / 135, 3)
    assert "number" in rejected(exercise, "1/135", 2.667)
    assert "number" in rejected(exercise, 1 / 135, [2.667])
    assert "number" in rejected(exercise, torch.ones(2), 2.667)


def test_shannon():
    exercise = "language-models-shannon"
    assert check(exercise, definition(exercise, "shannon_next"))

    def no_wrap(text, context, start):
        i = text.find(context, start, len(text) - 1)
        return "" if i < 0 else text[i + len(context)]

    def runs_off_the_end(text, context, start):
        i = text.find(context, start)
        i = text.find(context) if i < 0 else i
        return text[i + len(context) : i + len(context) + 1] if i >= 0 else ""

    def ignores_start(text, context, start):
        return no_wrap(text, context, 0)

    def returns_context(text, context, start):
        return context

    assert "beginning" in rejected(exercise, no_wrap)
    assert "end" in rejected(exercise, runs_off_the_end)
    assert "start" in rejected(exercise, ignores_start)
    rejected(exercise, returns_context)
    index = rejected(exercise, lambda text, h, start: text[text.index(h, start) + len(h)])
    assert "shannon_next('banana bread', 'an', 6)" in index and "ValueError" in index
    assert "function" in rejected(exercise, "a")


def test_temperature():
    exercise = "language-models-temperature"
    solution = definition(exercise, "temperature_for")
    assert check(exercise, solution)
    assert "nats" in rejected(exercise, lambda z, bits: solution(z, bits / math.log(2)))
    assert "bits" in rejected(exercise, lambda z, bits: 1 / solution(z, bits))
    assert check(exercise, lambda z, bits: torch.tensor(solution(z, bits)))
    assert "higher" in rejected(exercise, lambda z, bits: 1e-320)
    assert "lower" in rejected(exercise, lambda z, bits: torch.tensor(100.0))
    assert "positive" in rejected(exercise, lambda z, bits: -solution(z, bits))
    assert "positive" in rejected(exercise, lambda z, bits: "warm")
    assert "function" in rejected(exercise, 0.7)


def smaller_loss(part, text, n):
    vocab = "".join(sorted(set(text)))
    _, validation = data.split_text(text)
    return cross_entropy(InterpolatedNGram(n, vocab).fit([part]), [validation[:20_000]])


def test_small_library():
    exercise = "language-models-small-library"
    text = data.load("tiny-shakespeare")
    train, validation = data.split_text(text)
    scope = run(exercise, train=train, validation=validation, vocab="".join(sorted(set(text))))
    n, loss = scope["best_small_n"], scope["its_loss"]
    assert check(exercise, n, loss)
    assert "best" in rejected(exercise, n + 1, loss)
    assert "bits" in rejected(exercise, n, loss / math.log(2))
    assert "cross_entropy" in rejected(exercise, n, loss + 0.1)
    assert "on train[:30_000]" in rejected(exercise, n, smaller_loss(train[:30_000], text, n))
    assert "on text[-30_000:]" in rejected(exercise, n, smaller_loss(text[-30_000:], text, n))
    assert "InterpolatedNGram" in rejected(exercise, n - 1, 2.423)
    assert "from 1 to 6" in rejected(exercise, 7, loss)
    assert "whole number" in rejected(exercise, float(n), loss)
    assert "whole number" in rejected(exercise, n, "low")


def test_kneser_ney():
    exercise = "language-models-kneser-ney"
    solution = definition(exercise, "KneserNey")
    assert check(exercise, solution)

    class RawCounts(solution):
        """Discounts, but counts every occurrence at every length."""

        def use(self, counts):
            self.rows = counts.rows
            return self

    class EveryLength(solution):
        """Takes continuation counts from contexts that are too long."""

        def use(self, counts):
            super().use(counts)
            for context, row in counts.rows.items():
                if len(context) == self.n:
                    for character in row:
                        self.rows[context[1:]][character] += 1
            return self

    class NoDiscount(solution):
        def __init__(self, n, vocab, discount=0.75):
            super().__init__(n, vocab, 0.0)

    class Forgetful(solution):
        def use(self, counts):
            super().use(counts)

    class Emptying(solution):
        """Right numbers, but the counts are used up."""

        def use(self, counts):
            super().use(NGram(counts.n, counts.vocab).fit(["to be or not to be"]))
            counts.rows.clear()
            return self

    class Indexing(solution):
        """Right numbers, but asks with rows[h], which adds empty rows to the counts."""

        def use(self, counts):
            self.given = counts.rows
            return super().use(counts)

        def probability(self, target, context):
            self.given[context]
            return super().probability(target, context)

    assert ".get" in rejected(exercise, Indexing)
    assert "changes the counts" in rejected(exercise, Emptying)
    for wrong in (RawCounts, EveryLength, NoDiscount):
        assert "should be" in rejected(exercise, wrong)
    assert "return self" in rejected(exercise, Forgetful)
    assert "class" in rejected(exercise, solution(3, " benort"))
    assert "class" in rejected(exercise, 1.54)
