"""Which modules of the package a piece of Python depends on, and a hash that changes with them.

A page is stale, and a checkpoint too, as soon as any module they use changes, however far down
the chain of imports. The chain is read from the sources (`ast`); nothing is imported or run.

Counted as imports, wherever they stand (also inside functions):

- `import scratchlm.a`, `from scratchlm import a`, `from scratchlm.a import b` (where `b` may be a
  module), relative imports, and with every module the packages it lies in;
- a string that is a module's full name, `"scratchlm.a"` (for `importlib.import_module`);
- in a source that imports `scratchlm.checks`, a string such as `"names-parameters"`: the id of an
  exercise whose checks are in `scratchlm.checks.names`;
- in a source that imports `scratchlm.checkpoints`, a string that is a recipe's name.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

PACKAGE = "scratchlm"
HERE = Path(__file__).parent
# IPython's lines: `%magic`, `!shell`, also assigned to a name; `?help` and `help?`
MAGIC = re.compile(
    r"^([ \t]*)(?:(?:[\w.]+\s*=\s*)?(?:%%?[a-zA-Z]|!).*|\?.*|[\w.]+\?\??[ \t]*)$", re.MULTILINE
)


def source_closure(source_or_module: str | ModuleType) -> dict[str, str]:
    """Return the modules of the package that a source or a module depends on: name → source.

    `source_or_module` is Python text (a chapter's code cells, joined; lines that begin with `%`
    or `!` are skipped), or a module, or the full name of one of the package's modules. A module
    is in its own closure, a text is not. The names are sorted. Raises ValueError for a text that
    is no Python, and for a name of the package that is no module.
    """
    found: dict[str, str] = {}
    waiting = [("", source_or_module)]
    if isinstance(source_or_module, ModuleType):
        name = source_or_module.__name__
        waiting = [(name, Path(source_or_module.__file__).read_text(encoding="utf-8"))]
    elif re.fullmatch(rf"{PACKAGE}(\.\w+)*", source_or_module):
        if module_file(source_or_module) is None:
            raise ValueError(f"There is no module {source_or_module}; give the name of one.")
        waiting = [("", f"import {source_or_module}")]
    while waiting:
        name, source = waiting.pop()
        if name:
            found[name] = source
        for imported in set(imports(source, name)) - found.keys():
            found[imported] = module_file(imported).read_text(encoding="utf-8")
            waiting.append((imported, found[imported]))
    return dict(sorted(found.items()))


def closure_hash(source_or_module: str | ModuleType) -> str:
    """Return the SHA-256 (hexadecimal) of a closure: its modules' names and sources.

    The text given is not part of it (a module given is); see `source_closure`.
    """
    digest = hashlib.sha256()
    for name, source in source_closure(source_or_module).items():
        digest.update(f"{name} {len(source)}\n{source}\n".encode())
    return digest.hexdigest()


def module_file(name: str) -> Path | None:
    """Return the file of the package's module `name`, or None if there is no such module."""
    if not re.fullmatch(rf"{PACKAGE}(\.\w+)*", name):
        return None
    path = HERE.joinpath(*name.split(".")[1:])
    for file in (path / "__init__.py", path.with_name(path.name + ".py")):
        if file.is_file():
            return file
    return None


def parse(source: str) -> ast.Module:
    """Parse Python that may hold IPython's magics; ValueError if it is neither."""
    try:
        return ast.parse(source)
    except SyntaxError:
        pass
    try:
        return ast.parse(MAGIC.sub(r"\1pass", source))
    except SyntaxError as error:
        raise ValueError(
            f"The code cannot be parsed (line {error.lineno}: {error.msg}); correct that line."
        ) from None


@cache
def read(source: str) -> tuple[list[ast.Import | ast.ImportFrom], set[str]]:
    """Return the import statements of a source, and its strings."""
    nodes = list(ast.walk(parse(source)))
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    strings = {value for value in constants if isinstance(value, str)}
    return [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))], strings


def imports(source: str, name: str = "") -> set[str]:
    """Return the modules of the package that `source` imports itself.

    `name` is the source's own module name, which its relative imports start from.
    """
    statements, strings = read(source)
    named = {*written_imports(statements, name), *(text for text in strings if module_file(text))}
    if any(dotted.startswith(f"{PACKAGE}.checks") for dotted in named):
        named |= {module for module in modules_in("checks") if has_exercise_of(module, strings)}
    if f"{PACKAGE}.checkpoints" in named:
        recipes = {f"{PACKAGE}.recipes.{text.replace('-', '_')}" for text in strings}
        named |= recipes.intersection(modules_in("recipes"))
    # the packages a module lies in are imported with it; a function's name has no file
    parts = [dotted.split(".") for dotted in named]
    enclosing = {".".join(words[:length]) for words in parts for length in range(1, len(words) + 1)}
    return {module for module in enclosing if module_file(module)}


def modules_in(folder: str) -> list[str]:
    """Return the full names of the modules that lie directly in one of the package's folders."""
    stems = sorted(path.stem for path in (HERE / folder).glob("*.py"))
    return [f"{PACKAGE}.{folder}.{stem}" for stem in stems if stem != "__init__"]


def has_exercise_of(module: str, strings: set[str]) -> bool:
    """Tell whether one of `strings` can be the id of an exercise that `module` checks."""
    prefix = module.rpartition(".")[2].replace("_", "-") + "-"
    return any(text.startswith(prefix) for text in strings)


def written_imports(statements: list[ast.Import | ast.ImportFrom], name: str) -> Iterator[str]:
    """Yield the full name of everything that import statements may import."""
    file = module_file(name)
    package = name if file and file.name == "__init__.py" else name.rpartition(".")[0]
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
