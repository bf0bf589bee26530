"""Properties of the tree: what holds for every file of a kind, whoever writes the next one."""

import ast
import graphlib
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from book import contents
from book.chapters import code_cells

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
SCRATCHLM = ROOT / "code" / "scratchlm"
MODULES = sorted(SCRATCHLM.rglob("*.py"))
TOOLS = sorted((ROOT / "book").rglob("*.py"))
CHAPTERS = [ROOT / "index.md", *sorted((ROOT / "chapters").rglob("*.md"))]
BIN = Path(sys.executable).parent

FUNCTION_LINES = 25
MODULE_LINES = 350


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
each_python_file = pytest.mark.parametrize("path", MODULES + TOOLS, ids=name_of)


# ---------------------------------------------------------------------------- table of contents


def git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_chapter_that_the_contents_leave_out_was_once_in_them():
    """A selection of the book drops chapters on purpose; a new one is not to be forgotten."""
    outside = contents.left_out(ROOT)
    if not outside:
        return
    try:
        whole = git("rev-parse", "--is-shallow-repository").strip() == "false"
    except (OSError, subprocess.CalledProcessError):
        whole = False
    if not whole:
        pytest.skip("without the history of _toc.yml nobody can tell why a chapter is left out")
    changes = git("log", "--format=", "--unified=0", "-p", "--", "_toc.yml")
    once = set(re.findall(r"^[+-].*?\bfile: *[\"']?([\w./-]+?)(?:\.md)?[\"']? *$", changes, re.M))
    forgotten = [f"{name}.md was never in _toc.yml: add it" for name in outside if name not in once]
    assert forgotten == []


# --------------------------------------------------------------------------------------- imports


def imported(tree: ast.AST, package: str = "") -> set[str]:
    """Dotted names that the code imports; of `from a import b`, both `a` and `a.b`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join(parts + ([node.module] if node.module else []))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(
    "code, names",
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a", "a.b"}),
        ("from . import b", {"top.inner", "top.inner.b"}),
        ("from ..a import b", {"top.a", "top.a.b"}),
        ("def f():\n    import book.build", {"book.build"}),
    ],
)
def test_imports_are_found(code, names):
    assert imported(ast.parse(code), "top.inner") == names


def heads(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def cells(path: Path) -> str:
    """The code of a chapter, without the lines that only a notebook understands."""
    lines = [line for cell in code_cells(path, read(path)) for line in cell.code.splitlines()]
    return "\n".join("" if re.match(r"\s*[%!]", line) else line for line in lines)


@each_module
def test_scratchlm_knows_nothing_of_the_book(path):
    found = heads(imported(ast.parse(read(path)))) & {"book", "tests", "benchmarks", "chapters"}
    assert not found


@each_chapter
def test_chapters_import_scratchlm_and_libraries(path):
    found = heads(imported(ast.parse(cells(path)))) & {"book", "tests", "benchmarks", "chapters"}
    assert not found


def module_name(path: Path) -> str:
    parts = path.relative_to(SCRATCHLM.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def import_graph() -> dict[str, set[str]]:
    """Which module of scratchlm imports which. A submodule's own package is no edge."""
    names = {module_name(path): path for path in MODULES}
    graph = {}
    for name, path in names.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        used = imported(ast.parse(read(path)), package) & set(names)
        graph[name] = {other for other in used if not f"{name}.".startswith(f"{other}.")}
    return graph


def test_scratchlm_forms_layers():
    try:
        graphlib.TopologicalSorter(import_graph()).prepare()
    except graphlib.CycleError as error:
        pytest.fail("these modules import each other: " + " -> ".join(error.args[1]))


# -------------------------------------------------------------------------------------- security

PICKLING = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "shelve", "joblib"}


def unsafe_loads(tree: ast.AST) -> list[str]:
    """Imports of pickling modules, and calls that may load a pickle."""
    problems = [f"imports {name}" for name in heads(imported(tree)) & PICKLING]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        function = ast.unparse(call.func)
        options = {word.arg: ast.unparse(word.value) for word in call.keywords}
        if function == "torch.load" and options.get("weights_only") != "True":
            problems.append(f"line {call.lineno}: torch.load without weights_only=True")
        elif options.get("allow_pickle", "False") != "False" or function.endswith("read_pickle"):
            problems.append(f"line {call.lineno}: {function} may load a pickle")
    return problems


@each_python_file
def test_nothing_loads_a_pickle(path):
    assert unsafe_loads(ast.parse(read(path))) == []


@each_chapter
def test_no_chapter_loads_a_pickle(path):
    assert unsafe_loads(ast.parse(cells(path))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import load",
        "torch.load('w.pt')",
        "torch.load('w.pt', weights_only=False)",
        "np.load('w.npy', allow_pickle=True)",
        "pd.read_pickle('w')",
    ],
)
def test_pickles_are_found(code):
    assert len(unsafe_loads(ast.parse(code))) == 1


# ------------------------------------------------------------------------------------- workflows


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize(
    "command",
    [["actionlint", "-no-color"], ["zizmor", "--offline", "--no-progress", "--quiet"]],
    ids=["actionlint", "zizmor"],
)
def test_workflows_pass(command):
    assert WORKFLOWS, "there is no workflow in .github/workflows"
    program = str(BIN / command[0])
    done = subprocess.run([program, *command[1:], *WORKFLOWS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ------------------------------------------------------------------------------------- packaging


def pins() -> list[Requirement]:
    lines = [line.split(" #")[0].strip() for line in read(ROOT / "requirements.txt").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def wanted() -> list[Requirement]:
    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for group in [project["dependencies"], *extras] for line in group]


def pinned_version(pin: Requirement) -> str | None:
    """The one version that a requirement admits, or None."""
    exact = re.fullmatch(r"==([\w.+!]+)", str(pin.specifier))
    return exact and exact[1]


def test_requirements_are_exact():
    assert [str(pin) for pin in pins() if not pinned_version(pin)] == []


def test_pins_satisfy_the_ranges():
    problems, locked = [], pins()
    for want in wanted():
        own = [p for p in locked if canonicalize_name(p.name) == canonicalize_name(want.name)]
        bad = [p for p in own if not want.specifier.contains(pinned_version(p), prereleases=True)]
        problems += [f"{want} is not pinned"] if not own else []
        problems += [f"{pin} does not satisfy {want}" for pin in bad]
    assert problems == []


@pytest.mark.parametrize("folder", ["_build", ".venv"])
def test_what_is_made_is_ignored(folder):
    assert f"{folder}/" in read(ROOT / ".gitignore").splitlines()


# ------------------------------------------------------------------------------------------ size

SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
BODIES = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstring_lines(tree: ast.AST) -> set[int]:
    bodies = [n for n in ast.walk(tree) if isinstance(n, BODIES) and ast.get_docstring(n)]
    return {line for n in bodies for line in range(n.body[0].lineno, n.body[0].end_lineno + 1)}


def code_lines(text: str) -> set[int]:
    """The numbers of the lines that hold code: not blank, no comment, no docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spans = [
        range(t.start[0], t.end[0] + 1)
        for t in tokens
        if t.type not in SILENT and t.type != tokenize.ENDMARKER
    ]
    return {line for span in spans for line in span} - docstring_lines(ast.parse(text))


def too_long(text: str) -> list[str]:
    lines, tree = code_lines(text), ast.parse(text)
    problems = [] if len(lines) <= MODULE_LINES else [f"the module has {len(lines)} lines of code"]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            count = len(lines & set(range(node.lineno, node.end_lineno + 1)))
            problems += [f"{node.name} has {count} lines"] if count > FUNCTION_LINES else []
    return problems


@each_module
def test_modules_and_functions_fit_on_a_page(path):
    assert too_long(read(path)) == []


def test_length_counts_code_alone():
    quiet = '"""Two\nlines."""\n\n\ndef f():\n    """Say\n    more."""\n    # why\n\n    return 1\n'
    assert code_lines(quiet) == {5, 10}
    assert too_long("def f():\n" + "    x = 1\n" * 25) == ["f has 26 lines"]
    assert too_long("x = 1\n" * 351) == ["the module has 351 lines of code"]


# ----------------------------------------------------------------------------------------- prose

BANNED = (
    r"delv(?:e|es|ed|ing)|div(?:e|es|ing) into|in the world of|it is important to note|simply|just"
    r"|obviously|powerful|unlock(?:s|ed|ing)?|journeys?|crucial(?:ly)?|leverag(?:e|es|ed|ing)"
)
FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})(.*)$")
# what stands in these is no prose; what stands in other directives (notes, exercises) is
LITERAL = re.compile(r"\{(?:code-cell|code-block|code|literalinclude|math|bibliography)\}|^\w*$")


def prose(text: str) -> str:
    """A chapter's sentences: without front matter, code, link targets and directives' options."""
    kept, literal, open_fences = [], False, []
    for line in re.sub(r"\A---\n.*?^---\n", "", text, flags=re.S | re.M).splitlines():
        fence = FENCE.match(line)
        closes = fence and open_fences and not fence[2].strip() and fence[1] == open_fences[-1]
        if closes:
            open_fences.pop()
            literal = False
        elif fence and not literal:
            open_fences.append(fence[1])
            literal = bool(LITERAL.search(fence[2].strip()))
        elif not literal and not re.match(r"\s*:[\w-]+:", line):
            kept.append(line)
    without_code = re.sub(r"(`+)[^`]+\1", " ", "\n".join(kept))
    return re.sub(r"\]\([^)]*\)|https?://\S+", " ", without_code)


def banned(text: str) -> list[str]:
    return re.findall(rf"\b(?:{BANNED})\b", " ".join(prose(text).split()), re.IGNORECASE)


@each_chapter
def test_no_banned_words(path):
    assert banned(read(path)) == []


def test_banned_words_are_found_in_prose_alone():
    assert banned("We dive\ninto it. Adjust, justify, `just`, [it](simply.md).") == ["dive into"]
    assert banned("---\ntitle: just\n---\n```{code-cell} python3\njust = 1\n```\nJust so.") == [
        "Just"
    ]
    nested = "````{exercise} Title\n:label: just\nSimply do.\n```python\njust\n```\n````\ncrucial"
    assert banned(nested) == ["Simply", "crucial"]
