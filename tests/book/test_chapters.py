"""The table of contents and the pages' sources: what is wrong is said with file and line."""

import subprocess
import sys

import pytest

from book import ROOT, BookError, chapters, inclusion, structure


def test_a_sound_tree_has_no_problems(tree):
    inclusion.sync(tree.root)
    assert chapters.toc_problems(tree.root) == []
    assert structure.problems(tree.root) == []
    assert [page.docname for page in chapters.pages(tree.root)] == ["index", "chapters/part/one"]


def test_a_chapter_missing_from_the_toc_is_left_out(tree):
    tree.write("chapters/part/two.md", "# Two\n")
    assert chapters.toc_problems(tree.root) == []
    assert [page.docname for page in chapters.left_out(tree.root)] == ["chapters/part/two"]


def test_a_chapter_twice_in_the_toc(tree):
    tree.write("_toc.yml", tree.read("_toc.yml") + "  - file: chapters/part/one\n")
    assert chapters.toc_problems(tree.root) == [
        "_toc.yml:7: it names chapters/part/one 2 times; keep one."
    ]


def test_a_toc_entry_without_a_file(tree):
    tree.write("_toc.yml", tree.read("_toc.yml") + "  - file: chapters/part/three\n")
    with pytest.raises(BookError, match=r"names chapters/part/three, but there is no"):
        chapters.pages(tree.root)


WIDGET = """\
```{widget} merge-stepper
:alt: What it shows.
:data: late

Instead.
```

```{code-cell} python3
glue("late", [1])
```
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("  budget: 5\n", "", "budget:` must be a number"),
        ("  budget: 5\n", "  budget: soon\n", "must be a number of seconds, not 'soon'"),
        ("prerequisites: []", "prerequisites: [nowhere]", "'nowhere' is no page"),
        ("# One", "# One\n\nAs in the\nlast chapter", "'the last chapter' holds in one order"),
        ("# One", "# One\n\nTwo chapters ago", "'Two chapters ago' holds in one order"),
        (":tags: [remove-cell, claim]", ":tags: [remove-cell]", "no cell is tagged `claim`"),
        ("assert pair.a == 4", "pair.a == 4", "asserts nothing"),
        ("# One", "# One\n\n{glue:text}`lost:.2f`", "nothing glues 'lost'"),
        ("# One", f"# One\n\n{WIDGET}", "no cell above this widget glues its data, 'late'"),
        (
            "# One",
            f"# One\n\n{WIDGET.replace(':data:', ':file:')}",
            "no cell above this widget glues its file, 'late'",
        ),
        ("book:\n", "book: [\n", "not valid YAML"),
        (":tags: [remove-cell, claim]", ":tags: [remove-cell, claim", "options are not valid YAML"),
    ],
)
def test_what_is_wrong_in_a_chapter_is_one_sentence_with_its_place(tree, old, new, sentence):
    tree.replace("chapters/part/one.md", old, new)
    try:
        found = structure.problems(tree.root)
    except BookError as error:
        found = [str(error)]
    assert len(found) == 1
    assert sentence in found[0]
    assert found[0].startswith("chapters/part/one.md:") or "one.md:" in found[0]


EXERCISE = """
````{exercise} Double
:label: one-double

Double it.
````

````{solution-start} one-double
````
```{code-cell} python3
:tags: [answer]
# BEGIN SOLUTION
answer = 4
# END SOLUTION
check("one-double", answer)
```
````{solution-end}
````
"""


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("", "", None),
        (":label: one-double\n", "", "has no `:label:`"),
        (
            "{solution-start} one-double",
            "{solution-start} one-treble",
            "'one-treble' is no exercise",
        ),
        ('check("one-double", answer)', "answer", "has 0 check calls"),
        ('check("one-double", answer)', 'check("two", answer)', "checks 'two' in the solution"),
        ("# END SOLUTION\n", "", "no BEGIN/END SOLUTION region"),
    ],
)
def test_exercises_have_a_label_a_solution_and_a_check(tree, old, new, sentence):
    inclusion.sync(tree.root)
    text = EXERCISE.replace(old, new) if old else EXERCISE
    tree.write("chapters/part/one.md", tree.read("chapters/part/one.md") + text)
    found = structure.problems(tree.root)
    assert (found == []) if sentence is None else any(sentence in problem for problem in found)


def test_the_book_itself_is_sound():
    found = chapters.toc_problems() + inclusion.problems() + structure.problems()
    assert found == []


def test_a_command_that_fails_exits_non_zero_without_a_traceback(tree):
    """The command line says one sentence for what is wrong in the sources."""
    tree.replace("chapters/part/one.md", "small:double", "small:treble")
    command = [sys.executable, "-m", "book", "--root", str(tree.root), "sync"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "names nothing" in result.stderr
    assert "Traceback" not in result.stderr
