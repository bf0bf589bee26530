"""Ties Sphinx to the executed chapters: reads them under their keys, knows when they changed."""

import os
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from book import BookError
from book.chapters import Page, pages
from book.execution import key, keyed_text, measurements


def _pages(app) -> dict[str, Page]:
    """Return the executable pages by docname, read once a build."""
    if not hasattr(app, "book_pages"):
        try:
            found = pages(Path(app.srcdir))
            app.book_pages = {page.docname: page for page in found if page.executable}
        except BookError as error:
            raise RuntimeError(str(error)) from error
    return app.book_pages


def read_with_key(app, docname: str, source: list[str]) -> None:
    """Give a page its key before it is parsed, so that the cache finds its outputs."""
    page = _pages(app).get(docname)
    if page is not None:
        source[0] = keyed_text(page, Path(app.srcdir))


def outdated(app, env, added, changed, removed) -> list[str]:
    """Name the pages whose outputs changed though their text did not, and those that show times."""
    keys = {docname: key(page, Path(app.srcdir)) for docname, page in _pages(app).items()}
    before = getattr(env, "book_keys", {})
    stale = {docname for docname in keys if keys[docname] != before.get(docname)}
    env.book_keys = keys
    if stale or added or changed:
        stale |= getattr(env, "book_status_pages", set())
    return sorted(stale & set(env.all_docs))


class BookStatus(SphinxDirective):
    """A table of the pages that run: measured time beside its budget, and peak memory."""

    def run(self):
        if not hasattr(self.env, "book_status_pages"):
            self.env.book_status_pages = set()
        self.env.book_status_pages.add(self.env.docname)
        lines = ["| page | execution | budget | peak memory |", "|:--|--:|--:|--:|"]
        for docname, found in measurements(Path(self.env.srcdir)).items():
            budget = f"{found['budget']} s" if found["budget"] else "–"
            memory = f"{found['memory_mb']} MB" if found["memory_mb"] else "–"
            link = f"{{doc}}`/{docname}`"
            lines.append(f"| {link} | {found['seconds']:.1f} s | {budget} | {memory} |")
        node = nodes.Element()
        self.state.nested_parse(StringList(lines, "status"), self.content_offset, node)
        return node.children


def setup(app):
    # the kernels of a stock build compute on as many threads as those of `make book`
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    app.connect("source-read", read_with_key)
    app.connect("env-get-outdated", outdated)
    app.add_directive("book-status", BookStatus)
    return {"parallel_read_safe": False, "parallel_write_safe": True, "version": "1"}
