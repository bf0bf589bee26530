"""Every page of the built site, read as files and opened in a browser with the network off."""

import re

import pytest
from playwright.sync_api import expect

from book import ROOT, chapters, contents, inclusion
from tests.site import checks

WIDE = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


@pytest.fixture(scope="module")
def pages(site):
    return checks.read(site)


def is_main(page_path: str) -> bool:
    """The pages that readers read: the others list and search."""
    return page_path != "search.html" and not page_path.startswith("source/")


@pytest.fixture
def chapter(site):
    """The longest chapter's page; it has what every page shares."""
    first = f"{contents.read(ROOT)[0].docname}.html"  # it looks different from the others
    paths = [path for path in checks.page_paths(site) if is_main(path) and path != first]
    if not paths:
        pytest.skip("_toc.yml names no page but the first")
    return max((site / path for path in paths), key=lambda path: path.stat().st_size)


@pytest.fixture
def word(chapter):
    """A word to search for: the longest of the chapter's title."""
    title = checks.BeautifulSoup(chapter.read_text("utf-8"), "html.parser").h1.get_text()
    return max(re.findall(r"\w+", title), key=len).lower()


def none(findings: list[str]) -> None:
    if findings:
        pytest.fail("\n".join(dict.fromkeys(findings)), pytrace=False)  # each once


def behaviour(visit) -> list[str]:
    """What the page did since it was opened; asked last, when everything was tried."""
    return checks.script_errors(visit) + checks.external_requests(visit) + checks.cookies(visit)


def test_links_lead_somewhere(site, pages):
    none(checks.broken_links(site, pages))


def test_titles_differ(pages):
    none(checks.repeated_titles(pages))


def test_text_and_alt_text_are_whole(pages):
    """What can be told from the files alone: no markup or TeX left over, every picture in words."""
    found = []
    for path, soup in pages.items():
        for check in (checks.structure, checks.markup_left, checks.tex_errors, checks.missing_alt):
            found += [f"{path}: {finding}" for finding in check(soup)]
    none(found)


def test_included_code_leads_to_its_source_and_back(pages):
    """Every object that a chapter includes has a link to its source page, and one back."""
    shown = [i for page in chapters.pages() for i in inclusion.inclusions(page.path)]
    assert shown or contents.left_out()
    for item in shown:
        chapter = item.cell.path.relative_to(ROOT).with_suffix(".html").as_posix()
        source = f"source/{item.module.replace('.', '/')}.html"
        there = [a["href"] for a in pages[chapter].find_all("a", href=True)]
        assert any(href.endswith(f"{source}#{item.name}") for href in there), item.target
        back = [a["href"] for a in pages[source].find_all("a", href=True)]
        assert any(f"{chapter}#" in href and item.name in href for href in back), item.target


def test_page_on_a_wide_screen(site, page_path, open_page):
    """What it weighs and how it looks; axe tries all its rules in light."""
    visit = open_page(site / page_path, **WIDE)
    weight = checks.too_heavy(page_path, checks.weights(visit))
    soup = checks.BeautifulSoup(visit.page.content(), "html.parser")
    findings = weight + checks.layout_shift(visit) + checks.headings(visit)
    for check in (checks.structure, checks.markup_left, checks.tex_errors, checks.missing_alt):
        findings += check(soup)
    checks.show_everything(visit)
    light = checks.figures(visit)
    findings += checks.axe_findings(visit) + checks.set_dark(visit, True)
    findings += checks.unreadable_figures(light, checks.figures(visit))
    none(findings + behaviour(visit))


def test_page_on_a_phone(site, page_path, open_page):
    """Nothing is too wide; axe tries in dark what looks can change."""
    visit = open_page(site / page_path, **PHONE)
    findings = checks.layout_shift(visit)
    checks.show_everything(visit)
    findings += checks.overflow(visit)
    if is_main(page_path):
        findings += checks.set_dark(visit, True) + checks.axe_findings(visit, checks.BY_LOOKS)
    none(findings + behaviour(visit))


def test_search_finds(site, word, open_page):
    visit = open_page(site / "search.html", query=f"?q={word}")
    result = visit.page.locator("main .search-results a").first
    expect(result, f"searching for {word} finds nothing").to_be_visible()
    result.click()
    visit.page.wait_for_load_state("load")
    assert word in visit.page.locator("main").text_content().lower()
    none(behaviour(visit))


def test_search_from_the_keyboard(chapter, word, open_page):
    visit = open_page(chapter, **PHONE)
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type(word, delay=5)
    expect(page.locator("dialog .search-results a").first).to_be_visible()
    findings = checks.axe_findings(visit) + checks.overflow(visit)
    page.keyboard.press("Escape")  # empties the field
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    none(findings + behaviour(visit))


def test_contents_on_a_phone(chapter, open_page):
    visit = open_page(chapter, **PHONE)
    page, contents = visit.page, visit.page.locator(".site-nav")
    expect(contents).to_be_hidden()
    page.locator(".menu-button").tap(timeout=5000)
    expect(contents).to_be_visible()
    page.evaluate(checks.SETTLE)
    findings = checks.axe_findings(visit) + checks.overflow(visit)
    page.keyboard.press("Escape")
    expect(contents).to_be_hidden()
    none(findings + behaviour(visit))


THEME = "document.documentElement.dataset.theme"
GROUND = "getComputedStyle(document.body).backgroundColor"


def test_dark_mode_switch(chapter, open_page):
    page = open_page(chapter, **WIDE).page
    light = page.evaluate(GROUND)
    for _ in range(3):  # the switch also goes through "as the system"
        page.locator(".mode-button").click(timeout=5000)
        if page.evaluate(THEME) == "dark":
            break
    page.evaluate(checks.SETTLE)
    assert page.evaluate(THEME) == "dark"
    assert page.evaluate(GROUND) != light
    page.reload()
    assert page.evaluate(THEME) == "dark", "the choice is forgotten on the next page"


FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const seen = box.width > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight;
  return { text: e.textContent.trim(), href: e.getAttribute("href"), seen };
}"""


def test_keyboard_starts_at_the_skip_link(chapter, open_page):
    page = open_page(chapter, **WIDE).page
    page.keyboard.press("Tab")
    page.evaluate(checks.SETTLE)
    focused = page.evaluate(FOCUSED)
    assert "skip" in focused["text"].lower() and focused["href"].startswith("#"), focused
    assert focused["seen"], "the skip link is not shown when it has the focus"
    page.keyboard.press("Enter")
    assert page.url.endswith(focused["href"])
    assert page.locator("main").evaluate("(main) => main.contains(document.activeElement)")


FURNITURE = "body > header, nav"


def test_paper_shows_the_text_alone(chapter, open_page):
    page = open_page(chapter, **WIDE).page
    assert any(e.is_visible() for e in page.locator(FURNITURE).all())
    page.emulate_media(media="print")
    shown = [e.get_attribute("class") for e in page.locator(FURNITURE).all() if e.is_visible()]
    assert not shown, f"printed with the text: {shown}"
    assert page.locator("main h1").first.is_visible()
