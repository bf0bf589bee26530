"""What the book is made of: the table of contents, the pages' front matter and their code cells."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from book import ROOT, BookError, contents

NESTED = re.compile(r"^(`{4,}|~{3,}).*?^\1[`~]*\s*$", re.S | re.M)  # a block that shows blocks
FENCE = re.compile(r"^(?P<ticks>`{3,})\{code-cell\}.*$")


@dataclass(frozen=True)
class Cell:
    """A code cell of a page: its options, its code, and where it stands (line numbers from 1)."""

    path: Path
    line: int  # of the opening fence
    code_line: int  # of the first line of code
    end_line: int  # of the closing fence
    options: dict
    code: str

    @property
    def tags(self) -> list[str]:
        return self.options.get("tags", [])


@dataclass(frozen=True)
class Page:
    """A page in the table of contents."""

    docname: str  # the path without its ending, as Sphinx names it
    path: Path
    text: str
    front_matter: dict
    number: int | None = None  # of the chapter
    is_root: bool = False  # the first page of the site

    @property
    def slug(self) -> str:
        return self.docname.rsplit("/", 1)[-1]

    @property
    def book(self) -> dict:
        """The `book:` part of the front matter: budget, prerequisites, alone."""
        return self.front_matter.get("book", {})

    @property
    def executable(self) -> bool:
        return "kernelspec" in self.front_matter

    @property
    def of_the_book(self) -> bool:
        """The book's own pages lie in `chapters/`; the others are those of whoever teaches."""
        return self.docname.startswith(f"{contents.PAGES}/")

    @property
    def is_chapter(self) -> bool:
        """A chapter of the book states what it builds on; a front or back page does not."""
        return "prerequisites" in self.book or not (self.of_the_book or self.is_root)

    @cached_property
    def cells(self) -> list[Cell]:
        return code_cells(self.path, self.text)


def place(path: Path, line: int | None = None, root: Path = ROOT) -> str:
    """`path:line`, the path relative to the book's root where it lies below it."""
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown}:{line}" if line else str(shown)


def read_front_matter(path: Path, text: str) -> dict:
    """Return the YAML between the first two `---` lines; {} where there is none."""
    match = re.match(r"---\n(.*?)^---\n", text, re.S | re.M)
    try:
        found = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise BookError(f"{place(path, line)}: the front matter is not valid YAML.") from error
    if not isinstance(found, dict) or not isinstance(found.get("book", {}), dict):
        raise BookError(f"{place(path, 1)}: the front matter and its `book:` must be mappings.")
    return found


def code_cells(path: Path, text: str) -> list[Cell]:
    """Return the code cells of a page in order."""
    lines = text.splitlines()
    cells, at = [], 0
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence:
            ticks = fence["ticks"]
            after = range(at + 1, len(lines))
            end = next((i for i in after if lines[i].rstrip() == ticks), None)
            # a cell that is open still when the next one begins would swallow it
            if end is None or any(row.startswith(f"{ticks}{{") for row in lines[at + 1 : end]):
                raise BookError(f"{place(path, at + 1)}: this code cell is never closed.")
            options, start = _options(path, lines, at + 1, end)
            code = "\n".join(lines[start:end])
            cells.append(Cell(path, at + 1, start + 1, end + 1, options, code))
            at = end
        at += 1
    return cells


def _options(path: Path, lines: list[str], start: int, end: int) -> tuple[dict, int]:
    """Read a cell's options (`:key: value` lines or a `---` block); return them, the next line."""
    at = start
    if at < end and lines[at].strip() == "---":
        close = next((i for i in range(at + 1, end) if lines[i].strip() == "---"), end)
        block, at = "\n".join(lines[at + 1 : close]), min(close + 1, end)
    else:
        while at < end and re.match(r":[\w-]+:", lines[at]):
            at += 1
        block = "\n".join(line[1:] for line in lines[start:at])
    try:
        options = yaml.safe_load(block) or {}
    except yaml.YAMLError as error:
        raise BookError(f"{place(path, start)}: this cell's options are not valid YAML.") from error
    while at < end and not lines[at].strip():
        at += 1
    return options, at


def toc_problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with `_toc.yml`, each with its line."""
    return contents.problems(root)


def pages(root: Path = ROOT) -> list[Page]:
    """Return the pages in `_toc.yml`, in order; BookError when the list and the files disagree."""
    problems = toc_problems(root)
    if problems:
        raise BookError("\n".join(problems))
    found = [
        read_page(entry.docname, root, entry.number, entry.root) for entry in contents.read(root)
    ]
    wrong = [sentence for page in found for sentence in _form(page, root)]
    if wrong:
        raise BookError("\n".join(wrong))
    return found


def left_out(root: Path = ROOT) -> list[Page]:
    """Return the pages of `chapters/` that `_toc.yml` does not name."""
    return [read_page(name, root) for name in contents.left_out(root)]


def read_page(docname: str, root: Path, number: int | None = None, is_root: bool = False) -> Page:
    path = root / f"{docname}.md"
    text = path.read_text(encoding="utf-8")
    return Page(docname, path, text, read_front_matter(path, text), number, is_root)


def _form(page: Page, root: Path) -> list[str]:
    """Say what keeps a page with code from running."""
    jupytext = (page.front_matter.get("jupytext") or {}).get("text_representation") or {}
    known = jupytext.get("format_name") == "myst" or page.front_matter.get("file_format")
    if page.executable and not known:
        sentence = "beside `kernelspec:` the front matter needs `file_format: mystnb`."
        return [f"{place(page.path, 1, root)}: {sentence}"]
    shown = re.sub(NESTED, lambda block: "\n" * block[0].count("\n"), page.text)
    cells = [] if page.executable else code_cells(page.path, shown)
    if cells:
        where = place(page.path, cells[0].line, root)
        kernel = "kernelspec: {display_name: Python 3, language: python, name: python3}"
        return [
            f"{where}: to run code, the front matter needs `file_format: mystnb` and `{kernel}`."
        ]
    return []
