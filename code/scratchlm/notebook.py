"""What every chapter's first cell needs: the plot style, and numbers handed to the page."""

import json

import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from matplotlib_inline.backend_inline import set_matplotlib_formats

# Okabe and Ito's colours: told apart by colour-blind readers, and of different lightness in grey.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

STYLE = {
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "figure.constrained_layout.use": True,
    "figure.figsize": (7.2, 4.0),
    "font.family": "sans-serif",
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.transparent": True,
    "svg.fonttype": "none",  # text stays text: selectable, and set in the page's own face
    "svg.hashsalt": "scratchlm",  # the same figure gives the same bytes
}


def setup() -> None:
    """Set the book's plot style: vector figures, colours for all, identical bytes each run."""
    plt.rcParams.update(STYLE)
    set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})


def glue(name: str, value) -> None:
    """Hand `value` to the page under `name`, showing nothing here.

    Numbers and strings are set in the prose by the page's glue roles; lists and dicts become JSON
    that a widget of the page reads.
    """
    kind = "application/json" if isinstance(value, (dict, list)) else "text/plain"
    content = json.dumps(value) if kind == "application/json" else repr(value)
    prefix = "application/papermill.record/"
    display(
        {prefix + kind: content},
        metadata={"scrapbook": {"name": name, "mime_prefix": prefix}},
        raw=True,
    )


def table(header: list[str], rows: list[list[str]]) -> Markdown:
    """Show rows of ready-made strings as a table, its columns aligned to the right."""
    lines = [header, ["--:"] * len(header), *rows]
    return Markdown("\n".join("| " + " | ".join(line) + " |" for line in lines))
