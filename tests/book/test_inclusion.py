"""Included code: what a chapter shows is the text of the object that it names."""

import pytest

from book import BookError, inclusion
from book.chapters import code_cells


def cell_of(tree, name):
    path = tree.root / "chapters/part/one.md"
    return next(i.cell for i in inclusion.inclusions(path) if i.name == name)


def test_sync_writes_the_exact_text_with_decorators(tree):
    changed = inclusion.sync(tree.root)
    assert [path.name for path in changed] == ["one.md"]
    assert cell_of(tree, "double").code == (
        '@cache\ndef double(x):\n    """Return 2x."""\n    return SCALE * x'
    )
    assert cell_of(tree, "Pair").code.startswith("class Pair:")
    assert inclusion.problems(tree.root) == []


def test_sync_twice_changes_nothing_more(tree):
    inclusion.sync(tree.root)
    before = tree.read("chapters/part/one.md")
    assert inclusion.sync(tree.root) == []
    assert tree.read("chapters/part/one.md") == before


def test_sync_leaves_everything_else_alone(tree):
    lines = tree.read("chapters/part/one.md").splitlines()
    inclusion.sync(tree.root)
    after = tree.read("chapters/part/one.md").splitlines()
    kept = [line for line in lines if line != "old text"]
    assert all(line in after for line in kept)


def test_stale_text_is_named_with_both_places(tree):
    inclusion.sync(tree.root)
    tree.replace("code/scratchlm/small.py", "return SCALE * x", "return x + x")
    assert inclusion.problems(tree.root) == [
        "chapters/part/one.md:12: scratchlm.small:double is stale: its text differs from "
        "code/scratchlm/small.py:9; run `make sync`."
    ]


def test_a_missing_name_fails_sync_and_check_in_one_sentence(tree):
    tree.replace("chapters/part/one.md", "small:double", "small:treble")
    with pytest.raises(BookError, match=r"one\.md:12: .*treble.* names nothing") as caught:
        inclusion.sync(tree.root)
    assert str(caught.value) in inclusion.problems(tree.root)
    assert "\n" not in str(caught.value)


def test_a_missing_module_is_named(tree):
    tree.replace("chapters/part/one.md", "scratchlm.small:double", "scratchlm.none:double")
    assert any("code/scratchlm/none.py" in problem for problem in inclusion.problems(tree.root))


def test_a_failing_sync_changes_no_file(tree):
    tree.replace("chapters/part/one.md", "small:double", "small:treble")
    before = tree.read("chapters/part/one.md")
    with pytest.raises(BookError):
        inclusion.sync(tree.root)
    assert tree.read("chapters/part/one.md") == before


def test_an_object_included_twice_names_both_cells(tree):
    inclusion.sync(tree.root)
    tree.replace("chapters/part/one.md", "small:Pair", "small:double")
    inclusion.sync(tree.root)
    twice = [p for p in inclusion.problems(tree.root) if "twice" in p]
    assert len(twice) == 1
    assert "first at chapters/part/one.md:12" in twice[0]


def test_an_object_that_no_chapter_shows_is_named(tree):
    inclusion.sync(tree.root)
    more = "\n\ndef lost():\n    pass\n"
    tree.write("code/scratchlm/small.py", tree.read("code/scratchlm/small.py") + more)
    assert [p for p in inclusion.problems(tree.root)] == [
        "code/scratchlm/small.py:26: scratchlm.small:lost is unused: no chapter includes it; "
        "include it, make it private, or remove it."
    ]


def test_an_included_object_that_the_chapter_never_mentions_is_named(tree):
    tree.replace("chapters/part/one.md", "pair = Pair(double(2), 1)", "pair = Pair(4, 1)")
    inclusion.sync(tree.root)
    assert ["double is unused" in p for p in inclusion.problems(tree.root)] == [True]


def test_infrastructure_needs_no_chapter(tree):
    tree.write("code/scratchlm/serving.py", "def help_out():\n    pass\n")
    inclusion.sync(tree.root)
    assert len(inclusion.problems(tree.root)) == 1
    tree.write("pyproject.toml", '[tool.book]\ninfrastructure = ["scratchlm.serving"]\n')
    assert inclusion.problems(tree.root) == []


@pytest.mark.parametrize("target", ["scratchlm.small", "double", "scratchlm.small:two words"])
def test_a_malformed_target_is_one_sentence(tree, target):
    tree.replace("chapters/part/one.md", "scratchlm.small:double", target)
    with pytest.raises(BookError, match="not of the form module:Name"):
        inclusion.sync(tree.root)


def test_cells_report_where_they_stand(tree):
    path = tree.root / "chapters/part/one.md"
    text = tree.read("chapters/part/one.md")
    lines = text.splitlines()
    for cell in code_cells(path, text):
        assert lines[cell.line - 1].startswith("```{code-cell}")
        assert lines[cell.end_line - 1] == "```"
