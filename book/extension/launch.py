"""The line under a page's title: open the page in Colab or Binder, take it along as a file.

Downloads come from the site itself; what opens elsewhere needs a repository that serves the
notebooks. Where the book knows one, every page also leads to the form for errors.
"""

import json
from html import escape
from pathlib import Path

from book import repository
from book.downloads import FOLDER
from book.notebooks import name_of
from book.repository import Repository


def configure(app, config) -> None:
    """Find the book's addresses; pages are written again when one of them changes."""
    app.book_repository = found = repository.find(Path(app.srcdir))
    config.book_addresses = [found.url, found.site, found.version]
    if found.site:
        config.html_baseurl = f"{found.site}/"


def links(found: Repository, name: str, notebook: str, source: str) -> list[tuple[str, str, bool]]:
    """Return the links of a page: words, address, whether it is a download.

    `notebook` and `source` are the files on the site, `name` the notebook on its branch.
    """
    listed = [
        ("Colab", found.colab(name), False),
        ("Binder", found.binder(name), False),
        ("Notebook (.ipynb)", notebook, True),
        ("Text (.md)", source, True),
    ]
    return [link for link in listed if link[1]]


def line(found: list[tuple[str, str, bool]]) -> str:
    """Return links as the line under a title."""
    items = [
        f'<li><a href="{escape(address)}"{" download" if download else ""}>{words}</a></li>'
        for words, address, download in found
    ]
    label = "Open this page elsewhere or download it"
    return f'<ul class="launch" aria-label="{label}">{"".join(items)}</ul>' if items else ""


def put_launch(app, pagename, templatename, context, doctree) -> None:
    """Put the line under the title, or at the end of the first page, and fill in the rest."""
    found, root = app.book_repository, context["content_root"]
    context["book_version"] = found.version
    context["book_latest"] = found.page(pagename)
    if doctree is None or "body" not in context:
        return
    name = name_of(pagename)
    source = context.get("sourcename") and f"{root}_sources/{context['sourcename']}"
    html = line(links(found, name, f"{root}{FOLDER}/{name}", source or ""))
    if pagename == app.config.root_doc:
        context["body"] += html
    else:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{html}", 1)
    title = app.env.titles[pagename].astext()
    context["book_report"] = found.report(title, found.page(pagename) or pagename)


def list_versions(app, error) -> None:
    """Write the list of versions that the switch reads: of this site alone, until it is laid out
    beside others.
    """
    if error is None and app.builder.format == "html":
        own = [{"name": app.book_repository.version or "latest", "path": ""}]
        Path(app.outdir, "versions.json").write_text(json.dumps(own) + "\n", encoding="utf-8")


def setup(app) -> None:
    app.add_config_value("book_addresses", [], "html")
    app.connect("config-inited", configure)
    # before the facts of a chapter, which go between it and the title
    app.connect("html-page-context", put_launch, priority=400)
    app.connect("build-finished", list_versions)
