"""What every chapter's first cell needs: the plot style, and numbers handed to the page.

`begin`, `restore` and `widget` serve the notebooks that learners run.
"""

import json

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.display import Markdown, display
from matplotlib_inline.backend_inline import set_matplotlib_formats

from scratchlm import edits

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

_glued: dict[str, object] = {}  # what cells handed over, for the widgets of a notebook
_learner = False  # in a learner's notebook no page waits for numbers


def setup() -> None:
    """Set the book's plot style: vector figures, colours for all, identical bytes each run.

    Each figure is also kept as pixels: Jupyter shows no drawings of a notebook it does not trust.
    """
    plt.rcParams.update(STYLE)
    set_matplotlib_formats("svg", "png", metadata={"Date": None, "Creator": None})


def glue(name: str, value) -> None:
    """Hand `value` to the page under `name`, showing nothing here.

    Numbers and strings are set in the prose by the page's glue roles; lists and dicts become JSON
    that a widget of the page reads. In a learner's notebook (see `begin`) it is only remembered.
    """
    _glued[name] = value
    if _learner:
        return
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


def begin() -> None:
    """Make a learner's notebook of this kernel: edits take effect, glued numbers stay silent.

    From here on an edited cell that begins with `# from scratchlm.…` changes the package, too;
    see `scratchlm.edits`.
    """
    global _learner
    shell = get_ipython()
    if shell is not None and not _learner:
        shell.events.register("post_run_cell", _after_cell)
    _learner = True


def _after_cell(result) -> None:
    if result.success and (names := edits.follow(result.info.raw_cell, get_ipython().user_ns)):
        print(f"The package uses your {', '.join(names)}; notebook.restore() takes that back.")


def restore() -> None:
    """Give the package back what edited cells replaced in it."""
    names = edits.restore()
    print(f"The package uses its own {', '.join(names)}." if names else "Nothing was edited.")


def widget(name: str, module: str, style: str = "", file: str = ""):
    """Return an interactive figure: an ES module, with the data glued under `name`.

    What is glued under `file` goes to the module when it asks, so that no notebook is saved with
    it. Raises ValueError when no cell has glued the data; without the package anywidget it says so
    and returns None.
    """
    for key in filter(None, (name, file)):
        if key not in _glued:
            raise ValueError(f"There is no data {key!r} yet: run the cells above first.")
    try:
        import anywidget
        import traitlets
    except ImportError:
        print("The interactive figure needs anywidget: run `%pip install anywidget`, then this.")
        return None
    content = json.dumps(_glued[file]) if file else ""
    parts = {"data": json.loads(json.dumps(_glued[name]))}
    parts["file"] = {"bytes": len(content)} if file else None
    traits = {key: traitlets.Any(value).tag(sync=True) for key, value in parts.items()}
    figure = type("Figure", (anywidget.AnyWidget,), {"_esm": module, "_css": style, **traits})()
    if file:
        answer = {"file": json.loads(content)}
        figure.on_msg(lambda figure, asked, _: asked.get("load") == "file" and figure.send(answer))
    return figure
