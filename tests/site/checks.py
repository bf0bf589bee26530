"""What the site promises, one small function a promise: each returns its findings as sentences.

The first half reads files, the second half asks a page that is open in a browser.
"""

import gzip
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, NavigableString, Tag
from PIL import Image
from playwright.sync_api import TimeoutError

MOST_BYTES = 600_000
MOST_SHIFT = 0.01

# ------------------------------------------------------------------------------ reading the files


def page_paths(root: Path) -> list[str]:
    """Every page of the site. What lies under `_static` are parts of the theme, never opened."""
    paths = (path.relative_to(root) for path in root.rglob("*.html"))
    return sorted(path.as_posix() for path in paths if path.parts[0] != "_static")


def pages_to_open(root: Path) -> list[str]:
    """All pages, but of those of sources, which differ in code only, the shortest and longest."""
    paths = page_paths(root)
    sources = [path for path in paths if path.startswith("source/scratchlm/")]
    sources.sort(key=lambda path: (root / path).stat().st_size)
    return [path for path in paths if path not in sources[1:-1]]


def read(root: Path) -> dict[str, BeautifulSoup]:
    texts = {path: (root / path).read_text("utf-8") for path in page_paths(root)}
    return {path: BeautifulSoup(text, "html.parser") for path, text in texts.items()}


NOT_PROSE = {"code", "pre", "kbd", "samp", "script", "style", "textarea", "annotation", "template"}


def strings(tag: Tag):
    """The texts below a tag in order, those in code left out."""
    for child in tag.children:
        if type(child) is NavigableString:  # comments are of a subclass
            yield child
        elif isinstance(child, Tag) and child.name not in NOT_PROSE:
            yield from strings(child)


def prose(soup: BeautifulSoup) -> str:
    """What the page says outside code."""
    return " ".join(strings(soup.body)) if soup.body else ""


def found(pattern: str, text: str) -> list[str]:
    """Each match with a little of what stands around it."""
    matches = re.finditer(pattern, text, re.MULTILINE)
    return [" ".join(text[max(0, m.start() - 30) : m.end() + 30].split()) for m in matches]


MARKUP = (
    r"\{[a-z][\w:+.-]*\}`"  # a role
    r"|^\s*(?:`{3,}|:{3,})"  # the fence of a directive
    r"|^\s*:(?:label|class|name|tags|from|alt|data|nonumber):"  # an option of a directive
    r"|\]\([#\w./-]+\)"  # a Markdown link
    r"|<Figure size|<Axes:"  # what a plotting cell prints when it does not end in `plt.show()`
)


def markup_left(soup: BeautifulSoup) -> list[str]:
    return [f"markup in the text: {text!r}" for text in found(MARKUP, prose(soup))]


# KaTeX marks what it cannot parse with a class, and a macro it does not know with this colour.
TEX_ERRORS = '.katex-error, mjx-merror, merror, [data-mjx-error], [mathcolor="#cc0000"]'
RAW_TEX = r"\\[()\[\]]|\$\$|\\[A-Za-z]{2,}|ParseError"


def tex_errors(soup: BeautifulSoup) -> list[str]:
    marked = [tag.get_text(" ", strip=True) for tag in soup.select(TEX_ERRORS)]
    return [f"TeX not rendered: {text!r}" for text in marked + found(RAW_TEX, prose(soup))]


def hidden_from_readers(tag) -> bool:
    """Whether assistive tools skip it: so said, or a button's inside (the button has the name)."""
    around = [t for t in [tag, *tag.parents] if t.name]
    return any(
        t.get("aria-hidden") == "true" or t.has_attr("hidden") or t.name == "button" for t in around
    )


def missing_alt(soup: BeautifulSoup) -> list[str]:
    """Pictures that a screen reader cannot name."""
    seen = [t for t in soup.find_all("svg") if not hidden_from_readers(t)]
    seen = [t for t in seen if t.get("role") not in ("presentation", "none")]
    images = [t for t in soup.find_all("img") if not t.get("alt", "").strip()]
    drawings = [t for t in seen if t.name == "svg" and not drawing_named(t)]
    return [f"no alt text: {str(t)[:120]}" for t in images + drawings]


def drawing_named(svg) -> bool:
    if not svg.get("role"):
        return False
    title = svg.find("title", recursive=False)
    named = svg.get("aria-label") or svg.get("aria-labelledby")
    return svg["role"] != "img" or bool(named or (title and title.get_text(strip=True)))


def structure(soup: BeautifulSoup) -> list[str]:
    problems = [] if soup.html and soup.html.get("lang") else ["<html> has no lang"]
    return problems + ([] if soup.title and soup.title.get_text(strip=True) else ["no title"])


def repeated_titles(pages: dict[str, BeautifulSoup]) -> list[str]:
    titles = Counter(soup.title.get_text(strip=True) for soup in pages.values() if soup.title)
    return [f"{count} pages have the title {t!r}" for t, count in titles.items() if count > 1]


# ------------------------------------------------------------------------------------------ links

LINKS = ["href", "src", "poster", "action", "data", "xlink:href", "data-file"]
SAYS_ONLY = {"canonical", "license", "author"}  # the `rel` of links that no browser follows


def identifiers(soup: BeautifulSoup) -> set[str]:
    return {t["id"] for t in soup.find_all(id=True)} | {
        t["name"] for t in soup("a", {"name": True})
    }


def references(soup: BeautifulSoup) -> list[tuple]:
    pairs = [(tag, tag[name]) for tag in soup.find_all(True) for name in LINKS if tag.get(name)]
    for tag in soup.find_all(srcset=True):
        pairs += [(tag, candidate.split()[0]) for candidate in tag["srcset"].split(",")]
    return pairs


def outside(tag, target: str) -> str | None:
    """A problem with a reference out of the site: readers may follow links, pages load nothing."""
    scheme, host = urlsplit(target).scheme, urlsplit(target).hostname
    if scheme in ("data", "mailto"):
        return None
    if tag.name == "a" and host in ("localhost", "127.0.0.1"):  # the reader's own machine
        return None
    if tag.name in ("a", "area") or SAYS_ONLY & set(tag.get("rel", [])):
        return None if scheme == "https" else f"not an https link: {target}"
    return f"loads from elsewhere: {target}"


def inside(root: Path, page: str, target: str, ids: dict[str, set]) -> str | None:
    """A problem with a reference within the site."""
    parts = urlsplit(target)
    path = (root / page).parent / unquote(parts.path) if parts.path else root / page
    path = path.resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return f"broken link: {target}"
    known = ids.get(path.relative_to(root).as_posix())
    fragment = unquote(parts.fragment)
    return f"broken fragment: {target}" if fragment and known and fragment not in known else None


def broken_links(root: Path, pages: dict[str, BeautifulSoup]) -> list[str]:
    root = root.resolve()
    ids = {page: identifiers(soup) | {"", "top"} for page, soup in pages.items()}
    problems = []
    for page, soup in pages.items():
        for tag, target in references(soup):
            leaves = urlsplit(target).scheme or target.startswith("//")
            problem = outside(tag, target) if leaves else inside(root, page, target, ids)
            problems += [f"{page}: {problem}"] if problem else []
    return problems


# -------------------------------------------------------------------------------- an opened page

# Run before the page's own scripts: layout shifts while it loads, and cookies it tries to set
# (a page opened from a file could not keep one, so the attempt is what shows).
WATCH = """
window.watched = { shifts: [], cookies: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = (entry.sources || []).map((s) => s.node).filter((n) => n && n.nodeType === 1);
    const names = moved.map((n) => n.tagName.toLowerCase() + (n.id ? "#" + n.id : ""));
    window.watched.shifts.push({ value: entry.value, moved: names });
  }
}).observe({ type: "layout-shift", buffered: true });
Object.defineProperty(document, "cookie", {
  get: () => "",
  set: (text) => window.watched.cookies.push(text),
});
"""


@dataclass
class Visit:
    """A page in the browser, and what happened while it loaded."""

    page: object
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def is_local(url: str) -> bool:
    return url.startswith(("file:", "blob:", "data:", "about:"))


def script_errors(visit: Visit) -> list[str]:
    return list(visit.errors)


def external_requests(visit: Visit) -> list[str]:
    return [f"asks another host: {url}" for url in visit.requests if not is_local(url)]


def cookies(visit: Visit) -> list[str]:
    return [f"sets a cookie: {text}" for text in visit.page.evaluate("window.watched.cookies")]


def layout_shift(visit: Visit) -> list[str]:
    shifts = visit.page.evaluate("window.watched.shifts")
    total = sum(shift["value"] for shift in shifts)
    moved = ", ".join(sorted({name for shift in shifts for name in shift["moved"]}))
    return [f"layout shift of {total:.3f} while loading: {moved}"] if total > MOST_SHIFT else []


SHOW = """async () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo({ top, behavior: "instant" });
    await new Promise(requestAnimationFrame);
  }
  scrollTo({ top: 0, behavior: "instant" });
  await new Promise((done) => setTimeout(done, 100));
}"""


def show_everything(visit: Visit) -> None:
    """Unfold solutions and cells, and scroll through the page for what waits to come into view."""
    visit.page.evaluate(SHOW)


SETTLE = "document.getAnimations().forEach((a) => { try { a.finish(); } catch { a.cancel(); } })"


def set_dark(visit: Visit, dark: bool) -> list[str]:
    """Ask for dark or light as the reader's system does."""
    wanted = "dark" if dark else "light"
    visit.page.emulate_media(color_scheme=wanted)
    try:
        visit.page.wait_for_selector(f"html[data-theme={wanted}]", state="attached")
    except TimeoutError:
        return [f"the reader's system is {wanted}, and the page is not"]
    visit.page.evaluate(SETTLE)
    return []


# A long page has thousands of words, cells and signs of formulas. Their kinds are few, told apart
# by what stands around them: the contrast of the first two of each (stripes alternate) is enough.
# A further formula without colours of its own becomes one letter: axe is slow on its many boxes.
# Of text in a drawing axe cannot tell what is behind it.
MARK_REPEATED = """() => {
  const seen = new Map([[document.body, ""]]), count = new Map();
  const kind = (e) => {
    if (!seen.has(e)) {
      const style = (e.getAttribute("style") ?? "").match(/[^;]*(color|background|opacity)[^;]*/g);
      const own = [e.localName, e.getAttribute("class"), style].join("|");
      seen.set(e, `${kind(e.parentElement)} < ${own}`);
    }
    return seen.get(e);
  };
  for (const e of document.querySelectorAll("main *:not(svg *)")) {
    const before = count.get(kind(e)) ?? 0;
    e.toggleAttribute("data-repeated", before > 1);
    count.set(kind(e), before + 1);
  }
  for (const e of document.querySelectorAll("main .katex[data-repeated]:not(:has([style*=color]))"))
    e.replaceChildren("x");
  for (const e of document.querySelectorAll("svg text, svg tspan"))
    e.toggleAttribute("data-repeated", true);
}"""

# `preload` would ask for the style sheets once more, which a page opened from a file may not do.
AXE = {"resultTypes": ["violations"], "preload": False}
# What can differ between two looks at the same page: in dark, or on a narrow screen.
BY_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]

RUN_AXE = """async (options) => {
  axe.configure({ rules: [{ id: "color-contrast", selector: ":not([data-repeated])" }] });
  return (await axe.run(options)).violations;
}"""


def axe_findings(visit: Visit, rules: list[str] | None = None) -> list[str]:
    """What axe finds grave, by all of its rules or by these."""
    visit.page.evaluate(MARK_REPEATED)
    visit.page.evaluate(Axe().axe_script)
    violations = visit.page.evaluate(RUN_AXE, {**AXE, "runOnly": rules} if rules else AXE)
    grave = [v for v in violations if v["impact"] in ("serious", "critical")]
    return [
        f"axe, {v['impact']}: {v['help']} ({v['id']}): {node['target'][0]} {node['html'][:120]}"
        for v in grave
        for node in v["nodes"][:3]
    ]


# What is wider than the window without standing in something that scrolls or clips by design.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const contained = (e) => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (getComputedStyle(p).overflowX !== "visible") return true;
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.right > width + 1 && box.left < width && box.height > 0
      && e.checkVisibility({ visibilityProperty: true }) && !contained(e);
  });
  const names = wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 100));
  const scroll = document.documentElement.scrollWidth;
  return scroll > width || names.length ? { scroll, width, names } : null;
}"""


def overflow(visit: Visit) -> list[str]:
    wide = visit.page.evaluate(OVERFLOW)
    if wide is None:
        return []
    text = f"{wide['scroll']} px of content in a window of {wide['width']} px: "
    return [text + " | ".join(wide["names"])]


def headings(visit: Visit) -> list[str]:
    """One main heading on the screen; what the theme keeps for paper is not counted."""
    script = "() => [...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length"
    count = visit.page.evaluate(script)
    return [] if count == 1 else [f"{count} headings <h1>, where one is expected"]


# ---------------------------------------------------------------------------------------- figures

FIGURES = "main img, main svg[role=img]"
READABLE = 4.5  # the contrast that WCAG asks of text
NEUTRAL = 40  # channels closer than this make a grey: text, ticks and axes, not the curves


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, as WCAG defines it."""
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    dark, light = sorted([luminance(a), luminance(b)])
    return (light + 0.05) / (dark + 0.05)


def ink(png: bytes) -> float:
    """The share of a picture that is grey, black or white and stands out from its ground."""
    with Image.open(io.BytesIO(png)) as image:
        colours = image.convert("RGB").getcolors(maxcolors=image.width * image.height)
    ground = max(colours)[1]
    neutral = [(count, rgb) for count, rgb in colours if max(rgb) - min(rgb) <= NEUTRAL]
    strong = sum(count for count, rgb in neutral if contrast(rgb, ground) >= READABLE)
    return strong / sum(count for count, _ in colours)


def figures(visit: Visit) -> dict[str, bytes]:
    """The figures of a page as they look: a PNG for each alt text. Icons are left out."""
    found = {}
    for element in visit.page.locator(FIGURES).all():
        box = element.bounding_box()
        if box and box["width"] > 100 and box["height"] > 60:
            label = element.get_attribute("alt") or element.get_attribute("aria-label") or "figure"
            found[label] = element.screenshot(animations="disabled")
    return found


def unreadable_figures(light: dict[str, bytes], dark: dict[str, bytes]) -> list[str]:
    """Text and axes that can be read on a light page and are lost on a dark one."""
    lost = [name for name in light if name in dark and ink(dark[name]) < ink(light[name]) / 2]
    return [f"a figure's text is lost in dark mode: {name[:80]}" for name in lost]


# ----------------------------------------------------------------------------------------- weight

COMPRESSED = {".woff", ".woff2", ".png", ".jpg", ".jpeg", ".webp", ".gif", ".gz"}


def size_sent(path: Path) -> int:
    """The bytes that a server sends for a file: text goes gzipped."""
    data = path.read_bytes()
    return len(data) if path.suffix in COMPRESSED else len(gzip.compress(data, 6))


def weights(visit: Visit) -> dict[Path, int]:
    urls = [url for url in visit.requests if url.startswith("file:")]
    paths = {Path(unquote(urlsplit(url).path)) for url in urls}
    return {path: size_sent(path) for path in paths if path.is_file()}


def too_heavy(page: str, sizes: dict[Path, int]) -> list[str]:
    total = sum(sizes.values())
    if total <= MOST_BYTES:
        return []
    heaviest = sorted(sizes, key=sizes.get, reverse=True)[:4]
    names = ", ".join(f"{path.name} {sizes[path] / 1000:.0f}" for path in heaviest)
    return [f"{page} weighs {total / 1000:.0f} kB, most is {MOST_BYTES / 1000:.0f}: {names}"]
