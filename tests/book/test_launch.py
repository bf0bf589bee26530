"""Launch: links follow the repository, the branch of notebooks opens, Binder gets what it needs."""

import re
import subprocess

import nbformat
import pytest
from bs4 import BeautifulSoup
from rich.console import Console

from book import ROOT, BookError, binder, build, downloads, limits, repository
from book.build import BUILD, SITE
from book.chapters import pages
from book.extension import launch
from book.labels import Labels
from book.markdown import Converter
from book.plain import left_over
from book.repository import Repository

FORK = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "Someone/the-book",
    "GITHUB_SHA": "abc",
}
UPSTREAM = """\
repository: {url: 'https://github.com/origin/book.git', branch: main}
html: {baseurl: 'https://book.example.org/'}
"""


@pytest.fixture
def fork(monkeypatch):
    for name, value in FORK.items():
        monkeypatch.setenv(name, value)


# ---- addresses -----------------------------------------------------------------------------------


def test_configuration_says_where_the_book_lives(tree):
    assert repository.find(tree.root) == Repository(commit="main")
    tree.write("_config.yml", UPSTREAM)
    found = repository.find(tree.root)
    assert (found.url, found.commit) == ("https://github.com/origin/book", "main")
    assert found.page("a/b", "c") == "https://book.example.org/a/b.html#c"


def test_a_fork_links_to_itself(tree, fork):
    tree.write("_config.yml", UPSTREAM)
    found = repository.find(tree.root)
    assert found.url == "https://github.com/Someone/the-book"
    assert found.site == "https://someone.github.io/the-book"
    assert found.package() == "https://github.com/Someone/the-book/archive/abc.zip"
    for address in (found.colab("a/b.ipynb"), found.binder("a/b.ipynb"), found.report("A", "a")):
        assert "Someone/the-book" in address and "origin" not in address


def test_the_named_repository_keeps_its_own_site(tree, fork, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "Origin/Book")
    tree.write("_config.yml", UPSTREAM)
    assert repository.find(tree.root).site == "https://book.example.org"


def test_a_users_site_has_no_folder(tree, fork, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "Someone/someone.github.io")
    assert repository.find(tree.root).site == "https://someone.github.io"


@pytest.mark.parametrize(
    "url, colab, binder",
    [
        (
            "https://github.com/a/b",
            "https://colab.research.google.com/github/a/b/blob/notebooks/p/one.ipynb",
            "https://mybinder.org/v2/gh/a/b/notebooks?urlpath=lab/tree/p/one.ipynb",
        ),
        (
            "https://gitlab.com/a/c/b",
            "",
            "https://mybinder.org/v2/gl/a%2Fc%2Fb/notebooks?urlpath=lab/tree/p/one.ipynb",
        ),
        (
            "https://git.example.org/a/b",
            "",
            "https://mybinder.org/v2/git/https%3A%2F%2Fgit.example.org%2Fa%2Fb/notebooks"
            "?urlpath=lab/tree/p/one.ipynb",
        ),
        ("file:///somewhere", "", ""),
        ("", "", ""),
    ],
)
def test_services_open_the_branch_of_notebooks(url, colab, binder):
    found = Repository(url)
    assert (found.colab("p/one.ipynb"), found.binder("p/one.ipynb")) == (colab, binder)


def test_a_version_has_a_branch_of_its_own(monkeypatch, tree, fork):
    monkeypatch.setenv("BOOK_VERSION", "v1.0")
    assert "/notebooks-v1.0/" in repository.find(tree.root).colab("one.ipynb")
    monkeypatch.setenv("BOOK_VERSION", "../elsewhere")
    with pytest.raises(BookError, match=r"^BOOK_VERSION is '\.\./elsewhere': a version looks like"):
        repository.find(tree.root)


def test_the_line_shows_what_there_is():
    html = launch.line(launch.links(Repository(), "one.ipynb", "n/one.ipynb", "s/one.md"))
    assert re.findall(r'href="([^"]*)"( download)?', html) == [
        ("n/one.ipynb", " download"),
        ("s/one.md", " download"),
    ]
    both = launch.links(Repository("https://github.com/a/b"), "one.ipynb", "n", "s")
    assert [words for words, *_ in both] == ["Colab", "Binder", "Notebook (.ipynb)", "Text (.md)"]


def test_every_page_of_the_site_has_the_line():
    for page in pages(ROOT):
        file = ROOT / SITE / f"{page.docname}.html"
        if not file.is_file():
            pytest.skip("the book has not been built: run `make book`")
        line = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").select(".launch a")
        files = [file.parent / link["href"] for link in line if link.has_attr("download")]
        assert [path.suffix for path in files] == [".ipynb", ".md"], page.docname
        assert all(path.is_file() for path in files)


def test_the_pages_of_a_fork_lead_to_the_fork(tree, fork, monkeypatch):
    monkeypatch.setenv("BOOK_VERSION", "v1.0")
    tree.write("chapters/part/one.md", "(one)=\n# One & two\n\nA page.\n")
    tree.write("book/references.bib", "")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    tree.write("_config.yml", config.replace('url: ""', "url: https://github.com/origin/book"))
    build.write_site(tree.root, Console(quiet=True))
    html = tree.read("_build/html/chapters/part/one.html")
    soup = BeautifulSoup(html, "html.parser")
    links = {" ".join(a.get_text().split()): a["href"] for a in soup.select("a[href]")}
    mine = "Someone/the-book"
    assert f"github/{mine}/blob/notebooks-v1.0/part/one.ipynb" in links["Colab"]
    assert f"gh/{mine}/notebooks-v1.0?urlpath=lab/tree/part/one.ipynb" in links["Binder"]
    assert links["Notebook (.ipynb)"] == "../../_notebooks/part/one.ipynb"
    assert links["Text (.md)"] == "../../_sources/chapters/part/one.md"
    assert f"github.com/{mine}/issues/new?" in links["Report an error on this page"]
    latest = "https://someone.github.io/the-book/chapters/part/one.html"
    assert links["This page in the latest version"] == latest
    assert soup.select_one("link[rel=canonical]")["href"] == latest
    assert soup.html["data-version"] == "v1.0" and "origin" not in html


# ---- pages as notebooks --------------------------------------------------------------------------


def convert(root, text):
    page = next(page for page in pages(root) if page.slug == "one")
    return Converter(page, Labels(root), {}, root).convert(text, 1)


def test_definitions_become_paragraphs(tree):
    text = "term `a`\n: one\n  more\n\ntwo\n: first\n\n  second\n\n: third\n\nafter"
    assert convert(tree.root, text) == (
        "**term `a`**\n\none\n  more\n\n**two**\n\nfirst\n\n  second\n\nthird\n\nafter"
    )


def test_a_glossary_is_sorted_and_can_be_linked_to(tree):
    text = "```{glossary}\n:sorted:\n\nzebra\n  Striped.\n\nant hill\nmound\n  Not a zebra.\n```"
    assert convert(tree.root, text) == (
        '<a id="term-ant-hill"></a><a id="term-mound"></a>\n\n**ant hill, mound**\n\n'
        'Not a zebra.\n\n<a id="term-zebra"></a>\n\n**zebra**\n\nStriped.'
    )


def test_parts_of_the_site_are_named(tree):
    assert convert(tree.root, "```{road}\n```") == "*Here, the site shows the map of the book.*"
    assert convert(tree.root, "````{container} way\nA *way*.\n````") == "A *way*."


@pytest.fixture(scope="module")
def notebooks():
    if not (ROOT / BUILD).is_dir():
        pytest.skip("the book has not been built: run `make book`")
    return downloads.make(ROOT)


def test_every_page_is_a_notebook(notebooks):
    assert len(notebooks) == len(pages(ROOT))
    for name, nb in notebooks.items():
        nbformat.validate(nb)
        assert any("# " in cell.source for cell in nb.cells if cell.cell_type == "markdown"), name
        assert not any(left_over(c.source) for c in nb.cells if c.cell_type == "markdown")
        codes = [cell for cell in nb.cells if cell.cell_type == "code"]
        assert not codes or "find_spec" in codes[0].source


# ---- the branch ----------------------------------------------------------------------------------


def git(*arguments, cwd):
    command = ["git", "-C", str(cwd), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_the_branch_can_be_pushed_and_is_the_same_twice(tree, fork, tmp_path):
    tree.write("chapters/part/one.md", "(one)=\n# One\n")
    for name in ("requirements.txt", "runtime.txt", "postBuild"):
        (tree.root / ".binder").mkdir(exist_ok=True)
        (tree.root / ".binder" / name).write_bytes((ROOT / ".binder" / name).read_bytes())
    tree.write("LICENSE", "MIT\n")
    bundle = downloads.write_branch(tree.root)
    bare, clone = tmp_path / "bare.git", tmp_path / "clone"
    git("init", "--bare", "--quiet", bare, cwd=tmp_path)
    # what the workflow does
    git("clone", "--quiet", "--branch", "notebooks", bundle, clone, cwd=tmp_path)
    git("push", "--force", "--quiet", bare, "HEAD:refs/heads/notebooks", cwd=clone)
    files = git("ls-tree", "-r", "--name-only", "notebooks", cwd=bare).split()
    assert set(files) == {
        *(".binder/postBuild", ".binder/requirements.txt", ".binder/runtime.txt"),
        *("LICENSE", "README.md", "index.ipynb", "part/one.ipynb"),
    }
    script = git("show", "notebooks:.binder/postBuild", cwd=bare)
    assert 'package="https://github.com/Someone/the-book/archive/abc.zip"' in script
    assert "https://someone.github.io/the-book/" in git("show", "notebooks:README.md", cwd=bare)
    first = git("rev-parse", "notebooks", cwd=bare)
    again = downloads.write_branch(tree.root)
    assert git("ls-remote", again, "notebooks", cwd=tmp_path).split()[0] == first.strip()
    assert git("log", "--format=%an|%s", "notebooks", cwd=bare).strip() == (
        "github-actions[bot]|Notebooks of abc"
    )


def test_a_branch_without_a_repository_is_one_sentence(tree):
    with pytest.raises(BookError, match=r"^No repository is known .* `repository: url:`\.$"):
        downloads.write_branch(tree.root)


# ---- Binder --------------------------------------------------------------------------------------


def test_binder_installs_the_locked_versions():
    written = (ROOT / binder.FILE).read_text(encoding="utf-8")
    assert written == binder.text(), "run `make lock`, or `python -m book.binder`"
    assert re.search(r"^torch==\S+\+cpu$", written, re.M)
    assert "nvidia" not in written
    assert (ROOT / ".binder" / "postBuild").stat().st_mode & 0o100, "postBuild must be executable"


def test_chapters_keep_to_the_memory_of_a_free_session(tree, monkeypatch):
    held = {"chapters/part/one": {"memory_mb": 2400}}
    monkeypatch.setattr(limits, "measurements", lambda root: held)
    assert limits.problems(tree.root) == [
        "chapters/part/one.md:1: the chapter held 2400 MB, more than 2000; make it smaller, or say "
        "so with `memory: 2900` under `book:`."
    ]
    tree.replace("chapters/part/one.md", "  budget: 5", "  memory: 2900\n  budget: 5")
    assert limits.problems(tree.root) == []
    tree.replace("chapters/part/one.md", "memory: 2900", "memory: much")
    assert limits.problems(tree.root) == [
        "chapters/part/one.md:1: `memory: much` must be a number of MB, such as 3000."
    ]


def test_the_books_chapters_fit():
    assert limits.problems(ROOT) == []
