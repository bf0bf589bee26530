"""What a page's text can refer to: chapters, sections, figures, exercises, equations, works.

Numbers and titles are read from the pages' sources, so they are there for whatever is written
from a page besides the site.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml
from docutils import nodes
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from book import ROOT, BookError, glossary, repository
from book.chapters import Page, left_out, pages

DIRECTIVE = re.compile(r"\{([\w:-]+)\}[ \t]*(.*)")
GLOSSARY = "chapters/appendices/glossary"
# directives that Sphinx numbers, with the option that names them
NUMBERED = {"figure": "name", "table": "name", "math": "label", "exercise": "label"}


@dataclass(frozen=True)
class Label:
    """A place that can be referred to; `text` is how a reference without words of its own reads.

    One on a page that `_toc.yml` leaves out has no number.
    """

    docname: str
    text: str
    number: str = ""
    left_out: bool = False
    kind: str = "section"


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


class Labels:
    """The labels of all pages, and where they are on the site."""

    def __init__(self, root: Path = ROOT, selected: bool = True):
        self.root = root
        self.found: dict[str, Label] = {}
        self.titles: dict[str, str] = {}
        self.terms: dict[str, str] = {}  # what a glossary defines → its page
        self.counts: Counter = Counter()  # numbers run on from page to page within a chapter
        self.left_out = {page.docname: page for page in left_out(root)}
        for page in pages(root) if selected else []:
            self._read(page)
        for page in self.left_out.values():
            self._read(page)

    def _read(self, page: Page) -> None:
        waiting, cells = [], {cell.line: cell for cell in page.cells}
        tokens = parser().parse(body_of(page))
        for at, token in enumerate(tokens):
            if token.type == "myst_target":
                waiting.append(token.content)
            elif token.type == "heading_open":
                title = plain(tokens[at + 1])
                self.titles.setdefault(page.docname, title)
                self._name(page, waiting, title)
                waiting = []
            elif token.type == "math_block_label":
                self._note(page, token.info, "math")
            elif (block := directive(token)) is not None:
                self._read_block(page, block, cells.get(token.map[0] + 1))
        self._name(page, waiting, self.titles.get(page.docname, page.slug))

    def _read_block(self, page: Page, block: Directive, cell) -> None:
        figure = (cell.options.get("mystnb") or {}).get("figure") if cell else None
        if figure:
            self._note(page, figure.get("name"), "figure")
        elif block.name == "glossary":
            for entry in glossary.entries(block.body):
                for term in entry.terms:
                    self.terms.setdefault(term.lower(), page.docname)
        elif block.name in NUMBERED and "nonumber" not in block.options:
            label = block.options.get(NUMBERED[block.name])
            if label or block.name != "math":
                self._note(page, label, block.name)

    def _name(self, page: Page, names: list[str], title: str) -> None:
        outside = page.docname in self.left_out
        for name in names:
            self.found.setdefault(name, Label(page.docname, title, left_out=outside))

    def _note(self, page: Page, name: str | None, kind: str) -> None:
        """Number a figure, a table, an equation or an exercise; keep it if it has a name."""
        if page.docname in self.left_out:
            thing = {"math": "an equation", "exercise": "an exercise"}.get(kind, f"a {kind}")
            text, number = f"{thing} in {self.titles.get(page.docname, page.slug)}", ""
        else:
            self.counts[kind, page.number] += 1
            count = self.counts[kind, page.number]
            number = f"{page.number}.{count}" if page.number else str(count)
            text = f"({number})" if kind == "math" else f"{kind.capitalize()} {number}"
        if name:
            label = Label(page.docname, text, number, page.docname in self.left_out, kind)
            self.found.setdefault(name, label)

    def __getitem__(self, name: str) -> Label:
        if name not in self.found:
            raise BookError(f"nothing is labelled {name!r}")
        return self.found[name]

    def leads_to(self, name: str) -> str:
        """Return the address of a label, or nothing where it has none."""
        label = self[name]
        anchor = ("equation-" if label.kind == "math" else "") + nodes.make_id(name)
        return self.page_address(label.docname, anchor)

    def page_address(self, docname: str, anchor: str = "") -> str:
        """Return the address of a page here; of one that is left out, that in the public book."""
        if docname not in self.left_out:
            return self.address(docname, anchor)
        public = public_address(self.root)
        return f"{public}/{docname}.html{'#' if anchor else ''}{anchor}" if public else ""

    def term_address(self, term: str) -> str:
        """Return the address of a term's definition, or nothing where it has none."""
        return self.page_address(self.terms.get(term.lower(), GLOSSARY), term_place(term))

    @cached_property
    def repository(self) -> repository.Repository:
        return repository.find(self.root)

    def address(self, docname: str, anchor: str = "") -> str:
        """Return the address of a place on the site, or nothing where the site has none."""
        return self.repository.page(docname, anchor)

    def package(self) -> str:
        """Return what pip installs the package from, or nothing where no repository is known."""
        return self.repository.package()


def term_place(term: str) -> str:
    """Return the name of the place of a term's definition."""
    return "term-" + re.sub(r"[^\w]+", "-", term).strip("-")


def public_address(root: Path = ROOT) -> str:
    """Return the address of the public book, which has every chapter, as _config.yml gives it."""
    sphinx = (repository.settings(root).get("sphinx") or {}).get("config") or {}
    return (sphinx.get("book_public_url") or "").rstrip("/")


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
