"""The machinery of the exercises' checks: one sentence for every answer."""

import importlib
import sys

import numpy as np
import pytest

from scratchlm import checks

TOY = """
def toy_chapter_sum(answer):
    if not isinstance(answer, int):
        return "Your answer should be a whole number."
    return None if answer == 7 else f"{answer} is not 3 + 4."

def toy_chapter_two(first, second):
    return None if first < second else "The first should be smaller."

def toy_chapter_call(function):
    return None if function(2) == 4 else "Two should become four."
"""


@pytest.fixture(autouse=True)
def toy(tmp_path, monkeypatch):
    """A module of checks for a chapter called toy-chapter, and one whose name is its beginning."""
    (tmp_path / "toy_chapter.py").write_text(TOY)
    (tmp_path / "toy.py").write_text("")
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield
    for name in ("toy", "toy_chapter"):
        sys.modules.pop(f"scratchlm.checks.{name}", None)
        vars(checks).pop(name, None)


def test_a_right_answer_is_true_and_says_so():
    verdict = checks.check("toy-chapter-sum", 7)
    assert verdict
    assert repr(verdict) == "✓ Correct."


def test_a_wrong_answer_is_false_and_says_why():
    verdict = checks.check("toy-chapter-sum", 8)
    assert not verdict
    assert repr(verdict) == "✗ 8 is not 3 + 4."
    assert checks.check("toy-chapter-sum", "7").sentence.startswith("Your answer should be")


def test_an_answer_may_have_several_parts():
    assert checks.check("toy-chapter-two", 1, 2)
    assert not checks.check("toy-chapter-two", 2, 1)
    assert "TypeError" in checks.check("toy-chapter-two", 1).sentence


@pytest.mark.parametrize("answer", [(), (...,), (None,), (1, ...)])
def test_no_answer_yet_is_no_error(answer):
    verdict = checks.check("toy-chapter-two", *answer)
    assert not verdict
    assert "no answer yet" in verdict.sentence


def test_a_function_that_fails_gives_a_sentence_not_a_traceback():
    verdict = checks.check("toy-chapter-call", lambda x: x / 0)
    assert not verdict
    assert "ZeroDivisionError" in verdict.sentence
    assert "\n" not in verdict.sentence


@pytest.mark.parametrize("name", ["toy-chapter-none", "nosuch-exercise", "", "toy-chapter", 3])
def test_an_unknown_exercise_is_refused_in_a_sentence(name):
    with pytest.raises(ValueError, match=r"There is no exercise .*; copy its id"):
        checks.check(name, 1)


def test_an_answer_may_be_an_array():
    assert checks.check("toy-chapter-call", lambda x: np.array(x * x))
    verdict = checks.check("toy-chapter-sum", np.array([1, 2]))
    assert verdict.sentence.startswith("Your answer should be")
