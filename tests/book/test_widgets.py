"""The `widget` directive, in a small Sphinx project whose notebooks hold their outputs."""

import io
import json
import re
from types import SimpleNamespace

import nbformat.v4 as nbf
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from scratchlm import notebook

CONFIG = """
extensions = ["myst_nb", "book.extension.widgets"]
nb_execution_mode = "off"
show_warning_types = True
html_theme = "basic"
"""
NASTY = "</script><!-- \u2028 & \" '"
CONTEXT = {"text": NASTY, "tokens": ["a", "b"], "logits": [-0.1, None]}
DATA = {"contexts": [CONTEXT], "show": ["raw", 'wi"de']}

FILE = {"weights": "AAAA" * 30_000, "text": NASTY}

WIDGET = """\
````{{widget}} {name}
:data: {data}
:alt: A picture of <numbers> & "bars".

{body}
````
"""
FALLBACK = """\
Instead: {glue:text}`number:.1f`.

```{glue:figure} picture
:name: fig-instead
The caption.
```

| token | p |
|---|---|
| o | 0.3 |
"""


def widget(name="temperature-lab", data="data", body="Instead."):
    return WIDGET.format(name=name, data=data, body=body)


def glued(monkeypatch, key, value):
    """The output that the book's own `glue` leaves in a notebook; nbformat checks it."""
    shown = []
    monkeypatch.setattr(notebook, "display", lambda data, **options: shown.append((data, options)))
    notebook.glue(key, value)
    (data, options), *_ = shown
    return nbf.new_output("display_data", data, metadata=options["metadata"])


def page(path, outputs, text):
    cells = [nbf.new_code_cell("...", outputs=outputs, metadata={"tags": ["remove-cell"]})]
    path.write_text(nbf.writes(nbf.new_notebook(cells=[*cells, nbf.new_markdown_cell(text)])))


def run(source, builder):
    warnings = io.StringIO()
    with patch_docutils(str(source)), docutils_namespace():
        app = Sphinx(
            source,
            source,
            source / builder,
            source / "trees",
            builder,
            None,
            io.StringIO(),
            warnings,
        )
        app.build()
    text = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())
    return SimpleNamespace(out=source / builder, warnings=text.splitlines())


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Pages with sound widgets (twice), with none, and one page for each mistake."""
    root = tmp_path_factory.mktemp("project")
    (root / "conf.py").write_text(CONFIG)
    (root / "index.md").write_text("# Root\n\n```{toctree}\n:glob:\n*\ndeep/*\n```\n")
    (root / "plain.md").write_text("# Plain\n\nNo widget.\n")
    prefix = "application/papermill.record/"
    record = {"scrapbook": {"name": "picture", "mime_prefix": prefix}}
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    picture = nbf.new_output("display_data", {prefix + "image/svg+xml": drawing}, metadata=record)
    with pytest.MonkeyPatch.context() as patch:
        data, number = glued(patch, "data", DATA), glued(patch, "number", 0.31)
        text = f"# Good\n\n{widget(body=FALLBACK)}\n\n{widget()}"
        page(root / "good.ipynb", [data, number, picture], text)
        file = widget().replace(":alt:", ":file: file.one\n:alt:")
        (root / "deep").mkdir()
        outputs = [data, glued(patch, "file.one", FILE)]
        page(root / "deep" / "file.ipynb", outputs, f"# File\n\n{file}")
        lost = file.replace("file.one", "no-such-file")
        page(root / "lost.ipynb", [data], f"# Bad\n\n{lost}")
        huge = glued(patch, "file.one", {"weights": "A" * 1_200_000})
        page(root / "huge.ipynb", [data, huge], f"# Bad\n\n{file}")
        mistakes = {"text": "words", "endless": [float("inf")], "large": list(range(20_000))}
        for name, value in mistakes.items():
            page(
                root / f"{name}.ipynb", [glued(patch, name, value)], "# Bad\n\n" + widget(data=name)
            )
    (root / "unknown.md").write_text("# Bad\n\n" + widget(name="no-such-widget"))
    (root / "missing.md").write_text("# Bad\n\nSome text.\n\n" + widget(data="no-such-key"))
    (root / "empty.md").write_text("# Bad\n\n" + widget().replace("Instead.", ""))
    (root / "mute.md").write_text("# Bad\n\n" + re.sub(":alt:.*\n", "", widget()))
    return root


@pytest.fixture(scope="module")
def built(source):
    return run(source, "html")


def soup(built, name):
    return BeautifulSoup((built.out / f"{name}.html").read_text("utf-8"), "html.parser")


def test_the_figure_holds_its_parts(built):
    first, second = soup(built, "good").select("figure.book-widget")
    assert first["data-widget"] == second["data-widget"] == "temperature-lab"
    assert first["data-show"] == 'raw wi"de'
    assert first["aria-label"] == 'A picture of <numbers> & "bars".'
    fallback = first.select_one("div.widget-fallback")
    assert "Instead: 0.3." in fallback.text
    assert fallback.select_one("figure#fig-instead img") and fallback.select_one("table")
    assert second.select_one("div.widget-fallback").text.strip() == "Instead."


def test_the_data_survives_the_page(built):
    for script in soup(built, "good").select('script[type="application/json"]'):
        assert json.loads(script.string) == DATA
        assert not any(text in script.string for text in ("</", "<!--", "\u2028"))


def test_the_module_stands_once_a_page(built):
    (script,) = soup(built, "good").select("script[data-widget-module]")
    assert script["type"] == "text/plain" and script["data-widget-module"] == "temperature-lab"
    assert "export default" in script.string


def test_a_file_lies_in_the_site_and_not_in_the_page(built):
    """Its address ends in a mark of its content: a browser that has an old one asks anew."""
    page = soup(built, "deep/file")
    figure = page.select_one("figure.book-widget")
    path, _, mark = figure["data-file"].partition("?v=")
    script = (built.out / "deep" / path).read_text("utf-8")
    assert path == "../_static/data/file-one.js" and len(mark) == 8
    assert int(figure["data-file-bytes"]) == len(script)
    begin, end = "document.currentScript.file = ", ";\n"
    assert script.startswith(begin) and script.endswith(end)
    assert json.loads(script.removeprefix(begin).removesuffix(end)) == FILE
    assert "AAAA" not in str(page)
    assert not soup(built, "good").select("[data-file]")


@pytest.mark.parametrize("name, expected", [("good", 1), ("plain", 0), ("index", 0)])
def test_only_pages_with_a_widget_load_its_files(built, name, expected):
    page = soup(built, name)
    scripts = [tag for tag in page.select("script[src]") if "js/widgets.js" in tag["src"]]
    styles = [tag for tag in page.select("link[href]") if "widgets.css" in tag["href"]]
    assert len(scripts) == len(styles) == expected
    assert all("defer" in tag.attrs for tag in scripts)
    assert (built.out / "_static/js/widgets.js").exists()
    assert (built.out / "_static/widgets.css").exists()


MISTAKES = {
    "unknown.md:3": "'no-such-widget': there is no such widget: choose one of ",
    "missing.md:5": "no cell of this page glues 'no-such-key'",
    "empty.md:3": "it has no body",
    "mute.md:3": "the option :alt: is missing",
    "text.ipynb": "'text' is not JSON: glue a dict or a list",
    "endless.ipynb": "'endless' holds NaN or an infinity",
    "large.ipynb": "over the limit of 60,000",
    "lost.ipynb": "no cell of this page glues 'no-such-file'",
    "huge.ipynb": "over the limit of 1,200,000",
}


@pytest.mark.parametrize("place, sentence", MISTAKES.items())
def test_a_mistake_is_one_warning_with_its_place(built, place, sentence):
    (line,) = [line for line in built.warnings if place.partition(":")[0] in line]
    assert place in line and "WARNING: widget" in line and sentence in line


@pytest.mark.parametrize("place", MISTAKES)
def test_a_mistake_leaves_the_fallback(built, place):
    page = soup(built, place.partition(".")[0])
    assert not page.select(".book-widget, script[data-widget-module]")
    assert "Instead." in page.text or place.startswith("empty")


def test_there_are_no_other_warnings(built):
    assert len(built.warnings) == len(MISTAKES), built.warnings


def test_other_formats_show_the_fallback_alone(source):
    text = (run(source, "text").out / "good.txt").read_text("utf-8")
    assert "Instead: 0.3." in text and "The caption." in text
    assert "contexts" not in text and "export default" not in text
