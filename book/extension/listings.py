"""What a page lists about the others, computed from the contents, so that it holds in a selection.

`chapter-list`: the chapters, each with the `summary:` of its front matter. `works-cited`: the works
that they cite. `used-by`: the pages that load a data set. The role `first-chapter` leads to the
first of them.
"""

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinxcontrib.bibtex.directives import BibliographyDirective

from book import contents, uses
from book.chapters import Page

NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def note_listing(env) -> None:
    """Have this page read again whenever another one changes."""
    env.book_listings = getattr(env, "book_listings", set()) | {env.docname}


def lists_again(app, env, added, changed, removed) -> set[str]:
    """Name the pages that list something, when something changed."""
    pages = getattr(env, "book_listings", set()) if added or changed or removed else set()
    return pages & set(env.all_docs) - removed


def link(docname: str, words: str = "") -> addnodes.pending_xref:
    """Return a link to a page, under its title if there are no words."""
    options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/{docname}"}
    return addnodes.pending_xref(
        "", nodes.inline("", words), **options, refexplicit=bool(words), refwarn=True
    )


def lead(found: list[Page], whole: bool) -> str:
    """Return the sentence above the list of chapters."""
    count = NUMBERS[len(found)] if len(found) < len(NUMBERS) else str(len(found))
    are = "chapter is" if len(found) == 1 else "chapters are"
    if whole:
        return f"{count} {are} complete, with exercises, checks and solutions:"
    return f"{count} {'chapter' if len(found) == 1 else 'chapters'}{':' if found else '.'}"


class ChapterList(SphinxDirective):
    """List the chapters: title, and what the front matter says of it under `book: summary:`."""

    def run(self) -> list[nodes.Node]:
        note_listing(self.env)
        root = Path(self.env.srcdir)
        found = uses.chapters(root)
        whole = not contents.left_out(root) and all(page.of_the_book for page in found)
        items = [self.item(page) for page in found]
        sentence = nodes.paragraph("", lead(found, whole))
        return [sentence, nodes.definition_list("", *items)] if items else [sentence]

    def item(self, page: Page) -> nodes.definition_list_item:
        link_to = link(page.docname)
        link_to["refdoc"] = self.env.docname
        item = nodes.definition_list_item("", nodes.term("", "", link_to))
        if summary := str(page.book.get("summary") or ""):
            definition = nodes.definition()
            lines = StringList(summary.splitlines(), page.docname)
            self.state.nested_parse(lines, self.content_offset, definition)
            item += definition
        return item


class FirstChapter(SphinxRole):
    """A link to the first chapter under the role's words; nothing where there is no chapter."""

    def run(self):
        note_listing(self.env)
        found = uses.chapters(Path(self.env.srcdir))
        return ([link(found[0].docname, self.text)] if found else []), []


class WorksCited(BibliographyDirective):
    """The works that pages of the contents cite."""

    has_content = False
    option_spec = {}  # noqa: RUF012

    def run(self):
        note_listing(self.env)
        keys = sorted(uses.works_cited(Path(self.env.srcdir)))
        if not keys:
            return [nodes.paragraph("", "The pages of this book cite no works.")]
        pattern = "|".join(re.escape(key) for key in keys).replace("\\", "\\\\")
        self.options["filter"] = f'key % "^({pattern})$"'
        return super().run()


class UsedBy(SphinxDirective):
    """The pages that load one of the data sets named."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        note_listing(self.env)
        app = self.env.app
        if not hasattr(app, "book_codes"):  # read once a build
            app.book_codes = uses.codes(Path(app.srcdir))
        names = self.arguments[0].split()
        found = {page: 1 for name in names for page in uses.pages_that_load(name, app.book_codes)}
        found.pop(self.env.docname, None)
        links = [nodes.Text("no page of this book")] if not found else []
        for docname in found:
            to = link(docname)
            to["refdoc"] = self.env.docname
            links += [nodes.Text(", "), to] if links else [to]
        return [nodes.paragraph("", "", nodes.strong("", "Used by."), nodes.Text(" "), *links)]


def setup(app) -> None:
    app.add_directive("chapter-list", ChapterList)
    app.add_directive("works-cited", WorksCited)
    app.add_directive("used-by", UsedBy)
    app.add_role("first-chapter", FirstChapter())
    app.connect("env-get-outdated", lists_again)
