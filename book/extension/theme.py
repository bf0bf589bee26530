"""The look of the site: our own page template, styles and scripts on top of the theme's functions.

Only what a page uses is sent: one style sheet for the site, KaTeX's where there are formulas, and
small scripts. The style sheets and scripts of the theme and of the other extensions are left out.
"""

import base64
import functools
import hashlib
import re
import shutil
import textwrap
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

BOOK = Path(__file__).resolve().parents[1]
STYLES = BOOK / "static" / "css"
SHEET = "book.css"
# the faces of running text and formulas: a page would move if they came after it was drawn
EMBEDDED = (
    "source-serif-4-latin-wght-normal",
    "source-serif-4-latin-wght-italic",
    "source-sans-3-latin-wght-normal",
    "KaTeX_Main-Regular",
    "KaTeX_Math-Italic",
)

# what the theme and the other extensions would add to every page
LEFT_OUT = re.compile(
    r"(alabaster|basic|pygments|mystnb|exercise|togglebutton|copybutton|sphinx-book-theme|theme"
    r"|sphinx-thebe|design-style|panels-.*)\.[\w.]*css"
    r"|(documentation_options|doctools|sphinx_highlight|searchtools|language_data|jquery|underscore"
    r"|_sphinx_javascript_frameworks_compat|sphinx-book-theme|togglebutton|copybutton|clipboard\.min"
    r"|sphinx-thebe)\.js"
)
DESIGN = re.compile(r"(sphinx-design|design-tabs)[\w.-]*\.(css|js)")

# files that no page asks for
UNUSED = (
    *("vendor", "locales", "images", "styles", "scripts", "css"),
    *(
        "webpack-macros.html",
        "sbt-webpack-macros.html",
        "basic.css",
        "exercise.css",
        "pygments.css",
    ),
    *("doctools.js", "documentation_options.js", "language_data.js", "searchtools.js"),
    *("sphinx_highlight.js", "file.png", "minus.png", "plus.png", "mystnb.*.css"),
)


def sheet() -> str:
    """Return the site's style sheet: the files of `static/css`, in order, without comments."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STYLES.glob("*.css")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return with_faces(re.sub(r"\s*\n\s*", "\n", text).strip() + "\n", BOOK / "static")


def with_faces(text: str, folder: Path) -> str:
    """Return a style sheet with the faces of running text in it, so that none can be late."""

    def embed(match: re.Match) -> str:
        face = base64.b64encode((folder / match[1]).read_bytes()).decode()
        return f'url("data:font/woff2;base64,{face}")'

    return re.sub(rf"url\((fonts/(?:{'|'.join(EMBEDDED)})\.woff2)\)", embed, text)


def digest(text: str) -> str:
    """Return a short mark of a file's content, so that a browser keeps it until it changes."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def csp_hash(text: str) -> str:
    """Return what a Content-Security-Policy calls a script that stands in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@functools.cache
def _script(name: str) -> str:
    text = (BOOK / "static" / "js" / f"{name}.js").read_text(encoding="utf-8")
    return re.sub(r"^\s*//.*\n", "", text, flags=re.MULTILINE)


def configure(app, config) -> None:
    """Put our templates before the theme's, and our static files beside them."""
    config.templates_path.insert(0, str(BOOK / "templates"))
    config.html_static_path.append(str(BOOK / "static"))
    config.html_permalinks_icon = "#"
    if config.nb_execution_cache_path:  # wherever the build starts and whatever it writes
        cache = Path(app.confdir, config.nb_execution_cache_path)
        config.nb_execution_cache_path = str(cache)


def _title(app, docname: str) -> str:
    return app.builder.render_partial(app.env.titles[docname])["title"]


def _chapter_number(app, docname: str) -> str:
    number = app.env.toc_secnumbers.get(docname, {}).get("")
    return ".".join(map(str, number)) if number else ""


def _page(app, docname: str) -> dict:
    number = _chapter_number(app, docname)
    return {"docname": docname, "title": _title(app, docname), "number": number}


def _toctrees(app, docname: str) -> list[addnodes.toctree]:
    return list(app.env.get_doctree(docname).findall(addnodes.toctree))


def _entries(app, toctree: addnodes.toctree, depth: int = 0) -> list[dict]:
    """Return the pages of a part in order, those below a page too, and addresses elsewhere."""
    found = []
    for title, name in toctree["entries"]:
        if name in app.env.titles:
            page = _page(app, name)
            found.append(
                {**page, "title": escape(title) if title else page["title"], "depth": depth}
            )
            for below in _toctrees(app, name):
                found += _entries(app, below, depth + 1)
        elif "://" in name:
            found.append({"uri": name, "title": escape(title or name), "depth": depth})
    return found


def book_parts(app) -> list[dict]:
    """Return the parts of the book with their pages, as the table of contents has them."""
    if not hasattr(app, "book_parts"):
        app.book_parts = [
            {"caption": toctree.get("caption") or "", "pages": _entries(app, toctree)}
            for toctree in _toctrees(app, app.config.root_doc)
        ]
    return app.book_parts


def kicker(app, docname: str) -> str:
    """Return what stands above a title: the part, and the number of a chapter."""
    for part in book_parts(app):
        for page in part["pages"]:
            if page.get("docname") == docname:
                number = f"chapter {page['number']}" if page["number"] else ""
                words = " · ".join(filter(None, (part["caption"], number)))
                return words[:1].upper() + words[1:]
    return ""


def on_this_page(app, doctree: nodes.document) -> list[dict]:
    """Return the sections of a page: id, title, depth."""
    found = []
    for section in doctree.findall(nodes.section):
        depth = sum(isinstance(node, nodes.section) for node in _ancestors(section))
        # the content of an exercise is a section too, without a title
        if depth in (1, 2) and isinstance(section[0], nodes.title):
            title = app.builder.render_partial(section[0].deepcopy())["title"]
            found.append({"id": section["ids"][0], "title": title, "depth": depth})
    return found if len(found) > 1 else []


def description(doctree: nodes.document) -> str:
    """Return the beginning of a page's first paragraph, for search engines."""
    paragraph = doctree.next_node(nodes.paragraph)
    return textwrap.shorten(paragraph.astext(), 160, placeholder=" …") if paragraph else ""


def _ancestors(node: nodes.Node):
    while node.parent is not None:
        node = node.parent
        yield node


def _wanted(body: str, asset) -> bool:
    """Tell whether a page needs a style sheet or script; a script within the page it never does."""
    name = str(getattr(asset, "filename", None) or "").partition("?")[0].rpartition("/")[2]
    if not name:
        return False
    return not LEFT_OUT.fullmatch(name) and ("sd-" in body or not DESIGN.fullmatch(name))


def page_context(app, pagename, templatename, context, doctree) -> None:
    """Give the template what it shows around a page, and drop the assets that it does not need."""
    body = context.get("body", "")
    for kind in ("css_files", "script_files"):
        context[kind] = [asset for asset in context[kind] if _wanted(body, asset)]
    context["book_sheet"] = f"{SHEET}?v={digest(sheet())}"
    context["book_parts"] = book_parts(app)
    context["book_kicker"] = kicker(app, pagename)
    if doctree is not None:
        context["book_sections"] = on_this_page(app, doctree)
        context["page_description"] = description(doctree)
    context["book_math"] = 'class="katex"' in body + context.get("tips", "")
    for script in ("site", "hover", "versions"):
        context[f"{script}_script"] = f"_static/js/{script}.js?v={digest(_script(script))}"
    context["first_script"] = _script("mode")
    context["first_script_hash"] = csp_hash(_script("mode"))


def frame_changed(app, env) -> list[str]:
    """Have every page written again when what stands around or behind each of them changed.

    That is the table of contents with its titles, the definitions of terms, and the site's files.
    """
    if app.builder.format != "html":
        return []
    parts = book_parts(app)
    terms = {k: v.astext() for k, (_, v) in sorted(getattr(env, "book_terms", {}).items())}
    modules = [path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("extension/*.py"))]
    scripts = [_script(name) for name in ("mode", "site", "hover", "versions")]
    mark = digest(repr((parts, terms, modules, scripts, sheet())))
    before, env.book_frame = getattr(env, "book_frame", None), mark
    return [] if mark == before else sorted(env.all_docs)


def finish(app, error) -> None:
    """Write the style sheet, and remove the files that no page asks for."""
    if error is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(static.parent / "_sphinx_design_static", ignore_errors=True)
    (static / SHEET).write_text(sheet(), encoding="utf-8")
    formulas = static / "katex" / "katex.css"
    text = formulas.read_text(encoding="utf-8")
    formulas.write_text(with_faces(text, formulas.parent), encoding="utf-8")


def setup(app) -> None:
    app.add_config_value("comments_config", {}, "html")  # the builder sets it for sphinx_comments
    app.connect("config-inited", configure, priority=400)
    app.connect("env-get-updated", frame_changed, priority=900)  # after the chapters' numbers
    app.connect("html-page-context", page_context, priority=900)
    app.connect("build-finished", finish, priority=900)
