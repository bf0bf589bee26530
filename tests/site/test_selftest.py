"""Every check of the site is shown pages that break its promise, and one that keeps them all."""

import io

import pytest
from PIL import Image, ImageDraw

from tests.site import checks

SOUND = """<h1>Sound</h1>
<p>Text with <code>\\frac{1}{2}</code> and <a href="#end">a link</a>.</p>
<img src="dot.png" width="40" height="40" alt="A dark square."><p id="end">The end.</p>"""


def html(body: str, head: str = "") -> str:
    title = '<meta charset="utf-8"><title>A page</title>'
    return f'<!doctype html><html lang="en"><head>{title}{head}</head><body>{body}</body></html>'


def soup(body: str):
    return checks.BeautifulSoup(html(body), "html.parser")


@pytest.fixture
def show(tmp_path, open_page):
    """Opens a page made of `body`."""
    Image.new("RGB", (40, 40), "#333").save(tmp_path / "dot.png")

    def show(body: str, head: str = "", **options):
        path = tmp_path / "page.html"
        path.write_text(html(f"<main>{body}</main>", head), "utf-8")
        return open_page(path, **options)

    return show


def one(findings: list[str], *words: str) -> None:
    assert len(findings) == 1, findings
    assert all(word in findings[0] for word in words), findings


LIVE = [
    checks.script_errors,
    checks.external_requests,
    checks.cookies,
    checks.layout_shift,
    checks.axe_findings,
    checks.overflow,
    checks.headings,
]


def test_a_sound_page_passes_everything(show, tmp_path):
    visit = show(SOUND)
    assert [finding for check in LIVE for finding in check(visit)] == []
    page = soup(SOUND)
    for check in (checks.structure, checks.markup_left, checks.tex_errors, checks.missing_alt):
        assert check(page) == []
    assert checks.broken_links(tmp_path, checks.read(tmp_path)) == []
    assert checks.too_heavy("page.html", checks.weights(visit)) == []


# ------------------------------------------------------------------------------ read from the file


@pytest.mark.parametrize(
    "body",
    [
        '<a href="gone.html">x</a>',
        '<a href="page.html#gone">x</a>',
        '<a href="#gone">x</a>',
        '<a href="../outside.html">x</a>',
        '<a href="folder/">x</a>',
        '<img src="gone.png" alt="x">',
        '<img srcset="gone.png 2x" alt="x">',
        '<svg><use xlink:href="#gone"></use></svg>',
    ],
)
def test_broken_links(tmp_path, body):
    (tmp_path / "folder").mkdir()
    (tmp_path / "page.html").write_text(html(body))
    one(checks.broken_links(tmp_path, checks.read(tmp_path)), "page.html: broken")


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://example.org/x.js"></script>',
        '<script src="//example.org/x.js"></script>',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<link rel="preconnect" href="https://example.org">',
        '<img src="http://example.org/x.png" alt="x">',
    ],
)
def test_what_loads_from_elsewhere(tmp_path, tag):
    (tmp_path / "page.html").write_text(html(tag))
    one(checks.broken_links(tmp_path, checks.read(tmp_path)), "loads from elsewhere")


def test_links_out_are_https(tmp_path):
    links = '<a href="http://example.org">x</a><a href="https://example.org">y</a>'
    links += '<a href="http://127.0.0.1:8000">my own machine</a>'
    (tmp_path / "page.html").write_text(html(links))
    one(checks.broken_links(tmp_path, checks.read(tmp_path)), "not an https link")


def test_good_links(tmp_path):
    links = '<a href="other.html#far%20on">x</a><a href="?q=x">y</a><a href="#">top</a>'
    (tmp_path / "page.html").write_text(html(links))
    (tmp_path / "other.html").write_text(html('<p id="far on">z</p>'))
    assert checks.broken_links(tmp_path, checks.read(tmp_path)) == []


def test_theme_parts_are_not_pages(tmp_path):
    for name in ("_static/part.html", "chapters/page.html"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(html(""))
    assert checks.page_paths(tmp_path) == ["chapters/page.html"]


@pytest.mark.parametrize(
    "body",
    [
        '<img src="dot.png">',
        '<img src="dot.png" alt=" ">',
        '<svg role="img"><path></path></svg>',
        "<svg><path></path></svg>",
    ],
)
def test_missing_alt(body):
    one(checks.missing_alt(soup(body)), "no alt text")


@pytest.mark.parametrize(
    "body",
    [
        '<svg role="img" aria-label="A line"></svg>',
        '<svg role="img"><title>A line</title></svg>',
        '<svg aria-hidden="true"></svg>',
        "<svg hidden><defs></defs></svg>",
        '<span aria-hidden="true"><svg></svg></span>',
        '<button aria-label="Copy"><svg></svg></button>',
    ],
)
def test_named_or_decorative_drawings(body):
    assert checks.missing_alt(soup(body)) == []


@pytest.mark.parametrize(
    "body",
    [
        '<p><span class="katex-error">x</span></p>',
        '<p><mstyle mathcolor="#cc0000"><mtext>x</mtext></mstyle></p>',
        "<p>so that \\(x\\ ) holds</p>",
        "<p>$$x</p>",
        "<p>the ratio \\tfrac of both</p>",
        "<p>ParseError: expected '}'</p>",
    ],
)
def test_tex_errors(body):
    one(checks.tex_errors(soup(body)), "TeX")


def test_tex_inside_rendered_mathematics_is_no_error():
    assert checks.tex_errors(soup("<math><annotation>\\frac{1}{2}</annotation></math>")) == []


@pytest.mark.parametrize(
    "body",
    [
        "<p>see {ref}`names`</p>",
        "<p>loss {glue:text}`x:.2f`</p>",
        "<p>::: note</p>",
        "<p>\n:label: x</p>",
        "<p>[text](#names)</p>",
        "<p>&lt;Figure size 640x480 with 1 Axes&gt;</p>",
    ],
)
def test_markup_left(body):
    one(checks.markup_left(soup(body)), "markup in the text")


def test_markup_in_code_is_not_left():
    assert checks.markup_left(soup("<pre>{ref}`names`</pre><code>:label: x</code>")) == []


def test_structure():
    bare = checks.BeautifulSoup("<html><body></body></html>", "html.parser")
    assert checks.structure(bare) == ["<html> has no lang", "no title"]


def test_repeated_titles():
    one(checks.repeated_titles({"a": soup(""), "b": soup("")}), "2 pages", "A page")


def test_weight(tmp_path):
    repetitive, font = tmp_path / "page.html", tmp_path / "face.woff2"
    repetitive.write_text("x" * 1_000_000)
    font.write_bytes(b"x" * 1_000_000)
    assert checks.size_sent(repetitive) < 2_000
    assert checks.size_sent(font) == 1_000_000
    sizes = {path: checks.size_sent(path) for path in (repetitive, font)}
    one(checks.too_heavy("page.html", sizes), "face.woff2 1000")


def picture(ground: str, text: str, curve: str = "#E69F00") -> dict[str, bytes]:
    image = Image.new("RGB", (200, 100), ground)
    draw = ImageDraw.Draw(image)
    draw.text((10, 10), "training loss (nats)", fill=text)
    draw.line((0, 90, 200, 40), fill=curve, width=6)
    data = io.BytesIO()
    image.save(data, "png")
    return {"A curve": data.getvalue()}


def test_unreadable_figures():
    light = picture("white", "black")
    one(checks.unreadable_figures(light, picture("#121212", "black")), "dark mode")
    assert checks.unreadable_figures(light, picture("#121212", "#eeeeee")) == []
    assert checks.unreadable_figures(light, light) == []  # a white card on a dark page


# ------------------------------------------------------------------------------ asked of a browser


@pytest.mark.parametrize(
    "script, word",
    [
        ("console.error('oh dear')", "oh dear"),
        ("throw new Error('oh dear')", "oh dear"),
        ("Promise.reject(new Error('oh dear'))", "oh dear"),
    ],
)
def test_script_errors(show, script, word):
    one(checks.script_errors(show(f"<script>{script}</script>")), word)


def test_missing_file_is_an_error(show):
    one(checks.script_errors(show('<script src="gone.js"></script>')), "Failed to load")


@pytest.mark.parametrize(
    "body",
    [
        '<img src="https://example.org/x.png" alt="x">',
        "<script>fetch('https://example.org/x.json').catch(() => 0)</script>",
        "<style>p { background: url(https://example.org/x.png) }</style><p>x</p>",
        "<script>new WebSocket('wss://example.org/')</script>",
    ],
)
def test_external_requests(show, body):
    one(checks.external_requests(show(body)), "example.org")


def test_cookies(show):
    one(checks.cookies(show("<script>document.cookie = 'a=b'</script>")), "a=b")


def test_layout_shift_when_a_picture_arrives(show):
    text = "<p>A paragraph which the picture pushes down.</p>" * 9
    one(checks.layout_shift(show('<img src="dot.png" style="width: 300px" alt="x">' + text)), "p")


def test_layout_shift_of_a_late_script(show):
    script = "setTimeout(() => document.querySelector('h1').style.marginTop = '200px', 100)"
    one(checks.layout_shift(show(f"<h1>x</h1><p>y</p><script>{script}</script>")), "layout shift")


@pytest.mark.parametrize(
    "body, rule",
    [
        ("<h1>x</h1><button></button>", "button-name"),
        ('<h1>x</h1><p style="color: #bbb; background: white">faint</p>', "color-contrast"),
        ("<h1>x</h1><label>name</label><input>", "label"),
    ],
)
def test_axe_findings(show, body, rule):
    one(checks.axe_findings(show(body)), f"({rule})")


def test_axe_can_be_asked_for_some_rules(show):
    visit = show('<h1>x</h1><button></button><p style="color: #bbb; background: white">faint</p>')
    one(checks.axe_findings(visit, checks.BY_LOOKS), "(color-contrast)")


def test_axe_sees_colours_in_formulas(show):
    formula = '<p><span class="katex"><b>x</b><i>sum</i></span></p>'
    coloured = formula.replace("<i", '<i style="color: #ccc; background: white"')
    visit = show("<h1>x</h1>" + formula * 5 + coloured)
    one(checks.axe_findings(visit), "(color-contrast)")
    assert visit.page.locator(".katex i").count() == 3


def test_axe_looks_into_folds(show):
    body = "<h1>x</h1><details><summary>More</summary><button></button></details>"
    visit = show(body)
    assert checks.axe_findings(visit) == []
    checks.show_everything(visit)
    one(checks.axe_findings(visit), "button-name")


def test_what_waits_to_be_seen_is_shown(show):
    watch = (
        "new IntersectionObserver(([e]) => { if (e.isIntersecting) late.textContent = 'shown' })"
    )
    body = '<div style="height: 9000px"></div><p id="late"></p><div style="height: 9000px"></div>'
    visit = show(f"{body}<script>{watch}.observe(late)</script>")
    late = visit.page.locator("#late")
    assert late.text_content() == ""
    checks.show_everything(visit)
    assert late.text_content() == "shown"


@pytest.mark.parametrize(
    ("plain", "faint", "found"),
    [
        ('<i class="plain">word</i> ', '<i class="faint">word</i> ', 2),  # two of those alike
        ("<p>word</p>", '<p style="color: #ccc">word</p>', 2),
        ("<table>{}</table>".format("<tr><td>word</td></tr>" * 9), "", 1),  # and stripes
    ],
)
def test_axe_looks_at_each_kind_of_text(show, plain, faint, found):
    style = "<style>.faint, tr:nth-child(even) { color: #ccc }</style>"
    findings = checks.axe_findings(show(f"<h1>x</h1>{plain * 9}{faint * 9}", style))
    assert len(findings) == found and all("color-contrast" in one for one in findings), findings


def test_axe_looks_at_the_dark_page(show):
    theme = "document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light'"
    script = (
        "const dark = matchMedia('(prefers-color-scheme: dark)');"
        f"const set = () => {theme}; set(); dark.addEventListener('change', set);"
    )
    style = "[data-theme=dark] body { background: #111 } p { color: #222 }"
    visit = show(f"<p>A sentence.</p><script>{script}</script>", f"<style>{style}</style>")
    assert checks.axe_findings(visit) == []
    assert checks.set_dark(visit, True) == []
    one(checks.axe_findings(visit), "color-contrast")


def test_a_page_that_ignores_the_system_is_found(show):
    visit = show("<h1>x</h1>")
    visit.page.set_default_timeout(300)
    one(checks.set_dark(visit, True), "the reader's system is dark")


@pytest.mark.parametrize(
    "body",
    [
        '<div style="width: 700px">wide</div>',
        "<p>" + "x" * 200 + "</p>",
        "<style>body { overflow-x: hidden }</style><div style='width: 700px'>cut off</div>",
    ],
)
def test_overflow(show, body):
    phone = {"viewport": {"width": 360, "height": 740}}
    one(checks.overflow(show(body, **phone)), "in a window of 360 px")


def test_what_scrolls_by_itself_does_not_overflow(show):
    body = '<div style="overflow-x: auto"><div style="width: 700px">wide</div></div>'
    assert checks.overflow(show(body, viewport={"width": 360, "height": 740})) == []


@pytest.mark.parametrize("body", ["<p>none</p>", "<h1>one</h1><h1>two</h1>"])
def test_headings(show, body):
    one(checks.headings(show(body)), "<h1>")


def test_headings_counts_what_is_shown(show):
    assert checks.headings(show("<h1>one</h1><h1 style='display: none'>for paper</h1>")) == []


def test_weights_are_of_what_was_asked_for(show, tmp_path):
    (tmp_path / "unused.css").write_text("p { color: red }")
    names = {path.name for path in checks.weights(show(SOUND))}
    assert names == {"page.html", "dot.png"}


def test_figures_are_seen_and_icons_left_out(show):
    drawing = '<svg role="img" aria-label="A plot" width="200" height="100"></svg>'
    figures = checks.figures(show(SOUND + drawing))
    assert list(figures) == ["A plot"]
