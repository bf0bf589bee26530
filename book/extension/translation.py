"""Translated pages: numbers of the run in them, and every paragraph with the language it is in."""

from docutils import nodes
from myst_nb.ext.glue.roles import PasteTextRole
from sphinx.transforms import SphinxTransform

SOURCE = "en"  # the language that the book is written in


class Number(PasteTextRole):
    """`glue:text` that also works in a translated paragraph, which Sphinx parses by itself.

    There, the cells of the page are out of sight; the page is named and the number looked up later.
    """

    def run(self):
        if "nb_renderer" not in self.document and "::" not in self.text:
            page = self.document.settings.env.docname
            form = "" if ":" in self.text else ":s"
            self.text = f"/{page}.md::{self.text}{form}"
        return super().run()


class KeepFormulas(SphinxTransform):
    """Leave formulas that stand by themselves out of the catalogs: they are the same everywhere."""

    default_priority = 5  # before Sphinx looks for what can be translated

    def apply(self):
        for formula in self.document.findall(nodes.math_block):
            formula["translatable"] = False


def configure(app, config) -> None:
    """Have paragraphs marked that show the source text in a translated book."""
    if config.language != SOURCE:
        config.translation_progress_classes = "untranslated"


class NameLanguages(SphinxTransform):
    """Say of a paragraph without a translation that it is in the language of the source."""

    default_priority = 960  # after Sphinx has marked them

    def apply(self):
        for node in self.document.findall(nodes.Element):
            if "untranslated" in node.get("classes", ()):
                node["classes"].remove("untranslated")
                if _translated(self.document):
                    node["classes"].append(f"language-{SOURCE}")  # docutils makes it a `lang`


def _translated(doctree) -> int:
    """Return how many paragraphs of a page are translated."""
    return doctree.get("translation_progress", {}).get("translated", 0)


def page_language(app, pagename, templatename, context, doctree) -> None:
    """Give a page that nobody has begun to translate the language of the source."""
    if doctree is None or not _translated(doctree):
        context["language"] = SOURCE


def setup(app) -> None:
    app.add_transform(KeepFormulas)
    app.add_transform(NameLanguages)
    app.add_role_to_domain("glue", "text", Number(), override=True)
    app.connect("config-inited", configure)
    app.connect("html-page-context", page_language)
