"""A small book in a temporary folder: one module, one chapter, a table of contents."""

import textwrap

import pytest

from tests.book.samples import chapter

MODULE = '''\
"""A module of one idea."""

import math
from functools import cache

SCALE = 2


@cache
def double(x):
    """Return 2x."""
    return SCALE * x


class Pair:
    """Two numbers."""

    def __init__(self, a, b):
        self.a, self.b = a, b


def _private():
    return math.pi
'''

CHAPTER = chapter("""\
# One

```{code-cell} python3
:from: scratchlm.small:double

old text
```

```{code-cell} python3
---
from: scratchlm.small:Pair
---
```

```{code-cell} python3
:tags: [remove-cell, claim]
pair = Pair(double(2), 1)
assert pair.a == 4
```
""")


class Tree:
    """A book's tree with helpers to read and change it."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path, old, new):
        text = self.read(path)
        assert old in text
        return self.write(path, text.replace(old, new))


@pytest.fixture
def tree(tmp_path):
    found = Tree(tmp_path)
    found.write("code/scratchlm/__init__.py", '"""A package."""\n')
    found.write("code/scratchlm/small.py", MODULE)
    found.write("chapters/part/one.md", CHAPTER)
    found.write("index.md", "# Book\n")
    found.write("pyproject.toml", "[tool.book]\ninfrastructure = []\n")
    toc = "format: jb-book\nroot: index\nparts:\n- caption: P\n  chapters:\n"
    found.write("_toc.yml", toc + "  - file: chapters/part/one\n")
    return found


@pytest.fixture(autouse=True)
def no_workflow(monkeypatch):
    """The tests know no repository but the one that they name, also where a workflow runs them."""
    for name in ("GITHUB_ACTIONS", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("BOOK_VERSION", raising=False)
