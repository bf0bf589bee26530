"""A course's first files: what is there already is never changed."""

import json
from datetime import date, timedelta
from pathlib import Path
from string import Template

import yaml

from book import ROOT, course
from book.chapters import Page, pages
from book.yaml_lines import read

STARTER = Path(__file__).with_name("starter")
PAGES = {"about.md": "course/about.md", "schedule.md": "course/schedule.md"}
LISTED = ("course/about", "course/schedule")


def scaffold(root: Path = ROOT, plan: str = "semester") -> tuple[list[str], list[str]]:
    """Write the files that are not there; return the written and the kept."""
    written, kept = [], []
    # the pages first: `_toc.yml` may name them already, and is read for the rest
    for starter, name in [*PAGES.items(), (course.FILE, course.FILE)]:
        path = root / name
        if path.exists():
            kept.append(name)
            continue
        words = _words(root, plan) if name == course.FILE else {"title": title(root)}
        text = Template((STARTER / starter).read_text(encoding="utf-8")).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(name)
    return written, kept


def unlisted(root: Path = ROOT) -> list[str]:
    """Return the entries that `_toc.yml` lacks for the course's pages to be on the site."""
    listed = {page.docname for page in pages(root)}
    return [name for name in LISTED if name not in listed and (root / f"{name}.md").is_file()]


def _words(root: Path, plan: str) -> dict[str, str]:
    """Return what stands in the first files: a Monday, an assignment and a release a chapter."""
    now = course.today()
    start = now + timedelta(days=-now.weekday() % 7)
    found = course.Course(title(root), course.ready_plan(plan), start)
    chapters = {page.slug: page for page in pages(root) if _has_exercises(page)}
    due = _due(found, list(chapters))
    assignments = "".join(_assignment(slug, due.get(slug)) for slug in chapters) or " []"
    releases = "".join(f"\n  {slug}: {day + timedelta(days=1)}" for slug, day in due.items())
    return {
        "title": json.dumps(found.title, ensure_ascii=False),
        "start": str(start),
        "plan": plan,
        "assignments": assignments,
        "solutions": releases,
    }


def title(root: Path) -> str:
    """Return the title of the course: that of `course.yml`, or one made from the book's."""
    if (root / course.FILE).is_file():
        keys = read(root / course.FILE, root).mapping(f"`{course.FILE}`")
        if "title" in keys:
            return keys["title"].text("`title`")
    path = root / "_config.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return f"A course with {(settings or {}).get('title') or 'this book'}"


def _has_exercises(page: Page) -> bool:
    cells = page.cells if page.executable and page.is_chapter else []
    return any("answer" in cell.tags for cell in cells)


def _due(found: course.Course, chapters: list[str]) -> dict[str, date]:
    """Return, for the chapters of the plan, the day a week after the session that reads them."""
    due = {}
    for item, day in zip(found.plan.sessions, course.days(found)):
        for slug in (*item.chapters, *item.further):
            if slug in chapters:
                due.setdefault(slug, day + timedelta(weeks=1))
    return {slug: due[slug] for slug in chapters if slug in due}


def _assignment(slug: str, due: date | None) -> str:
    rows = [f"\n  - name: {slug}", f"    chapters: [{slug}]"]
    return "\n".join(rows + ([f"    due: {due}"] if due else []))
