"""Inclusion: a `:from: scratchlm.module:Name` cell shows the source text of that object.

`sync` writes the text into the chapters, `problems` compares it: what a chapter shows is what runs
and what is tested, and every tool that reads the chapter sees plain code.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from book import ROOT, BookError, contents
from book.chapters import Cell, code_cells, place

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


@dataclass(frozen=True)
class Inclusion:
    """A `:from:` cell and the object that it names."""

    cell: Cell
    module: str
    name: str

    @property
    def target(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass(frozen=True)
class Source:
    """The text of an object and where it stands."""

    path: Path
    line: int
    text: str


def inclusions(path: Path, text: str | None = None) -> list[Inclusion]:
    """Return the `:from:` cells of a page, in order."""
    text = path.read_text(encoding="utf-8") if text is None else text
    found = []
    for cell in code_cells(path, text):
        target = cell.options.get("from")
        if target is None:
            continue
        module, colon, name = str(target).partition(":")
        if not (module and colon and name.isidentifier()):
            raise BookError(
                f"{place(path, cell.line)}: `:from: {target}` is not of the form module:Name."
            )
        found.append(Inclusion(cell, module.strip(), name.strip()))
    return found


def module_path(module: str, root: Path = ROOT) -> Path:
    """Return the file of a module under `code/`."""
    path = root / "code" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def objects(path: Path) -> dict[str, Source]:
    """Return the top-level functions, classes and constants of a module file, by name."""
    return _objects(path, path.read_text(encoding="utf-8"))


@cache
def _objects(path: Path, text: str) -> dict[str, Source]:
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text, str(path)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        else:
            continue
        first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", [])])
        source = Source(path, first, "\n".join(lines[first - 1 : node.end_lineno]))
        found.update(dict.fromkeys(names, source))
    return found


def find(inclusion: Inclusion, root: Path = ROOT) -> Source | None:
    """Return the source that an inclusion names, or None."""
    path = module_path(inclusion.module, root)
    return objects(path).get(inclusion.name) if path.is_file() else None


def chapter_files(root: Path = ROOT) -> list[Path]:
    """Return the book's chapters, also those left out of the contents, and the pages beside."""
    own = (root / f"{entry.docname}.md" for entry in contents.read(root))
    files = [path for path in own if path.is_file()]
    return sorted({*files, *(root / contents.PAGES).rglob("*.md")})


def sync(root: Path = ROOT) -> list[Path]:
    """Write the text of every included object into its cell; return the files that changed."""
    changed = []
    for path in chapter_files(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        before = list(lines)
        for inclusion in reversed(inclusions(path)):
            source = find(inclusion, root)
            if source is None:
                raise BookError(_missing(inclusion, root))
            cell = inclusion.cell
            # a blank line parts the options from the code
            start = cell.code_line - 1
            while start > cell.line and not lines[start - 1].strip():
                start -= 1
            lines[start : cell.end_line - 1] = ["", *source.text.splitlines()]
        if lines != before:
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            changed.append(path)
    return changed


def problems(root: Path = ROOT) -> list[str]:
    """Say which inclusions are missing, stale, twice there or unused, with file and line.

    Pages beside the book's own may show an object that a chapter shows as well.
    """
    found: list[str] = []
    seen: dict[str, Inclusion] = {}
    for path in chapter_files(root):
        included, beside = inclusions(path), not path.is_relative_to(root / contents.PAGES)
        for inclusion in included:
            found += _inclusion_problems(inclusion, {} if beside else seen, root)
            if not beside:
                seen.setdefault(inclusion.target, inclusion)
        found += _unused_in_chapter(path, included, root)
    return found + _never_shown(set(seen), root)


def _missing(inclusion: Inclusion, root: Path) -> str:
    where = place(inclusion.cell.path, inclusion.cell.line, root)
    file = place(module_path(inclusion.module, root), root=root)
    return (
        f"{where}: `:from: {inclusion.target}` names nothing: {file} has no top-level "
        f"{inclusion.name}; correct the name or remove the cell."
    )


def _inclusion_problems(inclusion: Inclusion, seen: dict, root: Path) -> list[str]:
    where = place(inclusion.cell.path, inclusion.cell.line, root)
    if inclusion.target in seen:
        first = seen[inclusion.target].cell
        return [
            f"{where}: {inclusion.target} is included twice, first at "
            f"{place(first.path, first.line, root)}; keep one."
        ]
    source = find(inclusion, root)
    if source is None:
        return [_missing(inclusion, root)]
    if source.text != inclusion.cell.code.rstrip():
        return [
            f"{where}: {inclusion.target} is stale: its text differs from "
            f"{place(source.path, source.line, root)}; run `make sync`."
        ]
    return []


def _unused_in_chapter(path: Path, included: list[Inclusion], root: Path) -> list[str]:
    cells = code_cells(path, path.read_text(encoding="utf-8"))
    return [
        f"{place(path, inclusion.cell.line, root)}: {inclusion.target} is unused: no other cell "
        f"of the chapter mentions {inclusion.name}; use it or remove the cell."
        for inclusion in included
        if not any(
            re.search(rf"\b{inclusion.name}\b", cell.code)
            for cell in cells
            if cell.line != inclusion.cell.line
        )
    ]


def infrastructure(root: Path = ROOT) -> tuple[str, ...]:
    """Return the modules that serve the chapters unexplained, as pyproject.toml lists them."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return tuple(settings.get("tool", {}).get("book", {}).get("infrastructure", []))


def teaching_modules(root: Path = ROOT) -> dict[str, Path]:
    """Return the modules that chapters explain, by name."""
    code = root / "code"
    names = {
        ".".join(path.relative_to(code).with_suffix("").parts): path
        for path in sorted((code / "scratchlm").rglob("*.py"))
        if path.name != "__init__.py"
    }
    serving = infrastructure(root)
    return {
        name: path
        for name, path in names.items()
        if not any(name == other or name.startswith(other + ".") for other in serving)
    }


def _never_shown(shown: set[str], root: Path) -> list[str]:
    return [
        f"{place(path, source.line, root)}: {module}:{name} is unused: no chapter includes it; "
        f"include it, make it private, or remove it."
        for module, path in teaching_modules(root).items()
        for name, source in objects(path).items()
        if not name.startswith("_")
        and not source.text.startswith(name)  # constants may serve without being shown
        and f"{module}:{name}" not in shown
    ]
