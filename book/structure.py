"""Checks of the chapters' sources: front matter, exercises, claims, glued numbers."""

import re
from pathlib import Path

from book import ROOT, exercises
from book.chapters import Page, left_out, pages, place

ORDER = re.compile(
    r"\b(?:the|this|our)\s+(?:next|last|previous|following|preceding)\s+chapters?\b"
    r"|\b(?:a|one|two|three|four|five|some|\d+)\s+chapters?\s+(?:ago|earlier|later|back)\b",
    re.I,
)
GLUED = re.compile(r"""\bglue\(\s*f?["']([^"']+)["']""")
GLUE_ROLE = re.compile(r"\{glue(?::\w+)?\}`([^`:]+)")
WIDGET = re.compile(r"^`{3,}\{widget\} \S+\n((?::.*\n)*)", re.M)
WIDGET_DATA = re.compile(r"^:(data|file): *(\S+)", re.M)


def problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with the chapters' sources, each with file and line."""
    here = pages(root)
    found = exercises.all_problems(here, root)
    slugs = {page.slug for page in [*here, *left_out(root)]}
    for page in here:
        found += glue_problems(page, root) + widget_problems(page, root)
        found += prerequisite_problems(page, slugs, root)
        if page.is_chapter and page.of_the_book:
            found += chapter_problems(page, root) + order_problems(page, root)
    return found


def widget_problems(page: Page, root: Path = ROOT) -> list[str]:
    """A widget stands below the cell that glues its data: a notebook runs from top to bottom."""
    found = []
    for widget in WIDGET.finditer(page.text):
        line = _line(page, widget.start())
        above = {key for c in page.cells if c.line < line for key in GLUED.findall(c.code)}
        for option, key in WIDGET_DATA.findall(widget[1]):
            if key not in above:
                where = place(page.path, line, root)
                found.append(f"{where}: no cell above this widget glues its {option}, {key!r}.")
    return found


def _line(page: Page, position: int) -> int:
    return page.text.count("\n", 0, position) + 1


def prerequisite_problems(page: Page, slugs: set[str], root: Path) -> list[str]:
    """What a chapter builds on exists, in this selection or left out of it."""
    return [
        f"{place(page.path, 1, root)}: the prerequisite {slug!r} is no page of this book."
        for slug in page.book.get("prerequisites") or []
        if slug not in slugs
    ]


def order_problems(page: Page, root: Path = ROOT) -> list[str]:
    """A chapter names the chapters that it refers to: which one comes next is for `_toc.yml`."""
    return [
        f"{place(page.path, _line(page, found.start()), root)}: {' '.join(found[0].split())!r} "
        f"holds in one order of the chapters only; name the chapter."
        for found in ORDER.finditer(page.text)
    ]


def chapter_problems(page: Page, root: Path) -> list[str]:
    """A chapter of the book has a budget in seconds, and claims that are checked."""
    found, where = [], place(page.path, 1, root)
    budget = page.book.get("budget")
    if not isinstance(budget, int | float) or budget <= 0:
        found.append(f"{where}: `book: budget:` must be a number of seconds, not {budget!r}.")
    claims = [cell for cell in page.cells if "claim" in cell.tags]
    if not claims:
        found.append(f"{where}: no cell is tagged `claim`; assert what the prose says.")
    for cell in claims:
        if not re.search(r"^\s*assert ", cell.code, re.M):
            found.append(f"{place(page.path, cell.line, root)}: this claim cell asserts nothing.")
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
