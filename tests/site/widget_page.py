"""Pages made for one widget each, opened like the book's: from a file, with the network off."""

import itertools
import re

from book import ROOT
from book.extension.widgets import FILE_LIMIT, STATIC, file_script, module_text, shown, to_json

# Keeps a widget from starting, to see what the page looks like before it has.
NEVER = "window.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };"

WIDE = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

# What the book's pages are allowed, but for a script that these have not; for those with a file.
TEMPLATE = (ROOT / "book" / "templates" / "layout.html").read_text("utf-8")
POLICY = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', TEMPLATE)[0]
POLICY = re.sub(r" '\{\{.*?\}\}'", "", POLICY)

PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
{policy}<meta name="viewport" content="width=device-width"><title>A widget</title>
<link rel="stylesheet" href="{tokens}"><link rel="stylesheet" href="{styles}">
<style>body {{ margin: 0 1.25rem; background: var(--paper); color: var(--ink);
font-family: var(--sans) }} main {{ max-width: 46rem; margin: auto }}</style></head>
<body><main><h1>A widget</h1>
<script type="text/plain" data-widget-module="{name}">{module}</script>
{figures}<p style="height: 60rem">The text goes on.</p></main>
<script src="{loader}" defer></script></body></html>"""

FIGURE = """<figure class="book-widget" data-widget="{name}" data-show="{show}" {file}
aria-label="A widget."><div class="widget-fallback"><p>Instead of the widget.</p></div>
<script type="application/json">{data}</script></figure>"""


def page_text(name, *datas, file=""):
    """A page; the `file` of its widgets, if they have one, is an address."""
    parts = {"name": name, "file": f'data-file="{file}" data-file-bytes="1100000"' * bool(file)}
    figures = [FIGURE.format(show=shown(d), data=to_json("data", d), **parts) for d in datas]
    return PAGE.format(
        policy=POLICY if file else "",
        tokens=(STATIC / "css" / "10-tokens.css").as_uri(),
        styles=(STATIC / "widgets.css").as_uri(),
        loader=(STATIC / "js" / "widgets.js").as_uri(),
        name=name,
        module=module_text(name),
        figures="\n".join(figures),
    )


class Pages:
    """`pages(**options)`: a new page that has no network; its errors gather in `page.errors`.

    Those with the same options share a context: a new one costs as much as opening a page.
    """

    def __init__(self, browser):
        self.browser, self.contexts = browser, {}

    def __call__(self, **options):
        key = repr(sorted(options.items()))
        if key not in self.contexts:
            self.contexts[key] = self.browser.new_context(offline=True, **options)
            self.contexts[key].set_default_timeout(10_000)
        page = self.contexts[key].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda m: is_error(m) and page.errors.append(m.text))
        return page

    def close(self):
        for context in self.contexts.values():
            context.close()


def is_error(message):
    """Whether it is an error that a widget could cause: the page's fonts are not its affair."""
    return message.type == "error" and ".woff2" not in message.text + message.location["url"]


def boxes(locator):
    """Where each of the elements stands on the screen, asked in one go."""
    return locator.evaluate_all("all => all.map(e => e.getBoundingClientRect().toJSON())")


class Visitor:
    """`visitor(*datas, script="", wait=True, file=None, **options)`: a page with a widget for each.

    Its errors gather in `page.errors`; `script` runs before the page's own. What is given as `file`
    lies beside the page, for its widgets to ask for.
    """

    def __init__(self, browser, folder, name):
        self.pages, self.folder, self.name = Pages(browser), folder, name
        self.numbers = itertools.count()

    def __call__(self, *datas, script="", wait=True, file=None, **options):
        path = self.folder / f"{next(self.numbers)}.html"
        beside = path.with_suffix(".js")
        if file is not None:
            beside.write_text(file_script(to_json("file", file, FILE_LIMIT)), "utf-8")
        address = "" if file is None else beside.name
        path.write_text(page_text(self.name, *datas, file=address), "utf-8")
        page = self.pages(**options)
        page.add_init_script(script)
        page.goto(path.as_uri())
        if wait:
            page.locator(".book-widget").last.scroll_into_view_if_needed()
            page.locator(".book-widget[data-state=ready] .widget-body").first.wait_for()
        return page

    def close(self):
        self.pages.close()
