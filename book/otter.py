"""Questions as Otter Assign reads them: raw cells around statement, solution and tests.

Tests are functions (`ok_format: false`): an argument is what the notebook calls by its name.
"""

import builtins
import symtable
from textwrap import indent

import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell


def beginning(slug: str) -> list:
    """Return the cells at the beginning of a notebook: the configuration of the assignment."""
    settings = {"name": slug, "tests": {"ok_format": False}, "export_cell": {"pdf": False}}
    return [raw("ASSIGNMENT CONFIG", settings)]


def cells(question) -> list:
    """Return the cells of a question."""
    essay = bool(question.model)
    settings = {"name": question.label, "points": question.points}
    settings |= {"manual": True} if essay else {"all_or_nothing": True}
    answer = new_markdown_cell(question.model) if essay else new_code_cell(question.code)
    tests = [] if essay else [test("test_public", question.test)]
    if question.hidden:
        tests.append(test("test_hidden", question.hidden, hidden=True))
    return [
        raw("BEGIN QUESTION", settings),
        new_markdown_cell(question.statement),
        raw("BEGIN SOLUTION"),
        answer,
        raw("END SOLUTION"),
        *([raw("BEGIN TESTS"), *tests, raw("END TESTS")] if tests else []),
        raw("END QUESTION"),
    ]


def raw(mark: str, settings: dict | None = None):
    """Return a raw cell with a mark and, below it, settings in YAML."""
    text = yaml.safe_dump(settings, sort_keys=False) if settings else ""
    return new_raw_cell(f"# {mark}\n{text}".rstrip())


def test(name: str, code: str, hidden: bool = False):
    """Return a test cell: a function whose arguments are the names that it takes from outside."""
    function = f"def {name}({', '.join(free_names(code))}):\n{indent(code, '    ')}"
    return new_code_cell(f"# HIDDEN\n{function}" if hidden else function)


def free_names(code: str) -> list[str]:
    """Return the names that code takes from the notebook: used in it, but bound neither in it
    nor by Python.
    """
    body = symtable.symtable(f"def body():\n{indent(code, '    ')}", "test", "exec")
    found, waiting = set(), body.get_children()
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        found |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
    return sorted(name for name in found if not hasattr(builtins, name))
