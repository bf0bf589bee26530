"""Chapters keep to the memory that a free session in the cloud gives them, or say that they do not.

The front matter says how much: `book:` has `memory: 3000`, in MB. What counts is the most that a
chapter's kernel held when it was executed.
"""

from pathlib import Path

from book import ROOT
from book.chapters import pages, place
from book.execution import measurements

MEMORY_MB = 2000  # Binder ends sessions above 2 GB, and Jupyter itself takes some of that


def problems(root: Path = ROOT) -> list[str]:
    """Say which pages held more memory than they may, or promise a limit that is no number."""
    measured, found = measurements(root), []
    for page in pages(root):
        limit = page.book.get("memory", MEMORY_MB)
        held = measured.get(page.docname, {}).get("memory_mb") or 0
        where = place(page.path, 1, root)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit <= 0:
            found.append(f"{where}: `memory: {limit}` must be a number of MB, such as 3000.")
        elif held > limit:
            found.append(
                f"{where}: the chapter held {held:.0f} MB, more than {limit}; make it smaller, or "
                f"say so with `memory: {round(held * 1.2, -2):.0f}` under `book:`."
            )
    return found
