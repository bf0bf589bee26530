"""The `widget` directive: an interactive figure with its data from the run and a static fallback.

    ```{widget} temperature-lab
    :data: lm-temperature-lab
    :alt: What the widget shows, for readers who do not see it.

    What stands here when no script runs, and in print.
    ```

The argument names an ES module in `book/static/widgets/` that follows the anywidget front-end
contract. `:data:` is the key of a dict or list that a cell of the same page glued. The page holds
everything: the module's text (once a page) and the data as JSON, so it also works opened from disk.
Words in a list `show` of the data become the figure's attribute `data-show`, for its styles.

What is too large for a page, such as a model's weights, is glued under a second key, `:file:`. It
goes into a file of the site, and comes when the module asks: after `model.send({ load: "file" })`
the model tells its listeners of `msg:custom` either `{ file }` or `{ error }`, in a page and in a
notebook alike. `model.get("file")` is `{ bytes }`, its size.
"""

import hashlib
import html
import json
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

STATIC = Path(__file__).resolve().parents[1] / "static"
MODULES = STATIC / "widgets"
DATA_LIMIT = 60_000  # bytes of JSON a page may carry for one widget
FILE_LIMIT = 1_200_000  # and those of the file that it may ask for
FILES = "_static/data"
PAGE_BUILDERS = {"html", "dirhtml", "singlehtml"}  # the others show the fallback

logger = logging.getLogger(__name__)


class WidgetError(ValueError):
    """What is wrong with a `widget` directive, in one sentence."""


class WidgetNode(nodes.General, nodes.Element):
    """A widget in the document; children: the fallback.

    `name`, `alt`, `json`, `show`; with a file also its `file` (the key) and `content` (JSON).
    """


class WidgetDirective(SphinxDirective):
    """Parse one `widget` directive; a mistake is a warning and leaves the fallback on the page."""

    required_arguments = 1
    has_content = True
    option_spec = dict.fromkeys(("data", "file", "alt"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        node = WidgetNode(name=self.arguments[0])
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        try:
            module_text(node["name"])
            self.note_files(node["name"])
            if not node.children:
                raise WidgetError("it has no body: write what print and script-less readers see")
            node["alt"] = self.text_option("alt", "say in words what the widget shows")
            key = self.text_option("data", "name the key under which a cell glues the data")
            data = glued(self.state.document, key)
            node["json"], node["show"] = to_json(key, data), shown(data)
            if "file" in self.options:
                file = self.text_option("file", "name the key under which a cell glues the file")
                node["content"] = to_json(file, glued(self.state.document, file), FILE_LIMIT)
                node["file"] = file
        except WidgetError as error:
            message = f"widget {node['name']!r}: {error}"
            logger.warning(message, location=self.get_location(), type="book", subtype="widget")
            return node.children
        return [node]

    def note_files(self, name: str) -> None:
        """Have the page written again when a file of its widget changes."""
        for path in (MODULES / f"{name}.js", STATIC / "widgets.css", STATIC / "js" / "widgets.js"):
            self.env.note_dependency(str(path))

    def text_option(self, name: str, advice: str) -> str:
        """The text of option `name`; WidgetError with `advice` when it is missing or empty."""
        text = " ".join((self.options.get(name) or "").split())
        if not text:
            raise WidgetError(f"the option :{name}: is missing: {advice}")
        return text


def module_text(name: str) -> str:
    """The source of widget `name`; WidgetError if there is none or HTML cannot hold it."""
    known = sorted(path.stem for path in MODULES.glob("*.js"))
    if name not in known:
        raise WidgetError(f"there is no such widget: choose one of {', '.join(known)}")
    text = (MODULES / f"{name}.js").read_text(encoding="utf-8")
    if "</script" in text.lower() or "<!--" in text:
        raise WidgetError("its module contains '</script' or '<!--', which would end it in a page")
    return text


def glued(document: nodes.document, key: str):
    """The value that a cell of `document` glued under `key` as JSON text."""
    renderer = document.get("nb_renderer")  # myst-nb keeps it here while it reads a page
    glue_data = renderer.renderer.nb_client.glue_data if renderer else {}
    if key not in glue_data:
        raise WidgetError(f"no cell of this page glues {key!r}: run the page, or mend the key")
    content = glue_data[key]["data"].get("application/json")
    try:
        value = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        value = None
    if not isinstance(value, (dict, list)):
        raise WidgetError(f"{key!r} is not JSON: glue a dict or a list of plain values")
    return value


def to_json(key: str, data, limit: int = DATA_LIMIT) -> str:
    """`data` as JSON that can stand inside a script element; WidgetError if it cannot."""
    try:
        text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    except ValueError:
        advice = "give None for minus infinity and for missing values"
        raise WidgetError(f"{key!r} holds NaN or an infinity, not JSON: {advice}") from None
    if len(text) > limit:
        size = f"{len(text):,} bytes of JSON, over the limit of {limit:,}"
        raise WidgetError(f"{key!r} is {size}: round its numbers or glue fewer of them")
    # non-ASCII is escaped already; without "<" no text can close or comment out the element
    return text.replace("<", "\\u003c")


def shown(data) -> str:
    """The words under `show` in `data`: style sheets tell a widget's forms apart by them."""
    words = data.get("show") if isinstance(data, dict) else None
    return " ".join(map(str, words)) if isinstance(words, list) else ""


def file_script(content: str) -> str:
    """The file of a widget: a script, because a page opened from disk may load nothing else."""
    return f"document.currentScript.file = {content};\n"


def write_file(builder, node: WidgetNode) -> str:
    """Write the file of a widget if it has one; return the figure's attributes that name it."""
    if "file" not in node:
        return ""
    name = f"{FILES}/{nodes.make_id(node['file'])}.js"
    path = Path(builder.outdir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file_script(node["content"]), encoding="utf-8")
    mark = hashlib.sha256(node["content"].encode()).hexdigest()[:8]  # a new model, a new address
    page = builder.get_target_uri(builder.current_docname)
    size = path.stat().st_size
    return f' data-file="{relative_uri(page, name)}?v={mark}" data-file-bytes="{size}"'


def visit_html(translator, node: WidgetNode) -> None:
    """Write the figure's opening and, at a widget's first use on a page, its module."""
    if translator.builder.name not in PAGE_BUILDERS:
        return
    name = node["name"]
    written = translator.__dict__.setdefault("written_widget_modules", set())
    if name not in written:
        written.add(name)
        opening = f'<script type="text/plain" data-widget-module="{name}">\n'
        translator.body.append(f"{opening}{module_text(name)}</script>\n")
    alt, show = (html.escape(node[key], quote=True) for key in ("alt", "show"))
    form = f' data-show="{show}"' if show else ""
    form += write_file(translator.builder, node)
    translator.body.append(
        f'<figure class="book-widget" data-widget="{name}"{form} aria-label="{alt}">\n'
        '<div class="widget-fallback">\n'
    )


def depart_html(translator, node: WidgetNode) -> None:
    """Close the fallback, then write the data and the figure's end."""
    if translator.builder.name in PAGE_BUILDERS:
        data = f'<script type="application/json">{node["json"]}</script>\n'
        translator.body.append(f"</div>\n{data}</figure>\n")


def fallback_only(translator, node: WidgetNode) -> None:
    """Other formats write the fallback, which is the node's children."""


def add_assets(app, pagename, templatename, context, doctree) -> None:
    """Give the loader and the styles to the pages that have a widget, and to no other."""
    if doctree is not None and next(doctree.findall(WidgetNode), None) is not None:
        app.add_css_file("widgets.css")
        app.add_js_file("js/widgets.js", loading_method="defer")


def add_static(app, config) -> None:
    """Have the loader, the styles and the modules copied to `_static`, if they are not already."""
    paths = [(Path(app.confdir) / path).resolve() for path in config.html_static_path]
    if STATIC not in paths:
        config.html_static_path.append(str(STATIC))


def setup(app) -> dict:
    """Register the directive, its node and its files with Sphinx."""
    only = (fallback_only, fallback_only)
    formats = {"latex": only, "text": only, "man": only, "texinfo": only}
    app.add_node(WidgetNode, html=(visit_html, depart_html), **formats)
    app.add_directive("widget", WidgetDirective)
    app.connect("config-inited", add_static)
    app.connect("html-page-context", add_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
