"""What each page costs to load: what the browser asks for, as a server sends it."""

import sys

import pytest

from tests.site import checks


def test_page_weight(site, open_page, capfd):
    totals, problems = {}, []
    for path in checks.pages_to_open(site):
        visit = open_page(site / path, hold=False)
        sizes = checks.weights(visit)
        totals[path] = sum(sizes.values())
        problems += checks.too_heavy(path, sizes)
        visit.page.context.close()
    heaviest = max(totals, key=totals.get)
    report = f"heaviest of {len(totals)} pages: {heaviest}, {totals[heaviest] / 1000:.0f} kB"
    with capfd.disabled():  # to stderr, which reaches the terminal from a parallel worker too
        print(f"\n{report}", file=sys.stderr)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
