"""Translations: sentences are replaced, all else stays, and what is stale shows the source."""

import pytest
from babel.messages.pofile import read_po, write_po
from bs4 import BeautifulSoup
from rich.console import Console

from book import ROOT, BookError, translation
from book.build import BUILD
from tests.book import selection
from tests.book.samples import chapter

CHAPTER = chapter("""\
# One

The answer is {glue:text}`one-answer:.2f` or {glue:text}`one-word`, and $a + b$ is a sum.

```{code-cell} python3
from scratchlm.notebook import glue

glue("one-answer", 42)
glue("one-word", "forty-two")
print("said by the code")
```

See {ref}`two`. This sentence will be changed by somebody later on.

$$
c = d
$$
""")

GERMAN = {
    "One": "Eins",
    "The answer is {glue:text}`one-answer:.2f` or {glue:text}`one-word`, and $a + b$ is a sum.": (
        "$a + b$ ist eine Summe, und {glue:text}`one-word` oder {glue:text}`one-answer:.2f` die "
        "Antwort."
    ),
    "See {ref}`two`. This sentence will be changed by somebody later on.": (
        "Siehe {ref}`das Nächste <two>`. Diesen Satz wird später jemand ändern."
    ),
}


@pytest.fixture
def book(tree):
    """A book of two pages with a German translation of the first."""
    (tree.root / "code" / "scratchlm" / "small.py").unlink()
    tree.write("chapters/part/one.md", CHAPTER)
    tree.write("chapters/part/two.md", "(two)=\n# Two\n\nA second page.\n")
    tree.write("_toc.yml", tree.read("_toc.yml") + "  - file: chapters/part/two\n")
    tree.write("_config.yml", (ROOT / "_config.yml").read_text(encoding="utf-8"))
    tree.write("book/references.bib", "")
    tree.write("code/scratchlm/data_lock.json", "{}")
    translation.update("de", "chapters/part/one.md", tree.root)
    return tree


def catalog(book):
    return book.root / "translations" / "de" / "LC_MESSAGES" / "chapters" / "part" / "one.po"


def fill(book):
    with catalog(book).open("rb") as file:
        entries = read_po(file, locale="de")
    assert {message.id for message in entries if message.id} == set(GERMAN)
    for message in entries:
        message.string = GERMAN.get(message.id, message.string)
    with catalog(book).open("wb") as file:
        write_po(file, entries)


def page(book, name="one"):
    site = translation.site("de", book.root, Console(quiet=True))
    text = (site / "chapters" / "part" / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def words(soup):
    return " ".join(soup.select_one("main article").get_text().split())


def test_sentences_are_replaced_and_the_rest_stays(book):
    fill(book)
    [progress] = translation.update("de", root=book.root)
    assert str(progress) == "chapters/part/one: 3 of 3 translated"
    soup = page(book)
    assert "ist eine Summe, und forty-two oder 42.00 die Antwort." in words(soup)
    assert "Siehe das Nächste. Diesen Satz" in words(soup)
    assert [a["href"] for a in soup.select("article p a")] == ["two.html#two"]
    assert "said by the code" in soup.select_one(".cell_output").get_text()
    assert len(soup.select("article .katex")) == 2
    assert soup.h1.get_text().startswith("Eins")
    assert soup.html["lang"] == "de" and not soup.select("article [lang]")


def test_a_changed_sentence_shows_the_source_until_it_is_looked_at(book):
    fill(book)
    translation.update("de", root=book.root)
    noted = "# loss: Verlust\n" + catalog(book).read_text(encoding="utf-8")
    before = book.write(catalog(book).relative_to(book.root), noted).read_text(encoding="utf-8")
    translation.update("de", root=book.root)
    assert catalog(book).read_text(encoding="utf-8") == before, "a second time changes nothing"
    book.replace("chapters/part/one.md", "somebody later", "someone else later")
    soup = page(book)  # also before the catalog is brought in step
    [stale] = soup.select("article [lang=en]")
    assert "changed by someone else later" in stale.get_text() and "Diesen Satz" not in words(soup)
    [progress] = translation.update("de", root=book.root)
    assert str(progress) == "chapters/part/one: 2 of 3 translated, 1 to look at again"
    text = catalog(book).read_text(encoding="utf-8")
    [entry] = [entry for entry in text.split("\n\n") if "#, fuzzy" in entry]
    assert "someone else later on" in entry and "Diesen Satz wird" in entry
    assert "changed by someone else later" in words(page(book))
    book.write(catalog(book).relative_to(book.root), text.replace("#, fuzzy\n", ""))
    assert "Diesen Satz wird" in words(page(book))


def test_a_translation_that_loses_a_reference_is_reported(book, monkeypatch):
    monkeypatch.setitem(GERMAN, list(GERMAN)[2], "Siehe das Nächste.")
    fill(book)
    with pytest.raises(BookError, match=r"one\.md:\d+: WARNING: inconsistent term references"):
        page(book)


@pytest.mark.parametrize(
    "language, name, complaint",
    [
        ("klingon", "", "'klingon' is no code of a language; write it like de or pt_BR."),
        ("de", "chapters/none", "_toc.yml names no page chapters/none; name one like"),
        ("fr", "", "There is no translation to fr; begin one with PAGE=<page>."),
    ],
)
def test_what_cannot_be_translated_is_one_sentence(tree, language, name, complaint):
    with pytest.raises(BookError) as error:
        translation.update(language, name, tree.root)
    assert str(error.value).startswith(complaint) and "\n" not in str(error.value)


def test_a_broken_catalog_is_one_sentence(book):
    book.write(catalog(book).relative_to(book.root), '<<<<<<< HEAD\nmsgid "One"\nmsgstr "Eins"\n')
    with pytest.raises(BookError, match=r"one\.po is not a valid catalog: "):
        translation.update("de", root=book.root)


def test_the_german_page_of_the_book(tmp_path):
    """Built beside a page that is not translated, as a fork of these two."""
    cache = ROOT / BUILD / ".jupyter_cache"
    if not cache.is_dir():
        pytest.skip("the book has not been built: run `make book`")
    fork = selection.fork(tmp_path, cache=cache)
    (fork.root / translation.FOLDER).symlink_to(ROOT / translation.FOLDER)
    chapters = [{"file": f"chapters/front/{name}"} for name in ("how-to-read", "setup")]
    fork.choose({"format": "jb-book", "root": "index", "chapters": chapters})
    site = translation.site("de", fork.root, Console(quiet=True))
    text = (site / "chapters" / "front" / "how-to-read.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    assert soup.html["lang"] == "de" and "Wie man dieses Buch liest" in soup.title.get_text()
    assert "Zahlen kommen aus dem Lauf." in words(soup)
    setup = (site / "chapters" / "front" / "setup.html").read_text(encoding="utf-8")
    assert BeautifulSoup(setup, "html.parser").html["lang"] == "en"
