"""Figures stand in the page itself: vector drawings inline, in the page's face and colours.

A drawing that is part of the page follows its theme: black becomes the colour of the text, and the
plot colours become variables that are lighter on a dark ground. Raster images carry their size,
so that nothing moves when they arrive.
"""

import hashlib
import re
from html import escape
from pathlib import Path

from docutils import nodes
from PIL import Image
from sphinx.util import logging

logger = logging.getLogger(__name__)

# the plot colours of `scratchlm.notebook.COLOURS`, by the name of their variable in the style sheet
COLOURS = {
    "#0072b2": "blue",
    "#d55e00": "vermillion",
    "#009e73": "green",
    "#cc79a7": "purple",
    "#e69f00": "orange",
    "#56b4e9": "sky",
    "#000000": "ink",
}
RASTER = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
LARGEST_INLINE = 400_000  # bytes; beyond that a drawing would hold up the page it stands in

PREAMBLE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
GLOBAL_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
ROOT_TAG = re.compile(r"<svg\b[^>]*>")
GROUND = re.compile(
    r'(<g id="(?:figure|axes)_\d+">\s*<g id="patch_\d+">\s*<path d="[^"]*" style="fill: )#ffffff'
)
TEXT_SIZE = re.compile(r"font-size: ([\d.]+px)")
FACE = re.compile(r"font-family: [^;\"]+")
COORDINATES = re.compile(r'\b(d|x|y|x1|x2|y1|y2|points)="[^"]*"')
LONG_NUMBER = re.compile(r"(\.\d\d)\d+")
REFERENCE = re.compile(r'(\bid="|href="#|url\(#)([^")]+)')


def _pixels(length: str) -> float:
    """Convert an SVG length in pt or px to CSS pixels."""
    number = float(re.match(r"[\d.]+", length)[0])
    return number * 96 / 72 if length.endswith("pt") else number


def _size(tag: str) -> tuple[int, int]:
    """Return width and height of a drawing in CSS pixels, from its attributes or its viewBox."""
    attributes = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
    box = attributes.get("viewBox", "0 0 640 360").split()
    lengths = (attributes.get("width", box[2]), attributes.get("height", box[3]))
    if any("%" in length for length in lengths):
        lengths = (box[2], box[3])
    return round(_pixels(lengths[0])), round(_pixels(lengths[1]))


def inline_svg(text: str, alt: str, prefix: str) -> str:
    """Return an SVG file's text as an element of the page; `prefix` makes its ids unique."""
    text = GLOBAL_STYLE.sub("", PREAMBLE.sub("", text)).strip()
    tag = ROOT_TAG.search(text)[0]
    width, height = _size(tag)
    box = re.search(r'viewBox="([^"]*)"', tag)
    box = box[1] if box else f"0 0 {width} {height}"
    opening = (
        f'<svg class="plot" role="img" aria-label="{escape(alt)}" '
        f'width="{width}" height="{height}" viewBox="{box}">'
    )
    text = text.replace(tag, opening, 1)
    text = GROUND.sub(r"\1none", text)
    text = REFERENCE.sub(rf"\g<1>{prefix}\g<2>", text).replace("xlink:href=", "href=")
    text = FACE.sub("font-family: var(--sans)", text)
    text = TEXT_SIZE.sub(r"font-size: calc(\1 * var(--plot-text))", text)
    for colour, name in COLOURS.items():
        text = re.sub(colour, f"var(--plot-{name})", text, flags=re.IGNORECASE)
    return COORDINATES.sub(_shorter, text)


def _shorter(found: re.Match) -> str:
    """Round coordinates to a hundredth of a point and drop the line breaks between them."""
    return " ".join(LONG_NUMBER.sub(r"\1", found[0]).split())


def _file(translator, node: nodes.image) -> Path | None:
    """Return the local file of an image, or None for one that is elsewhere."""
    path = Path(translator.builder.srcdir, node["uri"])
    return path if "://" not in node["uri"] and path.is_file() else None


def _raster(translator, node: nodes.image, path: Path) -> str:
    """Return the tag of a raster image, with its size."""
    target = f"{translator.builder.imgpath}/{translator.builder.images[node['uri']]}"
    with Image.open(path) as image:
        width, height = image.size
    return (
        f'<img src="{escape(target)}" alt="{escape(node.get("alt", ""))}" '
        f'width="{width}" height="{height}" loading="lazy" decoding="async">'
    )


def _drawing(translator, node: nodes.image, path: Path) -> str:
    """Return a vector drawing as part of the page."""
    text = path.read_text(encoding="utf-8")
    translator.builder.images.pop(node["uri"], None)  # no page asks for the file
    translator.drawings = getattr(translator, "drawings", 0) + 1
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    drawing = inline_svg(text, node.get("alt", ""), f"d{translator.drawings}-{mark}-")
    return f'<div class="drawing">{drawing}</div>\n'


def visit_image(translator, node: nodes.image) -> None:
    """Write an image: drawings inline, raster images with their size, others as Sphinx does."""
    if not node.get("alt", "").strip():
        advice = "say in words what one sees (`image: alt:` of a cell, `![words](file)` in text)"
        logger.warning("this image has no alt text: %s", advice, location=node, type="book")
    path = _file(translator, node)
    suffix = path.suffix if path else ""
    if suffix == ".svg" and path.stat().st_size <= LARGEST_INLINE:
        translator.body.append(_drawing(translator, node, path))
    elif suffix in RASTER:
        translator.body.append(_raster(translator, node, path))
    else:
        type(translator).visit_image(translator, node)


def depart_image(translator, node: nodes.image) -> None:
    """Images have no content."""


def setup(app) -> None:
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
