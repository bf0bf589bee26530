"""A page's source as it is offered: without hidden tests, without solutions not yet released."""

from pathlib import Path

from book import ROOT, BookError
from book.chapters import Page, code_cells, place
from book.exercises import behind
from book.labels import body_of, directive, parser


def spans(page: Page) -> list[tuple[int, int]]:
    """Return the lines of every solution of a page, from 0: first, one after the last."""
    found, start = [], None
    for token in parser().parse(body_of(page)):
        block = directive(token) if token.map else None
        if block is None:
            continue
        if block.name == "solution-start" and start is None:
            start = token.map[0]
        elif block.name == "solution-end" and start is not None:
            found.append((start, token.map[1]))
            start = None
        elif block.name == "solution" and start is None:
            found.append(tuple(token.map))
    if start is not None:
        found.append((start, page.text.count("\n") + 1))
    return found


def without(page: Page, line: str, root: Path = ROOT) -> str:
    """Return a page's text with `line` in the place of each solution and what computes it.

    BookError where an answer stands outside of a solution: it would be shown.
    """
    lines = page.text.splitlines()
    for first, last in reversed(spans(page)):
        lines[first : max([last, *(cell.end_line for cell in behind(page, last))])] = [line]
    text = "\n".join(lines) + "\n"
    if any("answer" in cell.tags for cell in code_cells(page.path, text)):
        answer = next(cell for cell in page.cells if "answer" in cell.tags and _outside(page, cell))
        where = place(page.path, answer.line, root)
        raise BookError(f"{where}: this answer stands outside of a solution; put it into one.")
    return text


def without_hidden_tests(page: Page, text: str) -> str:
    """Return a page's text without the cells that only graders run."""
    lines = text.splitlines()
    for cell in reversed(code_cells(page.path, text)):
        if "hidden-test" in cell.tags:
            del lines[cell.line - 1 : cell.end_line]
    return "\n".join(lines) + "\n"


def _outside(page: Page, cell) -> bool:
    return not any(first < cell.line <= last for first, last in spans(page))
