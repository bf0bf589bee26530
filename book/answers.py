"""Answer cells without the answer: `# BEGIN SOLUTION … # END SOLUTION` becomes a placeholder.

The placeholder keeps the names that the rest of the cell uses, so that the notebook runs from top
to bottom: a variable is `...`, and so is the body of a function or of a class.
"""

import ast
import re

from book import BookError
from book.chapters import Cell, Page, place
from book.exercises import exercises
from scratchlm.closure import parse

REGION = re.compile(r"^# BEGIN SOLUTION\n(.*?)^# END SOLUTION\n?", re.S | re.M)
MARKERS = re.compile(r"^# (?:BEGIN|END) SOLUTION\n", re.M)

ABSENT = {"answer", "hidden-test"}  # tags of cells that students get without their code


def unmarked(code: str) -> str:
    """Return an answer cell without the markers around its solution."""
    return MARKERS.sub("", code + "\n").rstrip("\n")


def blanked(code: str) -> str:
    """Return an answer cell with a placeholder in the place of every solution."""
    found = REGION.search(code + "\n")
    while found:
        rest = (code + "\n")[found.end() :]
        code = code[: found.start()] + placeholder(found[1], loads(REGION.sub("", rest))) + rest
        found = REGION.search(code + "\n")
    return code.rstrip("\n")


def parted(code: str) -> tuple[str, str]:
    """Return the code of an answer cell without its call of `check`, and that call."""
    lines = code.splitlines()
    call = next(node for node in ast.parse(code).body if is_check(node))
    first, last = call.lineno - 1, call.end_lineno
    return "\n".join(lines[:first] + lines[last:]).rstrip(), "\n".join(lines[first:last])


def is_check(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check"


def stubbed(code: str, call: str) -> str:
    """Return an answer cell with stubs of what the check is given before the solution.

    What an unanswered cell leaves undefined would otherwise be taken from an earlier exercise.
    """
    wanted = loads(call)
    return REGION.sub(
        lambda region: placeholder(region[1], wanted, "") + region[0], code + "\n"
    ).rstrip("\n")


def placeholder(solution: str, wanted: set[str], empty: str = "...\n") -> str:
    """Return stubs of the names in `wanted` that a solution defines, in its order."""
    stubs = {}
    for node in ast.parse(solution).body:
        stubs.update({name: stub(node, name) for name in sorted(stores(node) & wanted)})
    return "".join(stubs.values()) or empty


def stub(node: ast.stmt, name: str) -> str:
    """Return a definition of `name` with nothing in it."""
    if isinstance(node, ast.FunctionDef):
        return f"def {name}({ast.unparse(node.args)}):\n    ...\n"
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"class {name}{f'({bases})' if bases else ''}:\n    ...\n"
    return f"{name} = ...\n"


def stores(node: ast.AST) -> set[str]:
    """Return the names that a statement binds in its own scope."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    inner = (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.Lambda))
    own = {node.id} if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else set()
    scopes = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    return own if isinstance(node, scopes) else own.union(*(stores(child) for child in inner))


def loads(code: str) -> set[str]:
    """Return the names that a piece of code uses."""
    nodes = ast.walk(parse(code))
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def check_use(page: Page, root) -> None:
    """Raise BookError where a later cell needs what only a solution or a hidden test defines.

    Such a cell would fail, or give something else, in a notebook without them.
    """
    behind = {cell.line for found in exercises(page).values() for cell in found.behind}
    absent = [c for c in page.cells if ABSENT.intersection(c.tags) or c.line in behind]
    others = [cell for cell in page.cells if cell not in absent]
    elsewhere = set().union(*(stores(parse(other.code)) for other in others))
    for cell in absent:
        missing = missing_of(cell, elsewhere)
        for later in (other for other in others if other.line > cell.line):
            if needed := loads(later.code) & missing:
                what = "hidden test" if "hidden-test" in cell.tags else "solution"
                raise BookError(
                    f"{place(later.path, later.line, root)}: this cell uses {min(needed)}, which "
                    f"the {what} in line {cell.line} defines; student notebooks do not have it."
                )


def missing_of(cell: Cell, elsewhere: set[str]) -> set[str]:
    """Return the names that only an absent cell defines; `elsewhere` is defined by the others."""
    if "hidden-test" in cell.tags:
        return stores(parse(cell.code))
    if "answer" not in cell.tags:
        return stores(parse(cell.code)) - elsewhere
    region = REGION.search(cell.code + "\n")
    solved = stores(parse(region[1])) if region else set()
    return solved & loads(REGION.sub("", cell.code + "\n")) | (solved - elsewhere)
