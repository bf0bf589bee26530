"""Solutions that `course.yml` has not released are left out of the site.

They are taken from a page as it is read, so that neither the page nor the search knows of them,
and from the source that the page offers. The cells among them run in the build all the same.
"""

from pathlib import Path

from docutils import nodes
from sphinx.errors import ConfigError
from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import solution_node

from book import BookError, course, solutions
from book.chapters import pages


def find_out(app) -> None:
    """Read which solutions are withheld today; a course.yml that is wrong stops the build."""
    try:
        app.book_withheld = course.withheld(Path(app.srcdir))
    except BookError as error:
        raise ConfigError(str(error)) from error


def outdated(app, env, added, changed, removed) -> list[str]:
    """Name the pages whose solutions were released, or withheld, since they were read."""
    before, env.book_withheld = getattr(env, "book_withheld", {}), app.book_withheld
    pages_of_either = before.keys() | app.book_withheld.keys()
    stale = {name for name in pages_of_either if before.get(name) != app.book_withheld.get(name)}
    return sorted(stale & set(env.all_docs))


class Withhold(SphinxTransform):
    """Put one line in the place of each withheld solution; references still find it."""

    default_priority = 500  # solutions are whole from 10 on; labels and contents are read at 840

    def apply(self, **kwargs) -> None:
        line = self.app.book_withheld.get(self.env.docname)
        if line is None:
            return
        for solution in list(self.document.findall(solution_node)):
            text = nodes.paragraph("", line)
            solution.replace_self(text)  # this hands on its ids, and its classes as well
            text["classes"] = ["withheld"]


def offer_sources(app, error) -> None:
    """Write the sources that pages offer without hidden tests and withheld solutions."""
    if error is not None or app.builder.format != "html":
        return
    for page in pages(Path(app.srcdir)):
        offered = Path(app.outdir, "_sources", f"{page.docname}.md")
        if page.executable and offered.is_file():
            line = app.book_withheld.get(page.docname)
            text = page.text if line is None else solutions.without(page, line)
            offered.write_text(solutions.without_hidden_tests(page, text), encoding="utf-8")


def setup(app) -> None:
    app.connect("builder-inited", find_out)
    app.connect("env-get-outdated", outdated)
    app.connect("build-finished", offer_sources)
    app.add_transform(Withhold)
