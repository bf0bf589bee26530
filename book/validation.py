"""nbval: the readers' notebooks run again and must give the outputs that they show."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat

from book import ROOT, BookError, execution, notebooks
from book.chapters import place
from book.contents import PAGES

SANITISERS = ROOT / "book" / "nbval.cfg"


def validate(root: Path = ROOT) -> int:
    """Run nbval, strict, on every notebook for readers; return how many passed.

    Raises BookError when there are none, when one of the book's chapters has no outputs (nbval
    would pass it), and when one gives other outputs than it shows. A book without chapters that run
    has nothing to compare.
    """
    folder = root / notebooks.OUT / "reader"
    files = sorted(folder.rglob("*.ipynb"))
    if not files and not notebooks.chapters(root):
        return 0
    if not files:
        raise BookError("There are no notebooks to run; run `make notebooks` first.")
    for path in files:
        cells = nbformat.read(path, as_version=4).cells
        chapter = root / PAGES / path.relative_to(folder).with_suffix(".md")
        if chapter.is_file() and not any(cell.get("outputs") for cell in cells):
            raise BookError(f"{place(path, root=root)} has no outputs; run `make notebooks` again.")
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(folder)]
    command += ["-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadfile"]
    command += ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", str(SANITISERS)]
    environment = execution.kernel_environment(threads=1)
    if subprocess.run([*command, *map(str, files)], env=environment, check=False).returncode:
        raise BookError("A notebook gives other outputs than it shows; the cells are named above.")
    return len(files)
