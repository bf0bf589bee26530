"""Execution: what runs, when it runs again, what happens when a cell fails."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

import psutil
import pytest
from rich.console import Console

from book import ROOT, BookError, execution
from book.build import MARKER, SITE, build
from book.chapters import pages
from scratchlm import closure

QUIET = Console(quiet=True)

TWO = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
# Two

```{code-cell} python3
import os
1 + 1, os.environ["OMP_NUM_THREADS"]
```
"""


@pytest.fixture
def small(tree):
    """A book whose pages run without scratchlm: what is tested here is when they run."""
    tree.write("code/scratchlm/data_lock.json", "{}")
    tree.write("code/scratchlm/small.py", "")
    tree.write("chapters/part/one.md", TWO.replace("# Two", "# One").replace("1 + 1", "3"))
    tree.write("chapters/part/two.md", TWO)
    tree.write("_toc.yml", tree.read("_toc.yml") + "  - file: chapters/part/two\n")
    return tree


def ran(tree):
    return [page.slug for page in execution.execute(tree.root, QUIET)]


def outputs(tree, slug):
    page = next(page for page in pages(tree.root) if page.slug == slug)
    cache = execution.open_cache(tree.root)
    nb = cache.get_cache_bundle(execution.record(page, cache, tree.root).pk).nb
    return [output["data"]["text/plain"] for cell in nb.cells for output in cell.outputs]


def test_each_page_runs_once_and_again_when_its_code_changes(small):
    assert sorted(ran(small)) == ["one", "two"]
    assert ran(small) == []
    small.replace("chapters/part/two.md", "# Two", "# Two, in other words")
    assert ran(small) == []
    small.replace("chapters/part/two.md", "1 + 1", "1 + 2")
    assert ran(small) == ["two"]
    assert outputs(small, "two") == ["(3, '1')"]


def test_time_and_memory_are_recorded(small):
    ran(small)
    found = execution.measurements(small.root)
    assert set(found) == {"chapters/part/one", "chapters/part/two"}
    assert all(entry["seconds"] > 0 and entry["memory_mb"] > 10 for entry in found.values())


def test_a_failing_cell_names_chapter_line_and_traceback(small):
    small.replace("chapters/part/two.md", "1 + 1", "1 / 0")
    with pytest.raises(execution.ExecutionError) as caught:
        execution.execute(small.root, QUIET)
    assert str(caught.value).startswith("chapters/part/two.md:11: code cell 1 of 1 failed.")
    assert "ZeroDivisionError" in str(caught.value)


def test_a_failing_build_publishes_nothing_and_keeps_what_ran(small):
    small.write("_build/html/index.html", "an older site")
    small.replace("chapters/part/two.md", "1 + 1", "1 / 0")
    with pytest.raises(execution.ExecutionError):
        build(small.root, QUIET)
    assert not (small.root / SITE).exists()
    assert (small.root / MARKER).exists()
    small.replace("chapters/part/two.md", "1 / 0", "1 + 0")
    assert "two" in ran(small)


ANSWERED = """

```{code-cell} python3
from scratchlm.checks import Verdict

def check(exercise, answer):
    return Verdict(answer == 4, "Correct." if answer == 4 else "Add 2 and 2.")
```

```{code-cell} python3
:tags: [answer]
answer = 4
check("two-sum", answer)
```
"""


def answered(small, old="", new=""):
    """Write a page whose worked answer passes, with `old` changed to `new`; return its errors."""
    small.write("chapters/part/two.md", TWO + ANSWERED.replace(old, new, 1))
    try:
        execution.execute(small.root, QUIET)
    except execution.ExecutionError as error:
        return str(error)
    return ""


def test_a_worked_answer_that_its_check_rejects_stops_the_build(small):
    wrong = answered(small, "answer = 4", "answer = 5")
    assert wrong == (
        "chapters/part/two.md:24: this worked answer fails its own check: ✗ Add 2 and 2."
    )
    with pytest.raises(execution.ExecutionError):
        build(small.root, QUIET)  # nothing of it was kept
    assert not (small.root / SITE).exists()
    assert answered(small) == ""


@pytest.mark.parametrize("ending", [";", "\nprint()", "\nanswer"])
def test_a_worked_answer_shows_the_verdict_of_its_check(small, ending):
    said = answered(small, 'check("two-sum", answer)', f'check("two-sum", answer){ending}')
    assert said.startswith("chapters/part/two.md:24: ") and "shows no verdict" in said


def test_a_stale_inclusion_publishes_nothing(small):
    small.write("_build/html/index.html", "an older site")
    small.write("code/scratchlm/small.py", "def lost():\n    pass\n")
    with pytest.raises(BookError, match="lost is unused"):
        build(small.root, QUIET)
    assert not (small.root / SITE).exists()


def test_the_key_stands_in_the_kernelspec_and_moves_no_line(small):
    for page in pages(small.root):
        if page.executable:
            text = execution.keyed_text(page, small.root)
            assert len(text.splitlines()) == len(page.text.splitlines())
            assert text.split("\n# ")[1] == page.text.split("\n# ")[1]
            spec = execution.notebook(page, small.root).metadata.kernelspec
            assert spec.scratchlm == execution.key(page, small.root)
            assert spec.name == "python3"


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the sources of the whole book, to edit, whatever `_toc.yml` selects."""
    root = tmp_path / "book"
    root.mkdir()
    for name in ("code", "chapters"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("index.md", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    files = [path.relative_to(root).as_posix() for path in (root / "chapters").rglob("*.md")]
    toc = {"format": "jb-book", "root": "index", "chapters": [{"file": f} for f in sorted(files)]}
    (root / "_toc.yml").write_text(json.dumps(toc), encoding="utf-8")
    monkeypatch.setattr(closure, "HERE", root / "code" / "scratchlm")
    return root


def test_editing_a_module_reruns_exactly_the_pages_whose_closure_holds_it(copy):
    """For every module in turn: the keys that change are those of the pages that import it."""
    runnable = [page for page in pages(copy) if page.executable]
    before = {page.docname: execution.key(page, copy) for page in runnable}
    modules = sorted((copy / "code" / "scratchlm").rglob("*.py"))
    moved = {}
    for path in modules:
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "\n# an edit\n", encoding="utf-8")
        changed = {p.docname for p in runnable if execution.key(p, copy) != before[p.docname]}
        path.write_text(text, encoding="utf-8")
        name = ".".join(path.relative_to(copy / "code").with_suffix("").parts)
        moved[name.removesuffix(".__init__")] = changed
    assert moved == expected_closures(runnable, moved)
    # both outcomes occur, or the test says nothing
    assert any(len(changed) < len(runnable) for changed in moved.values())
    assert any(moved.values())


LOADED = """
import json, sys
for lines in json.load(sys.stdin):
    for name in [name for name in sys.modules if name.startswith("scratchlm")]:
        del sys.modules[name]
    exec(lines, {})
    print(*(name for name in sys.modules if name.startswith("scratchlm")))
"""


def expected_closures(runnable, modules):
    """Ask Python itself, in another process, which scratchlm modules a page's imports load."""
    imports = []
    for page in runnable:
        code = "\n".join(cell.code for cell in page.cells)
        nodes = [n for n in ast.parse(code).body if isinstance(n, ast.Import | ast.ImportFrom)]
        lines = [ast.unparse(node) for node in nodes]
        strings = {str(n.value) for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant)}
        lines += [f"import {name}" for name in sorted(strings & set(modules))]  # run in a process
        checks = "scratchlm.checks." + page.slug.replace("-", "_")
        if "check(" in code and checks in modules:  # imported when an answer is checked
            lines.append(f"import {checks}")
        imports.append("\n".join(lines))
    command = [sys.executable, "-c", LOADED]
    options = {"capture_output": True, "text": True, "check": True}
    said = subprocess.run(command, input=json.dumps(imports), **options).stdout.splitlines()
    loaded = {page.docname: set(names.split()) for page, names in zip(runnable, said, strict=True)}
    return {name: {d for d, names in loaded.items() if name in names} for name in modules}


def test_the_data_lock_moves_the_key_of_the_pages_that_read_data(copy):
    runnable = [page for page in pages(copy) if page.executable]
    before = {page.docname: execution.key(page, copy) for page in runnable}
    lock = copy / "code" / "scratchlm" / "data_lock.json"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text + "\n", encoding="utf-8")
    after = {page.docname: execution.key(page, copy) for page in runnable}
    lock.write_text(text, encoding="utf-8")
    imports = re.compile(r"^from scratchlm import .*\bdata\b", re.M)
    reads_data = [page.docname for page in runnable if imports.search(page.text)]
    assert reads_data
    assert all(before[docname] != after[docname] for docname in reads_data)


def test_peak_memory_is_at_least_what_is_held():
    held = psutil.Process().memory_info().rss
    assert execution.peak_memory(os.getpid()) >= held * 0.9
