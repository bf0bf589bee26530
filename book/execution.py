"""Execution: every chapter runs, in parallel, once per change of anything that it depends on.

jupyter-cache keeps the outputs. It hashes a notebook's code cells and its `kernelspec`, so the
hash of everything else that decides the outputs (the scratchlm modules that the chapter imports,
the data lock, the versions that matter) rides in the kernelspec, written there by `keyed_text`
whenever a page is read, here and by Sphinx alike.
"""

import hashlib
import json
import os
import platform
import re
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from book import ROOT, BookError
from book.chapters import Page, pages, place
from scratchlm.closure import source_closure

CACHE = Path("_build") / ".jupyter_cache"
VERSIONS = ("torch", "numpy", "matplotlib", "safetensors", "regex", "tiktoken", "ipykernel")
TIMEOUT = 900  # seconds for one cell: a cell that hangs must not hang the build


class ExecutionError(BookError):
    """A cell failed, or a worked answer its check; the message names the chapter and the line."""


@cache
def _environment() -> str:
    return json.dumps([platform.python_version_tuple()[:2], {v: version(v) for v in VERSIONS}])


def key(page: Page, root: Path = ROOT) -> str:
    """Hash what decides a page's outputs besides its own cells."""
    code = "\n".join(cell.code for cell in page.cells)
    try:
        closure = source_closure(code)
    except ValueError as error:
        raise BookError(f"{place(page.path, root=root)}: {error}") from error
    lock = root / "code" / "scratchlm" / "data_lock.json"
    parts = [_environment(), json.dumps(closure, sort_keys=True)]
    parts += [lock.read_text(encoding="utf-8")] if "scratchlm.data" in closure else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def keyed_text(page: Page, root: Path = ROOT) -> str:
    """Return a page's text with its key in the kernelspec, every line in its place."""
    spec = {**page.front_matter["kernelspec"], "scratchlm": key(page, root)}
    flow = yaml.safe_dump({"kernelspec": spec}, default_flow_style=True, width=10**6).strip()[1:-1]
    block = re.search(r"^kernelspec:.*\n(?:[ \t]+.*\n)*", page.text, re.M)
    blank = "\n" * block[0].count("\n")
    return page.text[: block.start()] + flow + blank + page.text[block.end() :]


def notebook(page: Page, root: Path = ROOT) -> nbformat.NotebookNode:
    """Return a page as a notebook without outputs."""
    return read_myst_markdown_notebook(keyed_text(page, root), add_source_map=True, path=page.path)


def open_cache(root: Path = ROOT):
    """Return the book's jupyter-cache."""
    (root / CACHE).mkdir(parents=True, exist_ok=True)
    return get_cache(root / CACHE)


def record(page: Page, jupyter_cache, root: Path = ROOT):
    """Return the cache's record of a page as it stands, or None when it has yet to run."""
    try:
        found = jupyter_cache.match_cache_notebook(notebook(page, root))
        jupyter_cache.get_cache_bundle(found.pk)
    except KeyError:
        return None
    return found


def measurements(root: Path = ROOT) -> dict[str, dict]:
    """Return `{docname: {"seconds", "memory_mb", "budget"}}` of the pages that have been run."""
    jupyter_cache, found = open_cache(root), {}
    for page in pages(root):
        match = record(page, jupyter_cache, root) if page.executable else None
        if match is not None:
            found[page.docname] = {
                "seconds": match.data.get("execution_seconds"),
                "memory_mb": match.data.get("memory_mb"),
                "budget": page.book.get("budget"),
            }
    return found


def kernel_environment(threads: int) -> dict[str, str]:
    """Return the environment in which outputs are the same in every run: threads, hash seed."""
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(libraries, str(threads)), "PYTHONHASHSEED": "0"}


@dataclass
class Run:
    """One page being executed in a kernel of its own."""

    page: Page
    threads: int
    root: Path = ROOT
    # read here, not in the thread that runs it: Python 3.11 may fail when two threads parse at once
    nb: nbformat.NotebookNode = field(init=False, repr=False)
    started: float | None = None
    seconds: float = 0.0
    memory_mb: float = 0.0
    client: NotebookClient | None = field(default=None, repr=False)

    def __post_init__(self):
        self.nb = notebook(self.page, self.root)

    def __call__(self) -> nbformat.NotebookNode:
        """Execute the page and return the notebook with its outputs."""
        with tempfile.TemporaryDirectory() as folder:
            self.client = NotebookClient(
                self.nb,
                timeout=TIMEOUT,
                coalesce_streams=True,  # text comes in pieces that depend on the moment
                record_timing=False,  # times in the cells' metadata would change their hash
                resources={"metadata": {"path": folder}},
                extra_arguments=["--IPKernelApp.log_level=40"],  # errors only
            )
            self.started = time.perf_counter()
            try:
                self.client.execute(env=kernel_environment(self.threads))
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                raise ExecutionError(self._failure(error)) from error
            finally:
                self.seconds = time.perf_counter() - self.started
        if wrong := rejected(self.page, self.nb, self.root):
            raise ExecutionError("\n".join(wrong))
        return self.nb

    def sample_memory(self) -> None:
        """Note the kernel's memory if it is the most so far."""
        pid = getattr(getattr(getattr(self.client, "km", None), "provisioner", None), "pid", None)
        try:
            used = peak_memory(pid) if pid else 0
        except psutil.Error:
            return
        self.memory_mb = max(self.memory_mb, used / 2**20)

    def _failure(self, error: Exception) -> str:
        """Name the first cell that did not finish."""
        cells = [cell for cell in self.nb.cells if cell.cell_type == "code"]

        def failed(cell):
            return any(o.output_type == "error" for o in cell.outputs) or not cell.execution_count

        number = next((i for i, cell in enumerate(cells, 1) if failed(cell)), len(cells))
        where = place(self.page.path, self.page.cells[number - 1].line, self.root)
        return f"{where}: code cell {number} of {len(cells)} failed.\n\n{error}"


def rejected(page: Page, nb: nbformat.NotebookNode, root: Path = ROOT) -> list[str]:
    """Say which worked answers of an executed page are not seen to pass their own checks.

    A check that finds an answer wrong says so without an error, so that learners get a sentence;
    here that sentence must not be published as the verdict on a solution.
    """
    executed = [cell for cell in nb.cells if cell.cell_type == "code"]
    found = []
    for cell, ran in zip(page.cells, executed):
        if "answer" not in cell.tags:
            continue
        results = [o for o in ran.outputs if o.output_type == "execute_result"]
        verdict = "".join(result["data"].get("text/plain", "") for result in results)
        if verdict.startswith("✗"):
            said = f"this worked answer fails its own check: {verdict}"
        elif not verdict.startswith("✓"):
            said = "this worked answer shows no verdict; end the cell with its `check(…)`."
        else:
            continue
        found.append(f"{place(page.path, cell.line, root)}: {said}")
    return found


def execute(root: Path = ROOT, console: Console | None = None) -> list[Page]:
    """Run the pages whose outputs are not in the cache; return the pages that ran.

    A page runs on one thread beside others; a page marked `alone: true` runs by itself on all
    cores. Raises ExecutionError for the first cell that fails and for a page with a worked answer
    that its check rejects, and stops what else is running.
    """
    console = console or Console()
    jupyter_cache = open_cache(root)
    runnable = [page for page in pages(root) if page.executable]
    due = [page for page in runnable if record(page, jupyter_cache, root) is None]
    if not due:
        console.print("Every chapter's outputs are up to date: nothing to execute.")
        return []
    together = [page for page in due if not page.book.get("alone")]
    cores = os.cpu_count() or 1
    _run_all([Run(page, 1, root) for page in together], cores, jupyter_cache, console)
    for page in due:
        if page.book.get("alone"):
            _run_all([Run(page, cores, root)], 1, jupyter_cache, console)
    return due


def _run_all(runs: list[Run], workers: int, jupyter_cache, console: Console) -> None:
    # the longest first, so that no long chapter is left to run by itself at the end
    runs = sorted(runs, key=lambda run: -(run.page.book.get("budget") or 0))
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        waiting: dict[Future, Run] = {pool.submit(run): run for run in runs}
        with _Display(runs, console) as display:
            while waiting:
                done, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    run = waiting.pop(future)
                    _keep(run, future.result(), jupyter_cache)
                    display.finished(run)
                for run in waiting.values():
                    run.sample_memory()
                    display.running(run)
    except BaseException:
        _stop_kernels()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _keep(run: Run, nb: nbformat.NotebookNode, jupyter_cache) -> None:
    data = {"execution_seconds": round(run.seconds, 2), "memory_mb": round(run.memory_mb)}
    bundle = CacheBundleIn(nb, str(run.page.path), data=data)
    jupyter_cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def peak_memory(pid: int) -> int:
    """Return the most bytes that a process has held, or holds where the system does not say."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) * 1024
    except (OSError, TypeError):  # no such file, or no such line in it
        return psutil.Process(pid).memory_info().rss


def _stop_kernels() -> None:
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it may have ended by itself in the meantime
            if "ipykernel" in " ".join(child.cmdline()):
                child.kill()


class _Display:
    """The progress display: chapter, elapsed time, budget; plain lines without a terminal."""

    def __init__(self, runs: list[Run], console: Console):
        self.console, self.tasks = console, {}
        self.width = max((len(run.page.docname) for run in runs), default=0)
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[budget]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *exception):
        self.progress.stop()

    def running(self, run: Run) -> None:
        if run.started and run.page.docname not in self.tasks:
            budget = run.page.book.get("budget")
            shown = f"of {budget} s" if budget else ""
            self.tasks[run.page.docname] = self.progress.add_task(run.page.docname, budget=shown)
            if not self.console.is_terminal:
                self.console.print(f"running  {run.page.docname:<{self.width}}  {shown}")

    def finished(self, run: Run) -> None:
        budget = run.page.book.get("budget")
        over = budget and run.seconds > budget
        note = f" of {budget} s{', over its budget' if over else ''}" if budget else ""
        line = f"{run.page.docname:<{self.width}}  {run.seconds:6.1f} s{note}"
        self.console.print(
            f"executed {line}, {run.memory_mb:.0f} MB", highlight=False, soft_wrap=True
        )
        if run.page.docname in self.tasks:
            self.progress.remove_task(self.tasks.pop(run.page.docname))
