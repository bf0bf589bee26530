"""nbgrader and Otter-Grader, as a teacher runs them, in an environment of their own.

The environment sees the packages of the book's, torch among them, and has the graders besides;
`graders.txt` pins these, and `make lock` writes it.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
from filelock import FileLock

from book import ROOT, execution

LOCK = Path(__file__).with_name("graders.txt")
SCORES = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for submission in book.assignment_submissions(sys.argv[1]):
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        scores = {g.name: [g.score, g.max_score, g.needs_manual_grade] for g in grades}
        print(json.dumps([submission.student.id, scores]))
"""


def environment() -> Path:
    """Return the folder of the graders' commands; the first call installs them."""
    named = f"{LOCK.read_text(encoding='utf-8')}{sys.version}{sys.prefix}"
    folder = ROOT / "_build" / "graders" / hashlib.sha256(named.encode()).hexdigest()[:12]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, symlinks=True)
            install(folder)
            (folder / "installed").touch()
    return folder / "bin"


def install(folder: Path) -> None:
    """Link an environment to this one and install what the graders need besides."""
    [packages] = folder.glob("lib/python*/site-packages")
    seen = [str(ROOT / "code"), *(path for path in sys.path if path.endswith("site-packages"))]
    (packages / "book.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    python, lock = str(folder / "bin" / "python"), str(LOCK)
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--no-deps", "--requirement", lock]
    subprocess.run(pip, check=True)


def run(*command, folder: Path) -> str:
    """Run a grader's command in a folder and return what it printed."""
    tools = environment()
    variables = execution.kernel_environment(threads=1)
    variables["PATH"] = f"{tools}{os.pathsep}{variables['PATH']}"
    done = subprocess.run(
        [str(tools / command[0]), *map(str, command[1:])],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def nbgrader(source: Path, submissions, folder: Path) -> dict[str, dict[str, list]]:
    """Make an assignment from a notebook and grade submissions to it.

    `submissions(source, released)` returns the notebooks to hand in by student. Returns the score,
    the most points, and whether a person has to look, for every question of every student.
    """
    part = source.parent.name
    (folder / "source" / part).mkdir(parents=True)
    shutil.copy(source, folder / "source" / part)
    run("nbgrader", "generate_assignment", part, folder=folder)
    released = folder / "release" / part / source.name
    for student, nb in submissions(read(source), read(released)).items():
        place = folder / "submitted" / student / part
        place.mkdir(parents=True)
        nbformat.write(nb, place / source.name)
    run("nbgrader", "autograde", part, "--ExecutePreprocessor.timeout=600", folder=folder)
    lines = run("python", "-c", SCORES, part, folder=folder).splitlines()
    return dict(map(json.loads, lines))


def otter(source: Path, submissions, folder: Path) -> dict[str, dict[str, list]]:
    """The same with Otter-Grader, which leaves essays out of its scores.

    `otter assign` grades the solution by itself, and stops unless it gets all points.
    """
    run("otter", "assign", source, "dist", folder=folder)
    [archive] = (folder / "dist" / "autograder").glob("*.zip")
    solved, released = (folder / "dist" / kind / source.name for kind in ("autograder", "student"))
    found = {}
    for student, nb in submissions(read(solved), read(released)).items():
        (folder / student).mkdir()
        nbformat.write(nb, folder / student / source.name)
        command = ("otter", "run", f"{student}/{source.name}", "-a", archive, "-o", student)
        run(*command, folder=folder)
        results = json.loads((folder / student / "results.json").read_text(encoding="utf-8"))
        graded = [test for test in results["tests"] if "score" in test]
        found[student] = {test["name"]: [test["score"], test["max_score"]] for test in graded}
    return found


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)
