"""The site in a browser: pages are opened from their files, with the network off."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from book import browser as browsers
from tests.site import checks

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))

ELSEWHERE = re.compile(r"^(?!file:|blob:|data:|about:)")
PICTURES_AND_FONTS = re.compile(r"\.(png|svg|jpe?g|gif|webp|avif|woff2?|ttf)(\?|$)")
LATE_MS = 150  # how long pictures and fonts are held back: what moves when they arrive, shows
QUIET_MS = 150


def pytest_generate_tests(metafunc):
    """A test of `page_path` runs once a page; without a site, once, to say so."""
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", checks.pages_to_open(SITE) or ["no-site"])


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").exists():
        pytest.fail(f"There is no site at {SITE}: run `make book` first.", pytrace=False)
    return SITE


# A module at a time: while Playwright runs, nothing else in the process can start an event loop.
@pytest.fixture(scope="module")
def browser():
    path = browsers.find_browser()
    if path is None:
        if browsers.in_ci():
            pytest.fail(browsers.MISSING, pytrace=False)
        pytest.skip(browsers.MISSING)
    with sync_playwright() as playwright:
        started = browsers.launch(playwright, path)
        yield started
        started.close()


@pytest.fixture(scope="module")
def context_for(browser):
    """`context_for(**options)`: one for each kind of screen; a new one takes as long as a page."""
    contexts = {}

    def context_for(**options):
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = browser.new_context(offline=True, service_workers="block", **options)
            contexts[key].set_default_timeout(15_000)
        return contexts[key]

    yield context_for
    for context in contexts.values():
        context.close()


def watch(context) -> checks.Visit:
    """A page that records its requests and errors."""
    visit = checks.Visit(context.new_page())
    page, errors = visit.page, visit.errors
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("websocket", lambda socket: visit.requests.append(socket.url))
    page.on("pageerror", lambda error: errors.append(f"script error: {error}"))
    page.on("console", lambda m: m.type == "error" and errors.append(f"console: {m.text}"))
    page.add_init_script(checks.WATCH)
    return visit


def load(visit: checks.Visit, url: str, hold: bool) -> None:
    """Load it, the network off; `hold` lets pictures and fonts come a moment after the text."""
    page, held, released = visit.page, [], False

    def late(route):
        route.continue_() if released else held.append(route)

    page.route(ELSEWHERE, lambda route: route.abort())
    if hold:
        page.route(PICTURES_AND_FONTS, late)
    page.goto(url, wait_until="domcontentloaded")
    page.wait_for_timeout(LATE_MS if hold else 0)
    released = True
    for route in held:
        route.continue_()
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")
    page.wait_for_timeout(QUIET_MS if hold else 0)


@pytest.fixture
def open_page(context_for):
    """`open_page(path, query="", hold=True, **context_options) -> Visit`."""
    visits = []

    def open_page(path: Path, query: str = "", hold: bool = True, **options) -> checks.Visit:
        visits.append(watch(context_for(**options)))
        load(visits[-1], Path(path).resolve().as_uri() + query, hold)
        return visits[-1]

    yield open_page
    for visit in visits:
        visit.page.evaluate("localStorage.clear()")  # a choice is the reader's, not the next test's
        visit.page.close()
