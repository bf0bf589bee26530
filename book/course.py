"""A course: what `course.yml` says of its plan, its assignments, and the release of solutions.

Without that file the book is as it is: every solution is shown.
"""

import difflib
import os
import re
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from book import ROOT, BookError
from book.chapters import Page, pages
from book.yaml_lines import Entry, read

FILE = "course.yml"
PLANS = Path(__file__).with_name("plans")
CURRICULUM = Path(__file__).with_name("extension") / "curriculum.yml"
TEXTS, LISTS = ("title", "note", "hint"), ("chapters", "further")  # of a session
KEYS = {"title", "start", "timezone", "breaks", "plan", "assignments", "solutions"}
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Release:
    """When solutions are shown: always, not yet, or from a day on."""

    shown: bool = True
    day: date | None = None

    def is_open(self, today: date) -> bool:
        return self.shown if self.day is None else today >= self.day

    @property
    def words(self) -> str:
        """How it reads after "Solution:"."""
        if self.day:
            return f"from {in_words(self.day)}"
        return "shown" if self.shown else "not yet released"


@dataclass(frozen=True)
class Session:
    """One session of a plan: what it reads, what else there is, and why at this time."""

    title: str
    chapters: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    beside: dict[str, str] = field(default_factory=dict)
    note: str = ""
    hint: str = ""  # for teachers: it stands on no schedule of a course


@dataclass(frozen=True)
class Plan:
    """Sessions in order; `a_week` of them share a week."""

    sessions: tuple[Session, ...]
    a_week: int = 1


@dataclass(frozen=True)
class Assignment:
    """Chapters whose exercises are handed in together; the name is that of its zip."""

    name: str
    title: str
    chapters: tuple[str, ...]
    due: date | None = None


@dataclass(frozen=True)
class Course:
    """What `course.yml` says."""

    title: str
    plan: Plan
    start: date | None = None
    zone: tzinfo = timezone.utc
    breaks: tuple[date, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    default: Release = Release()
    solutions: dict[str, Release] = field(default_factory=dict)

    def release(self, slug: str) -> Release:
        """Return when the solutions of a chapter are shown."""
        return self.solutions.get(slug, self.default)


def in_words(day: date) -> str:
    """Write a date out: 3 March 2030."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def today(zone: tzinfo = timezone.utc) -> date:
    """Return the day in a time zone; SOURCE_DATE_EPOCH, where it is set, says the moment."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(zone).date()
    try:
        return datetime.fromtimestamp(int(epoch), zone).date()
    except (ValueError, OverflowError, OSError) as error:
        raise BookError(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {epoch!r}.") from error


@cache
def curriculum() -> dict[str, str]:
    """Return the title of every chapter that the whole book has or will have, by slug."""
    stages = yaml.safe_load(CURRICULUM.read_text(encoding="utf-8"))
    parts = [part for stage in stages for part in stage["parts"]]
    return {slug: title for part in parts for slug, title in part["chapters"].items()}


def plan_names() -> list[str]:
    """Return the names of the ready plans."""
    return sorted(path.stem for path in PLANS.glob("*.yml"))


def ready_plan(name: str) -> Plan:
    """Return a ready plan."""
    if name not in plan_names():
        raise BookError(f"There is no plan {name!r}; there are {', '.join(plan_names())}.")
    entry = read(PLANS / f"{name}.yml")
    keys = entry.mapping("a plan", {"a_week", "sessions"})
    return Plan(sessions(keys["sessions"], set(curriculum())), keys["a_week"].value)


def sessions(entry: Entry, known: set[str]) -> tuple[Session, ...]:
    """Read the sessions of a plan; their chapters may be planned ones."""
    found = []
    for item in entry.items("`plan`"):
        keys = item.mapping("a session", {field.name for field in fields(Session)})
        texts = {key: keys[key].text(f"`{key}`") for key in TEXTS if key in keys}
        if "title" not in texts:
            item.fail("this session has no `title:`.")
        lists = {key: slugs(keys[key], known, f"`{key}`") for key in LISTS if key in keys}
        beside = keys["beside"].mapping("`beside`") if "beside" in keys else {}
        texts["beside"] = {key: value.text(f"`{key}`") for key, value in beside.items()}
        found.append(Session(**texts, **lists))
    return tuple(found)


def slugs(entry: Entry, known: set[str], what: str) -> tuple[str, ...]:
    """Read a list of chapters, each by its slug."""
    return tuple(slug(item, item.text("a chapter"), known) for item in entry.items(what))


def slug(entry: Entry, name: str, known: set[str]) -> str:
    """Return the name of a chapter; say so, at the place of `entry`, if there is none."""
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}."
    if name in curriculum():
        hint = "it is planned, or left out of this copy."
    entry.fail(f"{name!r} is no chapter in _toc.yml; {hint}")


def load(root: Path = ROOT) -> Course | None:
    """Return the course, or None where there is no `course.yml`; BookError if it is wrong."""
    path = root / FILE
    return _course(read(path, root), pages(root)) if path.is_file() else None


def _course(entry: Entry, found: list[Page]) -> Course:
    keys = entry.mapping(f"`{FILE}`", KEYS)
    if "title" not in keys:
        entry.fail("there is no `title:`; give the course one.")
    course = {"title": keys["title"].text("`title`")}
    here = {page.slug for page in found}
    course["plan"] = _plan(keys["plan"], here) if "plan" in keys else ready_plan("semester")
    if "start" in keys:
        course["start"] = keys["start"].day("`start`")
    if "timezone" in keys:
        course["zone"] = _zone(keys["timezone"])
    if "breaks" in keys:
        course["breaks"] = tuple(day.day("a break") for day in keys["breaks"].items("`breaks`"))
    if "assignments" in keys:
        runs = {page.slug for page in found if page.executable and page.is_chapter}
        course["assignments"] = _assignments(keys["assignments"], here, runs)
    if "solutions" in keys:
        course["default"], course["solutions"] = _solutions(keys["solutions"], here)
    return Course(**course)


def _plan(entry: Entry, here: set[str]) -> Plan:
    if isinstance(entry.node, yaml.SequenceNode):
        return Plan(sessions(entry, here | set(curriculum())))
    name = entry.text("`plan`")
    if name not in plan_names():
        names = ", ".join(plan_names())
        entry.fail(f"there is no plan {name!r}; there are {names}, or list sessions of your own.")
    return ready_plan(name)


def _zone(entry: Entry) -> tzinfo:
    name = entry.text("`timezone`")
    try:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        entry.fail(f"no time zone is called {name!r}; write one such as Europe/Berlin, or UTC.")


def _assignments(entry: Entry, here: set[str], runs: set[str]) -> tuple[Assignment, ...]:
    found: dict[str, Assignment] = {}
    for item in entry.items("`assignments`"):
        keys = item.mapping("an assignment", {"name", "title", "chapters", "due"})
        for needed in ("name", "chapters"):
            if needed not in keys:
                item.fail(f"this assignment has no `{needed}:`.")
        name = keys["name"].text("`name`")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            keys["name"].fail(f"{name!r} becomes a file: use a-z, 0-9 and single hyphens.")
        if name in found:
            keys["name"].fail(f"a second assignment is called {name!r}; choose another name.")
        chosen = slugs(keys["chapters"], here, "`chapters`")
        for each, of in zip(keys["chapters"].items("`chapters`"), chosen):
            if of not in runs:
                each.fail(f"{of!r} has no notebook; an assignment names chapters that run.")
        title = keys["title"].text("`title`") if "title" in keys else name
        due = keys["due"].day("`due`") if "due" in keys else None
        found[name] = Assignment(name, title, chosen, due)
    return tuple(found.values())


def _solutions(entry: Entry, here: set[str]) -> tuple[Release, dict[str, Release]]:
    if isinstance(entry.node, yaml.ScalarNode):
        return _release(entry), {}
    found = entry.mapping("`solutions`")
    default = _release(found.pop("default")) if "default" in found else Release()
    return default, {slug(value, name, here): _release(value) for name, value in found.items()}


def _release(entry: Entry) -> Release:
    if entry.raw in ("shown", "hidden"):
        return Release(entry.raw == "shown")
    if type(entry.value) is not date:
        entry.fail(f"solutions are `shown`, `hidden` or from a date on, not {entry.raw!r}.")
    return Release(day=entry.value)


def withheld(root: Path = ROOT) -> dict[str, str]:
    """Return the pages whose solutions are not shown today, by docname, with the line instead."""
    course = load(root)
    if course is None:
        return {}
    day = today(course.zone)
    releases = {page.docname: course.release(page.slug) for page in pages(root)}
    return {
        docname: f"Solution: {release.words}."
        for docname, release in releases.items()
        if not release.is_open(day)
    }


def days(course: Course) -> list[date | None]:
    """Return the day on which the week of each session begins; a week with a break has none."""
    if course.start is None:
        return [None] * len(course.plan.sessions)
    weeks, at = [], course.start
    off = {(day - course.start).days // 7 for day in course.breaks}
    number = 0
    while len(weeks) * course.plan.a_week < len(course.plan.sessions):
        at = course.start + timedelta(weeks=number)
        weeks += [] if number in off else [at]
        number += 1
    return [weeks[i // course.plan.a_week] for i in range(len(course.plan.sessions))]


def problems(root: Path = ROOT) -> list[str]:
    """Say what is wrong with `course.yml`."""
    try:
        load(root)
    except BookError as error:
        return [str(error)]
    return []
