"""What is wrong with an exercise is one sentence with its file and line."""

import pytest

from book import BookError, exercises, structure
from book.chapters import pages

EXERCISE = """\
````{exercise} Double
:label: one-double
:points: 2

Double it.
````

````{solution-start} one-double
:class: dropdown
````

Worked.

```{code-cell} python3
:tags: [answer]
# BEGIN SOLUTION
answer = 4
# END SOLUTION
check("one-double", answer)
```

```{code-cell} python3
:tags: [remove-cell, hidden-test]
assert answer == 2 + 2
```

````{solution-end}
````

````{exercise} Why
:label: one-why
:class: essay

Why?
````

````{solution-start} one-why
````

Because.

````{solution-end}
````
"""
SOLUTION = EXERCISE[EXERCISE.index("````{solution-start} one-double") :].partition("````{exercise}")
STATEMENT = EXERCISE[: EXERCISE.index("````{solution-start}")]
CELL = "```{code-cell} python3\n:tags: "
ANSWER = EXERCISE[EXERCISE.index(CELL) : EXERCISE.index(f"{CELL}[r")]
HIDDEN = EXERCISE[EXERCISE.index(f"{CELL}[r") : EXERCISE.index("````{solution-end}")]
TWICE = "the exercise label 'one-double' stands at chapters/part/one.md:29, too"


def said(tree, text, other=""):
    tree.write("chapters/part/one.md", tree.read("chapters/part/one.md").split("````")[0] + text)
    tree.write("index.md", f"# Book\n\n{other}")
    try:
        return [p for p in structure.problems(tree.root) if "prerequisite" not in p]
    except BookError as error:
        return [str(error)]


def line_of(tree, piece, path="chapters/part/one.md"):
    text = tree.read(path)
    return text.count("\n", 0, text.rindex(piece)) + 1


def test_points_essays_and_cells_are_read(tree):
    assert said(tree, EXERCISE) == []
    page = next(page for page in pages(tree.root) if page.slug == "one")
    found = exercises.exercises(page)
    assert {label: (e.points, e.essay) for label, e in found.items()} == {
        "one-double": (2, False),
        "one-why": (1, True),
    }
    assert found["one-double"].answer.code.startswith("# BEGIN SOLUTION")
    assert [cell.code for cell in found["one-double"].hidden] == ["assert answer == 2 + 2"]
    assert found["one-why"].answer is None


@pytest.mark.parametrize(
    ("old", "new", "at", "sentence"),
    [
        (":label: one-double\n", "", "````{exercise} Double", "has no `:label:`."),
        ("Double it.\n````\n", "Double it.\n", "````{exercise} Double", "is never closed"),
        (":class: dropdown\n````\n", "", "````{solution-start} one-double", "is never closed"),
        (
            "````{solution-end}\n````\n",
            "",
            "````{solution-start} one-double",
            "has no {solution-end}",
        ),
        (SOLUTION[0], "", "````{exercise} Double", "one-double has 0 solutions; it needs one"),
        (
            "-start} one-double",
            "-start} two",
            "````{solution-start} two",
            "no exercise of this page",
        ),
        (ANSWER, "", "````{exercise} Double", "has 0 answer cells; it needs one"),
        (ANSWER, 2 * ANSWER, "````{exercise} Double", "has 2 answer cells; it needs one"),
        ('check("one-double", answer)\n', "", "````{exercise} Double", "has 0 check calls"),
        (
            'check("one-d',
            'check("two-d',
            f"{CELL}[a",
            "checks 'two-double'",
        ),
        ("# END SOLUTION\n", "", f"{CELL}[a", "no BEGIN/END SOLUTION"),
        (
            ":label: one-why",
            ":label: one-double",
            "````{exercise} Why",
            TWICE,
        ),
        (":points: 2", ":points: -1", "````{exercise} Double", "a number above 0"),
        (":points: 2", ":points: many", "````{exercise} Double", "not 'many'"),
        (":points: 2", ":points: nan", "````{exercise} Double", "not 'nan'"),
        (":points: 2", ":points:", "````{exercise} Double", "not ''"),
        ("Because.", HIDDEN, f"{CELL}[r", "is an essay"),
        ("remove-cell, hidden", "hidden", f"{CELL}[h", "hidden test shows"),
        (
            "assert answer == 2 + 2",
            "answer",
            f"{CELL}[r",
            "asserts nothing",
        ),
        ('check("one-double", answer)\n```', 'check("one-double", answer)', None, "never closed"),
    ],
)
def test_a_malformed_exercise_is_one_sentence_with_its_place(tree, old, new, at, sentence):
    assert old in EXERCISE
    found = said(tree, EXERCISE.replace(old, new, 1))
    matching = [problem for problem in found if sentence in problem]
    assert len(matching) == 1 and "\n" not in matching[0], found
    if at:
        assert matching[0].startswith(f"chapters/part/one.md:{line_of(tree, at)}: ")
    if "too" not in sentence:
        assert len(found) == 1, found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (EXERCISE + "\n" + ANSWER, "this answer cell stands outside of a solution."),
        (EXERCISE + "\n" + HIDDEN, "this hidden test stands outside of a solution."),
        (SOLUTION[0] + STATEMENT, "this solution stands before its exercise one-double."),
    ],
)
def test_what_stands_in_the_wrong_place(tree, text, sentence):
    [found] = said(tree, text)
    assert found.startswith("chapters/part/one.md:") and found.endswith(sentence)


def test_labels_are_unique_in_the_book(tree):
    essay = EXERCISE[EXERCISE.index("````{exercise} Why") :]
    [found] = said(tree, EXERCISE, other=essay)
    lines = line_of(tree, "````{exercise} Why"), line_of(tree, "````{exercise} Why", "index.md")
    assert found == (
        f"chapters/part/one.md:{lines[0]}: the exercise label 'one-why' stands at "
        f"index.md:{lines[1]}, too."
    )


def test_a_solution_on_another_page_is_told_where_its_exercise_stands(tree):
    essay = EXERCISE[EXERCISE.index("````{exercise} Why") :]
    statement, solution = essay.split("````{solution-start}")
    found = said(tree, statement, other="````{solution-start}" + solution)
    assert [problem.split(": ", 1)[1] for problem in found if problem.startswith("index.md")] == [
        f"'one-why' is no exercise of this page; that one stands at "
        f"chapters/part/one.md:{line_of(tree, '````{exercise} Why')}."
    ]
