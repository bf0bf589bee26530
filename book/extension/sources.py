"""Included code and its module point at each other.

Above a cell that includes `scratchlm.module:Name` stands a line that leads to the page of the
whole module; on that page every object that a chapter shows leads back to the cell.
"""

import ast
from dataclasses import dataclass
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)


class Origin(nodes.General, nodes.Element):
    """The line above an included cell: attributes `module` and `name`."""


@dataclass(frozen=True)
class Part:
    """A stretch of a module: an object with its name, or what lies between two objects."""

    name: str
    line: int
    code: str


def parts(text: str) -> list[Part]:
    """Split a module's text at its top-level functions, classes and constants."""
    lines, found, done = text.splitlines(), [], 0
    for node in ast.parse(text).body:
        name = _name(node)
        if name:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
            found += [Part("", done + 1, "\n".join(lines[done:first]))]
            found += [Part(name, first + 1, "\n".join(lines[first : node.end_lineno]))]
            done = node.end_lineno
    found.append(Part("", done + 1, "\n".join(lines[done:])))
    return [part for part in found if part.code.strip()]


def _name(node: ast.stmt) -> str:
    """Return the name that a top-level statement defines, or nothing."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else ""


def module_file(module: str, root: Path) -> Path:
    """Return the file of a module under `code/`."""
    path = root / "code" / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def page_name(module: str) -> str:
    """Return the name of a module's page: `source/scratchlm/ngram`."""
    return "source/" + module.replace(".", "/")


def mark_origins(app, doctree) -> None:
    """Give every included cell its line and an id, and remember where it stands."""
    shown = app.env.book_shown = getattr(app.env, "book_shown", {})
    for cell in list(doctree.findall(nodes.container)):
        target = cell.get("cell_metadata", {}).get("from")
        if cell.get("nb_element") != "cell_code" or not target:
            continue
        module, _, name = (part.strip() for part in str(target).partition(":"))
        anchor = f"code-{module}.{name}"
        cell["ids"].append(anchor)
        cell["classes"].append("included")
        cell.insert(0, Origin(module=module, name=name))
        shown.setdefault(app.env.docname, []).append((module, name, anchor))


def forget(app, env, docname: str) -> None:
    """Drop what is known of a page that is read again or gone."""
    getattr(env, "book_shown", {}).pop(docname, None)


def visit_origin(translator, node: Origin) -> None:
    """Write the line above an included cell."""
    builder = translator.builder
    page = builder.get_relative_uri(builder.current_docname, page_name(node["module"]))
    module, name = escape(node["module"]), escape(node["name"])
    translator.body.append(
        f'<p class="origin"><a href="{escape(page)}#{name}" title="The whole module">'
        f"{module}.<b>{name}</b> — <u>source</u></a></p>\n"
    )
    raise nodes.SkipNode


def _shown_in(app, module: str) -> dict[str, list[tuple[str, str]]]:
    """Return, for each object of a module, the chapters that show it: (docname, anchor)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for docname, cells in sorted(getattr(app.env, "book_shown", {}).items()):
        for shown_module, name, anchor in cells:
            if shown_module == module:
                found.setdefault(name, []).append((docname, anchor))
    return found


def source_pages(app):
    """Yield the page of every module from which a chapter includes something."""
    modules = {cell[0] for cells in getattr(app.env, "book_shown", {}).values() for cell in cells}
    for module in sorted(modules):
        path = module_file(module, Path(app.srcdir))
        if not path.is_file():
            logger.warning("%s is included, but there is no %s", module, path, type="book")
            continue
        text = path.read_text(encoding="utf-8")
        yield page_name(module), _context(app, module, text), "source.html"


def _context(app, module: str, text: str) -> dict:
    """Return what the template of a module's page needs."""
    page, shown = page_name(module), _shown_in(app, module)
    blocks = [
        {
            "name": part.name,
            "line": part.line,
            "html": app.builder.highlighter.highlight_block(part.code.strip("\n"), "python"),
            "chapters": [
                {
                    "uri": app.builder.get_relative_uri(page, docname) + "#" + anchor,
                    "title": app.env.titles[docname].astext(),
                }
                for docname, anchor in shown.get(part.name, [])
            ],
        }
        for part in parts(text)
    ]
    summary = (ast.get_docstring(ast.parse(text)) or "").partition("\n\n")[0]
    names = [block["name"] for block in blocks if block["name"]]
    return {
        "title": module,
        "summary": summary,
        "blocks": blocks,
        "book_kind": "source",
        "book_sections": [{"id": name, "title": escape(name), "depth": 1} for name in names],
    }


def setup(app) -> None:
    app.add_node(Origin, html=(visit_origin, None))
    app.connect("env-purge-doc", forget)
    app.connect("doctree-read", mark_origins)
    app.connect("html-collect-pages", source_pages)
