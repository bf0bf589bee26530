"""Citations read "Bengio et al. (2003)" and lead to the list of works where the chapter ends.

`footcite` numbers its references. Here they carry author and year instead, and the list of works
needs no numbers.
"""

import re
from dataclasses import dataclass, field

from docutils import nodes
from sphinx.util import logging
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.richtext import BaseReferenceText
from sphinxcontrib.bibtex.style.referencing import (
    BaseReferenceStyle,
    BracketStyle,
    GroupReferenceStyle,
    PersonStyle,
)
from sphinxcontrib.bibtex.style.template import (
    FootReferenceInfo,
    join,
    node,
    year,
)

VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math)
FOOTNOTE = re.compile(r"\[\^[\w-]+\]")

logger = logging.getLogger(__name__)


class LabelledReference(BaseReferenceText[FootReferenceInfo]):
    """A link to a work in the list of references; its text is what stands in the citation."""

    def render(self, backend):
        (info,) = self.info
        _take_number(info.document, info.refname)
        link = nodes.reference(refid=info.refname, internal=True, classes=["citation"])
        link += super().render(backend)
        return [link]


def _take_number(document: nodes.document, name: str) -> None:
    """Keep docutils from numbering a work and from missing references by that number."""
    for work in [work for work in document.autofootnotes if name in work["names"]]:
        document.autofootnotes.remove(work)
        work["classes"].append("work")


@node
def labelled(children, data):
    """Link its children to the work in the list of references."""
    return LabelledReference(
        data["reference_info"], *[child.format_data(data) for child in children]
    )


def _round() -> BracketStyle:
    return BracketStyle(left="(", right=")", sep="; ", sep2="; ", last_sep="; ")


@dataclass
class Parenthetical(BaseReferenceStyle):
    """The form "(Bengio et al., 2003)"."""

    bracket: BracketStyle = field(default_factory=_round)
    person: PersonStyle = field(default_factory=PersonStyle)

    def role_names(self):
        return ["p", "ps"]

    def outer(self, role_name, children):
        return self.bracket.outer(children, brackets=True, capfirst=False)

    def inner(self, role_name):
        author = self.person.author_or_editor_or_title(full="s" in role_name)
        return labelled[join(sep=", ")[author, year]]


@dataclass
class Textual(BaseReferenceStyle):
    """The form "Bengio et al. (2003)"."""

    bracket: BracketStyle = field(default_factory=_round)
    person: PersonStyle = field(default_factory=PersonStyle)

    def role_names(self):
        return ["t", "ts", "ct", "cts"]

    def outer(self, role_name, children):
        return self.bracket.outer(children, brackets=False, capfirst="c" in role_name)

    def inner(self, role_name):
        author = self.person.author_or_editor_or_title(full="s" in role_name)
        return labelled[join[author, " (", year, ")"]]


@dataclass
class AuthorYear(GroupReferenceStyle):
    """Both forms."""

    person: PersonStyle = field(default_factory=PersonStyle)  # the templates look for it here

    def __post_init__(self):
        self.styles.extend([Parenthetical(person=self.person), Textual(person=self.person)])
        super().__post_init__()


def check_targets(app, doctree) -> None:
    """Report citations of a page that lists no works, and footnotes that are not defined."""
    listed = {name for work in doctree.findall(nodes.footnote) for name in work["ids"]}
    links = [link for link in doctree.findall(nodes.reference) if "citation" in link["classes"]]
    if any(link["refid"] not in listed for link in links):
        advice = "end the page with a `{footbibliography}` directive"
        logger.warning("a citation leads nowhere: %s", advice, location=app.env.docname)
    for text in doctree.findall(nodes.Text):
        found = FOOTNOTE.search(text)
        if found and not isinstance(
            text.parent, (nodes.FixedTextElement, nodes.literal, nodes.math)
        ):
            logger.warning("no footnote %s is defined", found[0], location=text.parent)


def visit_work(translator, node: nodes.citation) -> None:
    """Write a work of the whole bibliography as those of a chapter: without a label."""
    node.children = [child for child in node.children if not isinstance(child, nodes.label)]
    translator.body.append(translator.starttag(node, "div", CLASS="work"))


def depart_work(translator, node: nodes.citation) -> None:
    translator.body.append("</div>\n")


def setup(app) -> None:
    app.add_node(nodes.citation, override=True, html=(visit_work, depart_work))
    register_plugin("sphinxcontrib.bibtex.style.referencing", "book_author_year", AuthorYear)
    app.connect("doctree-read", check_targets)
