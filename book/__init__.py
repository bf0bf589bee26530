"""Everything that turns chapters into a site: the tools behind `make`, the Sphinx extension."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BookError(Exception):
    """Something in the book's sources is wrong; the message says what, where, and what to do."""
