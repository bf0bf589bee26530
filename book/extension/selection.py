"""The site follows `_toc.yml`: what refers to a page left out becomes plain text.

Where _config.yml gives the address of the public book (`book_public_url`), the text leads there.
"""

import hashlib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join

from book import glossary
from book.contents import FILE
from book.labels import Labels, public_address

CLASS = "left-out"


def outside(app) -> Labels:
    """Return what pages left out define, read once a build."""
    if not hasattr(app, "book_outside"):
        app.book_outside = Labels(Path(app.srcdir), selected=False)
    return app.book_outside


def plain_reference(content: list[nodes.Node], address: str) -> nodes.Element:
    """Return words, which lead to the public book where its address is known."""
    if not address:
        return nodes.inline("", "", *content, classes=[f"{CLASS}-words"])
    options = {"refuri": address, "internal": False, "reftitle": "in the public book"}
    return nodes.reference("", "", *content, classes=[CLASS], **options)


class LeftOut(SphinxPostTransform):
    """Write references to pages left out, before Sphinx and MyST miss their targets."""

    default_priority = 5  # both resolve references at 9 and 10

    def run(self, **kwargs) -> None:
        labels = outside(self.app)
        if not labels.titles:
            return
        for node in list(self.document.findall(addnodes.pending_xref)):
            found = self.found(node, labels)
            if found:
                text, address = found
                explicit = node.get("refexplicit") and not _numbered(node)
                content = list(node[0].children) if explicit else [nodes.Text(text)]
                node.replace_self(plain_reference(content, address))

    def found(self, node: addnodes.pending_xref, labels: Labels) -> tuple[str, str] | None:
        """Return text and address of what a reference means, if it is on a page left out."""
        target, kind = node["reftarget"], node["reftype"]
        if kind == "doc" or node.get("refdomain") == "doc":
            # `doc` names a page from here or from the root, a link to a file always from the root
            here = node.get("refdoc", self.env.docname)
            docname = docname_join(here, target) if kind == "doc" else target
            if docname in labels.titles:
                anchor = node.get("reftargetid") or ""
                return labels.titles[docname], labels.page_address(docname, anchor)
        elif kind == "term":
            if not self._defined("term", target) and target.lower() in labels.terms:
                return target, labels.term_address(target)
        elif kind in ("ref", "numref", "eq", "myst"):
            name = next((n for n in (target, target.lower()) if n in labels.found), None)
            if name and not self._labelled(target):
                return labels[name].text, labels.leads_to(name)
        return None

    def _defined(self, kind: str, name: str) -> bool:
        objects = self.env.get_domain("std").objects
        return (kind, name) in objects or (kind, name.lower()) in objects

    def _labelled(self, name: str) -> bool:
        """Tell whether a page of the contents has this label, too."""
        equations = self.env.get_domain("math").equations
        return name.lower() in self.env.get_domain("std").anonlabels or name in equations


def _numbered(node: addnodes.pending_xref) -> bool:
    """Tell whether the words of a reference wait for a number, which a page left out lacks."""
    return any(mark in node.astext() for mark in ("%s", "{number}"))


def follow_glossary(app, docname: str, source: list[str]) -> None:
    """Take from the glossary the terms that only pages left out use."""
    if "{glossary}" in source[0]:
        source[0] = glossary.without(source[0], glossary.unused_terms(Path(app.srcdir)))


def read_again(app, env, added, changed, removed) -> list[str]:
    """Have every page read again when the contents changed, or what pages left out define."""
    root = Path(app.srcdir)
    labels = outside(app)
    parts = [(root / FILE).read_text(encoding="utf-8"), public_address(root)]
    parts += [repr(sorted(table.items())) for table in (labels.titles, labels.terms)]
    parts += [repr(sorted((k, v.text) for k, v in labels.found.items()))]
    parts += [repr(sorted(glossary.unused_terms(root)))]
    mark = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    before, env.book_selection = getattr(env, "book_selection", None), mark
    return [] if mark == before else sorted(env.found_docs - added)


def note_written(app, pagename, templatename, context, doctree) -> None:
    """Remember which pages this build writes besides those that have a source."""
    app.book_written = getattr(app, "book_written", set()) | {pagename}


def clear(app, error) -> None:
    """Remove the pages that an earlier selection wrote."""
    written = getattr(app, "book_written", set())
    if error is not None or app.builder.format != "html" or not written:
        return  # a build that finds nothing to do writes nothing
    out, kept = Path(app.outdir), app.env.found_docs | written
    for path in out.rglob("*.html"):
        name = path.relative_to(out)
        if name.parts[0] != "_static" and name.with_suffix("").as_posix() not in kept:
            path.unlink()
    for path in (out / "_sources").rglob("*.md"):
        if path.relative_to(out / "_sources").with_suffix("").as_posix() not in kept:
            path.unlink()


def setup(app) -> None:
    app.add_config_value("book_public_url", "", "env")
    app.add_post_transform(LeftOut)
    app.connect("source-read", follow_glossary)
    app.connect("env-get-outdated", read_again)
    app.connect("html-page-context", note_written)
    app.connect("build-finished", clear, priority=400)  # before a redirect to the first page
