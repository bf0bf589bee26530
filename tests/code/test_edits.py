"""Edits: a changed definition reaches the package, the module's own takes it back."""

import inspect
import sys
import types

import nbformat
import pytest
from nbclient import NotebookClient

from scratchlm import checkpoints, edits, metrics, mlp, notebook
from scratchlm.recipes import names_mlp

CELL = "# from scratchlm.metrics\n"


@pytest.fixture(autouse=True)
def restored():
    yield
    edits.restore()


def run(source):
    """Run a cell as a notebook would; return the names that became edits."""
    namespace = {"__name__": "__main__", **vars(metrics)}
    exec(source, namespace)
    return edits.follow(source, namespace)


def edited():
    own = inspect.getsource(metrics.perplexity)
    head = own[: own.index(":\n") + 2]
    return CELL + head + "    return -1.0\n"


def test_the_packages_own_text_is_no_edit():
    before = metrics.perplexity
    assert run(CELL + inspect.getsource(before)) == []
    assert metrics.perplexity is before


def test_an_edit_reaches_modules_that_imported_the_name(monkeypatch):
    user = types.ModuleType("scratchlm.user_of_metrics")
    user.perplexity = metrics.perplexity
    user.other = metrics.perplexity
    monkeypatch.setitem(sys.modules, user.__name__, user)
    own = metrics.perplexity
    assert run(edited()) == ["perplexity"]
    assert metrics.perplexity(1.0) == user.perplexity(1.0) == user.other(1.0) == -1.0
    assert edits.restore() == ["perplexity"]
    assert metrics.perplexity is user.perplexity is user.other is own


def test_a_package_function_uses_the_edit():
    from scratchlm import ngram

    model = ngram.NGram(2, "ab").fit(["abab"])
    before = ngram.cross_entropy(model, ["abab"])
    lines = inspect.getsource(ngram.surprisals)
    source = "# from scratchlm.ngram\n" + lines + "    return  # changed\n"
    changed = source.replace(lines, lines.split(":\n", 1)[0] + ":\n    yield 7.0\n")
    namespace = dict(vars(ngram))
    exec(changed, namespace)
    edits.follow(changed, namespace)
    assert ngram.cross_entropy(model, ["abab"]) == 7.0
    edits.restore()
    assert ngram.cross_entropy(model, ["abab"]) == before


def test_the_original_text_takes_an_edit_back():
    own = metrics.perplexity
    text = CELL + inspect.getsource(own)
    changed = edited()
    run(changed)
    run(changed.replace("-1.0", "-2.0"))
    assert metrics.perplexity(1.0) == -2.0
    assert run(text) == []
    assert metrics.perplexity is own


def test_only_marked_cells_count():
    own = metrics.perplexity
    for source in (edited().removeprefix(CELL), edited().replace("metrics", "nothing")):
        assert run(source) == []
    assert run(CELL + "def unheard_of():\n    pass\n") == []
    assert metrics.perplexity is own
    assert run("#@title Code\n" + edited()) == ["perplexity"]


def test_a_constant_of_equal_value_elsewhere_stays(monkeypatch):
    one, two = (types.ModuleType(f"scratchlm.constants_{n}") for n in "ab")
    one.SIZE = two.OTHER = value = 7
    for module in (one, two):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    edits._put(one, "SIZE", 8)
    assert (8, value) == (one.SIZE, two.OTHER)
    del edits._own[one.__name__, "SIZE"]


def test_a_checkpoint_of_edited_code_is_another_checkpoint():
    before = checkpoints.place(names_mlp)
    source = "# from scratchlm.mlp\nclass MLP:\n    pass\n"
    namespace = {"__name__": "__main__"}
    exec(source, namespace)
    assert edits.follow(source, namespace) == ["MLP"]
    assert mlp.MLP is namespace["MLP"]
    assert checkpoints.place(names_mlp) != before
    edits.restore()
    assert checkpoints.place(names_mlp) == before


def test_glue_is_silent_in_a_learners_notebook(monkeypatch, capsys):
    monkeypatch.setattr(notebook, "_learner", False)
    shown = []
    monkeypatch.setattr(notebook, "display", lambda *a, **k: shown.append(a))
    notebook.glue("edits-x", 1)
    notebook.begin()
    notebook.glue("edits-y", {"a": (1, 2)})
    assert len(shown) == 1
    notebook.restore()
    assert capsys.readouterr().out == "Nothing was edited.\n"
    assert notebook.widget("edits-y", "export default {}").data == {"a": [1, 2]}
    with pytest.raises(ValueError, match="no data 'nothing'"):
        notebook.widget("nothing", "")


def test_a_widget_gets_its_file_when_it_asks(monkeypatch):
    monkeypatch.setitem(notebook._glued, "edits-small", {"a": 1})
    monkeypatch.setitem(notebook._glued, "edits-large", {"weights": "A" * 999})
    figure = notebook.widget("edits-small", "export default {}", file="edits-large")
    assert figure.file == {"bytes": 1014}
    assert "AAA" not in str(figure.get_state())  # which a notebook may be saved with
    sent = []
    monkeypatch.setattr(figure, "send", sent.append)
    figure._handle_custom_msg({"load": "another"}, [])
    assert sent == []
    figure._handle_custom_msg({"load": "file"}, [])
    assert sent == [{"file": {"weights": "A" * 999}}]
    with pytest.raises(ValueError, match="no data 'nothing'"):
        notebook.widget("edits-small", "", file="nothing")


def test_a_widget_without_anywidget_says_so(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setitem(notebook._glued, "edits-z", {})
    assert notebook.widget("edits-z", "") is None
    assert "%pip install anywidget" in capsys.readouterr().out


KERNEL = [
    "import scratchlm.notebook\nfrom scratchlm import notebook\nscratchlm.notebook.begin()",
    "import torch\nfrom scratchlm.mlp import MLP, MLPConfig, generate\n"
    "torch.manual_seed(0)\nmodel = MLP(MLPConfig(5, 2, 3, 4))\n"
    "def write():\n    seeded = torch.Generator().manual_seed(1)\n"
    "    return generate(model, [1, 2], 6, generator=seeded)",
    "print(before := write())",
    "# from scratchlm.sampling\ndef sample(logits, generator=None):\n    return 4",
    "print(write()[2:])",
    "notebook.restore()",
    "print(write() == before)",
]


def test_an_edit_in_a_kernel_changes_what_the_package_computes():
    cells = [nbformat.v4.new_code_cell(source) for source in KERNEL]
    nb = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=120).execute()
    texts = ["".join(output.text for output in cell.outputs) for cell in nb.cells]
    assert texts[3] == "The package uses your sample; notebook.restore() takes that back.\n"
    assert texts[4] == "[4, 4, 4, 4, 4, 4]\n"
    assert texts[5] == "The package uses its own sample.\n"
    assert texts[6] == "True\n"
