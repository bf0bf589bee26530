"""The exercises of a page: statement, points, solution, answer cell, hidden tests.

An exercise is answered in code, which a check judges, or is an essay (`:class: essay`), which a
person reads.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from book import ROOT
from book.chapters import Cell, Page, place

FENCE = re.compile(r"^(`{3,}|:{3,})\{(exercise|solution-start|solution-end)\}[ \t]*(.*)$")
CHECK_CALL = re.compile(r"""^check\(\s*["']([\w-]+)["']""", re.M)
REGION = re.compile(r"^# BEGIN SOLUTION\n(.*\n)+?# END SOLUTION", re.M)


@dataclass
class Block:
    """A directive of an exercise; lines count from 1, `end` is 0 for a block never closed."""

    name: str
    argument: str
    line: int
    end: int
    options: dict


@dataclass
class Exercise:
    """An exercise; `first` and `last` are the lines of `{solution-start}` and `{solution-end}`."""

    label: str
    line: int
    points: float
    essay: bool
    first: int = 0
    last: int = 0
    solution_line: int = 0  # the first line after the `{solution-start}` block
    cells: list[Cell] = field(default_factory=list)  # the code cells of the solution
    behind: list[Cell] = field(default_factory=list)  # hidden cells directly after the solution

    @property
    def answer(self) -> Cell | None:
        """The cell that is answered in; None for an essay."""
        return next((cell for cell in self.cells if "answer" in cell.tags), None)

    @property
    def hidden(self) -> list[Cell]:
        """The cells whose tests only graders see."""
        return [cell for cell in self.cells if "hidden-test" in cell.tags]


def blocks(page: Page) -> list[Block]:
    """Return the directives of a page's exercises in order."""
    lines, found = page.text.splitlines(), []
    for at, line in enumerate(lines):
        if match := FENCE.match(line):
            end = _closing(lines, at, match[1])
            pairs = (re.match(r":([\w-]+):\s*(.*)", row) for row in lines[at + 1 : end or at + 1])
            options = {}
            for pair in pairs:
                if pair is None:
                    break
                options[pair[1]] = pair[2].strip()
            found.append(Block(match[2], match[3].strip(), at + 1, end, options))
    return found


def _closing(lines: list[str], at: int, ticks: str) -> int:
    """Return the line (from 1) that closes the block opened at index `at`, or 0."""
    for number, line in enumerate(lines[at + 1 :], at + 2):
        if re.fullmatch(re.escape(ticks[0]) + f"{{{len(ticks)},}}", line.rstrip()):
            return number
        if FENCE.match(line):
            return 0
    return 0


def points_of(options: dict) -> float | None:
    """Return the points of an exercise, 1 if it states none; None if they are no number above 0."""
    try:
        points = float(options.get("points", 1))
    except ValueError:
        return None
    if not (isfinite(points) and points > 0):
        return None
    return int(points) if points == int(points) else points


def exercises(page: Page) -> dict[str, Exercise]:
    """Return the exercises of a page in which `problems` finds nothing, by label."""
    found: dict[str, Exercise] = {}
    solved = None
    for block in blocks(page):
        label = block.options.get("label", "")
        if block.name == "exercise":
            essay = "essay" in block.options.get("class", "").split()
            found[label] = Exercise(label, block.line, points_of(block.options) or 1, essay)
        elif block.name == "solution-start" and block.argument in found:
            solved = found[block.argument]
            solved.first, solved.solution_line = block.line, block.end + 1
        elif block.name == "solution-end" and solved:
            solved.last, solved.behind = block.line, behind(page, block.end)
            solved = None
    for exercise in found.values():
        exercise.cells = [c for c in page.cells if exercise.first < c.line < exercise.last]
    return found


def behind(page: Page, end: int) -> list[Cell]:
    """Return the hidden cells directly after line `end` (from 1), with which a solution ends.

    They work out what the solution says, so whoever does not get it does not get them.
    """
    lines, found = page.text.splitlines(), []
    for cell in page.cells:
        gap = "".join(lines[end : cell.line - 1])
        if cell.line > end and "remove-cell" in cell.tags and not gap.strip():
            found.append(cell)
            end = cell.end_line
    return found


def all_problems(pages: list[Page], root: Path = ROOT) -> list[str]:
    """Say what is wrong with the exercises of all pages, each with file and line."""
    places: dict[str, str] = {}
    found = []
    for page in pages:
        for label, line in _labels(page):
            where = place(page.path, line, root)
            if label in places:
                first = places[label]
                found.append(f"{where}: the exercise label {label!r} stands at {first}, too.")
            places.setdefault(label, where)
    return found + [said for page in pages for said in problems(page, root, places)]


def _labels(page: Page) -> list[tuple[str, int]]:
    """Return the labels of a page's exercises, with the line of each."""
    stated = [block for block in blocks(page) if block.name == "exercise"]
    return [(block.options["label"], block.line) for block in stated if "label" in block.options]


def problems(page: Page, root: Path = ROOT, elsewhere: dict | None = None) -> list[str]:
    """Say what is wrong with a page's exercises; `elsewhere` says where every label stands."""
    found = blocks(page)
    sentences = [
        (block.line, f"this {{{block.name}}} is never closed; end it with a line of backticks.")
        for block in found
        if not block.end
    ]
    if not sentences:  # otherwise nothing after the open block is what it seems
        sentences = _statements(found) + _solutions(found, elsewhere or {})
        sentences += _cells(page) + _answers(exercises(page))
    return [f"{place(page.path, line, root)}: {sentence}" for line, sentence in sorted(sentences)]


def _statements(found: list[Block]) -> list[tuple[int, str]]:
    """Every exercise has a label, points above 0, and one solution."""
    said = []
    stated = [block for block in found if block.name == "exercise"]
    labels = {block.options.get("label") for block in stated}
    solutions = Counter(block.argument for block in found if block.name == "solution-start")
    astray = set(solutions) - labels  # these are named by `_solutions`
    for block in stated:
        label = block.options.get("label")
        if not label:
            said.append((block.line, "this exercise has no `:label:`."))
            continue
        count = solutions[label]
        if count != 1 and not (count == 0 and astray):
            said.append((block.line, f"exercise {label} has {count} solutions; it needs one."))
        if points_of(block.options) is None:
            points = block.options["points"]
            wanted = (
                f"exercise {label} needs a number above 0, such as `:points: 2`, not {points!r}"
            )
            said.append((block.line, wanted + "."))
    return said


def _solutions(found: list[Block], elsewhere: dict) -> list[tuple[int, str]]:
    """A solution follows its exercise, on the same page, and ends."""
    said, opened, before = [], None, set()
    endless = "the solution of {} has no {{solution-end}}."
    labels = {block.options.get("label") for block in found if block.name == "exercise"}
    for block in found:
        name = block.argument
        if block.name == "exercise":
            before.add(block.options.get("label"))
        if block.name != "solution-end" and opened:
            said.append((opened.line, endless.format(opened.argument)))
        if block.name == "solution-end" and not opened:
            said.append((block.line, "this {solution-end} ends no solution."))
        opened = block if block.name == "solution-start" else None
        if opened and name not in labels and None not in labels:
            where = f"; that one stands at {elsewhere[name]}" if name in elsewhere else ""
            said.append((block.line, f"{name!r} is no exercise of this page{where}."))
        elif opened and name in labels - before:
            said.append((block.line, f"this solution stands before its exercise {name}."))
    if opened:
        said.append((opened.line, endless.format(opened.argument)))
    return said


def _cells(page: Page) -> list[tuple[int, str]]:
    """Answer cells and hidden tests stand in solutions; a hidden test asserts something."""
    said = []
    inside = _solution_lines(page)
    for cell in page.cells:
        for tag, what in (("answer", "answer cell"), ("hidden-test", "hidden test")):
            if tag in cell.tags and cell.line not in inside:
                said.append((cell.line, f"this {what} stands outside of a solution."))
        if "answer" in cell.tags and not REGION.search(cell.code):
            said.append((cell.line, "this answer cell has no BEGIN/END SOLUTION region."))
        if "hidden-test" in cell.tags:
            if "remove-cell" not in cell.tags:
                said.append((cell.line, "this hidden test shows: tag it `remove-cell`, too."))
            if not re.search(r"^\s*assert ", cell.code, re.M):
                said.append((cell.line, "this hidden test asserts nothing."))
    return said


def _solution_lines(page: Page) -> set[int]:
    """Return the lines of a page within solutions, whatever they answer."""
    starts = [block.line for block in blocks(page) if block.name == "solution-start"]
    ends = [block.line for block in blocks(page) if block.name == "solution-end"]
    return {line for start, end in zip(starts, ends) for line in range(start, end)}


def _answers(found: dict[str, Exercise]) -> list[tuple[int, str]]:
    """A solution in code has one answer cell with one call of its check; an essay has no code."""
    said = []
    for label, exercise in found.items():
        if exercise.essay:
            said += [
                (cell.line, f"exercise {label} is an essay: its solution has prose and no cells.")
                for cell in exercise.cells
            ]
            continue
        answers = [cell for cell in exercise.cells if "answer" in cell.tags]
        calls = [(cell, name) for cell in answers for name in CHECK_CALL.findall(cell.code)]
        said += [
            (cell.line, f"this cell checks {name!r} in the solution of {label!r}.")
            for cell, name in calls
            if name != label
        ]
        what, count = ("check call", len(calls)) if answers else ("answer cell", 0)
        if len(answers) > 1:
            what, count = "answer cell", len(answers)
        if count != 1 and exercise.last:
            said.append((exercise.line, f"exercise {label} has {count} {what}s; it needs one."))
    return said
