"""Every page gives the same text and the same figures when it runs a second time from nothing."""

import pytest

from book import ROOT, execution
from book.chapters import pages

RUNNABLE = [page for page in pages(ROOT) if page.executable and (page.of_the_book or page.is_root)]
QUICK = 10  # seconds of budget; `make nbval` executes every page again


def outputs(nb):
    """Return what each code cell shows: its text, in one piece, then figures and data."""
    found = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            # standard error holds progress, which the page does not show; text comes in any pieces
            text = "".join(o["text"] for o in cell.outputs if o.get("name") == "stdout")
            found.append([text, *(o["data"] for o in cell.outputs if "data" in o)])
    return found


def marked(page):
    long = page.book.get("budget", 0) > QUICK
    return pytest.param(page, id=page.slug, marks=[pytest.mark.again] if long else [])


@pytest.mark.parametrize("page", [marked(page) for page in RUNNABLE])
def test_a_second_execution_gives_identical_outputs(page):
    cache = execution.open_cache(ROOT)
    record = execution.record(page, cache, ROOT)
    assert record is not None, "this page has not been executed; run `make book`"
    first = outputs(cache.get_cache_bundle(record.pk).nb)
    second = outputs(execution.Run(page, threads=1)())
    assert len(first) == len(second)
    for before, after in zip(first, second):
        assert before == after
