"""Tests of the book hold for every selection of its pages: what needs one page says so."""

from functools import cache

import pytest

from book import ROOT, contents


@cache
def selected() -> frozenset[str]:
    """The pages that `_toc.yml` names, by the last part of their names."""
    return frozenset(entry.docname.rpartition("/")[2] for entry in contents.read(ROOT))


def need(*slugs: str) -> None:
    """Skip the test where `_toc.yml` leaves one of these pages out."""
    missing = [slug for slug in slugs if slug not in selected()]
    if missing:
        pytest.skip(f"_toc.yml leaves out {', '.join(missing)}")
