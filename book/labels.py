"""What a page's text can refer to: chapters, sections, figures, exercises, equations, works.

Numbers and titles are read from the pages' sources, so they are there for whatever is written
from a page besides the site.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from book import ROOT, BookError
from book.chapters import Page, pages

DIRECTIVE = re.compile(r"\{([\w:-]+)\}[ \t]*(.*)")
# directives that Sphinx numbers, with the option that names them
NUMBERED = {"figure": "name", "table": "name", "math": "label", "exercise": "label"}


@dataclass(frozen=True)
class Label:
    """A place that can be referred to; `text` is how a reference without words of its own reads."""

    docname: str
    text: str
    number: str = ""


@dataclass
class Directive:
    """A fenced block with a name in braces."""

    name: str
    argument: str
    options: dict
    body: str
    body_line: int  # lines from the fence to the body's first line


@cache
def parser():
    """Return the parser of the book's Markdown, with the extensions that _config.yml switches on.

    Typographic quotes are left out: they would change the text that is searched for.
    """
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    extensions = set(settings["parse"]["myst_enable_extensions"]) - {"smartquotes"}
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def directive(token) -> Directive | None:
    """Read a fence token as a directive; None if it is a plain block of code."""
    found = DIRECTIVE.match(token.info) if token.type in ("fence", "colon_fence") else None
    if found is None:
        return None
    lines, at = token.content.splitlines(), 0
    if lines and lines[0].strip() == "---":
        at = next((i for i in range(1, len(lines)) if lines[i].strip() == "---"), len(lines) - 1)
        options = yaml.safe_load("\n".join(lines[1:at])) or {}
        at += 1
    else:
        while at < len(lines) and re.match(r":[\w-]+:", lines[at]):
            at += 1
        pairs = (re.match(r":([\w-]+):\s*(.*)", line) for line in lines[:at])
        options = {pair[1]: pair[2].strip() for pair in pairs}
    return Directive(found[1], found[2].strip(), options, "\n".join(lines[at:]), at + 1)


def body_of(page: Page) -> str:
    """Return a page's text with its front matter blanked out, every line in its place."""
    front = re.match(r"---\n.*?^---\n", page.text, re.S | re.M)
    return "\n" * front[0].count("\n") + page.text[front.end() :] if front else page.text


def chapter_numbers(root: Path = ROOT) -> dict[str, int]:
    """Return the numbers of the chapters by docname: the parts marked `numbered` count on."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    numbered = [part for part in toc.get("parts", []) if part.get("numbered")]
    files = [chapter["file"] for part in numbered for chapter in part.get("chapters", [])]
    return {str(file).removesuffix(".md"): number for number, file in enumerate(files, 1)}


class Labels:
    """The labels of all pages, and the addresses of the site and of the repository."""

    def __init__(self, root: Path = ROOT):
        self.root = root
        self.found: dict[str, Label] = {}
        self.titles: dict[str, str] = {}
        numbers = chapter_numbers(root)
        for page in pages(root):
            self._read(page, numbers.get(page.docname))

    def _read(self, page: Page, chapter: int | None) -> None:
        counts, waiting = dict.fromkeys(NUMBERED, 0), []
        cells = {cell.line: cell for cell in page.cells}
        tokens = parser().parse(body_of(page))

        def number(kind: str) -> str:
            counts[kind] += 1
            return f"{chapter}.{counts[kind]}" if chapter else str(counts[kind])

        for at, token in enumerate(tokens):
            if token.type == "myst_target":
                waiting.append(token.content)
            elif token.type == "heading_open":
                title = plain(tokens[at + 1])
                self.titles.setdefault(page.docname, title)
                self.found.update({name: Label(page.docname, title) for name in waiting})
                waiting = []
            elif token.type == "math_block_label":
                self._note(page, token.info, "math", number("math"))
            elif (block := directive(token)) is not None:
                self._read_block(page, block, cells.get(token.map[0] + 1), number)
        self.found.update({n: Label(page.docname, self.titles[page.docname]) for n in waiting})

    def _read_block(self, page: Page, block: Directive, cell, number) -> None:
        figure = (cell.options.get("mystnb") or {}).get("figure") if cell else None
        if figure:
            self._note(page, figure.get("name"), "figure", number("figure"))
        elif block.name in NUMBERED and "nonumber" not in block.options:
            label = block.options.get(NUMBERED[block.name])
            if label or block.name != "math":
                self._note(page, label, block.name, number(block.name))

    def _note(self, page: Page, name: str | None, kind: str, number: str) -> None:
        text = f"({number})" if kind == "math" else f"{kind.capitalize()} {number}"
        if name:
            self.found[name] = Label(page.docname, text, number)

    def __getitem__(self, name: str) -> Label:
        if name not in self.found:
            raise BookError(f"nothing is labelled {name!r}")
        return self.found[name]

    @cached_property
    def settings(self) -> dict:
        path = self.root / "_config.yml"
        return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}) or {}

    @property
    def site(self) -> str:
        """The address of the site without a slash at its end, or nothing."""
        return ((self.settings.get("html") or {}).get("baseurl") or "").rstrip("/")

    def address(self, docname: str, anchor: str = "") -> str:
        """Return the address of a place on the site, or nothing where the site has none."""
        return f"{self.site}/{docname}.html{'#' if anchor else ''}{anchor}" if self.site else ""

    def package(self) -> str:
        """Return what pip installs the package from, or nothing where no repository is known."""
        actions = os.environ if os.environ.get("GITHUB_ACTIONS") else {}
        server, name = actions.get("GITHUB_SERVER_URL"), actions.get("GITHUB_REPOSITORY")
        known = self.settings.get("repository") or {}
        url = f"{server}/{name}" if name else (known.get("url") or "")
        commit = actions.get("GITHUB_SHA") or head(self.root) or known.get("branch") or "main"
        url = url.rstrip("/").removesuffix(".git")
        return (
            f"{url}/archive/{commit}.zip"
            if "://github.com/" in url
            else url and (f"git+{url}@{commit}")
        )


def head(root: Path) -> str:
    """Return the commit that is checked out, or nothing."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def plain(inline) -> str:
    """Return the words of an inline token."""
    words = {"text", "code_inline", "math_inline"}
    found = ""
    for child in inline.children or []:
        if child.type == "myst_role":
            found += re.sub(r"\s*<[^<>]*>$", "", child.content)
        elif child.type in words:
            found += f"${child.content}$" if child.type == "math_inline" else child.content
        elif child.type == "softbreak":
            found += " "
    return found
