"""The chapters as notebooks, from their sources and the outputs that the build has kept.

`reader` has outputs and folded solutions, `student` blank answers and no solutions, `instructor`
everything in the open; `nbgrader` and `otter` are what these graders make assignments from.
Nothing is executed here.
"""

import shutil
from copy import deepcopy
from pathlib import Path

import nbformat

from book import ROOT, BookError, answers, course, execution, exercises
from book.chapters import Page, pages, place
from book.grading import GradedWriter
from book.labels import Labels
from book.writer import Edition, Writer

OUT = Path("_build") / "notebooks"

EDITIONS = (
    Edition("reader", "folded"),
    Edition("student", "removed"),
    Edition("instructor", "shown"),
    Edition("nbgrader", "graded"),
    Edition("otter", "graded"),
)


def chapters(root: Path = ROOT) -> list[Page]:
    """Return the chapters that run: the pages that become notebooks."""
    return [page for page in pages(root) if page.executable and page.is_chapter]


def place_of(page: Page, edition: Edition, root: Path = ROOT) -> Path:
    """Return the file of a chapter in an edition."""
    return root / OUT / edition.name / name_of(page.docname)


def name_of(docname: str) -> str:
    """Return the path of a page's notebook within an edition: the page's, without `chapters/`."""
    return f"{docname.removeprefix('chapters/')}.ipynb"


def make(root: Path = ROOT) -> dict[Path, nbformat.NotebookNode]:
    """Return every chapter in every edition by its file.

    Raises BookError for a chapter that has not run, and for what is wrong with an exercise.
    """
    if problems := exercises.all_problems(pages(root), root):
        raise BookError("\n".join(problems))
    jupyter_cache, labels, made = execution.open_cache(root), Labels(root), {}
    withheld = course.withheld(root)
    for page in chapters(root):
        kept, plain = executed(page, jupyter_cache, root), {}
        answers.check_use(page, root)
        for edition in EDITIONS:
            writer = GradedWriter if edition.solutions == "graded" else Writer
            nb = writer(page, kept, labels, edition, root, plain).notebook()
            made[place_of(page, edition, root)] = nb
        if page.docname in withheld:
            reader, student = (place_of(page, edition, root) for edition in EDITIONS[:2])
            made[reader] = unsolved(made[student])
    return made


def for_readers(
    page: Page, kept, labels: Labels, withheld, root: Path = ROOT
) -> nbformat.NotebookNode:
    """Return what readers get of a page: no solutions until they are released."""
    reader, student = EDITIONS[:2]
    if page.docname in withheld:
        return unsolved(Writer(page, kept, labels, student, root).notebook())
    return Writer(page, kept, labels, reader, root).notebook()


def unsolved(nb: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return what readers get until solutions are released: the notebook for students."""
    nb = deepcopy(nb)
    for cell in nb.cells:
        if "answer" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("nbval-ignore-output")  # there is none before an answer
    return nb


def executed(page: Page, jupyter_cache, root: Path = ROOT) -> nbformat.NotebookNode:
    """Return a page with its outputs; BookError if it has not run as it stands."""
    record = execution.record(page, jupyter_cache, root)
    if record is None:
        where = place(page.path, root=root)
        raise BookError(f"{where} has not run as it stands; run `make book` first.")
    return jupyter_cache.get_cache_bundle(record.pk).nb


def write(root: Path = ROOT) -> list[Path]:
    """Write every chapter in every edition in place of what was written before."""
    made = make(root)
    for edition in EDITIONS:
        shutil.rmtree(root / OUT / edition.name, ignore_errors=True)
    for path, nb in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
    return list(made)
