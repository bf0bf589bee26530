"""What the pages of the contents use: works, data sets, and what each page says of itself."""

import re
from pathlib import Path

from book import ROOT
from book.chapters import Page, pages

CITE = re.compile(r"\{(?:foot)?cite:\w+\}`([^`]+)`")
LOAD = r"\bload\(\s*[\"']{name}[\"']"
RECIPE = re.compile(r"scratchlm\.recipes(?:\.| import )(\w+)")


def works_cited(root: Path = ROOT) -> set[str]:
    """Return the keys of the works that the pages cite."""
    keys = (
        key for page in pages(root) for found in CITE.findall(page.text) for key in found.split(",")
    )
    return {key.strip() for key in keys}


def chapters(root: Path = ROOT) -> list[Page]:
    """Return the chapters in order: the book's, numbered pages, and pages beside the book's."""
    return [page for page in pages(root) if page.is_chapter or page.number]


def codes(root: Path = ROOT) -> dict[str, str]:
    """Return the code of the pages that run, with that of the recipes which they import."""
    return {page.docname: _code(page, root) for page in pages(root) if page.executable}


def pages_that_load(name: str, codes: dict[str, str]) -> list[str]:
    """Return the pages whose code loads a data set, by itself or through a recipe."""
    load = re.compile(LOAD.format(name=re.escape(name)))
    return [docname for docname, code in codes.items() if load.search(code)]


def _code(page: Page, root: Path) -> str:
    code = "\n".join(cell.code for cell in page.cells)
    folder = root / "code" / "scratchlm" / "recipes"
    files = [folder / f"{name}.py" for name in RECIPE.findall(code)]
    return "\n".join([code, *(f.read_text(encoding="utf-8") for f in files if f.is_file())])
