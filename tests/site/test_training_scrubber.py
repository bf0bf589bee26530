"""The training scrubber with attention maps, on a page of its own."""

import json
import re

import pytest

from tests.site import checks
from tests.site.widget_page import PHONE, WIDE, Visitor

LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
TOKENS = list("O:\nGo ")
HEADS = ["layer 1, head 1", "layer 1, head 2"]


def weight(step, head, t, s):
    """A weight of the planted maps, as a level from 0 to 63."""
    return 63 if s == (t if head else max(0, t - 1)) and step else (10 * s + t) % 40


def snapshot(step):
    pairs = [(t, s) for t in range(len(TOKENS)) for s in range(t + 1)]
    maps = ["".join(LEVELS[weight(step, head, *pair)] for pair in pairs) for head in range(2)]
    text = f"step {step}:\nhere"
    return {
        "step": step,
        "train": 4 - step / 9,
        "val": 4 - step / 10,
        "samples": [text],
        "maps": maps,
    }


DATA = {
    "show": ["maps"],
    "unit": "sample",
    "loss": {"step": [0, 10, 20], "train": [4, 3, 2], "val": [4, 3.1, 2.2]},
    "snapshots": [snapshot(step) for step in (0, 10, 20)],
    "maps": {"tokens": TOKENS, "heads": HEADS, "head": 1, "row": 3},
}


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    visitor = Visitor(browser, tmp_path_factory.mktemp("scrubber"), "training-scrubber")
    yield visitor
    visitor.close()


def shades(page):
    squares = page.locator(".ts-heads rect:not(.ts-chosen)")
    return [
        float(x)
        for x in squares.evaluate_all("all => all.map(e => e.getAttribute('fill-opacity'))")
    ]


def planted(step, head):
    return [weight(step, head, t, s) / 63 for t in range(len(TOKENS)) for s in range(t + 1)]


@pytest.mark.parametrize("options", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_map_shows_the_weights_of_the_step_and_the_head(options, visit):
    page = visit(DATA, **options)
    assert shades(page) == pytest.approx(planted(20, 1), abs=0.001)
    page.get_by_role("combobox", name="Attention head").select_option("0")
    assert shades(page) == pytest.approx(planted(20, 0), abs=0.001)
    page.get_by_role("slider", name="Training step").press("Home")
    assert shades(page) == pytest.approx(planted(0, 0), abs=0.001)
    assert "after step 0" in page.locator(".ts-heads").get_attribute("aria-label")
    assert page.locator(".ts-samples li").inner_text() == "step 0:\nhere"
    assert not page.errors


def test_a_row_is_read_out(visit):
    page = visit(DATA)
    reading = page.locator(".ts-reading")
    assert reading.inner_text().startswith("“G” looks at itself 1.00; ")
    row = page.get_by_role("slider", name="Character that looks")
    row.press("ArrowLeft")
    assert reading.inner_text().startswith("“↵” looks at itself 1.00")
    page.get_by_role("combobox", name="Attention head").select_option("0")
    assert reading.inner_text().startswith("“↵” looks at “:”, 1 back 1.00")
    assert row.get_attribute("aria-valuetext") == "↵, place 3"
    page.locator("[role=status]", has_text="“↵” looks at “:”, 1 back").wait_for(state="attached")


def test_a_click_on_the_map_chooses_the_row(visit):
    page = visit(DATA)
    box = page.locator(".ts-heads").bounding_box()
    cell = box["height"] / (len(TOKENS) + 1.5)
    page.mouse.click(box["x"] + 2 * cell, box["y"] + 5.75 * cell)  # the middle of the fifth row
    assert page.locator(".ts-reading").inner_text().startswith("“o” looks at")
    frame = page.locator(".ts-chosen").bounding_box()
    assert frame["y"] == pytest.approx(box["y"] + 5.25 * cell, abs=cell / 3)


def test_without_maps_there_is_no_head_to_choose(visit):
    plain = {key: value for key, value in DATA.items() if key not in ("maps", "show")}
    page = visit(plain)
    assert not page.get_by_role("combobox").count() and not page.locator(".ts-space").count()
    assert re.fullmatch("20", page.locator(".w-readouts b").first.inner_text()) and not page.errors


@pytest.mark.needs_page("training-loop")
@pytest.mark.parametrize("options", [WIDE, PHONE], ids=["wide", "phone"])
def test_on_the_page_of_the_training_loop(options, open_page, site):
    """The run of the book: its maps, for a step and a head of the reader's choice."""
    visit = open_page(site / "chapters/pretraining/training-loop.html", hold=False, **options)
    page = visit.page
    figure = page.locator("[data-widget=training-scrubber]")
    figure.scroll_into_view_if_needed()
    figure.locator(".widget-body").wait_for()
    data = json.loads(figure.locator('> script[type="application/json"]').text_content())
    slider = figure.get_by_role("slider", name="Training step")
    choice = figure.get_by_role("combobox", name="Attention head")
    for key, index, head in [("End", -1, 13), ("Home", 0, 2)]:
        slider.press(key)
        choice.select_option(str(head))
        wanted = [LEVELS.index(letter) / 63 for letter in data["snapshots"][index]["maps"][head]]
        assert shades(figure) == pytest.approx(wanted, abs=0.001)
    assert len(data["maps"]["heads"]) == 16 and len(data["snapshots"]) == 11
    assert checks.overflow(visit) == [] and not visit.errors
