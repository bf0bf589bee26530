"""A learner's edits: a definition changed in a notebook takes effect in the package as well.

In the notebooks of the book a cell that shows code of the package begins with a line such as
`# from scratchlm.ngram`. When such a cell has run, `follow` compares what it defines with the
module. A definition that differs is put into the module, and wherever the package had imported it
by name; a definition that is the module's own again takes the edit back. Objects that were made
before an edit keep the code that they were made with.
"""

import ast
import importlib
import inspect
import re
import sys
from types import ModuleType

from scratchlm.closure import PACKAGE, module_file, parse

MARK = re.compile(rf"(?:#@title.*\n)?\s*# from ({PACKAGE}(?:\.\w+)+)")

_own: dict[tuple[str, str], object] = {}  # (module, name): what the package defined
_edited: dict[tuple[str, str], str] = {}  # (module, name): what stands in its place, as text


def follow(source: str, namespace: dict) -> list[str]:
    """Put what a cell of this `source` defined into the module that its first line names.

    `namespace` holds the cell's definitions by name. Returns the names that the package uses in
    an edited version from now on: none for a cell without that line, or whose code is the
    module's own.
    """
    found = MARK.match(source)
    if not found or module_file(found[1]) is None:
        return []
    module = importlib.import_module(found[1])
    own, edited = definitions(inspect.getsource(module)), []
    for name, text in definitions(source).items():
        if name not in own or name not in namespace:
            continue
        key = (module.__name__, name)
        if text == own[name]:
            _take_back(key)
        else:
            _put(module, name, namespace[name])
            _edited[key] = text
            edited.append(name)
    return edited


def restore() -> list[str]:
    """Give the package all its own definitions back; return the names that were edited."""
    names = [name for _, name in _edited]
    for key in list(_edited):
        _take_back(key)
    return names


def active(modules) -> dict[str, str]:
    """Return the edits in force in these modules: `module:name` → what it is defined as."""
    return {f"{m}:{name}": text for (m, name), text in sorted(_edited.items()) if m in modules}


def definitions(source: str) -> dict[str, str]:
    """Return the functions, classes and constants of a source by name, without its layout."""
    found = {}
    for node in parse(source).body:
        targets = getattr(node, "targets", [getattr(node, "target", node)])
        names = [getattr(target, "id", getattr(target, "name", None)) for target in targets]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)):
            found.update({name: ast.dump(node) for name in names if name})
    return found


def _put(module: ModuleType, name: str, new) -> None:
    """Replace a definition in its module and in the modules that imported it."""
    old = getattr(module, name)
    _own.setdefault((module.__name__, name), old)
    for other in [m for n, m in sys.modules.items() if f"{n}.".startswith(f"{PACKAGE}.")]:
        for attribute, value in list(vars(other).items()):
            # equal small constants are one object in Python: those go by their name, too
            if value is old and (attribute == name or callable(old)):
                setattr(other, attribute, new)


def _take_back(key: tuple[str, str]) -> None:
    if _edited.pop(key, None) is not None:
        _put(sys.modules[key[0]], key[1], _own[key])
