r"""Formulas are set when the book is built: KaTeX runs in an embedded JavaScript engine.

The page receives HTML for the eye and MathML for screen readers, and no script. A formula that
KaTeX cannot read, for instance one with an undefined macro, is a warning that names it.
"""

import functools
import json
import os
import re
from html import escape
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

# amsmath environments that KaTeX would number by itself: the numbers are Sphinx's
NUMBERED_ENVIRONMENT = re.compile(r"\\(begin|end)\{(align|alignat|gather|equation)\}")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)

RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

RENDER = """(tex, display) => {
  try {
    return {html: katex.renderToString(tex, {
      displayMode: display, output: "htmlAndMathml", strict: "ignore", throwOnError: true})};
  } catch (error) {
    return {error: String(error.message)};
  }
}"""


class TeXError(ValueError):
    """What is wrong with a formula, in one sentence."""


@functools.cache
def _engine(process: int):
    """Start the engine; one for each process, because a forked engine has no threads."""
    from py_mini_racer import MiniRacer

    package = find_spec("sphinxcontrib.katex")
    if package is None:
        raise ExtensionError("KaTeX is missing: run `pip install -r requirements.txt`.")
    context = MiniRacer()
    context.eval(Path(package.origin).with_name("katex.min.js").read_text(encoding="utf-8"))
    context.eval(f"const render = {RENDER}")
    return context


@functools.cache
def render(tex: str, display: bool) -> str:
    """Return a formula as HTML with MathML inside; TeXError says what KaTeX cannot read."""
    call = f"JSON.stringify(render({json.dumps(tex)}, {json.dumps(display)}))"
    result = json.loads(_engine(os.getpid()).eval(call))
    if "error" in result:
        message = result["error"].replace("\u0332", "")  # KaTeX underlines the culprit
        raise TeXError(re.sub(r"^KaTeX parse error: ", "", message))
    return result["html"]


def _display_tex(node: nodes.math_block) -> str:
    """Return the TeX of a display: unnumbered environments, and lines broken at the top aligned."""
    tex = NUMBERED_ENVIRONMENT.sub(r"\\\1{\2*}", node.astext()).strip()
    outside = ENVIRONMENT.sub("", tex)
    if not node.get("nowrap") and (r"\\" in outside or "&" in outside):
        return rf"\begin{{aligned}}{tex}\end{{aligned}}"
    return tex


def _render_or_warn(translator, node, tex: str, display: bool) -> str:
    try:
        return render(tex, display)
    except TeXError as error:
        logger.warning("formula %r: %s", tex, error, location=node, type="book", subtype="math")
        failed = translator.builder.app.__dict__.setdefault("failed_formulas", set())
        failed.add(translator.builder.current_docname)
        return f'<code class="math-error">{escape(tex)}</code>'


def visit_math(translator, node: nodes.math) -> None:
    """Write an inline formula."""
    html = _render_or_warn(translator, node, node.astext(), False)
    translator.body.append(translator.starttag(node, "span", "", CLASS="math") + html + "</span>")
    raise nodes.SkipNode


def visit_displaymath(translator, node: nodes.math_block) -> None:
    """Write a displayed formula in a box that scrolls, with its number and a link to it."""
    html = _render_or_warn(translator, node, _display_tex(node), True)
    body = translator.body
    body.append(translator.starttag(node, "div", CLASS="math"))
    body.append(f'<div class="math-scroll">{html}</div>')
    if node["number"]:
        number = get_node_equation_number(translator, node)
        body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        body.append("</span>")
    body.append("</div>\n")
    raise nodes.SkipNode


def name_equations(app, doctree) -> None:
    """Give amsmath displays ids that last: the parser names them at random."""
    labels = [block.get("label") or "" for block in doctree.findall(nodes.math_block)]
    random = [nodes.make_id(f"equation-{label}") for label in labels if RANDOM.fullmatch(label)]
    names = {old: f"equation-{count}" for count, old in enumerate(random, 1)}
    if names:
        for node in doctree.findall(nodes.Element):
            node["ids"] = [names.get(old, old) for old in node["ids"]]


def write_again(app, error) -> None:
    """Age the pages whose formulas failed, so that the next build reports them too."""
    for docname in getattr(app, "failed_formulas", ()):
        page = Path(app.builder.get_outfilename(docname))
        if page.exists():
            os.utime(page, (0, 0))


def setup(app) -> None:
    app.add_html_math_renderer("katex", (visit_math, None), (visit_displaymath, None))
    app.connect("doctree-read", name_equations)
    app.connect("build-finished", write_again)
