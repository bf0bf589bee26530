"""The `road` directive: the map of the whole book, from raw text to an assistant, stage by stage.

`curriculum.yml` says what the road is; which chapters can be read is what the build finds in the
table of contents, so the map cannot promise a page that is not there.
"""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from book.contents import PAGES
from book.extension import selection
from book.extension.header import left_out

CURRICULUM = Path(__file__).with_name("curriculum.yml")


class Road(nodes.General, nodes.Element):
    """The place of the map."""


class RoadDirective(SphinxDirective):
    """Put the map here; `theme` has the page written anew when the table of contents changes."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(CURRICULUM))
        return [Road()]


def _pages(app) -> dict[str, str]:
    """Return the book's own pages by slug."""
    found = (name for name in app.env.found_docs if name.startswith(f"{PAGES}/"))
    return {name.rpartition("/")[2]: name for name in found}


def _chapter(app, here: str, slug: str, title: str) -> str:
    """Return one chapter of the map: a link, or the words of what is planned.

    A selection of the book shows what it has selected, and what the public book has beside.
    """
    page, outside = _pages(app).get(slug), selection.outside(app)
    if page is None and outside.titles:
        if slug in outside.found and (address := outside.leads_to(slug)):
            return f"<li>{left_out(outside[slug].text, address)}</li>"
        return ""
    if page is None:
        return f'<li class="planned">{escape(title)}</li>'
    uri = app.builder.get_relative_uri(here, page)
    return f'<li><a href="{escape(uri)}">{escape(app.env.titles[page].astext())}</a></li>'


def road(app, here: str) -> str:
    """Return the map as HTML: stages, their parts, and the chapters of each."""
    stages = []
    for stage in yaml.safe_load(CURRICULUM.read_text(encoding="utf-8")):
        parts = []
        for part in stage["parts"]:
            chapters = "".join(_chapter(app, here, *item) for item in part["chapters"].items())
            begun = " begun" if "<a " in chapters else ""
            name = escape(part["name"])
            if chapters:
                parts.append(f'<li class="part{begun}"><b>{name}</b><ul>{chapters}</ul></li>')
        if not parts:
            continue
        heading = f"<h3>{escape(stage['stage'])}</h3><p>{escape(stage['makes'])}</p>"
        stages.append(f'<li class="stage">{heading}<ul class="parts">{"".join(parts)}</ul></li>')
    sentence = _sentence(app, "".join(stages))
    return f'<p>{sentence}</p>\n<ol class="road">{"".join(stages)}</ol>\n' if stages else ""


def _sentence(app, stages: str) -> str:
    """Return how to read the map."""
    planned = " What is linked can be read; what is pale is planned, and not yet written."
    elsewhere = " Chapters with an arrow are in the public book."
    shown = (planned if 'class="planned"' in stages else "") + (
        elsewhere if f'class="{selection.CLASS}"' in stages else ""
    )
    return f"From raw text to an assistant.{shown}"


def visit_road(translator, node: Road) -> None:
    translator.body.append(road(translator.builder.app, translator.builder.current_docname))
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_node(Road, html=(visit_road, None))
    app.add_directive("road", RoadDirective)
