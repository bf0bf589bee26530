"""Questions as nbgrader's cells: its metadata in schema 3, its marks around hidden tests."""

from nbformat.v4 import new_code_cell, new_markdown_cell


def beginning(slug: str) -> list:
    """Return the cells at the beginning of a notebook: there are none."""
    return []


def cells(question) -> list:
    """Return the cells of a question: statement, answer and test, or a place for an essay."""
    statement = new_markdown_cell(question.statement)
    if question.model:
        essay = new_markdown_cell(
            question.model, metadata=metadata(question.label, question.points, solution=True)
        )
        return [statement, essay]
    test = f"# Test of {question.title}\n{question.test}"
    if question.hidden:
        test += f"\n### BEGIN HIDDEN TESTS\n{question.hidden}\n### END HIDDEN TESTS"
    answer = metadata(f"{question.label}-answer", solution=True)
    graded = metadata(question.label, question.points, locked=True)
    return [
        statement,
        new_code_cell(question.code, metadata=answer),
        new_code_cell(test, metadata=graded),
    ]


def metadata(grade_id: str, points: float = 0, solution=False, locked=False) -> dict:
    """Return a cell's metadata; a cell with points is graded."""
    found = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": points > 0,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    return {"nbgrader": {**found, "points": points} if points else found}
