"""Checks of the chapters' sources: front matter, exercises, claims, glued numbers."""

import re
from collections import Counter
from pathlib import Path

from book import ROOT
from book.chapters import Page, pages, place

EXERCISE = re.compile(r"^`{3,}\{exercise(?:-start)?\}[^\n]*\n((?::.*\n)*)", re.M)
SOLUTION = re.compile(r"^`{3,}\{solution-start\} *(\S+)", re.M)
CHECK_CALL = re.compile(r"""^check\(\s*["']([\w-]+)["']""", re.M)
GLUED = re.compile(r"""\bglue\(\s*f?["']([^"']+)["']""")
GLUE_ROLE = re.compile(r"\{glue(?::\w+)?\}`([^`:]+)")


def problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with the chapters' sources, each with file and line."""
    found, slugs = [], {page.slug for page in pages(root)}
    for page in pages(root):
        found += exercise_problems(page, root) + glue_problems(page, root)
        if page.is_chapter:
            found += chapter_problems(page, slugs, root)
    return found


def _line(page: Page, position: int) -> int:
    return page.text.count("\n", 0, position) + 1


def chapter_problems(page: Page, slugs: set[str], root: Path) -> list[str]:
    """A chapter has a budget in seconds, prerequisites that exist, and claims that are checked."""
    found, where = [], place(page.path, 1, root)
    budget = page.book.get("budget")
    if not isinstance(budget, int | float) or budget <= 0:
        found.append(f"{where}: `book: budget:` must be a number of seconds, not {budget!r}.")
    for slug in page.book["prerequisites"] or []:
        if slug not in slugs:
            found.append(f"{where}: the prerequisite {slug!r} is no page in _toc.yml.")
    claims = [cell for cell in page.cells if "claim" in cell.tags]
    if not claims:
        found.append(f"{where}: no cell is tagged `claim`; assert what the prose says.")
    for cell in claims:
        if not re.search(r"^\s*assert ", cell.code, re.M):
            found.append(f"{place(page.path, cell.line, root)}: this claim cell asserts nothing.")
    return found


def exercise_problems(page: Page, root: Path = ROOT) -> list[str]:
    """Every exercise has a label, one solution, and one check call in its one answer cell."""
    found, labels = [], []
    for match in EXERCISE.finditer(page.text):
        label = re.search(r"^:label: *(\S+)", match[1], re.M)
        line = _line(page, match.start())
        if label is None:
            found.append(f"{place(page.path, line, root)}: this exercise has no `:label:`.")
        else:
            labels.append((label[1], line))
    solutions = Counter(SOLUTION.findall(page.text))
    answers = [cell for cell in page.cells if "answer" in cell.tags]
    checked = Counter(name for cell in answers for name in CHECK_CALL.findall(cell.code))
    for label, line in labels:
        where = place(page.path, line, root)
        if sum(other == label for other, _ in labels) > 1:
            found.append(f"{where}: the exercise label {label!r} stands more than once.")
        for what, count in (("solution", solutions[label]), ("check call", checked[label])):
            if count != 1:
                found.append(f"{where}: exercise {label} has {count} {what}s; it needs one.")
    for orphan in sorted((set(solutions) | set(checked)) - {label for label, _ in labels}):
        found.append(f"{place(page.path, 1, root)}: {orphan!r} answers no exercise of this page.")
    for cell in answers:
        if not re.search(r"^# BEGIN SOLUTION\n(.*\n)+?# END SOLUTION", cell.code, re.M):
            where = place(page.path, cell.line, root)
            found.append(f"{where}: this answer cell has no BEGIN/END SOLUTION region.")
    return found


def glue_problems(page: Page, root: Path = ROOT) -> list[str]:
    """Every number that the prose sets is glued by a cell of the page; names with {} match any."""
    patterns = [
        re.compile(re.sub(r"\\\{.*?\\\}", ".*", re.escape(name)) + r"\Z")
        for cell in page.cells
        for name in GLUED.findall(cell.code)
    ]
    return [
        f"{place(page.path, _line(page, role.start()), root)}: nothing glues {role[1].strip()!r}."
        for role in GLUE_ROLE.finditer(page.text)
        if not any(pattern.match(role[1].strip()) for pattern in patterns)
    ]
