"""One chapter in one edition: its prose as plain Markdown, its cells with their outputs."""

import re
from dataclasses import dataclass

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book import ROOT, BookError, answers
from book.chapters import Cell, Page, place
from book.chunks import Chunk, chunks
from book.exercises import exercises
from book.extension.widgets import STATIC, WidgetError, module_text
from book.labels import Labels
from book.launcher import about, setup_code
from book.markdown import Converter
from book.plain import details, glued_values, left_over

HIDDEN = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
RECORD = "application/papermill.record/"
BLANK_ESSAY = "*Your answer to {}: write it here, in the place of this line.*"
TRIALS = "# Your trials for {}, if you make any"


@dataclass(frozen=True)
class Edition:
    """What becomes of solutions: `folded`, `removed`, `shown`, or `graded` by a tool."""

    name: str
    solutions: str


class Writer:
    """Writes one chapter in one edition.

    `plain` keeps what has been converted: the editions of a chapter share most of their prose.
    """

    def __init__(self, page: Page, kept, labels: Labels, edition: Edition, root=ROOT, plain=None):
        self.page, self.edition, self.root, self.labels = page, edition, root, labels
        self.outputs = [cell.outputs for cell in kept.cells if cell.cell_type == "code"]
        self.language = kept.metadata.get("language_info", {"name": "python"})
        glued = glued_values(output for outputs in self.outputs for output in outputs)
        self.converter = Converter(page, labels, glued, root)
        self.exercises = exercises(page)
        self.behind = {cell.line for e in self.exercises.values() for cell in e.behind}
        self.plain = {} if plain is None else plain
        self.cells, self.solved = [], set()

    def notebook(self) -> nbformat.NotebookNode:
        """Return the notebook."""
        self.text(about(self.page, self.labels, self.edition.name))
        if self.page.executable:
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
            if chunk.solution and not self.solutions:
                continue
            if chunk.widget:
                self.widget(chunk)
            text = self.converted(chunk)
            if chunk.solution:
                text = self.solution(chunk.solution, text)
            if chunk.exercise:
                self.exercise(chunk, text)
            else:
                self.text(text, chunk.line)
        return solution

    @property
    def solutions(self) -> bool:
        """Whether the text of solutions is part of the edition."""
        return self.edition.solutions in ("folded", "shown")

    def converted(self, chunk: Chunk) -> str:
        """Return a chunk as plain Markdown; what it cites is noted in every edition that has it."""
        key = (chunk.line, chunk.text)
        if key not in self.plain or "{footbibliography}" in chunk.text:
            before = len(self.converter.cited)
            text = self.converter.convert(chunk.text, chunk.line)
            self.plain[key] = text, self.converter.cited[before:]
        else:
            self.converter.cited += self.plain[key][1]
        return self.plain[key][0]

    def exercise(self, chunk: Chunk, text: str) -> None:
        """Write the statement of an exercise; an essay gets room for trials and for the answer."""
        self.text(text, chunk.line)
        if self.exercises[chunk.exercise].essay and self.edition.solutions != "shown":
            title = self.labels[chunk.exercise].text
            self.code(TRIALS.format(title))
            self.text(BLANK_ESSAY.format(title))

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
        if "hidden-test" in cell.tags and self.edition.solutions != "shown":
            return
        if cell.line in self.behind and not self.solutions:
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
        if "hidden-test" in cell.tags:
            return (
                f"# Hidden test of {self.labels[solution].text}: only graders see it\n{cell.code}"
            )
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
        key, file = (chunk.widget.options.get(name, "") for name in ("data", "file"))
        loaded = f", file={file!r}" if file else ""
        code = (
            "from scratchlm.notebook import widget\n\n"
            f"widget({key!r}, {quoted(module)}, {quoted(style)}{loaded})"
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
