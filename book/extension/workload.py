"""The directive `workload`: how long each chapter takes to read and to run, and its exercises."""

import hashlib
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_exercise_node

from book.chapters import pages
from book.execution import measurements


class Workload(nodes.General, nodes.Element):
    """The place of the table."""


class WorkloadDirective(SphinxDirective):
    """Put the table here; the page is written again when one of its numbers changes."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["workload"] = True
        return [Workload()]


def count(app, doctree) -> None:
    """Keep the number of a page's exercises with its metadata."""
    number = sum(1 for _ in doctree.findall(is_exercise_node))
    app.env.metadata[app.env.docname]["exercises"] = number


def rows(app) -> list[tuple]:
    """Return docname, minutes to read, seconds to run and exercises of each chapter, in order."""
    root, found = Path(app.srcdir), []
    measured = measurements(root)
    for page in pages(root):
        if page.is_chapter and page.docname in measured:
            facts = app.env.metadata.get(page.docname, {})
            seconds = round(measured[page.docname]["seconds"] or 0)
            found.append(
                (page.docname, facts.get("minutes", 1), seconds, facts.get("exercises", 0))
            )
    return found


def changed(app, env) -> list[str]:
    """Name the pages with the table when what it shows has changed."""
    mark = hashlib.sha256(repr(rows(app)).encode()).hexdigest()
    before, env.book_workload = getattr(env, "book_workload", None), mark
    holders = [name for name, facts in env.metadata.items() if facts.get("workload")]
    return [] if mark == before else sorted(holders)


def scrollable(content: str) -> str:
    """Return a table that scrolls by itself where it is wider than the page."""
    box = '<div class="pst-scrollable-table-container">'
    return f'{box}<table class="table">{content}</table></div>\n'


def visit_workload(translator, node: Workload) -> None:
    """Write the table."""
    app, here, lines = translator.builder.app, translator.builder.current_docname, []
    for docname, minutes, seconds, exercises in rows(app):
        uri = app.builder.get_relative_uri(here, docname)
        title = escape(app.env.titles[docname].astext())
        cells = (f"{minutes} min", f"{max(1, seconds)} s", exercises)
        numbers = "".join(f'<td class="text-right">{cell}</td>' for cell in cells)
        lines.append(f'<tr><td><a href="{escape(uri)}">{title}</a></td>{numbers}</tr>')
    names = ("read", "run", "exercises")
    head = "".join(f'<th scope="col" class="text-right">{name}</th>' for name in names)
    head = f'<thead><tr><th scope="col">chapter</th>{head}</tr></thead>'
    translator.body.append(scrollable(f"{head}<tbody>{''.join(lines)}</tbody>"))
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_node(Workload, html=(visit_workload, None))
    app.add_directive("workload", WorkloadDirective)
    app.connect("doctree-read", count)
    app.connect("env-get-updated", changed)
