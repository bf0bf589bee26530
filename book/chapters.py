"""What the book is made of: the table of contents, the pages' front matter and their code cells."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from book import ROOT, BookError

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
    def is_chapter(self) -> bool:
        """A chapter states what it builds on; a front or back page does not."""
        return "prerequisites" in self.book

    @property
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
            end = next(
                (i for i in range(at + 1, len(lines)) if lines[i].rstrip() == fence["ticks"]), None
            )
            if end is None:
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


def toc_entries(root: Path = ROOT) -> list[str]:
    """Return the docnames in `_toc.yml`, in order."""
    try:
        toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BookError(f"_toc.yml cannot be read: {error}") from error

    def walk(node):
        if isinstance(node, dict):
            for key in ("root", "file"):
                if key in node:
                    yield re.sub(r"\.md$", "", str(node[key]))
            for key in ("parts", "chapters", "sections", "entries", "subtrees"):
                for child in node.get(key) or []:
                    yield from walk(child)

    return list(walk(toc))


def toc_problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with `_toc.yml`: missing files, entries there twice, pages left out."""
    entries = toc_entries(root)
    problems = [
        f"_toc.yml names {name}, but there is no {name}.md; correct the name or remove the entry."
        for name in dict.fromkeys(entries)
        if not (root / f"{name}.md").is_file()
    ]
    problems += [
        f"_toc.yml names {name} {count} times; keep one entry."
        for name, count in Counter(entries).items()
        if count > 1
    ]
    listed = set(entries)
    for path in sorted((root / "chapters").rglob("*.md")):
        name = path.relative_to(root).with_suffix("").as_posix()
        if name not in listed:
            problems.append(
                f"{name}.md is missing from _toc.yml; add it there or move it out of chapters/."
            )
    return problems


def pages(root: Path = ROOT) -> list[Page]:
    """Return the pages in `_toc.yml`, in order; BookError when the list and the files disagree."""
    problems = toc_problems(root)
    if problems:
        raise BookError("\n".join(problems))
    found = []
    for name in toc_entries(root):
        path = root / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        found.append(Page(name, path, text, read_front_matter(path, text)))
    return found
