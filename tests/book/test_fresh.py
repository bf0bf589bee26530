"""Every notebook runs from top to bottom where there is Jupyter and nothing else.

Installing torch twice takes minutes and gigabytes, so this runs on request only:
SCRATCHLM_TEST_FRESH=1 python -m pytest tests/book/test_fresh.py -s
"""

import os
import re
import subprocess
import sys
import time
import venv

import nbformat
import pytest

from book import ROOT, notebooks, repository
from book.build import BUILD

pytestmark = pytest.mark.skipif(
    not os.environ.get("SCRATCHLM_TEST_FRESH"), reason="asked for with SCRATCHLM_TEST_FRESH=1"
)

EXECUTE = """\
import sys
import nbformat
from nbclient import NotebookClient

nb = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(nb, timeout=3600, resources={"metadata": {"path": sys.argv[2]}}).execute()
first = next(cell for cell in nb.cells if cell.cell_type == "code")
print("".join(output.get("text", "") for output in first.outputs))
"""
LACKING = "import importlib.util as u; assert not u.find_spec('scratchlm'), 'not fresh'"


def locked(name: str) -> str:
    """Return the requirement that requirements.txt pins."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.search(rf"^{name}==\S+", text, re.M)[0]


class Fresh:
    """A virtual environment with Jupyter, and caches of its own."""

    def __init__(self, folder):
        venv.create(folder / "env", with_pip=True)
        self.folder, self.python = folder, folder / "env" / "bin" / "python"
        self.environment = {**os.environ, "SCRATCHLM_CACHE": str(folder / "cache")}
        self.environment.pop("PYTHONPATH", None)

    def run(self, *arguments) -> str:
        command = [str(argument) for argument in (self.python, *arguments)]
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True
        )
        assert not done.returncode, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def pip(self, *arguments) -> str:
        return self.run("-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


@pytest.fixture(scope="module", params=["locked", "newest"])
def fresh(request, tmp_path_factory):
    found = Fresh(tmp_path_factory.mktemp(request.param))
    found.pip("install", "nbclient", "ipykernel", *[locked("torch")] * (request.param == "locked"))
    found.run("-c", LACKING)
    return found


@pytest.fixture(scope="module")
def made():
    """The notebooks as the book makes them in a repository: this one, at the present commit."""
    if not (ROOT / BUILD).is_dir():
        pytest.skip("the book has not been built: run `make book`")
    here = repository.Repository(f"file://{ROOT}", repository.head(ROOT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("book.repository.find", lambda root: here)
        return notebooks.make(ROOT)


@pytest.mark.parametrize("edition", ["reader", "student"])
def test_every_notebook_runs_on_what_its_first_cell_installs(made, fresh, edition, tmp_path):
    (fresh.folder / "execute.py").write_text(EXECUTE, encoding="utf-8")
    files = {f: nb for f, nb in made.items() if (ROOT / notebooks.OUT / edition) in f.parents}
    assert files
    for file, nb in files.items():
        started = time.perf_counter()
        path = tmp_path / file.name
        nbformat.write(nb, path)
        fresh.pip("uninstall", "--yes", "scratchlm")
        said = fresh.run(fresh.folder / "execute.py", path, tmp_path)
        assert said.startswith("Installed scratchlm from git+file:")
        torch = fresh.run("-c", "import torch; print(torch.__version__)").strip()
        took = time.perf_counter() - started
        name = f"{edition}/{file.parent.name}/{file.name}"
        print(f"{name}: {took:.0f} s, torch {torch}", file=sys.stderr)
