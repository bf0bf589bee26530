"""What our build costs over plain Jupyter Book, on the same pages, from nothing to a whole site.

The pages hold no cells, so that what is timed is the building and not what chapters compute.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]

NAME = "build from nothing"
PEER = "Jupyter Book"
COUNT = 8
UNIT = "page"

SECTION = """
## Section {number}

A sentence with a formula, $p(x) = \\prod_t p(x_t \\mid x_{{<t}})$, and [a link](#first).
Another one, with `code` and *stress*, which says a little more.

$$
\\mathcal{{L}}(\\theta) = -\\frac{{1}}{{T}} \\sum_{{t=1}}^{{T}} \\log p_\\theta(x_t \\mid x_{{<t}})
$$

```python
def double(x):
    return 2 * x
```

| letter | count |
|---|---|
| a | 1 |
"""

folders: dict[str, Path] = {}


def page(number: int) -> str:
    sections = "".join(SECTION.format(number=section) for section in range(5))
    target = "" if number else "(first)=\n"
    return f"{target}# Page {number}\n{sections}"


def our_settings() -> dict:
    """The book's own settings, its files found from any folder."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    settings["bibtex_bibfiles"] = [str(ROOT / path) for path in settings["bibtex_bibfiles"]]
    extensions = settings["sphinx"]["local_extensions"]
    settings["sphinx"]["local_extensions"] = {name: str(ROOT) for name in extensions}
    return settings


def write_book(folder: Path, settings: dict) -> None:
    names = [f"page-{number}" for number in range(COUNT)]
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / f"{name}.md").write_text(page(number), "utf-8")
    contents = {"format": "jb-book", "root": names[0]}
    contents["chapters"] = [{"file": name} for name in names[1:]]
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents), "utf-8")
    (folder / "_config.yml").write_text(yaml.safe_dump(settings), "utf-8")


def setup(folder: Path) -> None:
    folders.update(ours=folder / "ours", peer=folder / "peer")
    write_book(folders["ours"], our_settings())
    write_book(folders["peer"], {"title": "A book", "only_build_toc_files": True})
    package = folders["ours"] / "code" / "scratchlm"  # no page includes code, so there is none
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (folders["ours"] / "pyproject.toml").write_text("[tool.book]\ninfrastructure = []\n")


def fresh() -> None:
    for folder in folders.values():
        shutil.rmtree(folder / "_build", ignore_errors=True)


def run(folder: Path, *command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode or not (folder / "_build" / "html" / "page-1.html").exists():
        raise RuntimeError(f"The build in {folder} failed:\n{done.stdout}{done.stderr}")


def ours() -> None:
    run(folders["ours"], sys.executable, "-m", "book", "--root", ".", "build")


def peer() -> None:
    program = Path(sys.executable).with_name("jupyter-book")
    run(folders["peer"], str(program), "build", ".", "--quiet")
