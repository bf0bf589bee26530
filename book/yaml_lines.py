"""YAML in which every value knows its line: what is wrong in a file is said with its place."""

from datetime import date
from pathlib import Path

import yaml

from book import ROOT, BookError
from book.chapters import place


class Entry:
    """A value of a YAML file and where it stands; its methods raise BookError for a wrong kind."""

    def __init__(self, node: yaml.Node | None, path: Path, root: Path = ROOT):
        self.node, self.path, self.root = node, path, root

    @property
    def where(self) -> str:
        line = self.node.start_mark.line + 1 if self.node else 1
        return place(self.path, line, self.root)

    def fail(self, sentence: str) -> None:
        raise BookError(f"{self.where}: {sentence}")

    @property
    def value(self):
        """The value as YAML reads it; None for nothing."""
        if self.node is None:
            return None
        try:
            return yaml.SafeLoader("").construct_object(self.node, deep=True)
        except (ValueError, yaml.YAMLError):
            self.fail(f"{self.raw!r} cannot be read; dates are written 2030-03-31.")

    @property
    def raw(self) -> str:
        """A single value as it is written."""
        return self.node.value if isinstance(self.node, yaml.ScalarNode) else "this"

    def mapping(self, what: str, keys: set[str] | None = None) -> dict[str, "Entry"]:
        """Return the entries of a mapping; only `keys` are known, if they are given."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"{what} must be a mapping, lines of `key: value`.")
        found = {}
        for name, node in self.node.value:
            key = Entry(name, self.path, self.root)
            if keys is not None and key.raw not in keys:
                key.fail(f"{key.raw!r} is not known here; {what} has {', '.join(sorted(keys))}.")
            if key.raw in found:
                key.fail(f"{key.raw!r} stands here for a second time; keep one.")
            found[key.raw] = Entry(node, self.path, self.root)
        return found

    def items(self, what: str) -> list["Entry"]:
        """Return the entries of a list; nothing is an empty one."""
        if self.value is None:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"{what} must be a list, such as [a, b].")
        return [Entry(node, self.path, self.root) for node in self.node.value]

    def text(self, what: str) -> str:
        """Return a text; a number or a date is taken as it is written."""
        if not isinstance(self.node, yaml.ScalarNode) or self.value is None:
            self.fail(f"{what} must be a text.")
        return self.node.value

    def day(self, what: str) -> date:
        """Return a date."""
        if type(self.value) is not date:
            self.fail(f"{what} must be a date such as 2030-03-31, not {self.raw!r}.")
        return self.value


def read(path: Path, root: Path = ROOT) -> Entry:
    """Return the whole of a YAML file; BookError with its line where it is no YAML."""
    try:
        text = path.read_text(encoding="utf-8")
        return Entry(yaml.compose(text, yaml.SafeLoader), path, root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BookError(f"{place(path, line, root)}: this is not valid YAML: {problem}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{place(path, root=root)} cannot be read: {error}") from error
