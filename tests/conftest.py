"""`@pytest.mark.needs_page("names")` marks a test of one page, skipped where it is left out."""

import os

from tests.selected import need

# A worker keeps to one thread: those of several workers would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    config.addinivalue_line("markers", "needs_page(slug): skip where _toc.yml leaves this page out")


def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs_page"):
        need(*mark.args)
