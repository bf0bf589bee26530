"""The glossary follows the contents: a term that only pages left out use is left out too."""

import re
from dataclasses import dataclass
from pathlib import Path

from book import ROOT
from book.chapters import Page, left_out, pages

BLOCK = re.compile(r"^(`{3,}|:{3,})\{glossary\}[^\n]*\n(.*?)^\1[ \t]*$", re.S | re.M)
USE = re.compile(r"\{term\}`(?:[^`<]*<([^`>]+)>|([^`]+))`")


@dataclass(frozen=True)
class Entry:
    """A definition: the terms that it is of, the terms that it uses, its first and last line."""

    terms: tuple[str, ...]
    uses: frozenset[str]
    start: int
    end: int


def entries(body: str) -> list[Entry]:
    """Return the definitions of a glossary; terms stand at the margin, definitions indented."""
    found, lines, at = [], body.splitlines(), 0
    while at < len(lines):
        start = at
        while at < len(lines) and re.match(r"[^\s:]", lines[at]):
            at += 1
        terms = tuple(line.strip() for line in lines[start:at])
        while at < len(lines) and (at == start or not re.match(r"[^\s:]", lines[at])):
            at += 1
        if terms:
            uses = frozenset(used("\n".join(lines[start:at])))
            found.append(Entry(terms, uses, start, at))
    return found


def used(text: str) -> set[str]:
    """Return the terms that a text refers to, in small letters."""
    names = (match[1] or match[2] for match in USE.finditer(text))
    return {" ".join(name.split()).lower() for name in names}


def unused_terms(root: Path = ROOT) -> set[str]:
    """Return the terms that pages left out use and no page of the contents does.

    What the definition of a term that stays refers to stays as well.
    """
    outside = left_out(root)
    if not outside:
        return set()
    here = pages(root)
    defined = {t.lower(): e for page in here for e in _defined(page) for t in e.terms}
    needed = set().union(*(used(BLOCK.sub("", page.text)) for page in here))
    elsewhere = set().union(*(used(BLOCK.sub("", page.text)) for page in outside))
    free = {t for entry in defined.values() if not _names(entry) & elsewhere for t in _names(entry)}
    return set(defined) - _with_definitions(needed | free, defined)


def _names(entry: Entry) -> set[str]:
    return {term.lower() for term in entry.terms}


def _defined(page: Page) -> list[Entry]:
    return [entry for block in BLOCK.finditer(page.text) for entry in entries(block[2])]


def _with_definitions(terms: set[str], defined: dict[str, Entry]) -> set[str]:
    """Return the terms, their other names, and all that their definitions refer to."""
    found, waiting = set(), list(terms)
    while waiting:
        term = waiting.pop()
        if term not in found and term in defined:
            found |= _names(defined[term]) | {term}
            waiting += defined[term].uses
    return found


def without(text: str, terms: set[str]) -> str:
    """Return a page's text with the definitions of these terms blanked, every line in its place."""

    def shorten(block: re.Match) -> str:
        lines = block[2].splitlines()
        for entry in entries(block[2]):
            if _names(entry) <= terms:
                lines[entry.start : entry.end] = [""] * (entry.end - entry.start)
        head = block[0][: block.start(2) - block.start()]
        return head + "\n".join(lines) + "\n" + block[0][block.end(2) - block.start() :]

    return BLOCK.sub(shorten, text) if terms else text
