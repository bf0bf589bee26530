"""The worked example of the teacher's guide: a fork, its two releases, its notebooks and zips."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat

from book import ROOT
from book.build import BUILD
from book.chapters import code_cells

GUIDE = ROOT / "chapters" / "appendices" / "teachers-guide.md"
EXAMPLE = ROOT / "book" / "example"
BEFORE, RELEASE = "1897171200", "1898294400"  # 13 and 26 February 2030, UTC
CHAPTERS = {
    "language-models": "chapters/foundations/language-models",
    "names": "chapters/first-models/names",
    "weather": "course/weather",
}


class Fork:
    """The book with the files of the example, in a folder of its own."""

    def __init__(self, root: Path):
        self.root = root
        left = shutil.ignore_patterns(
            ".git", ".venv", "_build", "tests", "*.egg-info", "__pycache__"
        )
        shutil.copytree(ROOT, root, ignore=left)
        cache = Path(BUILD) / ".jupyter_cache"
        shutil.copytree(ROOT / cache, root / cache)
        shutil.copytree(EXAMPLE, root, dirs_exist_ok=True)

    def run(self, *command: str, day: str) -> str:
        """Run a command of the fork's own tools on a day; return what it said."""
        paths = os.pathsep.join([str(self.root), str(self.root / "code")])
        environment = {**os.environ, "PYTHONPATH": paths, "SOURCE_DATE_EPOCH": day}
        command = [sys.executable, "-m", "book", "--root", str(self.root), *command]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def site(self, path: str) -> str:
        return (self.root / "_build" / "html" / path).read_text(encoding="utf-8")

    def published(self) -> str:
        """Everything that the site consists of, and the readers' notebooks, without markup."""
        folders = [self.root / "_build" / "html", self.root / "_build" / "notebooks" / "reader"]
        files = [path for folder in folders for path in folder.rglob("*")]
        kinds = {".html", ".js", ".md", ".ipynb", ".txt"}
        texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in kinds]
        return words("\n".join(re.sub(r"<[^>]+>", "", text) for text in texts))


def words(text: str) -> str:
    """Letters alone, so that markup and line ends do not part a sentence."""
    return re.sub(r"[^a-z]+", "", text.lower())


def secrets(root: Path, docname: str, released: bool = False) -> list[str]:
    """The sentences of a chapter's solutions that stand nowhere else in its source.

    Without hidden tests for those that are `released`: nobody but graders gets to see these.
    """
    path = root / f"{docname}.md"
    text = path.read_text(encoding="utf-8")
    if released:
        lines = text.splitlines()
        for cell in reversed(code_cells(path, text)):
            if "hidden-test" in cell.tags:
                del lines[cell.line - 1 : cell.end_line]
        text = "\n".join(lines) + "\n"
    inside = re.findall(r"\{solution-start\}.*?\n`+\n(.*?)`+\{solution-end\}", text, re.S)
    rest = words(re.sub(r"\{solution-start\}.*?\{solution-end\}", "", text, flags=re.S))
    lines = [line for block in inside for line in block.splitlines()]
    # formulas, roles and glued numbers are written otherwise on a page
    plain = [words(line) for line in lines if not set(line) & set("${`")]
    return [line for line in plain if len(line) > 45 and line not in rest]


def test_the_worked_example(tmp_path):
    """One fork for all: to build it takes a while."""
    fork = Fork(tmp_path / "book")
    the_course_command_adds_what_is_missing(fork)
    fork.run("build", day=BEFORE)
    fork.run("notebooks", day=BEFORE)
    nothing_published_has_a_solution(fork)
    the_schedule_has_dates_and_links(fork)
    students_get_cells_to_answer_in_and_no_solutions(fork)
    zips_hold_what_their_assignments_name(fork)
    on_the_day_a_build_shows_what_is_released_and_nothing_else(fork)


def test_the_guide_shows_every_file_of_the_example():
    shown = re.findall(r"\{literalinclude\} \.\./\.\./book/example/(\S+)", GUIDE.read_text("utf-8"))
    files = [path for path in EXAMPLE.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sorted(shown) == sorted(path.relative_to(EXAMPLE).as_posix() for path in files)


def the_course_command_adds_what_is_missing(fork):
    said = fork.run("course", day=BEFORE)
    assert "wrote course/about.md" in said and "wrote course/schedule.md" in said
    assert "Kept as they are: course.yml." in said
    assert (fork.root / "course.yml").read_text() == (EXAMPLE / "course.yml").read_text()


def nothing_published_has_a_solution(fork):
    published = fork.published()
    for docname in CHAPTERS.values():
        found = secrets(fork.root, docname)
        assert found
        assert [line for line in found if line in published] == []
    assert "Solution: from 26 February 2030." in fork.site("course/weather.html")
    assert "Solution: not yet released." in fork.site("chapters/first-models/names.html")
    assert "hidden-test" not in fork.site("_sources/chapters/first-models/names.md")


def the_schedule_has_dates_and_links(fork):
    page = fork.site("course/schedule.html")
    assert re.findall(r'<time datetime="([\d-]+)"', page) == [
        "2030-02-04",
        "2030-02-18",  # the week before has a break
        "2030-02-25",
    ]
    assert 'href="weather.html"' in page
    assert "The PyTorch you need" in page  # left out, or planned
    assert 'href="../chapters/foundations/language-models.html"' in fork.site("course/about.html")


def students_get_cells_to_answer_in_and_no_solutions(fork):
    for slug, docname in CHAPTERS.items():
        place = docname.removeprefix("chapters/")
        student, instructor = (
            nbformat.read(fork.root / f"_build/notebooks/{edition}/{place}.ipynb", as_version=4)
            for edition in ("student", "instructor")
        )
        assert any("Your answer to" in cell.source for cell in student.cells), slug
        text, shown = (words("\n".join(c.source for c in nb.cells)) for nb in (student, instructor))
        found = secrets(fork.root, docname)
        assert [line for line in found if line in text] == []
        assert all(line in shown for line in found)


def zips_hold_what_their_assignments_name(fork):
    folder = fork.root / "_build" / "course"
    assert sorted(path.name for path in folder.glob("*.zip")) == ["counting.zip", "network.zip"]
    with zipfile.ZipFile(folder / "counting.zip") as archive:
        names = archive.namelist()
        texts = words("".join(archive.read(name).decode() for name in names))
    assert names == [
        f"counting/{n}" for n in ("README.txt", "language-models.ipynb", "weather.ipynb")
    ]
    assert not any(line in texts for line in secrets(fork.root, "course/weather"))
    before = (folder / "counting.zip").read_bytes()
    assert "nothing to execute" in fork.run("course", day=BEFORE)
    assert (folder / "counting.zip").read_bytes() == before
    with zipfile.ZipFile(folder / "instructor" / "counting.zip") as archive:
        texts = words("".join(archive.read(name).decode() for name in archive.namelist()))
    assert all(line in texts for line in secrets(fork.root, "course/weather"))


def on_the_day_a_build_shows_what_is_released_and_nothing_else(fork):
    assert "nothing to execute" in fork.run("build", day=RELEASE)
    fork.run("notebooks", day=RELEASE)
    published = fork.published()
    for slug in ("language-models", "weather"):
        known = secrets(fork.root, CHAPTERS[slug], released=True)
        assert known and [line for line in known if line not in published] == []
        tests = set(secrets(fork.root, CHAPTERS[slug])) - set(known)
        assert not any(line in published for line in tests)
    assert not any(line in published for line in secrets(fork.root, CHAPTERS["names"]))
    assert "Solution: " not in fork.site("course/weather.html")
