"""Courses: what `course.yml` may say, when solutions are shown, schedules, first files, zips."""

import zipfile
from datetime import date, datetime, timezone
from types import SimpleNamespace

import nbformat
import pytest

from book import ROOT, BookError, course, handouts, scaffold, solutions
from book.chapters import pages
from book.extension import release
from book.notebooks import unsolved

EXERCISE = """
````{exercise} Double
:label: one-double

Double it.
````

````{solution-start} one-double
:label: one-double-solution
````
The secret is to add.
```{code-cell} python3
:tags: [answer]
# BEGIN SOLUTION
answer = 4
# END SOLUTION
check("one-double", answer)
```
```{code-cell} python3
:tags: [remove-cell, hidden-test]
assert answer == 4
```
````{solution-end}
````

```{code-cell} python3
:tags: [remove-cell, claim]
assert "a secret trial"
```

After it.
"""

DAY = "2030-03-03"


def at(moment: str) -> str:
    """A moment (UTC) as SOURCE_DATE_EPOCH has it."""
    return str(int(datetime.fromisoformat(moment).replace(tzinfo=timezone.utc).timestamp()))


@pytest.fixture
def lesson(tree, monkeypatch):
    """The small book, with an exercise; today is 1 March 2030."""
    tree.write("chapters/part/one.md", tree.read("chapters/part/one.md") + EXERCISE)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", at("2030-03-01T12:00"))
    return tree


def say(tree, text: str) -> None:
    tree.write("course.yml", text)


# ------------------------------------------------------------------------------------ course.yml


def test_without_course_yml_every_solution_is_shown(lesson):
    assert course.load(lesson.root) is None
    assert course.withheld(lesson.root) == {}
    assert course.problems(lesson.root) == []


@pytest.mark.parametrize(
    ("line", "said", "sentence"),
    [
        (3, "solutions:\n  oen: shown", "'oen' is no chapter in _toc.yml; did you mean one?"),
        (2, "solutions: {gpt: shown}", "'gpt' is no chapter in _toc.yml; it is planned"),
        (2, "solutions: {one: 2030-02-31}", "'2030-02-31' cannot be read; dates are written"),
        (2, "solutions: {one: 3 March}", "`shown`, `hidden` or from a date on, not '3 March'"),
        (2, "solutions: {one: 2030-03-03 12:00:00}", "or from a date on, not '2030-03-03 12"),
        (2, "solutions: [one]", "`solutions` must be a mapping"),
        (2, "solutions: maybe", "not 'maybe'"),
        (2, "start: soon", "`start` must be a date such as 2030-03-31, not 'soon'"),
        (2, "breaks: 2030-03-03", "`breaks` must be a list"),
        (2, "timezone: Mars/Crater", "no time zone is called 'Mars/Crater'"),
        (2, "plan: quick", "there is no plan 'quick'; there are intensive, pacing, semester"),
        (2, "plan: [{chapters: [one]}]", "this session has no `title:`"),
        (2, "plan: [{title: A, chapters: [tow]}]", "'tow' is no chapter"),
        (2, "plan: [{title: A, room: 5}]", "'room' is not known here"),
        (3, "assignments:\n- {chapters: [one]}", "this assignment has no `name:`"),
        (3, "assignments:\n- {name: A b, chapters: [one]}", "'A b' becomes a file"),
        (3, "assignments:\n- {name: a, chapters: [index]}", "'index' has no notebook"),
        (3, "assignments:\n- {name: a, chapters: [one], due: 1}", "`due` must be a date"),
        (
            4,
            "assignments:\n- {name: a, chapters: []}\n- {name: a, chapters: []}",
            "a second assignment is called 'a'",
        ),
        (2, "solution: hidden", "'solution' is not known here; `course.yml` has"),
        (3, "start: 2030-03-03\nstart: 2030-03-04", "'start' stands here for a second time"),
        (3, "plan: [semester\nstart: 2030-03-03", "this is not valid YAML"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_line(lesson, line, said, sentence):
    say(lesson, f"title: A course\n{said}\n")
    [problem] = course.problems(lesson.root)
    assert problem.startswith(f"course.yml:{line}: ")
    assert sentence in problem
    assert "\n" not in problem


def test_a_course_needs_a_title_and_a_mapping(lesson):
    for text in ("", "- a\n", "start: 2030-03-03\n"):
        say(lesson, text)
        [problem] = course.problems(lesson.root)
        assert problem.startswith("course.yml:1: ")


def test_a_title_may_look_like_a_number_or_a_date(lesson):
    for title in ("2030", "2030-03-03", "Sprachmodelle"):
        say(lesson, f"title: {title}\n")
        assert course.load(lesson.root).title == title


# --------------------------------------------------------------------------------------- release


@pytest.mark.parametrize(
    ("said", "withheld"),
    [
        ("shown", None),
        ("hidden", "Solution: not yet released."),
        ("{one: hidden}", "Solution: not yet released."),
        ("{default: hidden}", "Solution: not yet released."),
        ("{default: hidden, one: shown}", None),
        ("{one: 2030-03-01}", None),
        ("{one: 2030-03-02}", "Solution: from 2 March 2030."),
    ],
)
def test_solutions_are_shown_hidden_or_shown_from_a_day_on(lesson, said, withheld):
    say(lesson, f"title: A course\nsolutions: {said}\n")
    assert course.withheld(lesson.root).get("chapters/part/one") == withheld


def test_a_day_begins_where_the_course_is(lesson, monkeypatch):
    say(lesson, f"title: A\ntimezone: Pacific/Auckland\nsolutions: {DAY}\n")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", at("2030-03-02T10:59"))
    assert course.withheld(lesson.root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", at("2030-03-02T11:00"))  # midnight there
    assert not course.withheld(lesson.root)


def test_today_is_now_unless_it_is_said(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    now = datetime.now(timezone.utc).date()
    assert now <= course.today() <= datetime.now(timezone.utc).date()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "tomorrow")
    with pytest.raises(BookError, match="seconds since 1970, not 'tomorrow'"):
        course.today()


def test_a_source_without_its_solutions(lesson):
    page = pages(lesson.root)[1]
    text = solutions.without(page, "Solution: later.", lesson.root)
    assert "secret" not in text and "answer" not in text and "solution" not in text
    assert "Double it." in text and "Solution: later.\n\nAfter it.\n" in text
    kept = solutions.without_hidden_tests(page, page.text)
    assert "secret" in kept and "assert answer" not in kept


def test_a_solution_in_one_block_goes_as_well(lesson):
    block = "```{solution} one-double\nThe other secret.\n```\n"
    lesson.write("chapters/part/one.md", lesson.read("chapters/part/one.md") + block)
    assert "secret" not in solutions.without(pages(lesson.root)[1], "Later.", lesson.root)


def test_an_answer_outside_of_a_solution_is_not_published(lesson):
    cell = "\n```{code-cell} python3\n:tags: [answer]\nanswer = 4\n```\n"
    text = lesson.read("chapters/part/one.md")
    lesson.write("chapters/part/one.md", text + cell)
    with pytest.raises(BookError, match=rf"one.md:{text.count(chr(10)) + 2}: this answer stands"):
        solutions.without(pages(lesson.root)[1], "Later.", lesson.root)


def test_a_page_is_read_again_when_its_solutions_are_released_or_withheld():
    env = SimpleNamespace(all_docs={"a": 1, "b": 1, "c": 1}, book_withheld={"a": "x", "b": "x"})
    app = SimpleNamespace(book_withheld={"b": "x", "c": "x", "gone": "x"})
    assert release.outdated(app, env, set(), set(), set()) == ["a", "c"]
    assert release.outdated(app, env, set(), set(), set()) == []


# ----------------------------------------------------------------------------------------- plans


@pytest.mark.parametrize(
    ("name", "weeks", "a_week"), [("semester", 14, 1), ("intensive", 7, 2), ("pacing", 15, 1)]
)
def test_every_ready_plan_covers_the_whole_road(name, weeks, a_week):
    plan = course.ready_plan(name)
    named = {slug for item in plan.sessions for slug in (*item.chapters, *item.further)}
    assert named == set(course.curriculum())
    assert (len(plan.sessions), plan.a_week) == (weeks * a_week, a_week)
    assert all(item.title and item.chapters for item in plan.sessions)


def test_a_plan_reads_a_chapter_after_those_before_it():
    """Within what everyone reads, a plan keeps the order of the road."""
    road = list(course.curriculum())
    for name in ("semester", "intensive"):
        read = [slug for item in course.ready_plan(name).sessions for slug in item.chapters]
        assert [road.index(slug) for slug in read] == sorted(road.index(slug) for slug in read)


def test_pacing_pairs_every_week_with_both_courses():
    for item in course.ready_plan("pacing").sessions:
        assert set(item.beside) == {"Linear algebra", "Bayesian statistics"}
        assert item.note


def test_a_week_with_a_break_is_skipped():
    plan = course.ready_plan("intensive")
    found = course.Course("", plan, date(2030, 2, 4), breaks=(date(2030, 2, 13),))
    days = course.days(found)
    assert days[:4] == [date(2030, 2, 4)] * 2 + [date(2030, 2, 18)] * 2
    assert len(days) == 14 and days[-1] == date(2030, 3, 25)
    assert course.days(course.Course("", plan)) == [None] * 14


# ----------------------------------------------------------------------------------- first files


def test_the_first_files_are_valid_and_are_never_written_again(lesson):
    written, kept = scaffold.scaffold(lesson.root, "intensive")
    assert set(written) == {"course.yml", "course/about.md", "course/schedule.md"}
    assert kept == []
    assert course.problems(lesson.root) == []
    found = course.load(lesson.root)
    assert found.start == date(2030, 3, 4) and found.start.weekday() == 0
    assert found.plan == course.ready_plan("intensive")
    assert [item.name for item in found.assignments] == ["one"]
    assert scaffold.unlisted(lesson.root) == ["course/about", "course/schedule"]
    lesson.write("course/about.md", "# Mine\n")
    lesson.root.joinpath("course/schedule.md").unlink()
    assert scaffold.scaffold(lesson.root) == (
        ["course/schedule.md"],
        ["course/about.md", "course.yml"],
    )
    assert lesson.read("course/about.md") == "# Mine\n"


def test_contents_may_name_the_first_files_before_they_are_there(lesson):
    toc = lesson.read("_toc.yml")
    lesson.write("_toc.yml", toc + "  - file: course/about\n  - file: course/schedule\n")
    say(lesson, "title: 'A course: mine'\n")
    assert scaffold.scaffold(lesson.root)[1] == ["course.yml"]
    assert "# A course: mine\n" in lesson.read("course/about.md")
    assert scaffold.unlisted(lesson.root) == []


def test_the_book_itself_gets_dates_from_the_plan(monkeypatch, tmp_path):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", at("2030-03-01T12:00"))
    for name in ("chapters", "index.md", "_toc.yml", "_config.yml"):
        (tmp_path / name).symlink_to(ROOT / name)
    scaffold.scaffold(tmp_path)
    found = course.load(tmp_path)
    by_name = {item.name: item for item in found.assignments}
    assert by_name["language-models"].due == date(2030, 3, 11)
    assert found.release("language-models").day == date(2030, 3, 12)


# ------------------------------------------------------------------------------------------ zips


def test_a_zip_has_the_same_bytes_for_the_same_texts(tmp_path):
    files = {"b.ipynb": "ä", "a.txt": "1"}
    for name in ("one", "two"):
        handouts.pack(tmp_path / f"{name}.zip", "work", dict(reversed(files.items())))
        files = dict(reversed(files.items()))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["work/a.txt", "work/b.ipynb"]
        assert archive.read("work/b.ipynb").decode() == "ä"


def test_instructions_name_the_notebooks_and_the_day():
    item = course.Assignment("first", "The first", ("one",), date(2030, 3, 3))
    text = handouts.read_me(item, {"one": "Chapter one"})
    assert text.startswith("The first\n=========\n\nDue: 3 March 2030\n")
    assert "- one.ipynb: Chapter one" in text
    assert "Due" not in handouts.read_me(course.Assignment("a", "A", ("one",)), {"one": "One"})


def test_readers_get_the_students_notebook_until_the_day():
    nb = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("...", metadata={"tags": ["answer"]})]
    )
    assert unsolved(nb).cells[0].metadata.tags == ["answer", "nbval-ignore-output"]
    assert nb.cells[0].metadata.tags == ["answer"]
