"""Terms and citations explain themselves where they stand, under the pointer or the keyboard focus.

The text is part of the page: a term's definition in a hidden element that the build writes, a
cited work in the list of references at the chapter's end.
"""

from docutils import nodes
from sphinx import addnodes


class TermReference(nodes.reference):
    """A link to the glossary: attributes `refuri` and `term`, the id of its definition."""


def collect_terms(app, doctree) -> None:
    """Remember the definitions of a glossary, their cross-references turned into plain text."""
    known = app.env.book_terms = getattr(app.env, "book_terms", {})
    for glossary in doctree.findall(addnodes.glossary):
        for item in glossary.findall(nodes.definition_list_item):
            definition = item[-1].deepcopy()
            for reference in list(definition.findall(addnodes.pending_xref)):
                reference.replace_self(reference.children[0].children)
            for term in item.findall(nodes.term):
                for name in term["ids"]:
                    known[name] = (app.env.docname, definition)


def forget(app, env, docname: str) -> None:
    """Drop the terms of a page that is read again or gone."""
    known = getattr(env, "book_terms", {})
    for name in [name for name in known if known[name][0] == docname]:
        del known[name]


def _is_term(link: nodes.reference) -> bool:
    """Tell whether a link was written with the `term` role."""
    inside = link.children[0] if link.children else None
    return isinstance(inside, nodes.Element) and "std-term" in inside["classes"]


def mark_terms(app, doctree, docname: str) -> None:
    """Mark the links that lead to a known term from another page."""
    known = getattr(app.env, "book_terms", {})
    for link in list(doctree.findall(nodes.reference)):
        name = link.get("refuri", "").partition("#")[2]
        if _is_term(link) and name in known and known[name][0] != docname:
            marked = TermReference(refuri=link["refuri"], term=name)
            marked.extend(link[0].children)
            link.replace_self(marked)


def visit_term(translator, node: TermReference) -> None:
    translator.body.append(
        translator.starttag(
            node, "a", "", CLASS="term", href=node["refuri"], **{"data-tip": "tip-" + node["term"]}
        )
    )


def depart_term(translator, node: TermReference) -> None:
    translator.body.append("</a>")


def write_tips(app, pagename, templatename, context, doctree) -> None:
    """Write the definitions that a page links to, hidden, at its end."""
    if doctree is None or "body" not in context:
        return
    names = sorted({node["term"] for node in doctree.findall(TermReference)})
    tips = [
        f'<template id="tip-{name}">{app.builder.render_partial(definition)["fragment"]}</template>'
        for name in names
        for definition in [_paragraphs(app.env.book_terms[name][1])]
    ]
    context["tips"] = "\n".join(tips)


def _paragraphs(definition: nodes.definition) -> nodes.container:
    """Return the content of a definition in a container of its own."""
    box = nodes.container(classes=["tip-text"])
    box.extend(child.deepcopy() for child in definition.children)
    return box


def setup(app) -> None:
    app.add_node(TermReference, html=(visit_term, depart_term))
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", collect_terms)
    app.connect("doctree-resolved", mark_terms, priority=900)
    app.connect("html-page-context", write_tips)
