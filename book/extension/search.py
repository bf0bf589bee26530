"""The search index: one entry a section, in a script that is loaded when a reader first searches.

A script rather than a JSON file: a page opened from disk may load the one, not the other.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

LONGEST_TEXT = 4000  # characters kept of a section

TEX = re.compile(r"\\[a-zA-Z]+|[\\{}$&]")

SKIPPED = (
    nodes.title,
    nodes.literal_block,
    nodes.math_block,
    nodes.comment,
    nodes.raw,
    addnodes.glossary,  # its terms have entries of their own
)


def _titled(node: nodes.Node) -> bool:
    """Tell a section with a title from one that only holds the content of an exercise."""
    return isinstance(node, nodes.section) and isinstance(node[0], nodes.title)


def _texts(node: nodes.Node) -> list[str]:
    """Return the texts of a section without those of its subsections, of code and of displays."""
    if isinstance(node, SKIPPED) or _titled(node):
        return []
    if isinstance(node, (nodes.Text, nodes.TextElement)):
        return [_plain(node)]
    return [text for child in node.children for text in _texts(child)]


def _plain(node: nodes.Node) -> str:
    """Return a paragraph's text; of its formulas, the letters."""
    if isinstance(node, nodes.math):
        return " ".join(TEX.sub(" ", node.astext()).split())
    return "".join(map(_plain, node.children)) if node.children else node.astext()


def _join(texts: list[str]) -> str:
    return " ".join(" ".join(texts).split())


def sections(doctree: nodes.document) -> list[tuple[str, str, str]]:
    """Return (anchor, title, text) for every section of a page; the page itself has no anchor."""
    found = []
    for section in doctree.findall(_titled):
        anchor = "" if isinstance(section.parent, nodes.document) else section["ids"][0]
        text = _join([text for child in section.children for text in _texts(child)])
        found.append((anchor, section[0].astext(), text[:LONGEST_TEXT]))
    for term in doctree.findall(nodes.term):
        if term["ids"]:
            definition = term.parent.next_node(nodes.definition)
            text = _join(_texts(definition)) if definition else ""
            found.append((term["ids"][0], term.astext(), text))
    return found


def collect(app, doctree) -> None:
    """Keep the sections of a page that was read."""
    index = app.env.book_sections = getattr(app.env, "book_sections", {})
    index[app.env.docname] = sections(doctree)


def forget(app, env, docname: str) -> None:
    getattr(env, "book_sections", {}).pop(docname, None)


def entries(app) -> list[list[str]]:
    """Return every entry: address, title of the page, title of the section, text."""
    found = []
    for docname, parts in sorted(getattr(app.env, "book_sections", {}).items()):
        uri, page = app.builder.get_target_uri(docname), app.env.titles[docname].astext()
        for anchor, title, text in parts:
            address, section = (f"{uri}#{anchor}", title) if anchor else (uri, "")
            found.append([address, page, section, text])
    for docname, cells in sorted(getattr(app.env, "book_shown", {}).items()):
        page = app.env.titles[docname].astext()
        for module, name, anchor in cells:
            address = f"{app.builder.get_target_uri(docname)}#{anchor}"
            found.append([address, page, name, f"{module}.{name}"])
    return found


def write_index(app, error) -> None:
    """Write the index beside the site's other scripts."""
    if error is None and app.builder.format == "html":
        text = json.dumps(entries(app), ensure_ascii=False, separators=(",", ":"))
        path = Path(app.outdir, "_static", "search-index.js")
        path.write_text(f"window.bookIndex={text}", encoding="utf-8")


def search_page(app):
    """Yield the page that shows results, for links and for readers who open it directly."""
    yield "search", {"title": "Search"}, "search.html"


def without_sphinx_search(app) -> None:
    """Keep the builder from writing its own index."""
    app.builder.search = False


def setup(app) -> None:
    app.connect("builder-inited", without_sphinx_search)
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", collect)
    app.connect("html-collect-pages", search_page)
    app.connect("build-finished", write_index)
