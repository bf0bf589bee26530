"""The chapters as notebooks, from their sources and the outputs that the build has kept.

`reader` has outputs and folded solutions, `student` blank answers and no solutions, `instructor`
everything in the open. Nothing is executed here.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book import ROOT, BookError, answers, execution
from book.chapters import Cell, Page, pages, place
from book.chunks import Chunk, chunks
from book.extension.widgets import STATIC, WidgetError, module_text
from book.labels import Labels
from book.launcher import about, setup_code
from book.markdown import Converter
from book.plain import details, glued_values, left_over

OUT = Path("_build") / "notebooks"
HIDDEN = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
RECORD = "application/papermill.record/"


@dataclass(frozen=True)
class Edition:
    """What becomes of solutions: `folded`, `removed` or `shown`."""

    name: str
    solutions: str


EDITIONS = (
    Edition("reader", "folded"),
    Edition("student", "removed"),
    Edition("instructor", "shown"),
)


def chapters(root: Path = ROOT) -> list[Page]:
    """Return the chapters that run: the pages that become notebooks."""
    return [page for page in pages(root) if page.executable and page.is_chapter]


def place_of(page: Page, edition: Edition, root: Path = ROOT) -> Path:
    """Return the file of a chapter in an edition."""
    return root / OUT / edition.name / f"{page.docname.removeprefix('chapters/')}.ipynb"


def make(root: Path = ROOT) -> dict[Path, nbformat.NotebookNode]:
    """Return every chapter in every edition by its file; BookError for one that has not run."""
    jupyter_cache, labels, made = execution.open_cache(root), Labels(root), {}
    for page in chapters(root):
        record = execution.record(page, jupyter_cache, root)
        if record is None:
            where = place(page.path, root=root)
            raise BookError(f"{where} has not run as it stands; run `make book` first.")
        kept = jupyter_cache.get_cache_bundle(record.pk).nb
        answers.check_use(page.cells, root)
        for edition in EDITIONS:
            nb = Writer(page, kept, labels, edition, root).notebook()
            made[place_of(page, edition, root)] = nb
    return made


def write(root: Path = ROOT) -> list[Path]:
    """Write every chapter in every edition in place of what was written before."""
    made = make(root)
    shutil.rmtree(root / OUT, ignore_errors=True)
    for path, nb in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
    return list(made)


class Writer:
    """Writes one chapter in one edition."""

    def __init__(self, page: Page, kept, labels: Labels, edition: Edition, root: Path = ROOT):
        self.page, self.edition, self.root, self.labels = page, edition, root, labels
        self.outputs = [cell.outputs for cell in kept.cells if cell.cell_type == "code"]
        self.language = kept.metadata.get("language_info", {"name": "python"})
        glued = glued_values(output for outputs in self.outputs for output in outputs)
        self.converter = Converter(page, labels, glued, root)
        self.cells, self.solved = [], set()

    def notebook(self) -> nbformat.NotebookNode:
        """Return the notebook."""
        self.text(about(self.page, self.labels, self.edition.name))
        self.code(setup_code(self.labels, self.root), title="Setup", tags=["setup"])
        line, solution = 1, ""
        for cell, outputs in zip(self.page.cells, self.outputs):
            solution = self.prose(line, cell.line - 1, solution)
            self.chapter_cell(cell, outputs, solution)
            line = cell.end_line + 1
        self.prose(line, self.page.text.count("\n") + 1, solution)
        for number, cell in enumerate(self.cells):
            cell.id = f"{self.page.slug}-{number}"
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        metadata = {"kernelspec": kernel, "language_info": self.language}
        nb = new_notebook(cells=self.cells, metadata=metadata)
        nb.nbformat_minor = 5
        return nb

    # ---- prose -------------------------------------------------------------------------------

    def prose(self, first: int, last: int, solution: str) -> str:
        """Write the prose in lines first…last; return the exercise whose solution it ends in."""
        found, solution = chunks(self.page, first, last, solution)
        for chunk in found:
            if chunk.solution and self.edition.solutions == "removed":
                continue
            if chunk.widget:
                self.widget(chunk)
            text = self.converter.convert(chunk.text, chunk.line)
            if chunk.solution:
                text = self.solution(chunk.solution, text)
            self.text(text, chunk.line)
        return solution

    def solution(self, label: str, text: str) -> str:
        """Return prose of a solution as the edition has it; a second piece says so."""
        title = f"Solution to {self.labels[label].text}"
        title += ", continued" if label in self.solved else ""
        self.solved.add(label)
        folded = self.edition.solutions == "folded"
        return details(title, text) if folded else f"**{title}**\n\n{text}"

    def text(self, text: str, line: int = 1) -> None:
        """Write a Markdown cell; BookError if MyST is left in it."""
        if not text.strip():
            return
        if rest := left_over(text):
            where = place(self.page.path, line, self.root)
            raise BookError(f"{where}: {rest.strip()} in this section has no plain form.")
        self.cells.append(new_markdown_cell(text))

    # ---- code --------------------------------------------------------------------------------

    def chapter_cell(self, cell: Cell, outputs: list, solution: str) -> None:
        """Write a code cell of the chapter, and the caption of its figure."""
        blank = self.edition.solutions == "removed"
        if solution and blank and "answer" not in cell.tags:
            return
        self.solved.add(solution)
        title = self.title(cell, solution)
        shown = [] if blank and "answer" in cell.tags else learner_outputs(outputs, cell.options)
        self.code(self.source(cell, solution), shown, title, cell.tags, bool(title and solution))
        figure = figure_of(cell)
        if figure.get("caption"):
            caption = self.converter.convert(figure["caption"], cell.line)
            self.text(self.converter.caption(figure.get("name"), "Figure", caption), cell.line)

    def source(self, cell: Cell, solution: str) -> str:
        """Return the code of a cell as the edition has it."""
        if "from" in cell.options:
            return f"# from {str(cell.options['from']).partition(':')[0]}\n{cell.code}"
        if "answer" not in cell.tags or self.edition.solutions == "shown":
            return cell.code
        if self.edition.solutions == "folded":
            return answers.unmarked(cell.code)
        exercise = self.labels[solution].text if solution else "the exercise"
        return f"# Your answer to {exercise}: replace every ...\n{answers.blanked(cell.code)}"

    def title(self, cell: Cell, solution: str) -> str:
        """Say what a folded cell holds; nothing for a cell that is open."""
        if solution and self.edition.solutions == "folded":
            return f"Solution to {self.labels[solution].text}: code"
        if solution or not HIDDEN.intersection(cell.tags):
            return ""
        if "name" in figure_of(cell):
            return f"Code of {self.labels[figure_of(cell)['name']].text}"
        if "claim" in cell.tags:
            return "Checks of what the text says"
        return "Numbers for the text" if "remove-cell" in cell.tags else "Code"

    def widget(self, chunk: Chunk) -> None:
        """Write a cell that shows a widget; its fallback follows as text."""
        try:
            module = module_text(chunk.widget.argument)
        except WidgetError as error:
            where = place(self.page.path, chunk.line, self.root)
            raise BookError(f"{where}: {error}.") from error
        style = (STATIC / "widgets.css").read_text(encoding="utf-8")
        key = chunk.widget.options.get("data", "")
        code = (
            "from scratchlm.notebook import widget\n\n"
            f"widget({key!r}, {quoted(module)}, {quoted(style)})"
        )
        # what a widget shows has a new id in every run
        self.code(code, title="Interactive figure", tags=["widget", "nbval-ignore-output"])

    def code(self, code, outputs=(), title="", tags=(), fold_outputs=False) -> None:
        """Write a code cell; one with a title is folded."""
        metadata = {"tags": list(tags)} if tags else {}
        if title:
            # a comment in Jupyter; Colab folds the cell and shows the title in its place
            code = code if code.startswith("%%") else f"#@title {title}\n{code}"
            folds = {"source_hidden": True, **({"outputs_hidden": True} if fold_outputs else {})}
            metadata.update(jupyter=folds, cellView="form")
        count = 1 + sum(cell.cell_type == "code" for cell in self.cells)
        outputs = [nbformat.from_dict(dict(output)) for output in outputs]
        for output in outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
        blank = self.edition.solutions == "removed" and "answer" in tags
        cell = new_code_cell(code, outputs=outputs, metadata=metadata)
        cell.execution_count = None if blank else count
        self.cells.append(cell)


def figure_of(cell: Cell) -> dict:
    """Return a cell's figure options: name and caption."""
    return (cell.options.get("mystnb") or {}).get("figure") or {}


def learner_outputs(outputs: list, options: dict) -> list:
    """Return the outputs that a learner sees: no glued numbers, no progress bars."""
    alt = ((options.get("mystnb") or {}).get("image") or {}).get("alt")
    found = []
    for output in outputs:
        kinds = list(output.get("data", {}))
        if output.get("name") == "stderr" or any(kind.startswith(RECORD) for kind in kinds):
            continue
        images = [kind for kind in kinds if kind.startswith("image/")]
        if alt and images:
            metadata = {**output.metadata, **{kind: {"alt": alt} for kind in images}}
            output = nbformat.from_dict({**output, "metadata": metadata})
        found.append(output)
    return found


def quoted(text: str) -> str:
    """Return a raw string literal over several lines, or a plain one where that cannot be."""
    safe = "'''" not in text and not re.search(r"['\\]$", text)
    return f"r'''{text}'''" if safe else repr(text)
