"""The line under a chapter's title: what to read before, how long it is, what it costs to run."""

import json
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from book.execution import measurements
from book.extension import selection

logger = logging.getLogger(__name__)

WORDS_A_MINUTE = 200
WORDS_A_CODE_LINE = 8  # reading a line of code takes about as long as eight words of prose


def minutes_to_read(doctree: nodes.document) -> int:
    """Estimate the minutes that a page takes to read, without what is folded away."""
    words = sum(len(node.astext().split()) for node in doctree.findall(nodes.paragraph))
    lines = sum(
        node.astext().count("\n") + 1
        for cell in doctree.findall(nodes.container)
        if cell.get("nb_element") == "cell_code" and not cell.get("hide_mode")
        for node in cell.findall(nodes.literal_block)
        if "cell_input" in node.parent["classes"]
    )
    return max(1, round((words + WORDS_A_CODE_LINE * lines) / WORDS_A_MINUTE))


def note_length(app, doctree) -> None:
    """Keep a page's reading time with its metadata."""
    app.env.metadata[app.env.docname]["minutes"] = minutes_to_read(doctree)


def _front_matter(app, docname: str) -> dict:
    """Return the `book:` part of a page's front matter."""
    value = app.env.metadata.get(docname, {}).get("book", {})
    return json.loads(value) if isinstance(value, str) else value


def _measured(app) -> dict:
    """Return what the last execution measured, by docname; read once a build."""
    if not hasattr(app, "book_measured"):
        app.book_measured = measurements(Path(app.srcdir))
    return app.book_measured


def prerequisites(app, docname: str, slugs: list[str]) -> str:
    """Return the links to the chapters to read before."""
    labels, links, outside = app.env.get_domain("std").labels, [], selection.outside(app)
    for slug in slugs:
        if slug not in labels and slug in outside.found:
            links.append(left_out(outside[slug].text, outside.leads_to(slug)))
            continue
        if slug not in labels:
            logger.warning("the prerequisite %r is no chapter", slug, location=docname, type="book")
            continue
        target, _, title = labels[slug]
        uri = app.builder.get_relative_uri(docname, target)
        links.append(f'<a href="{escape(uri)}">{escape(title)}</a>')
    return ", ".join(links)


def left_out(title: str, address: str) -> str:
    """Return the title of a chapter left out; a link where the public book has an address."""
    words = escape(title)
    return f'<a class="left-out" href="{escape(address)}">{words}</a>' if address else words


def header(app, docname: str) -> str:
    """Return the line of one chapter, or nothing for a page that is no chapter."""
    front = _front_matter(app, docname)
    if "prerequisites" not in front:
        return ""
    links = prerequisites(app, docname, front["prerequisites"] or [])
    items = [f"Read before: {links}" if links else "Read before: nothing"]
    items.append(f"{app.env.metadata[docname].get('minutes', 1)} min read")
    found = _measured(app).get(docname)
    if found and found.get("seconds"):
        memory = f", {found['memory_mb']:,.0f} MB" if found.get("memory_mb") else ""
        items.append(f"runs in {max(1, round(found['seconds']))} s{memory} (measured)")
    return '<ul class="chapter-facts">' + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def put_header(app, pagename, templatename, context, doctree) -> None:
    """Put the line under the title of a chapter."""
    if doctree is not None and "body" in context:
        context["body"] = context["body"].replace("</h1>", "</h1>\n" + header(app, pagename), 1)


def setup(app) -> None:
    app.connect("doctree-read", note_length)
    app.connect("html-page-context", put_header)
