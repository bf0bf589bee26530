"""A fork that edits `_toc.yml` alone: its site and its notebooks are whole, whatever it chooses."""

import json
import re
import shutil

import pytest
import yaml
from bs4 import BeautifulSoup
from docutils import nodes

from book import ROOT, contents, inclusion, notebooks, structure
from book.build import BUILD
from book.chapters import pages
from book.labels import Labels
from tests.book import selection
from tests.site import checks

PUBLIC = "https://public.example/book"
BY_DAY, BY_NIGHT = (3, 4), (0, 1, 2, *range(5, 20))
SEEDS = [*BY_DAY, *(pytest.param(seed, marks=pytest.mark.again) for seed in BY_NIGHT)]


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A copy of the outputs that the book has kept, for all forks that one worker makes."""
    cache = ROOT / BUILD / ".jupyter_cache"
    if not cache.is_dir():
        pytest.skip("the book has not been built: run `make book`")
    return shutil.copytree(cache, tmp_path_factory.mktemp("kept") / "cache")


@pytest.fixture
def fork(tmp_path, kept):
    """`fork(toc, public="")`: a fork with these contents."""

    def make(toc, public="", name="fork"):
        folder = tmp_path / name
        folder.mkdir()
        made = selection.fork(folder, public, kept)
        made.choose(toc)
        return made

    return make


def contents_of(*names, **options):
    return {
        "format": "jb-book",
        "root": "index",
        "chapters": [{"file": n} for n in names],
        **options,
    }


def site_numbers(environment) -> dict[tuple[str, str], str]:
    """What Sphinx numbered: (page, id) → number."""
    found = {}
    for docname, kinds in environment.toc_fignumbers.items():
        for numbers in kinds.values():
            found.update({(docname, name): ".".join(map(str, n)) for name, n in numbers.items()})
    return found


def check_numbers(fork) -> None:
    """The numbers in notebooks are those of the site."""
    there = site_numbers(fork.environment())
    for name, label in Labels(fork.root).found.items():
        if label.number:
            place = ("equation-" if label.kind == "math" else "") + nodes.make_id(name)
            shown = there.get((label.docname, place)) or there.get((label.docname, name))
            assert shown == label.number, name


@pytest.mark.parametrize("seed", SEEDS)
def test_any_selection_in_any_order_makes_a_site_and_notebooks(seed, fork):
    made = fork(selection.random_contents(seed), PUBLIC if seed % 2 else "")
    assert structure.problems(made.root) + inclusion.problems(made.root) == []
    site = made.build()
    chosen = [page.docname for page in pages(made.root)]
    written = checks.read(site)
    shown = {path.removesuffix(".html") for path in written if not path.startswith("source/")}
    assert shown == {*chosen, "search"}
    assert checks.broken_links(site, written) == []
    links = written["index.html"].select("#site-nav a")
    assert [link["href"].removesuffix(".html") for link in links] == chosen[1:]
    files = notebooks.write(made.root)
    assert len(files) == len(notebooks.EDITIONS) * len(notebooks.chapters(made.root))
    check_numbers(made)


# ---- what follows the selection ------------------------------------------------------------------

OWN = ("lectures/week1", "labs/deep/first")
NAMES = "chapters/first-models/names"


@pytest.fixture(scope="module")
def forks(tmp_path_factory, kept):
    """The chapter `names` and two pages of a teacher's own, with and without a public book."""
    found = {}
    for public in ("", PUBLIC):
        made = selection.fork(tmp_path_factory.mktemp("fork"), public, kept)
        made.choose(contents_of(NAMES, *OWN))
        made.site = made.build()
        notebooks.write(made.root)
        found[public] = made
    return found


def soup(fork, name):
    return BeautifulSoup((fork.site / f"{name}.html").read_text("utf-8"), "html.parser")


def links_of(tag) -> dict[str, str]:
    return {" ".join(a.get_text().split()): a["href"] for a in tag.find_all("a", href=True)}


def test_references_to_pages_left_out_are_text(forks):
    text = soup(forks[""], "lectures/week1").find("main").find("p")
    assert "What is a language model? and the chapter on counting;" in " ".join(text.text.split())
    assert "A perplexity, and with other words a table. See Figure 2" in " ".join(text.text.split())
    assert set(links_of(text)) == {"A character-level language model", "Figure 2", "Exercise 1"}


def test_references_lead_to_the_public_book_where_there_is_one(forks):
    links = links_of(soup(forks[PUBLIC], "lectures/week1").find("main").find("p"))
    chapter = f"{PUBLIC}/chapters/foundations/language-models.html"
    assert links["What is a language model?"] == chapter
    assert links["the chapter on counting"] == f"{chapter}#language-models"
    assert links["a table"] == f"{PUBLIC}/chapters/appendices/glossary.html#term-n-gram"


def test_notebooks_say_the_same(forks):
    for public, made in forks.items():
        path = made.root / notebooks.OUT / "reader" / "first-models" / "names.ipynb"
        cells = json.loads(path.read_text("utf-8"))["cells"]
        text = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        address = f"{PUBLIC}/chapters/foundations/language-models.html#language-models"
        words = "the chapter on counting"
        assert (f"[{words}]({address})" if public else f"counts of {words},") in text
        assert (f"{PUBLIC}/chapters/appendices/glossary.html#term-softmax" in text) == bool(public)


def test_prerequisites_and_the_map_follow(forks):
    for public, made in forks.items():
        facts = soup(made, "labs/deep/first").select_one(".chapter-facts")
        assert "Read before: What is a language model?, A character-level" in facts.get_text()
        assert ("What is a language model?" in links_of(facts)) == bool(public)
        road = soup(made, "index").select_one(".road")
        expected = {"A character-level language model": f"{NAMES}.html"}
        if public:
            to = f"{PUBLIC}/chapters/foundations/language-models.html#language-models"
            expected["What is a language model?"] = to
        shown = {
            text: href for text, href in links_of(road).items() if text in expected or not public
        }
        assert shown == expected
        assert not road.select(".planned")


def test_the_first_page_lists_what_is_here(forks):
    main = soup(forks[""], "index").find("main")
    assert "Three chapters:" in main.get_text()
    titles = [term.get_text() for term in main.select("dt")]
    assert titles == ["A character-level language model", "Week 1", "Our first lab"]
    assert "What a teacher says of it." in main.get_text()
    assert links_of(main)["Start with the first chapter"] == f"{NAMES}.html"


def test_glossary_and_bibliography_follow(fork):
    appendices = "chapters/appendices/"
    made = fork(contents_of(NAMES, f"{appendices}glossary", f"{appendices}bibliography"))
    made.site = made.build()
    terms = {term.get("id") for term in soup(made, f"{appendices}glossary").select("dt")}
    assert "term-overfitting" in terms  # the chapter uses it
    assert "term-nat" in terms  # a definition that stays uses it
    assert "term-DPO" not in terms and "term-zero-shot" not in terms  # the chapter left out uses it
    works = soup(made, f"{appendices}bibliography").find("main").get_text()
    assert "Neural Probabilistic Language Model" in works.replace("neural", "Neural").replace(
        "probabilistic", "Probabilistic"
    ).replace("language model", "Language Model")
    assert "Shannon" not in works


def test_a_change_of_the_selection_leaves_nothing_behind(fork):
    """Built over an earlier selection, the site is the one that is built from nothing."""
    front = ("chapters/front/setup", "chapters/appendices/notation")
    before, after = contents_of(OWN[1], *front, NAMES), contents_of(NAMES, OWN[0])
    made = fork(before)
    made.build()
    made.choose(after)
    made.build()
    again, fresh = made.build(), fork(after, name="fresh").build()  # the second finds nothing to do
    files = {p.relative_to(fresh) for p in fresh.rglob("*.html")}
    assert {p.relative_to(again) for p in again.rglob("*.html")} == files
    for path in files:
        assert (again / path).read_text("utf-8") == (fresh / path).read_text("utf-8"), path


# ---- the forms of `_toc.yml` ---------------------------------------------------------------------


def test_pages_by_pattern_and_addresses_elsewhere(fork):
    toc = contents_of(NAMES, options={"numbered": 1})
    toc["chapters"] += [{"glob": "lectures/*"}, {"url": "https://example.org/a", "title": "A & b"}]
    made = fork(toc)
    made.write("lectures/week2.md", "# Week 2\n")
    entries = contents.read(made.root)
    assert [entry.docname for entry in entries[2:]] == ["lectures/week1", "lectures/week2"]
    assert [entry.number for entry in entries] == [None, 1, 2, 3]
    made.site = made.build()
    nav = links_of(soup(made, "index").select_one("#site-nav"))
    assert nav["A & b"] == "https://example.org/a"
    assert list(nav)[2].startswith("3") and list(nav)[2].endswith("Week 2")
    check_numbers(made)


def test_a_chapter_can_be_the_first_page(fork):
    made = fork({"format": "jb-book", "root": NAMES, "chapters": [{"file": OWN[0]}]})
    site = made.build()
    assert f"{NAMES}.html" in (site / "index.html").read_text("utf-8")
    assert len(notebooks.write(made.root)) == len(notebooks.EDITIONS)


HEAD = "format: jb-book\nroot: index\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "chapters:\n- file: nowhere\n",
            "4: it names nowhere, but there is no nowhere.md; correct",
        ),
        ("chapters:\n- file: chapters/names\n", f"4: .* did you mean {NAMES}\\?"),
        (
            "chapters:\n- file: lab\n",
            "4: .*no lab.md; write it as Markdown: `.*jupytext .*lab.ipynb`",
        ),
        (f"chapters:\n- file: {NAMES}\n- file: {NAMES}.md\n", f"5: it names {NAMES} 2 times; keep"),
        ("chapters:\n- file: ./index\n", r"4: it names \./index; write the path from"),
        ("chapters:\n- file: ../secret\n", r"4: it names \.\./secret; write the path from"),
        (
            "chapters:\n- file: notebooks/mine\n",
            "4: notebooks/mine lies in notebooks/, which `excl",
        ),
        (
            f"chapters:\n- file: {NAMES}\n- file: first-models/names\n",
            "5: .* be the same notebook;",
        ),
        ("chapters:\n- file: [\n", "5: this is not valid YAML: "),
        ("chapters:\n  file: index\n", "4: 'chapters' not a non-empty list."),
        ("chapters:\n- index\n", "4: entry not a mapping type."),
        (f"chapters:\n- file: {NAMES}\n  oops: 1\n", "4: Unknown keys found: {'oops'}"),
        ("parts:\n- caption: A\n", "4: entry not a mapping containing 'chapters' key."),
        ("chapters:\n- title: A\n", "4: entry does not contain one of"),
    ],
)
def test_what_is_wrong_in_the_contents_is_one_sentence_with_its_line(text, sentence, tmp_path):
    made = selection.fork(tmp_path, cache=tmp_path)
    for path in ("notebooks/mine.md", "first-models/names.md", "lab.ipynb"):
        made.write(path, "# Mine\n")
    made.write(contents.FILE, HEAD + text)
    found = contents.problems(made.root)
    assert len(found) == 1 and "\n" not in found[0]
    assert re.match(f"_toc\\.yml:{sentence}", found[0]), found[0]


@pytest.mark.parametrize(
    "text", ["", "- a\n", "a: b\n", "root: 3\n", "root: [a]\n", "? [a]\n: b\n"]
)
def test_contents_of_the_wrong_kind_are_one_sentence(text, tmp_path):
    made = selection.fork(tmp_path, cache=tmp_path)
    made.write(contents.FILE, text)
    found = contents.problems(made.root)
    assert len(found) == 1 and re.match(r"_toc\.yml:\d+: [^\n]+$", found[0]), found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "# A\n\n```{code-cell} python3\n1\n```\n",
            "own.md:3: to run code, the front matter needs",
        ),
        (
            "---\nkernelspec: {name: python3}\n---\n# A\n",
            "own.md:1: beside `kernelspec:` .* mystnb",
        ),
    ],
)
def test_a_page_that_cannot_run_is_one_sentence_with_its_place(text, sentence, tmp_path):
    made = selection.fork(tmp_path, cache=tmp_path)
    made.write("own.md", text)
    made.choose(contents_of("own"))
    with pytest.raises(Exception, match=sentence):
        pages(made.root)


def test_a_page_that_shows_how_to_write_code_does_not_run(tmp_path):
    made = selection.fork(tmp_path, cache=tmp_path)
    made.write("own.md", "# A\n\n````md\n```{code-cell} python3\n1\n```\n````\n")
    made.choose(contents_of("own"))
    assert [page.executable for page in pages(made.root)] == [True, False]


def test_the_build_says_what_is_left_out(tree, monkeypatch, capsys):
    from rich.console import Console

    from book import build

    inclusion.sync(tree.root)
    tree.write("chapters/part/two.md", "# Two\n")
    tree.write("chapters/other/three.md", "# Three\n")
    monkeypatch.setattr(build.execution, "execute", lambda *_: None)
    monkeypatch.setattr(build, "write_site", lambda *_: None)
    monkeypatch.setattr(build.downloads, "write", lambda *_: None)
    build.build(tree.root, Console(width=20))
    assert capsys.readouterr().out == "Left out of _toc.yml: other/three, part/two.\n"


def test_contents_written_by_yaml_are_read_back():
    """The generator of selections writes what `contents` reads."""
    toc = selection.random_contents(1)
    names = re.findall(r"file: (\S+)", yaml.safe_dump(toc))
    assert len(names) == len(set(names)) > 0
