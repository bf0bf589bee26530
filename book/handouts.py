"""Zips of the notebooks of each assignment, for a learning-management system.

`_build/course/<name>.zip` holds what students get; the instructor's is in a folder of its own, so
that the one is not handed out for the other. The same notebooks give the same bytes.
"""

import shutil
import zipfile
from pathlib import Path

import nbformat

from book import ROOT, course
from book import notebooks as editions
from book.labels import Labels

OUT = Path("_build") / "course"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say

READ_ME = """\
{title}
{line}

{due}Notebooks:

{notebooks}

Open them in Jupyter, or upload them to Colab. Run the cells from the top: the first one installs
what is missing. Under every exercise is a cell for your answer; replace each ... in it. Where the
cell ends in a check, running it tells you in a sentence whether you are right. Hand in the
notebooks, saved with their outputs and under the names that they have.
"""


def write(root: Path = ROOT) -> list[Path]:
    """Write the zips of every assignment in place of those before; return the students'."""
    found = course.load(root)
    shutil.rmtree(root / OUT, ignore_errors=True)
    if found is None or not found.assignments:
        return []
    labels, made, written = Labels(root), editions.make(root), []
    by_slug = {page.slug: page for page in editions.chapters(root)}
    kinds = {edition.name: edition for edition in editions.EDITIONS}
    for item in found.assignments:
        chapters = [by_slug[slug] for slug in item.chapters]
        titles = {page.slug: labels.titles[page.docname] for page in chapters}
        for kind, folder in (("student", OUT), ("instructor", OUT / "instructor")):
            files = {"README.txt": read_me(item, titles)}
            for page in chapters:
                nb = made[editions.place_of(page, kinds[kind], root)]
                files[f"{page.slug}.ipynb"] = nbformat.writes(nb)
            path = root / folder / f"{item.name}.zip"
            pack(path, item.name, files)
            written += [path] if kind == "student" else []
    return written


def read_me(item: course.Assignment, titles: dict[str, str]) -> str:
    """Return the text that comes with an assignment."""
    due = f"Due: {course.in_words(item.due)}\n\n" if item.due else ""
    rows = "\n".join(f"- {slug}.ipynb: {title}" for slug, title in titles.items())
    line = "=" * len(item.title)
    return READ_ME.format(title=item.title, line=line, due=due, notebooks=rows)


def pack(path: Path, folder: str, files: dict[str, str]) -> None:
    """Write a zip of texts, the same bytes for the same texts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", FIRST_DAY)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode("utf-8"))
