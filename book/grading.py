"""Chapters as sources of assignments: every exercise becomes a question with points and tests."""

import ast
from dataclasses import dataclass

import nbformat

from book import answers, nbgrader, otter
from book.chapters import Cell
from book.chunks import Chunk, chunks
from book.exercises import Exercise
from book.writer import TRIALS, Writer

TOOLS = {"nbgrader": nbgrader, "otter": otter}


@dataclass(frozen=True)
class Question:
    """An exercise as graders take it: with code and tests, or with the model answer of an essay."""

    label: str
    title: str
    points: float
    statement: str
    model: str = ""  # of an essay
    code: str = ""  # the worked answer, between the markers of a solution
    test: str = ""  # what students see and run, too
    hidden: str = ""  # what only the grader runs


class GradedWriter(Writer):
    """Writes one chapter in the edition of a grader: no outputs, no solutions but the answers."""

    def notebook(self) -> nbformat.NotebookNode:
        """Return the notebook, with what the grader wants to have at its beginning."""
        self.cells += TOOLS[self.edition.name].beginning(self.page.slug)
        return super().notebook()

    def chapter_cell(self, cell: Cell, outputs: list, solution: str) -> None:
        """Write a cell of the chapter; those of a solution come with the question."""
        if not solution:
            super().chapter_cell(cell, [], solution)

    def exercise(self, chunk: Chunk, text: str) -> None:
        """Write the statement of an exercise, and the cells in which it is answered and graded."""
        question = self.question(self.exercises[chunk.exercise], text)
        self.cells += TOOLS[self.edition.name].cells(question)
        if question.model:
            self.code(TRIALS.format(question.title))

    def question(self, exercise: Exercise, statement: str) -> Question:
        """Return an exercise as a question."""
        title = self.labels[exercise.label].text
        points = f"{exercise.points} point{'' if exercise.points == 1 else 's'}"
        given = exercise.label, title, exercise.points, f"{statement}\n\n*{points}.*"
        if exercise.essay:
            return Question(*given, model=self.model(exercise))
        code, call = answers.parted(exercise.answer.code)
        code = f"# Your answer to {title} ({points})\n{answers.stubbed(code, call)}"
        hidden = "\n\n".join(cell.code.rstrip() for cell in exercise.hidden)
        return Question(*given, code=code, test=asserted(call), hidden=hidden)

    def model(self, exercise: Exercise) -> str:
        """Return the text of an essay's solution."""
        found, _ = chunks(self.page, exercise.solution_line, exercise.last - 1, exercise.label)
        return "\n\n".join(self.converter.convert(chunk.text, chunk.line) for chunk in found)


def asserted(call: str) -> str:
    """Return the test that a call of `check` is; when it fails, it says what the check says.

    The check is imported again: an answer may have given its name to something else.
    """
    return (
        "from scratchlm.checks import check\n\n"
        f"verdict = {ast.unparse(ast.parse(call))}\n"
        "assert verdict, verdict.sentence"
    )
