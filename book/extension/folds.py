"""What a reader opens: folded cells and folded boxes are `<details>`, which need no script."""

import re
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node

MARKER = re.compile(r"\s*# (BEGIN|END) SOLUTION\s*")


class Fold(nodes.General, nodes.Element):
    """A box that opens; its first child is the title."""


class Dropdowns(SphinxPostTransform):
    """Turn every admonition of the class `dropdown`, solutions among them, into a fold."""

    default_priority = 190  # titles of exercises and solutions are resolved by then
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for box in list(self.document.findall(nodes.Admonition)):
            if "dropdown" not in box.get("classes", []):
                continue
            classes = [name for name in box["classes"] if name != "dropdown"]
            fold = Fold(ids=box["ids"], classes=classes)
            if not isinstance(box[0], nodes.title):
                fold += nodes.title("", type(box).__name__.capitalize())
            fold.extend(box.children)
            box.replace_self(fold)


class PlainExercises(SphinxPostTransform):
    """Take from exercises the brackets around titles, and ids that all their contents share."""

    default_priority = 189
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for box in self.document.findall(is_exercise_node):
            title = box[0]
            if len(title) > 2 and title[0] == " (" and title[-1] == ")":
                title.pop()
                title.pop(0)
        for content in self.document.findall(nodes.section):
            if {"exercise-content", "solution-content"} & set(content["ids"]):
                content["ids"] = []


class CodeAfterOutput(SphinxPostTransform):
    """Put the folded code of a cell below what it made: the reader came for the figure."""

    default_priority = 200  # myst-nb folds cells at 199
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for cell in self.document.findall(nodes.container):
            folds = [node for node in cell.children if isinstance(node, HideCodeCellNode)]
            output = [node for node in cell.children if "cell_output" in node.get("classes", [])]
            if cell.get("nb_element") == "cell_code" and len(folds) == 1 and output:
                cell.remove(folds[0])
                cell.append(folds[0])


def without_markers(app, doctree) -> None:
    """Drop from the page the lines that only graders read."""
    for cell in doctree.findall(nodes.container):
        if "tag_answer" not in cell.get("classes", []):
            continue
        for code in list(cell.findall(nodes.literal_block)):
            lines = [line for line in code.astext().splitlines() if not MARKER.fullmatch(line)]
            code.children = [nodes.Text("\n".join(lines))]
            code.rawsource = "\n".join(lines)


def visit_fold(translator, node: Fold) -> None:
    """Open a fold and write its title as what one clicks."""
    title = node.pop(0)
    translator.body.append(translator.starttag(node, "details", CLASS="fold"))
    translator.body.append("<summary>")
    for child in title.children:
        child.walkabout(translator)
    translator.body.append('</summary>\n<div class="fold-body">\n')


def depart_fold(translator, node: Fold) -> None:
    translator.body.append("</div></details>\n")


def visit_hidden_cell(translator, node: HideCodeCellNode) -> None:
    """Open a folded part of a cell; its line says what is inside."""
    shown, hidden = (
        escape(node[key].replace("source", "code").replace("content", "cell"))
        for key in ("prompt_show", "prompt_hide")
    )
    translator.body.append(
        f'<details class="hide {" ".join(node["classes"])}">'
        f'<summary><span class="when-closed">{shown}</span>'
        f'<span class="when-open">{hidden}</span></summary>\n'
    )


def depart_hidden_cell(translator, node: HideCodeCellNode) -> None:
    translator.body.append("</details>\n")


def setup(app) -> None:
    app.add_post_transform(Dropdowns)
    app.add_post_transform(PlainExercises)
    app.add_post_transform(CodeAfterOutput)
    app.connect("doctree-read", without_markers)
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_cell, depart_hidden_cell))
