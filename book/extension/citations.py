"""Citations read "Bengio et al. (2003)" and lead to the list of works where the chapter ends.

`footcite` numbers its references. Here they carry author and year instead, and the list of works
needs no numbers.
"""

from dataclasses import dataclass, field

from docutils import nodes

from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import (
    BaseReferenceStyle,
    BracketStyle,
    GroupReferenceStyle,
    PersonStyle,
)
from sphinxcontrib.bibtex.style.template import FootReferenceInfo, FootReferenceText, join, node, year
from sphinxcontrib.bibtex.richtext import BaseReferenceText


class LabelledReference(BaseReferenceText[FootReferenceInfo]):
    """A footnote reference whose text is what stands in the citation."""

    def render(self, backend):
        (reference,) = FootReferenceText(self.info[0], "#").render(backend)
        reference += super().render(backend)
        reference["classes"].append("citation")
        return [reference]


@node
def labelled(children, data):
    """Link its children to the work in the list of references."""
    return LabelledReference(data["reference_info"], *[child.format_data(data) for child in children])


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

    def __post_init__(self):
        self.styles.extend([Parenthetical(), Textual()])
        super().__post_init__()


def drop_numbers(app, doctree) -> None:
    """Remove the numbers that docutils gives to the references and to the works they lead to."""
    for reference in doctree.findall(nodes.footnote_reference):
        if "citation" in reference["classes"]:
            reference.pop()
    for work in doctree.findall(nodes.footnote):
        if any(name.startswith("footcite-") for name in work["names"]):
            work["classes"].append("work")
            label = work[0]
            label.clear()
            label += nodes.Text("↑")


def setup(app) -> None:
    register_plugin("sphinxcontrib.bibtex.style.referencing", "book_author_year", AuthorYear)
    app.connect("doctree-read", drop_numbers)
