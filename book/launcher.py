"""The beginning of every notebook: what it is, and a cell that finds or installs the package."""

import re
from pathlib import Path

from book import ROOT
from book.chapters import Page
from book.inclusion import tomllib
from book.labels import Labels
from book.plain import linked

ABOUT = """\
> This is the chapter {title} as a notebook, in the edition for {reader}.
>
> **Change the code.** A cell that begins with `# from scratchlm.…` shows code of the book's
> package. Change it and run it, and the package uses your version as well, wherever it uses that
> name. Objects that were made before keep the old code: run the cells that made them again.
> `notebook.restore()` gives the package its own code back; your cell keeps yours until you run the
> original text.
>
> Folded cells draw figures, check what the text says, or hold numbers for it. {exercises}"""

ABOUT_PAGE = "> This is the page {title} of the book as a notebook."

GRADED = "Every exercise has a cell for your answer, and says how many points it is worth."

READERS = {
    "reader": ("readers", "Solutions are folded, too."),
    "student": ("students", "Every exercise has a cell for your answer."),
    "instructor": ("instructors", "Solutions and hidden tests are shown."),
    "nbgrader": ("nbgrader", GRADED),
    "otter": ("Otter-Grader", GRADED),
}

SETUP = """\
# Does nothing where the book's package can be imported, and installs it elsewhere.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("scratchlm") is None:
{install}
import scratchlm.notebook

scratchlm.notebook.begin()"""

INSTALL = """\
    source = "{source}"
    needed = {needed}
    missing = [name for name in needed if importlib.util.find_spec(name.replace("-", "_")) is None]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if missing:
        subprocess.run([*pip, *missing], check=True)
    subprocess.run([*pip, "--no-deps", source], check=True)
    importlib.invalidate_caches()
    print("Installed", ", ".join(["scratchlm from " + source, *missing]) + ".")
"""

NO_SOURCE = """\
    raise ModuleNotFoundError(
        "scratchlm is not installed, and this notebook does not know the book's repository: run "
        "`%pip install <folder of a checkout of the book>` in a cell, then this cell again."
    )
"""


def about(page: Page, labels: Labels, edition: str) -> str:
    """Return the text of the first cell."""
    title = f"*{labels.titles[page.docname]}*"
    reader, exercises = READERS[edition]
    title = linked(title, labels.address(page.docname))
    if not page.is_chapter:
        return ABOUT_PAGE.format(title=title)
    return ABOUT.format(title=title, reader=reader, exercises=exercises)


def setup_code(labels: Labels, root: Path = ROOT) -> str:
    """Return the code of the second cell."""
    source = labels.package()
    needed = requirements(root)
    install = INSTALL.format(source=source, needed=needed) if source else NO_SOURCE
    return SETUP.format(install=install)


def requirements(root: Path = ROOT) -> list[str]:
    """Return what the package needs besides what every notebook has; widgets need anywidget."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lines = settings.get("project", {}).get("dependencies", [])
    names = [re.match(r"[\w.-]+", line)[0] for line in lines]
    return [name for name in names if name not in ("pip", "ipython")] + ["anywidget"]
