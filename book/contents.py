"""`_toc.yml`: which pages the book has, in which order, with which numbers, and what is left out.

It may name any page of `chapters/` and pages of other folders. A page of `chapters/` that it does
not name is left out on purpose.
"""

import difflib
import posixpath
import re
from collections import Counter
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import yaml
from sphinx.util.matching import Matcher
from sphinx_external_toc.parsing import MalformedError, parse_toc_data

from book import ROOT, BookError

FILE = "_toc.yml"
GROUPS = ("parts", "subtrees")
ITEMS = ("chapters", "sections", "entries")
PAGES = "chapters"  # the folder of the book's own pages


@dataclass(frozen=True)
class Entry:
    """A page of the contents: its name, the line that names it, and its chapter's number."""

    docname: str
    line: int
    number: int | None = None
    root: bool = False


def said(line: int, sentence: str) -> str:
    return f"{FILE}:{line}: {sentence}"


def _node(root: Path) -> yaml.Node:
    """Return the file as nodes that know their lines; BookError where it is no YAML."""
    try:
        node = yaml.compose((root / FILE).read_text(encoding="utf-8"), yaml.SafeLoader)
    except OSError as error:
        raise BookError(f"{FILE} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise _no_yaml(error) from error
    if not isinstance(node, yaml.MappingNode):
        raise BookError(said(1, "the contents must be a mapping that begins with `root:`."))
    return node


def _data(node: yaml.Node):
    try:
        return yaml.SafeLoader("").construct_document(node)
    except yaml.YAMLError as error:  # such as a key that is a list
        raise _no_yaml(error) from error


def _no_yaml(error: yaml.YAMLError) -> BookError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return BookError(said(mark.line + 1 if mark else 1, f"this is not valid YAML: {problem}."))


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    """Return the value of a key, or the item of a list."""
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        return node.value[int(key)]
    return None


def _check_form(node: yaml.Node) -> None:
    """Raise BookError, with the line, for what Sphinx would not accept as contents."""
    try:
        parse_toc_data(_data(node))
    except MalformedError as error:
        sentence, _, path = str(error).partition(" @ ")
        if "used multiple times" in sentence:
            return  # said with its line elsewhere
        at = node
        named = re.findall(r"^'(\w+)'", sentence)
        for key in [*filter(None, path.strip("'").split("/")), *named]:
            at = _child(at, key) or at
        raise BookError(said(at.start_mark.line + 1, f"{sentence}.")) from error


def read(root: Path = ROOT) -> list[Entry]:
    """Return the pages that `_toc.yml` names, in their order; BookError for malformed contents."""
    node = _node(root)
    _check_form(node)
    return _Reader(root, _data(node)).walk(node)


class _Reader:
    """Goes through the contents and counts the chapters: numbered parts count on."""

    def __init__(self, root: Path, data: dict):
        self.root, self.count = root, 0
        self.numbered = bool((data.get("defaults") or {}).get("numbered"))
        self.found: list[Entry] = []

    def walk(self, node: yaml.Node) -> list[Entry]:
        self._add(_child(node, "root"), None, root=True)
        for part in _listed(node, GROUPS):
            self._part(part, _listed(part, ITEMS))
        self._part(_child(node, "options"), _listed(node, ITEMS))
        return self.found

    def _part(self, options: yaml.Node | None, items: list[yaml.Node]) -> None:
        settings = _data(options) if options else {}
        if settings.get("restart_numbering"):
            self.count = 0
        for item in items:
            self._item(item, None, settings.get("numbered", self.numbered))

    def _item(self, item: yaml.Node, number: int | None, counts: bool) -> None:
        """Read a page, or the pages of a pattern, and the pages below, which share its number."""
        file, pattern = _child(item, "file"), _child(item, "glob")
        for name in [file] if file else _matching(pattern, self.root) if pattern else []:
            self.count += 1 if counts else 0
            self._add(name, self.count if counts else number)
        groups = [item, *_listed(item, GROUPS)]
        for page in [page for group in groups for page in _listed(group, ITEMS)]:
            self._item(page, self.found[-1].number, False)

    def _add(self, name: yaml.Node, number: int | None, root: bool = False) -> None:
        docname = re.sub(r"\.md$", "", str(name.value))
        self.found.append(Entry(docname, name.start_mark.line + 1, number, root))


def _listed(node: yaml.Node, keys: tuple[str, ...]) -> list[yaml.Node]:
    """Return what stands in the lists under these keys of a mapping."""
    return [item for key in keys if (found := _child(node, key)) for item in found.value]


def _matching(pattern: yaml.Node, root: Path) -> list[yaml.Node]:
    """Return the pages that a pattern matches, each with the line of the pattern."""
    found = sorted(glob(f"{pattern.value}.md", root_dir=root, recursive=True))
    return [
        yaml.ScalarNode(pattern.tag, Path(path).as_posix(), pattern.start_mark) for path in found
    ]


def left_out(root: Path = ROOT) -> list[str]:
    """Return the pages of `chapters/` that the contents do not name."""
    named = {entry.docname for entry in read(root)}
    files = sorted((root / PAGES).rglob("*.md"))
    names = [path.relative_to(root).with_suffix("").as_posix() for path in files]
    return [name for name in names if name not in named]


def problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with the contents: missing files, pages named twice, in two ways."""
    try:
        entries = read(root)
    except BookError as error:
        return [str(error)]
    excluded, found = _excluded(root), []
    for entry in entries:
        wrong = _wrong(entry.docname, excluded, root)
        found += [said(entry.line, wrong)] if wrong else []
    return found + _repeated(entries)


def _wrong(name: str, excluded: Matcher, root: Path) -> str | None:
    """Say what is wrong with one entry, or nothing."""
    if posixpath.isabs(name) or posixpath.normpath(name) != name or name.startswith(".."):
        return f"it names {name}; write the path from the book's folder, such as {PAGES}/part/page."
    if not (root / f"{name}.md").is_file():
        return f"it names {name}, but there is no {name}.md; {_advice(name, root)}"
    folders = ["/".join(name.split("/")[: i + 1]) for i in range(name.count("/"))]
    for folder in folders:
        if excluded(folder):
            return f"{name} lies in {folder}/, which `exclude_patterns` in _config.yml leaves out."
    if excluded(f"{name}.md"):
        return f"{name}.md is left out by `exclude_patterns` in _config.yml; rename the file."
    return None


def _advice(name: str, root: Path) -> str:
    if (root / f"{name}.ipynb").is_file():
        return f"write it as Markdown: `.venv/bin/jupytext --to myst {name}.ipynb`."
    slugs = {path.stem: path for path in (root / PAGES).rglob("*.md")}
    near = difflib.get_close_matches(name.rpartition("/")[2], slugs, 1)
    if near:
        meant = slugs[near[0]].relative_to(root).with_suffix("").as_posix()
        return f"did you mean {meant}?"
    return "correct the name or remove the entry."


def _repeated(entries: list[Entry]) -> list[str]:
    """Say which pages stand there twice, and which two would become the same notebook."""
    found, seen, counts = [], {}, Counter(entry.docname for entry in entries)
    for entry in entries:
        name = entry.docname.removeprefix(f"{PAGES}/")
        first = seen.setdefault(name, entry)
        if first.docname != entry.docname:
            both = f"{entry.docname} and {first.docname} (line {first.line})"
            found.append(said(entry.line, f"{both} would be the same notebook; rename one."))
        elif first is not entry and counts[entry.docname]:
            count = counts.pop(entry.docname)
            found.append(said(entry.line, f"it names {entry.docname} {count} times; keep one."))
    return found


def _excluded(root: Path) -> Matcher:
    """Return what tells whether the builder leaves a file or a folder out."""
    path = root / "_config.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Matcher((settings or {}).get("exclude_patterns") or [])
