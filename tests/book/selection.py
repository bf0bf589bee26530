"""Forks of the book: its pages selected, reordered and regrouped, with pages of a teacher's own."""

import pickle
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console

from book import ROOT, contents, downloads
from book.build import BUILD, SITE, write_site

# what a fork shares with the book, without a copy; its `_build` and `_toc.yml` are its own
SHARED = ("book", "code", "pyproject.toml", "index.md", "chapters")

PLAIN = """\
# Week {number}

Read {{ref}}`names`, {{doc}}`/chapters/foundations/language-models` and
[the chapter on counting](#language-models); [](#names) too. A {{term}}`perplexity`, and with other
words {{term}}`a table <n-gram>`. See {{numref}}`fig-names-loss` and {{ref}}`names-windows`.
"""

RUNS = """\
---
file_format: mystnb
kernelspec: {display_name: Python 3, language: python, name: python3}
book:
  prerequisites: [language-models, names]
  summary: What a teacher says of it.
---
(our-first-lab)=
# Our first lab

As in {ref}`names`.

```{code-cell} python3
2 + 2
```
"""


@dataclass
class Fork:
    """A book in a folder of its own."""

    root: Path

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def choose(self, toc: dict) -> None:
        self.write(contents.FILE, yaml.safe_dump(toc, sort_keys=False, allow_unicode=True))

    def build(self) -> Path:
        """Write the site, warnings as errors; the outputs are those that the book has kept."""
        write_site(self.root, Console(quiet=True))
        downloads.write(self.root / SITE / downloads.FOLDER, self.root)
        return self.root / BUILD / "html"

    def environment(self):
        """What Sphinx knows of the pages."""
        [path] = (self.root / BUILD).rglob("environment.pickle")
        return pickle.loads(path.read_bytes())


def fork(folder: Path, public: str = "", cache: Path | None = None) -> Fork:
    """Make a fork in an empty folder; one beside a `cache` shares that one."""
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings["sphinx"]["config"]["book_public_url"] = public
    found = Fork(folder)
    found.write("_config.yml", yaml.safe_dump(settings))
    found.write("lectures/week1.md", PLAIN.format(number=1))
    found.write("labs/deep/first.md", RUNS)
    (folder / BUILD).mkdir()
    if cache is None:
        shutil.copytree(ROOT / BUILD / ".jupyter_cache", folder / BUILD / ".jupyter_cache")
    else:
        (folder / BUILD / ".jupyter_cache").symlink_to(cache)
    return found


def pages_of_the_book() -> list[str]:
    files = sorted((ROOT / contents.PAGES).rglob("*.md"))
    return [path.relative_to(ROOT).with_suffix("").as_posix() for path in files]


def random_contents(seed: int, most: int = 5) -> dict:
    """Contents with up to `most` pages of the book and some of a teacher's own, in any grouping."""
    draw = random.Random(seed)
    pages = pages_of_the_book()
    chosen = draw.sample(pages, draw.randint(1, min(most, len(pages))))
    chosen += draw.sample(["lectures/week1", "labs/deep/first"], draw.randint(0, 2))
    draw.shuffle(chosen)
    entries = [{"file": name + draw.choice(["", ".md"])} for name in chosen]
    for entry in entries:
        if draw.random() < 0.2:
            entry["title"] = f"Another title: {entry['file']}"
    if len(entries) > 2 and draw.random() < 0.4:
        entries[-2]["sections"] = [entries.pop()]
    toc = {"format": "jb-book", "root": "index"}
    if draw.random() < 0.3:
        options = (
            {"options": {"numbered": draw.choice([True, 1, 2])}} if draw.random() < 0.6 else {}
        )
        return {**toc, **options, "chapters": entries}
    return {**toc, "parts": _parts(entries, draw)}


def _parts(entries: list[dict], draw: random.Random) -> list[dict]:
    """Cut the entries into parts, some of them numbered."""
    cuts = sorted(draw.sample(range(1, len(entries)), min(draw.randint(0, 3), len(entries) - 1)))
    parts = []
    for start, end in zip([0, *cuts], [*cuts, len(entries)]):
        part = {"caption": f"Part {start} & more"} if draw.random() < 0.8 else {}
        if draw.random() < 0.6:
            part["numbered"] = draw.choice([True, 1])
        parts.append({**part, "chapters": entries[start:end]})
    return parts
