"""The build: check, execute, write the site with Jupyter Book, publish it only when all is well."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from book import ROOT, BookError, contents, course, downloads, execution, inclusion

BUILD = Path("_build")
SITE = BUILD / "html"
# stands while a build is under way: one that was interrupted or failed leaves it behind
MARKER = BUILD / ".unfinished"
LOCK = BUILD / ".lock"


def build(root: Path = ROOT, console: Console | None = None) -> Path:
    """Build the site and return its folder.

    A build that fails leaves no site behind: what stands in `_build/html` is always made whole
    from the sources. What was executed stays in the cache, so a second try is quick.
    """
    console = console or Console()
    (root / BUILD).mkdir(exist_ok=True)
    with locked(root, console):
        return _build(root, console)


@contextmanager
def locked(root: Path, console: Console):
    """Hold the lock of the build folder: a second build waits for the first, and says so."""
    lock = FileLock(root / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        console.print("Another build of this book is under way; waiting for it …")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(root: Path, console: Console) -> Path:
    if (root / MARKER).exists():
        clear_site(root)
    (root / MARKER).touch()
    try:
        problems = contents.problems(root) or course.problems(root)
        problems = problems or inclusion.problems(root)
        if problems:
            raise BookError("\n".join(problems))
        if outside := contents.left_out(root):
            names = ", ".join(name.removeprefix(f"{contents.PAGES}/") for name in outside)
            console.print(f"Left out of {contents.FILE}: {names}.", highlight=False, soft_wrap=True)
        execution.execute(root, console)
        write_site(root, console)
        downloads.write(root / SITE / downloads.FOLDER, root)
    except BaseException:
        clear_site(root)
        raise
    (root / MARKER).unlink()
    return root / SITE


def clear_site(root: Path = ROOT) -> None:
    """Remove the site and what Sphinx remembers of it."""
    for path in (SITE, BUILD / ".doctrees"):
        shutil.rmtree(root / path, ignore_errors=True)


def write_site(root: Path, console: Console, options: Sequence[str] = ()) -> None:
    """Run the stock builder on the executed chapters, warnings as errors."""
    console.print("writing the site …")
    stock = Path(sys.executable).with_name("jupyter-book")
    command = [str(stock), "build", ".", "-W", "--keep-going", "-q", *options]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    result = subprocess.run(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BookError(f"The site was not written:\n{result.stdout}\n{result.stderr}")
