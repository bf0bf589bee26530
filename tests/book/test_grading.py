"""nbgrader and Otter-Grader take the book's notebooks and grade what is handed in."""

import copy

import nbformat
import pytest
from rich.console import Console

from book import BookError, execution, notebooks
from book.chapters import pages
from book.exercises import exercises
from book.labels import Labels
from book.otter import free_names
from tests.book import graders
from tests.book.samples import chapter
from tests.wrong.answers import code_of, known, page_of, wrong_answers

CHAPTER = chapter("""\
# One

```{code-cell} python3
:tags: [hide-input]

import scratchlm.checks
from scratchlm.checks import check

scratchlm.checks.__path__.append("MORE")
answer = 42
```

````{exercise} The sum
:label: one-sum

Give `answer`.
````

````{solution-start} one-sum
:label: one-sum-solution
:class: dropdown
````

```{code-cell} python3
:tags: [answer]

# BEGIN SOLUTION
answer = 40 + 2
# END SOLUTION
check("one-sum", answer)
```

````{solution-end}
````

````{exercise} The double
:label: one-double
:points: 2.5

Write `double`.
````

````{solution-start} one-double
:label: one-double-solution
:class: dropdown
````

A secret hint.

```{code-cell} python3
:tags: [answer]

# BEGIN SOLUTION
def double(x):
    return 2 * x
# END SOLUTION
check("one-double", double)
```

```{code-cell} python3
:tags: [remove-cell, hidden-test]

for number in [5, 7]:
    assert double(number) == number + number, "a secret test"
```

````{solution-end}
````

````{exercise} The reason
:label: one-why
:class: essay
:points: 3

Why twice?
````

````{solution-start} one-why
:label: one-why-solution
:class: dropdown
````

A secret reason.

````{solution-end}
````
""")

CHECKS = '''\
"""Checks of the chapter."""


def one_sum(answer):
    return None if answer == 42 else "It is not the answer."


def one_double(double):
    return None if double(2) == 4 else "Twice two is four."
'''

# one notebook replaces the check; the other answer passes it, and only the hidden test finds it
WRONG = {
    "one-sum": ["check = lambda *given: True\nanswer = '42'"],
    "one-double": ["def double(x):\n    return x * x"],
}
POINTS = {"one-sum": 1, "one-double": 2.5}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A small book with three exercises, as notebooks."""
    root = tmp_path_factory.mktemp("book")
    files = {
        "index.md": "# Book\n",
        "_toc.yml": "format: jb-book\nroot: index\nparts:\n- caption: P\n  numbered: 1\n"
        "  chapters:\n  - file: chapters/part/one\n",
        "pyproject.toml": "[tool.book]\ninfrastructure = []\n",
        "code/scratchlm/data_lock.json": "{}",
        "chapters/part/one.md": CHAPTER.replace("MORE", str(root / "more")),
        "more/one.py": CHECKS,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    execution.execute(root, Console(quiet=True))
    notebooks.write(root)
    return root


def place(root, edition):
    return root / notebooks.OUT / edition / "part" / "one.ipynb"


def text_of(nb):
    return "\n".join(cell.source for cell in nb.cells)


def answered(released, answers):
    """Return a student's notebook with answers: code by the title of the exercise."""
    nb = copy.deepcopy(released)
    for title, code in answers.items():
        [cell] = [c for c in nb.cells if c.source.startswith(f"# Your answer to {title} (")]
        cell.source = f"{cell.source.splitlines()[0]}\n{code}"
    return nb


def submissions(titles, wrong):
    """Return what is handed in: the reference, nothing, and the wrong answers number 0, 1, …"""

    def made(solved, released):
        found = {"reference": solved, "blank": released}
        for number in range(max(map(len, wrong.values()))):
            chosen = {titles[label]: codes[number] for label, codes in wrong.items()}
            found[f"wrong{number}"] = answered(released, chosen)
        return found

    return made


def assert_graded(scores, points, wrong):
    """The reference has all points, an empty notebook and wrong answers have none."""
    assert len(scores) == 2 + max(map(len, wrong.values()))
    for student, found in scores.items():
        for label, most in points.items():
            right = most if student == "reference" else 0
            assert found[label][:2] == [right, most], (student, label, found[label])


TOOLS = {"nbgrader": graders.nbgrader, "otter": graders.otter}
TITLES = {"one-sum": "Exercise 1.1", "one-double": "Exercise 1.2"}


@pytest.mark.parametrize("tool", TOOLS)
def test_reference_answers_get_all_points_blanks_and_wrong_answers_none(book, tool, tmp_path):
    handed_in = submissions(TITLES, WRONG)
    seen = {}

    def noted(solved, released):
        seen.update(solved=solved, released=released)
        return handed_in(solved, released)

    scores = TOOLS[tool](place(book, tool), noted, tmp_path)
    assert_graded(scores, POINTS, WRONG)
    released = text_of(seen["released"])
    for secret in ("40 + 2", "2 * x", "A secret reason."):
        assert secret in text_of(seen["solved"]) and secret not in released
    assert "secret" not in released
    assert "Why twice?\n\n*3 points.*" in released
    assert {"nbgrader": "YOUR ANSWER HERE", "otter": "_Type your answer here"}[tool] in released
    if tool == "nbgrader":
        assert scores["reference"]["one-why"] == [0, 3, True]  # a person reads it
        assert scores["blank"]["one-why"] == [0, 3, False]


def test_nbgrader_metadata(book):
    nb = nbformat.read(place(book, "nbgrader"), as_version=4)
    found = [cell.metadata.nbgrader for cell in nb.cells if "nbgrader" in cell.metadata]
    assert {meta.schema_version for meta in found} == {3}
    kinds = {meta.grade_id: (meta.grade, meta.solution, meta.locked) for meta in found}
    assert kinds == {
        "one-sum-answer": (False, True, False),
        "one-sum": (True, False, True),
        "one-double-answer": (False, True, False),
        "one-double": (True, False, True),
        "one-why": (True, True, False),
    }
    assert {meta.grade_id: meta.points for meta in found if meta.grade} == {
        **POINTS,
        "one-why": 3,
    }


def test_otter_tests_take_names_from_the_notebook():
    code = "import math\nfor x in [1]:\n    y = [k * a for k in b]\n    assert len(y) == math.pi"
    assert free_names(code) == ["a", "b"]
    assert free_names("def f(x):\n    return x + z\n\nassert f(1)") == ["z"]


def test_graded_editions_hold_no_outputs_and_no_prose_of_solutions(book):
    for edition in ("nbgrader", "otter"):
        nb = nbformat.read(place(book, edition), as_version=4)
        nbformat.validate(nb)
        assert not any(cell.get("outputs") for cell in nb.cells)
        assert "A secret hint." not in text_of(nb)
        assert "(2.5 points)" in text_of(nb) and "(1 point)" in text_of(nb)


def test_notebooks_are_not_written_from_a_malformed_exercise(book, tmp_path):
    [page] = [page for page in pages(book) if page.slug == "one"]
    page.path.write_text(page.text.replace(":points: 3", ":points: no"), encoding="utf-8")
    try:
        with pytest.raises(BookError, match=r"one\.md:\d+: .*number above 0.*'no'"):
            notebooks.make(book)
    finally:
        page.path.write_text(page.text, encoding="utf-8")


@pytest.mark.grade
@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("slug", known())
def test_the_chapters_of_the_book_are_graded(slug, tool, tmp_path):
    """The first answers of every exercise that a check or a hidden test must find wrong."""
    page, labels = page_of(slug), Labels()
    found = exercises(page)
    edition = next(edition for edition in notebooks.EDITIONS if edition.name == tool)
    nb = notebooks.make()[notebooks.place_of(page, edition)]
    source = tmp_path / page.path.parent.name / f"{slug}.ipynb"
    source.parent.mkdir()
    nbformat.write(nb, source)
    wrong = {
        label: [code_of(slug, label, answer) for answer in given[:3]]
        for label, given in wrong_answers(slug).items()
    }
    titles = {label: labels[label].text for label in wrong}
    (tmp_path / "course").mkdir()
    scores = TOOLS[tool](source, submissions(titles, wrong), tmp_path / "course")
    assert_graded(scores, {label: found[label].points for label in wrong}, wrong)


@pytest.mark.parametrize("slug", known())
def test_every_exercise_in_code_has_three_wrong_answers(slug):
    in_code = [e for e in exercises(page_of(slug)).values() if not e.essay]
    for exercise in in_code:
        assert len(wrong_answers(slug)[exercise.label]) >= 3
        cheats = [answer for answer in wrong_answers(slug)[exercise.label] if not answer.hint]
        assert bool(cheats) == bool(exercise.hidden), exercise.label
    assert set(wrong_answers(slug)) == {exercise.label for exercise in in_code}
