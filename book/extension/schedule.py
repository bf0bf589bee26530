"""The directives `schedule` and `assignments`: the course, as `course.yml` has it on this day.

Chapters in the table of contents become links under their own titles. The others are named as
what they are: left out of this course, or planned and not yet written.
"""

from dataclasses import replace
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from book import BookError, course
from book.extension import selection
from book.extension.header import left_out
from book.extension.workload import scrollable


class Schedule(nodes.General, nodes.Element):
    """The place of a schedule; attribute `plan` names a ready plan, if it is not the course's."""


class Assignments(nodes.General, nodes.Element):
    """The place of the table of assignments."""


class CourseDirective(SphinxDirective):
    """Put a node of the course here; the page is read again when `course.yml` changes."""

    node: type[nodes.Element]

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        plan = self.arguments[0] if self.arguments else ""
        try:
            if plan:
                course.ready_plan(plan)
                found = course.PLANS / f"{plan}.yml"
            else:
                found = root / course.FILE
                if course.load(root) is None:
                    raise BookError(f"there is no {course.FILE}; `make course` writes one.")
        except BookError as error:
            raise self.error(str(error)) from error
        self.env.note_dependency(str(found))
        return [self.node(plan=plan)]


class ScheduleDirective(CourseDirective):
    node, optional_arguments = Schedule, 1


class AssignmentsDirective(CourseDirective):
    node = Assignments


def there(app) -> dict[str, str]:
    """Return the pages of this copy by slug."""
    return {name.rpartition("/")[2]: name for name in app.env.found_docs}


def link(app, here: str, slug: str) -> str:
    """Return a link to a chapter that is in this copy."""
    docname = there(app)[slug]
    uri = app.builder.get_relative_uri(here, docname)
    return f'<a href="{escape(uri)}">{escape(app.env.titles[docname].astext())}</a>'


def reading(app, here: str, item: course.Session) -> str:
    """Return the chapters of a session: those to read, and those that are not there and why."""
    found, outside = there(app), selection.outside(app)
    absent = [slug for slug in (*item.chapters, *item.further) if slug not in found]
    elsewhere = [slug for slug in absent if slug in outside.found]
    lines = {
        "Read": [link(app, here, slug) for slug in item.chapters if slug in found],
        "Further": [link(app, here, slug) for slug in item.further if slug in found],
        "Not in this course": [
            left_out(outside[slug].text, outside.leads_to(slug)) for slug in elsewhere
        ],
        "Planned, not yet written": [
            escape(course.curriculum().get(slug, slug)) for slug in absent if slug not in elsewhere
        ],
    }
    kinds = dict.fromkeys(list(lines)[2:], ' class="absent"')
    return "".join(
        f"<p{kinds.get(words, '')}><b>{words}:</b> {', '.join(row)}</p>"
        for words, row in lines.items()
        if row
    )


def session(app, here: str, number: int, item: course.Session, plan: course.Plan, day) -> str:
    """Return one session: when it is, what is read, and why."""
    when = f"Session {number}" if plan.a_week > 1 else f"Week {number}"
    if plan.a_week > 1 and number % plan.a_week == 1:
        when = f"Week {(number + plan.a_week - 1) // plan.a_week} · {when}"
    if day:
        when += f' <time datetime="{day}">{course.in_words(day)}</time>'
    body = f"<h3>{escape(item.title)}</h3>"
    for key, text in item.beside.items():
        body += f"<p><b>{escape(key)}:</b> {escape(text)}</p>"
    body += reading(app, here, item)
    body += f"<p>{escape(item.note)}</p>" if item.note else ""
    body += f"<p>{escape(item.hint)}</p>" if item.hint else ""
    return f'<li><p class="when">{when}</p><div>{body}</div></li>'


def schedule(app, here: str, name: str) -> str:
    """Return a schedule as HTML: the course's with its dates, a ready plan without."""
    ready = course.Course("", course.ready_plan(name)) if name else None
    found = ready or course.load(Path(app.srcdir))
    rows = [
        session(app, here, number, item if name else replace(item, hint=""), found.plan, day)
        for number, (item, day) in enumerate(zip(found.plan.sessions, course.days(found)), 1)
    ]
    return f'<ol class="schedule">{"".join(rows)}</ol>\n'


def assignments(app, here: str) -> str:
    """Return the table of assignments as HTML, or a sentence where there are none."""
    found, rows = course.load(Path(app.srcdir)), []
    for item in found.assignments:
        links = "<br>".join(link(app, here, slug) for slug in item.chapters)
        due = course.in_words(item.due) if item.due else "–"
        words = dict.fromkeys(found.release(slug).words for slug in item.chapters)
        cells = (escape(item.title), links, due, "<br>".join(words))
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    if not rows:
        return "<p>There are no assignments.</p>\n"
    names = ("assignment", "chapters", "due", "solutions")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    table = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return scrollable(table)


def visit_schedule(translator, node: Schedule) -> None:
    builder = translator.builder
    translator.body.append(schedule(builder.app, builder.current_docname, node["plan"]))
    raise nodes.SkipNode


def visit_assignments(translator, node: Assignments) -> None:
    builder = translator.builder
    translator.body.append(assignments(builder.app, builder.current_docname))
    raise nodes.SkipNode


def setup(app) -> None:
    app.add_node(Schedule, html=(visit_schedule, None))
    app.add_node(Assignments, html=(visit_assignments, None))
    app.add_directive("schedule", ScheduleDirective)
    app.add_directive("assignments", AssignmentsDirective)
