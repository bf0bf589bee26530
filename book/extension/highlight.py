"""Code carries only the marks that the style sheet colours: names, brackets and spaces stay plain.

That halves the weight of a page's code, and keeps Pygments' one-letter classes off the page.
"""

from pygments.formatters import HtmlFormatter
from pygments.token import Comment, Error, Generic, Keyword, Literal, Name, Operator
from sphinx.highlighting import PygmentsBridge

COLOURED = (
    *(Comment, Error, Generic, Keyword, Literal, Operator.Word),
    *(Name.Function, Name.Class, Name.Decorator),
)


class PlainFormatter(HtmlFormatter):
    """Wraps only the tokens that have a colour."""

    def _get_css_class(self, ttype):
        coloured = any(ttype in kind for kind in COLOURED)
        return super()._get_css_class(ttype) if coloured else ""


def setup(app) -> None:
    PygmentsBridge.html_formatter = PlainFormatter
