"""Plausible wrong answers to the exercises of a chapter: checks and graders must catch them.

`tests/wrong/<slug>.py` has a dictionary `WRONG` from the id of an exercise to its wrong answers.
The first ones of each exercise are also graded by nbgrader and Otter-Grader.
"""

import ast
import importlib
from dataclasses import dataclass
from functools import cache

from book import ROOT, answers
from book.chapters import Page, pages
from book.exercises import exercises
from scratchlm.checks import check


@dataclass(frozen=True)
class Wrong:
    """Code in the place of a solution, and a piece of the sentence that the check answers with.

    An answer without a hint is one that the check takes: only the hidden test finds it wrong.
    `extends` puts the definitions of the solution before the code.
    """

    code: str
    hint: str = ""
    extends: bool = False


def page_of(slug: str) -> Page:
    return next(page for page in pages(ROOT) if page.slug == slug)


def known() -> list[str]:
    """Return the slugs of the chapters that have wrong answers."""
    files = sorted((ROOT / "tests" / "wrong").glob("*.py"))
    return [file.stem.replace("_", "-") for file in files if file.stem != "answers"]


def wrong_answers(slug: str) -> dict[str, list[Wrong]]:
    return importlib.import_module(f"tests.wrong.{slug.replace('-', '_')}").WRONG


@cache
def cells(slug: str) -> dict[str, tuple[str, str]]:
    """Return the answer cells of a chapter by exercise: solution, and call of the check."""
    found = exercises(page_of(slug)).values()
    return {e.label: answers.parted(e.answer.code) for e in found if not e.essay}


def solution(slug: str, exercise: str, name: str, scope: dict):
    """Return what a solution calls `name`; only its imports and this definition are run."""
    code, _ = cells(slug)[exercise]
    nodes = [n for n in ast.parse(code).body if isinstance(n, ast.Import) or name in named(n)]
    scope = dict(scope)
    exec(compile(ast.Module(nodes, []), exercise, "exec"), scope)
    return scope[name]


def named(node: ast.stmt) -> list[str]:
    """Return the names that a definition, or an assignment to a name, gives."""
    targets = node.targets if isinstance(node, ast.Assign) else [node]
    return [getattr(target, "id", getattr(target, "name", None)) for target in targets]


def tries(slug: str) -> list[tuple[str, Wrong]]:
    """Return every wrong answer to a chapter's exercises with its exercise."""
    return [(exercise, wrong) for exercise, found in wrong_answers(slug).items() for wrong in found]


def code_of(slug: str, exercise: str, wrong: Wrong) -> str:
    """Return the whole code of a wrong answer."""
    if not wrong.extends:
        return wrong.code
    solution, _ = cells(slug)[exercise]
    defined = [n for n in ast.parse(solution).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return "\n\n".join([*map(ast.unparse, defined), wrong.code])


def verdict(slug: str, exercise: str, code: str, scope: dict):
    """Run code in the place of a solution and return what the check says."""
    _, call = cells(slug)[exercise]
    scope = {**scope, "check": check}
    exec(code, scope)
    return eval(call, scope)


def caught(slug: str, exercise: str, wrong: Wrong, scope: dict) -> None:
    """Assert that the check answers a wrong answer with a helpful sentence, if it is to see it."""
    found = verdict(slug, exercise, code_of(slug, exercise, wrong), scope)
    assert bool(found) == (not wrong.hint), found
    if wrong.hint:
        assert wrong.hint in found.sentence
        assert found.sentence[-1] in ".?)" and "\n" not in found.sentence
        assert "stopped with" not in found.sentence
