"""The import closure: what it finds in every form of import, and what changes its hash."""

import importlib.util
import subprocess
import sys

import pytest

from scratchlm import closure
from scratchlm.closure import closure_hash, source_closure

MODULES = {
    "__init__.py": "'The package.'",
    "a.py": "from scratchlm import b\n",
    "b.py": "def later():\n    from .c import deep\n",
    "c.py": "deep = 1\n",
    "other.py": "import json\n",
    "folder/__init__.py": "from . import one\nfrom .. import c\n",
    "folder/one.py": "from ..a import b\nfrom .two import x\n",
    "folder/two.py": "x = 2\n",
    "checks/__init__.py": "def check(exercise_id, answer): ...\n",
    "checks/names.py": "from scratchlm import c\n",
    "checks/language_models.py": "",
    "checkpoints.py": "",
    "recipes/__init__.py": "",
    "recipes/names_mlp.py": "import scratchlm.other\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package in the place of the real one."""
    for name, source in MODULES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    monkeypatch.setattr(closure, "HERE", tmp_path)
    return tmp_path


def short(source) -> set[str]:
    return {name.removeprefix("scratchlm.") for name in source_closure(source)} - {"scratchlm"}


@pytest.mark.parametrize(
    "source, expected",
    [
        ("import numpy, scratchlm", set()),
        ("import scratchlm.c", {"c"}),
        ("import scratchlm.c as see", {"c"}),
        ("from scratchlm import a as first", {"a", "b", "c"}),
        ("from scratchlm.c import deep", {"c"}),
        ("from scratchlm.folder import two", {"folder", "folder.one", "folder.two", "a", "b", "c"}),
        ("import scratchlm.folder.two", {"folder", "folder.one", "folder.two", "a", "b", "c"}),
        ("def f():\n    import scratchlm.c", {"c"}),
        ("import importlib\nimportlib.import_module('scratchlm.c')", {"c"}),
        ("from scratchlm.nothing import x", set()),
        ("text = ['scratchlm../c', 'scratchlm.c is a module', 'c']", set()),
        ("import scratchlmore.c", set()),
    ],
)
def test_finds_every_form_of_import(package, source, expected):
    assert short(source) == expected


def test_a_module_comes_with_the_packages_it_lies_in(package):
    assert list(source_closure("import scratchlm")) == ["scratchlm"]
    assert "scratchlm" in source_closure("from scratchlm.other import x")
    assert source_closure("import numpy") == {}


def test_the_sources_come_with_the_names_sorted(package):
    found = source_closure("import scratchlm.other, scratchlm.c")
    assert found == {
        "scratchlm": MODULES["__init__.py"],
        "scratchlm.c": MODULES["c.py"],
        "scratchlm.other": MODULES["other.py"],
    }
    assert list(found) == sorted(found)


def test_a_chapter_depends_on_the_checks_of_its_exercises_only(package):
    source = "from scratchlm.checks import check\ncheck('names-parameters', 3)"
    assert short(source) == {"checks", "checks.names", "c"}
    assert short("from scratchlm import checks\nchecks.check('language-models-bits', 3)") == {
        "checks",
        "checks.language_models",
    }
    assert short("glue('names-loss', 2)") == set()


def test_a_chapter_depends_on_the_recipes_it_names(package):
    source = "from scratchlm import checkpoints\ncheckpoints.load('names-mlp')"
    assert short(source) == {"checkpoints", "recipes", "recipes.names_mlp", "other"}
    assert short(source.replace("-", "_")) == short(source)


def test_magics_are_skipped(package):
    source = """
%matplotlib inline
!pip install this
if True:
    %time x = 1
files = !ls
other = %who
len?
from scratchlm import c
percent = (7
    % 3)
"""
    assert short(source) == {"c"}
    assert short("%%time\nimport scratchlm.other") == {"other"}


def test_what_is_no_python_is_refused_in_a_sentence(package):
    with pytest.raises(ValueError, match=r"cannot be parsed \(line 2: .*\); correct"):
        source_closure("x = 1\nthis is no Python")
    with pytest.raises(ValueError, match=r"There is no module scratchlm\.zzz"):
        source_closure("scratchlm.zzz")


def test_a_module_is_in_its_own_closure_by_name_and_by_itself(package, tmp_path):
    assert short("scratchlm.a") == {"a", "b", "c"}
    path = tmp_path / "outside.py"
    path.write_text("import scratchlm.c")
    spec = importlib.util.spec_from_file_location("outside", path)
    module = importlib.util.module_from_spec(spec)
    assert list(source_closure(module)) == ["outside", "scratchlm", "scratchlm.c"]


def test_the_hash_changes_with_what_is_imported_and_with_nothing_else(package):
    source = "from scratchlm import a"
    before = closure_hash(source)
    assert len(before) == 64
    (package / "other.py").write_text("unrelated = True")
    assert closure_hash(source) == closure_hash("import scratchlm.a  # the text is not hashed")
    assert closure_hash(source) == before
    (package / "c.py").write_text("deep = 2\n")  # imported by b, inside a function
    changed = closure_hash(source)
    assert changed != before
    (package / "c.py").write_bytes(b"deep = 2\r\n")  # the line ends of another system
    assert closure_hash(source) == changed


def test_cycles_end(package):
    (package / "c.py").write_text("from scratchlm import a\n")
    assert short("import scratchlm.c") == {"a", "b", "c"}


@pytest.mark.parametrize("name", ["scratchlm.data", "scratchlm.notebook"])
def test_what_python_itself_loads_is_in_the_closure(name):
    script = f"import sys, {name}; print(*[m for m in sys.modules if m.startswith('scratchlm')])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == source_closure(name).keys()
