"""Citations and lists of works as plain Markdown, from book/references.bib."""

import re
from functools import cache
from pathlib import Path

from pybtex.backends.markdown import Backend
from pybtex.database import BibliographyData, parse_file
from pybtex.plugin import find_plugin
from pybtex.richtext import Text

from book import ROOT, BookError


@cache
def works(root: Path = ROOT) -> BibliographyData:
    """Return the book's bibliography."""
    path = root / "book" / "references.bib"
    return parse_file(str(path)) if path.is_file() else BibliographyData()


def work(key: str, root: Path = ROOT):
    """Return a work by its key; BookError if there is none."""
    found = works(root).entries.get(key)
    if found is None:
        raise BookError(f"book/references.bib has no entry {key!r}")
    return found


def cite(keys: list[str], form: str, root: Path = ROOT) -> str:
    """Return a citation: form `p` is "(Bengio et al., 2003)", form `t` "Bengio et al. (2003)"."""
    cited = [(authors(key, root), work(key, root).fields.get("year", "n.d.")) for key in keys]
    if form.startswith("p"):
        return "(" + "; ".join(f"{who}, {year}" for who, year in cited) + ")"
    return "; ".join(f"{who} ({year})" for who, year in cited)


def authors(key: str, root: Path = ROOT) -> str:
    """Return the names that a citation gives: at most two, or the first with "et al."."""
    entry = work(key, root)
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        str(Text(" ").join([*person.rich_prelast_names, *person.rich_last_names]))
        for person in people
    ]
    if not names:
        return str(Text.from_latex(entry.fields.get("title", key)))
    if len(names) > 2 or names[-1] == "others":
        return f"{names[0]} et al."
    return " and ".join(names)


def listed(keys: list[str], root: Path = ROOT) -> str:
    """Return a list of works, one item each, in the order of `keys`."""
    style = find_plugin("pybtex.style.formatting", "plain")()
    backend = Backend()
    entries = [work(key, root) for key in keys]
    formatted = style.format_entries(entries)
    # the style sorts by author; a list of works keeps the order in which the text cites them
    text = {entry.key: entry.text.render(backend) for entry in formatted}
    # the backend breaks lines and escapes more than it must: \( would open a formula in a notebook
    lines = {key: re.sub(r"\\([.()+!#{}-])", r"\1", " ".join(text[key].split())) for key in keys}
    return "\n".join(f"- {lines[key]}" for key in keys)
