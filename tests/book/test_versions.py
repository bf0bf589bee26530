"""Versions: laid out beside each other, and a switch that leads from each to the others."""

import functools
import http.server
import io
import json
import re
import shutil
import tarfile
import threading

import pytest
from playwright.sync_api import expect, sync_playwright

from book import ROOT, BookError, browser, repository, versions
from book.build import SITE
from tests.site import checks


def site(folder, text="<p>latest</p>"):
    (folder / "chapters").mkdir(parents=True)
    (folder / "index.html").write_text(text)
    (folder / "chapters" / "one.html").write_text(text)
    return folder


def release(folder, name, text="<p>old</p>"):
    return versions.pack(site(folder / f"{name}-site", text), folder / "releases" / name / "x")


@pytest.fixture
def there(tmp_path):
    site(tmp_path / "html")
    for name in ("v0.9", "v0.10", "v1.0rc1", "v1.0"):
        packed = release(tmp_path, name, name)
        packed.rename(packed.with_name(versions.ASSET))
    return tmp_path


def lay_out(folder):
    return versions.lay_out(folder / "html", folder / "releases", folder / "out")


def test_released_versions_lie_below_the_latest(there):
    listed = lay_out(there)
    assert [version["name"] for version in listed] == [
        *("latest", "v1.0", "v1.0rc1", "v0.10", "v0.9")
    ]
    assert json.loads((there / "out" / "versions.json").read_text()) == listed
    assert (there / "out" / "index.html").read_text() == "<p>latest</p>"
    assert (there / "out" / "v0.10" / "chapters" / "one.html").read_text() == "v0.10"
    assert lay_out(there) == listed, "a second time, in place of the first"


def test_without_releases_there_is_the_latest(tmp_path):
    site(tmp_path / "html")
    assert lay_out(tmp_path) == [{"name": "latest", "path": ""}]


def packed_with(name, **properties):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        for key, value in properties.items():
            setattr(member, key, value)
        archive.addfile(member)
    return content.getvalue()


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("v2.0", b"no archive", "is no packed site"),
        ("v2.0", packed_with("page.html"), "holds no index.html; pack the site anew"),
        ("v2.0", packed_with("../../out.txt"), "is no packed site"),
        ("v2.0", packed_with("a", type=tarfile.SYMTYPE, linkname="/etc"), "is no packed site"),
        ("chapters", packed_with("index.html"), "'chapters' cannot be a version; name it like"),
    ],
    ids=["no archive", "no site", "outside", "a link", "no version"],  # archives hold the time
)
def test_a_release_that_is_no_site_is_one_sentence(there, name, content, complaint):
    (there / "releases" / name).mkdir()
    (there / "releases" / name / versions.ASSET).write_bytes(content)
    with pytest.raises(BookError) as error:
        lay_out(there)
    assert complaint in str(error.value) and "\n" not in str(error.value)
    assert not (there / "out.txt").exists()


def test_a_site_that_is_not_built_is_one_sentence(tmp_path):
    with pytest.raises(BookError, match=r"^There is no site in .*; run `make book` first\.$"):
        versions.pack(tmp_path, tmp_path / "a.tar.gz")


def test_the_tag_is_the_version_of_the_package(tree, monkeypatch):
    tree.write("pyproject.toml", "[project]\nversion = '1.2.0'\n")
    monkeypatch.setenv("BOOK_VERSION", "v1.2.0")
    repository.check_tag("v1.2.0", tree.root)
    with pytest.raises(BookError, match=r"^The tag is v1\.2 and pyproject\.toml has the version"):
        repository.check_tag("v1.2", tree.root)
    monkeypatch.delenv("BOOK_VERSION")
    with pytest.raises(BookError, match=r"not built as v1\.2\.0; set BOOK_VERSION=v1\.2\.0"):
        repository.check_tag("v1.2.0", tree.root)


# ---- in a browser --------------------------------------------------------------------------------

CHAPTER = "chapters/front/how-to-read.html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The built site as the latest, served with a copy of it as v0.1, which lacks one page."""
    if not (ROOT / SITE / "index.html").exists():
        pytest.skip("the book has not been built: run `make book`")
    folder = tmp_path_factory.mktemp("versions")
    old = folder / "old"
    shutil.copytree(ROOT / SITE, old)
    for page in old.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = re.sub(r'(<html [^>]*data-root="[^"]*")', r'\1 data-version="v0.1"', text)
        page.write_text(text, encoding="utf-8")
    (old / "chapters" / "front" / "setup.html").unlink()
    versions.pack(old, folder / "releases" / "v0.1" / versions.ASSET)
    versions.lay_out(ROOT / SITE, folder / "releases", folder / "out")
    shutil.rmtree(old)
    handler = functools.partial(Quiet, directory=str(folder / "out"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def page():
    path = browser.find_browser()
    if path is None:
        pytest.fail(browser.MISSING) if browser.in_ci() else pytest.skip(browser.MISSING)
    with sync_playwright() as playwright:
        started = browser.launch(playwright, path)
        page = started.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(checks.WATCH)
        yield page
        started.close()


@pytest.fixture
def errors(page):
    found = []
    page.on("console", lambda message: message.type == "error" and found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_the_switch_leads_to_the_same_page_and_back(address, page, errors):
    page.goto(f"{address}/{CHAPTER}")
    switch = page.locator(".versions summary")
    expect(switch).to_have_text("Version: latest")
    assert checks.axe_findings(checks.Visit(page)) + checks.layout_shift(checks.Visit(page)) == []
    switch.focus()
    for key in ("Enter", "Tab", "Tab", "Enter"):  # open it, past the latest, to the older one
        page.keyboard.press(key)
    page.wait_for_url(f"{address}/v0.1/{CHAPTER}")
    expect(switch).to_have_text("Version: v0.1")
    switch.click()
    assert checks.axe_findings(checks.Visit(page)) == []
    page.get_by_role("link", name="latest", exact=True).click()
    page.wait_for_url(f"{address}/{CHAPTER}")
    assert errors == []


def test_a_page_that_a_version_lacks_leads_to_its_beginning(address, page):
    page.goto(f"{address}/chapters/front/setup.html")
    page.locator(".versions summary").click()
    page.get_by_role("link", name="v0.1", exact=True).click()
    page.wait_for_url(f"{address}/v0.1/")


def test_one_version_has_no_switch(page, errors):
    page.goto((ROOT / SITE / CHAPTER).as_uri())
    expect(page.locator(".versions")).to_be_hidden()
    assert errors == []
