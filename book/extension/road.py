"""The `road` directive: the map of the whole book, from raw text to an assistant, stage by stage.

`curriculum.yml` says what the road is; which chapters can be read is what the build finds in the
table of contents, so the map cannot promise a page that is not there.
"""

from html import escape
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CURRICULUM = Path(__file__).with_name("curriculum.yml")


class Road(nodes.General, nodes.Element):
    """The place of the map."""


class RoadDirective(SphinxDirective):
    """Put the map here; `theme` has the page written anew when the table of contents changes."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(CURRICULUM))
        return [Road()]


def _pages(app) -> dict[str, str]:
    """Return the pages of the book by slug."""
    return {name.rpartition("/")[2]: name for name in app.env.found_docs}


def _chapter(app, here: str, slug: str, title: str) -> str:
    """Return one chapter of the map: a link, or the words of what is planned."""
    page = _pages(app).get(slug)
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
            parts.append(f'<li class="part{begun}"><b>{name}</b><ul>{chapters}</ul></li>')
        heading = f"<h3>{escape(stage['stage'])}</h3><p>{escape(stage['makes'])}</p>"
        stages.append(f'<li class="stage">{heading}<ul class="parts">{"".join(parts)}</ul></li>')
    return f'<ol class="road">{"".join(stages)}</ol>\n'


def visit_road(translator, node: Road) -> None:
    translator.body.append(road(translator.builder.app, translator.builder.current_docname))
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_node(Road, html=(visit_road, None))
    app.add_directive("road", RoadDirective)
