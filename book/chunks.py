"""Cuts a page's prose into the pieces that become Markdown cells."""

from dataclasses import dataclass

from book.chapters import Page
from book.labels import Directive, body_of, directive, parser


@dataclass
class Chunk:
    """A run of a page's prose that becomes one Markdown cell; `line` is its first, from 1."""

    line: int
    text: str
    solution: str = ""  # the label of the exercise that it solves
    widget: Directive | None = None
    exercise: str = ""  # the label of the exercise that it states


def chunks(page: Page, first: int, last: int, solution: str = "") -> tuple[list[Chunk], str]:
    """Cut lines first…last of a page (from 1) at headings, exercises, widgets and solutions.

    `solution` is the exercise in whose solution the lines begin; the one in which they end is
    returned beside the chunks.
    """
    cutter = _Cutter(first, body_of(page).splitlines()[first - 1 : last], solution)
    for token in parser().parse("\n".join(cutter.lines)):
        if token.level == 0 and token.map:
            cutter.see(token)
    cutter.cut(len(cutter.lines))
    return cutter.found, cutter.solution


class _Cutter:
    """Remembers where the present chunk begins while it goes through a page's blocks."""

    def __init__(self, first: int, lines: list[str], solution: str):
        self.first, self.lines, self.solution = first, lines, solution
        self.found: list[Chunk] = []
        self.start = 0
        self.target = None  # the line of a target: it belongs to what follows it

    def see(self, token) -> None:
        """Cut before a block, after it or around it, if it is one to cut at."""
        block = directive(token)
        if token.type == "myst_target":
            self.target = token.map[0] if self.target is None else self.target
            return
        if token.type == "heading_open":
            self.cut(token.map[0] if self.target is None else self.target)
        elif block and block.name in ("solution-start", "solution-end"):
            self.cut(token.map[0])
            self.start = token.map[1]
            self.solution = block.argument if block.name == "solution-start" else ""
        elif block and block.name in ("exercise", "widget"):
            self.cut(token.map[0])
            self.cut(token.map[1], block)
        self.target = None

    def cut(self, end: int, block: Directive | None = None) -> None:
        """End the present chunk before line `end`; `block` is what it consists of."""
        text = "\n".join(self.lines[self.start : end])
        if text.strip():
            line = self.first + self.start
            widget = block if block and block.name == "widget" else None
            stated = block and block.name == "exercise" and block.options.get("label")
            self.found.append(Chunk(line, text, self.solution, widget, stated or ""))
        self.start = end
