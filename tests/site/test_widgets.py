"""The widgets on their built pages: opened from files, with the network off, tried by hand."""

import functools
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from scratchlm import bpe
from tests.selected import need
from tests.site import checks
from tests.site.widget_page import Pages

LAB = "chapters/foundations/language-models.html"
SCRUBBER = "chapters/first-models/names.html"
GRAPH = "chapters/foundations/pytorch.html"
STEPPER = "chapters/tokens/byte-pair-encoding.html"
QKV = "chapters/attention/values-and-the-output.html"
EXPLORER = "chapters/attention/multi-head-attention.html"
PAGES = {
    "temperature-lab": LAB,
    "training-scrubber": SCRUBBER,
    "graph-explorer": GRAPH,
    "merge-stepper": STEPPER,
    "qkv-lab": QKV,
    "attention-explorer": EXPLORER,
}
WIDE = {"width": 1280, "height": 900}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
ELSEWHERE = re.compile(r"^(?!file:|blob:|data:|about:)")


SPACE = '<p style="height: 60rem">The text goes on.</p>'


@functools.cache
def pared(file, number):
    """A built page without its text: one of its widgets is left, and what all of them need."""
    soup = checks.BeautifulSoup(file.read_text("utf-8"), "html.parser")
    kept = [soup.h1, *soup.select("[data-widget-module]"), soup.select(".book-widget")[number]]
    soup.head.insert(0, soup.new_tag("base", href=file.resolve().as_uri()))
    soup.article.clear()
    soup.article.extend([*kept, checks.BeautifulSoup(SPACE, "html.parser")])
    return str(soup)


@pytest.fixture(scope="module")
def visit(browser, site, tmp_path_factory):
    """`visit(path, script="", wait=True, widget=0, **options)`: a widget, errors in `page.errors`.

    It stands on its built page, whose text is left out: the first widget, or the one of a number.
    """
    pages, folder = Pages(browser), tmp_path_factory.mktemp("widgets")

    def visit(path, script="", wait=True, widget=0, **options):
        need(Path(path).stem)
        place = folder / f"{Path(path).stem}-{widget}.html"
        place.write_text(pared(site / path, widget), "utf-8")
        page = pages(**{"viewport": WIDE, **options})
        page.route(ELSEWHERE, lambda route: route.abort())
        page.add_init_script(script)
        page.goto(place.as_uri())
        page.locator(".book-widget").scroll_into_view_if_needed()
        if wait:
            page.locator(".book-widget[data-state=ready] .widget-body").wait_for()
        return page

    yield visit
    pages.close()


@pytest.fixture(scope="module")
def kept_page(visit):
    """One page for each path and kind of screen, opened once for all tests."""
    return functools.cache(lambda path, phone=False: visit(path, **(PHONE if phone else {})))


@pytest.fixture
def opened(kept_page):
    """`opened(path, phone=False)`: a page as it is at the start; no test may leave an error."""
    pages = []

    def opened(path, phone=False):
        page = kept_page(path, phone)
        pages.append(page)
        page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
        page.mouse.move(2, 2)
        if path == LAB:
            page.get_by_role("button", name="Reset").click()
        elif path == GRAPH:
            page.get_by_role("combobox").select_option("0")
            page.get_by_role("button", name="Reset").click()
        elif path == STEPPER:
            put(page, "Merges done", 0)
        elif path == QKV:
            page.get_by_role("radiogroup", name="Preset").get_by_role("radio").first.check(
                force=True
            )
            page.get_by_role("button", name="Reset").click()
        elif path == EXPLORER:
            for group in ("Text", "Heads by"):
                first = page.get_by_role("radiogroup", name=group).get_by_role("radio").first
                first.check(force=True)
        else:
            page.get_by_role("checkbox", name="log steps").check()
            page.get_by_role("checkbox", name="trails").uncheck()
            step_slider(page).press("End")
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def data_of(page):
    return json.loads(page.locator('.book-widget > script[type="application/json"]').text_content())


def put(page, label, value):
    """Move a slider to a position, as dragging it does."""
    slider = page.get_by_role("slider", name=label)
    slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", str(value))
    return slider


def height(page):
    return page.locator(".book-widget").evaluate("e => e.offsetHeight")


# ------------------------------------------------------------------------- what both of them share


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_without_scripts_the_fallback_stands(path, visit):
    page = visit(path, wait=False, java_script_enabled=False)
    fallback = page.locator(".widget-fallback")
    assert fallback.is_visible() and fallback.inner_text().strip()
    assert not page.locator(".widget-stage").count()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_paper_shows_the_fallback(path, opened):
    page = opened(path)
    assert not page.locator(".widget-fallback").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".widget-fallback").is_visible()
    assert not page.locator(".widget-stage").is_visible()


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_failing_widget_leaves_the_fallback_and_one_error(path, visit):
    page = visit(path, "JSON.parse = () => { throw Error('broken'); }", wait=False)
    page.locator(".book-widget[data-state=failed]").wait_for()
    assert page.locator(".widget-fallback").is_visible()
    assert not page.locator(".widget-stage").count()
    assert len(page.errors) == 1 and "could not start" in page.errors[0]


NEVER = "window.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };"


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_nothing_moves_when_it_appears(path, phone, visit, opened):
    before = height(visit(path, NEVER, wait=False, **(PHONE if phone else {})))
    page = opened(path, phone)
    assert height(page) == before
    assert page.locator(".widget-body").evaluate("e => e.scrollHeight <= e.clientHeight")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_phone_shows_all_of_it(path, opened):
    page = opened(path, phone=True)
    width = PHONE["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator(".widget-body :is(button, select, input[type=range])").all():
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44


COLOURS = """e => {
  const read = (node, name) => getComputedStyle(node)[name].match(/\\d+/g).slice(0, 3).map(Number);
  return { ground: read(document.body, "backgroundColor"), text: read(e, "color"),
           note: read(e.querySelector(".w-note"), "color"),
           first: read(e.querySelector(FIRST), PAINT[0]),
           second: read(e.querySelector(SECOND), PAINT[1]) };
}"""
MARKS_OF = {
    "FIRST": ".tl-new, .ts-train, .ge-grad, .ms-chosen, .qk-end, .ae-row",
    "SECOND": ".tl-count, .ts-val, marker.ge-now, .ms-born, .qk-disc, .ae-head[aria-checked=true]",
}
PAINTS = {
    "temperature-lab": ("fill", "fill"),
    "training-scrubber": ("stroke", "stroke"),
    "graph-explorer": ("fill", "fill"),
    "merge-stepper": ("borderTopColor", "outlineColor"),
    "qkv-lab": ("fill", "fill"),
    "attention-explorer": ("stroke", "borderTopColor"),
}


@pytest.mark.parametrize("name", PAGES)
def test_colours_follow_the_theme(name, opened):
    page = opened(PAGES[name])
    if name == "merge-stepper":
        put(page, "Merges done", 1)
    script = COLOURS
    for place, marks in MARKS_OF.items():
        script = script.replace(place, repr(marks))
    for i, paint in enumerate(PAINTS[name]):
        script = script.replace(f"PAINT[{i}]", repr(paint))
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-theme={theme}]").wait_for(state="attached")
        page.evaluate(checks.SETTLE)
        colours = page.locator(".widget-body").evaluate(script)
        ground = colours.pop("ground")
        least = {"text": 7, "note": 4.5, "first": 3, "second": 3}
        for part, rgb in colours.items():
            assert checks.contrast(rgb, ground) >= least[part], (theme, part, rgb, ground)
        found.append(colours)
    assert all(found[0][part] != found[1][part] for part in found[0])


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_screen_readers_find_names_for_everything(path, opened):
    page = opened(path)
    found = checks.Axe().run(page, context=".book-widget", options=checks.AXE).response
    assert not found["violations"], [v["help"] for v in found["violations"]]


# -------------------------------------------------------------------------------- temperature-lab


def reshaped(logits, temperature, k, p):
    """The distribution over the vocabulary, and which tokens are kept, worked out with NumPy."""
    z = np.array([-np.inf if value is None else value for value in logits])
    if temperature == 0:
        kept = np.arange(len(z)) == z.argmax()
        return kept.astype(float), kept
    z = z / temperature
    kept = np.isfinite(z)
    kept[np.argsort(-z, kind="stable")[k:]] = False
    q = np.where(kept, np.exp(z - z.max()), 0)
    q /= q.sum()
    if p < 1:
        order = np.argsort(-q, kind="stable")
        before = np.concatenate([[0], np.cumsum(q[order])[:-1]])  # what likelier tokens hold
        kept[order[before >= p]] = False
        q = np.where(kept, q, 0)
    return q / q.sum(), kept


def settings(page, vocab_size):
    """What the sliders say: temperature, k, p."""
    said = [
        page.get_by_role("slider", name=name).get_attribute("aria-valuetext")
        for name in ("Temperature", "Top-k", "Top-p")
    ]
    temperature = 0.0 if said[0].startswith("0, greedy") else float(said[0])
    return (
        temperature,
        vocab_size if said[1] == "off" else int(said[1]),
        1.0 if said[2] == "off" else float(said[2]),
    )


def spoken(page):
    """The numbers in the labels of the bars: the new and the original probability of each."""
    labels = page.locator("[role=option]").evaluate_all("all => all.map(e => e.ariaLabel)")
    number = r"(?:< )?([\d.]+)"
    found = [re.search(rf": {number}, from {number}, (.*)$", label, re.S) for label in labels]
    return (
        np.array([float(match[1]) for match in found]),
        np.array([float(match[2]) for match in found]),
        [match[3] for match in found],
    )


def detail(page):
    return page.locator(".tl-detail")


POSITIONS = [(None, None, None), (1, 64, 95), (12, 9, 95), (36, 20, 80), (60, 64, 60), (0, 30, 50)]


def test_its_numbers_equal_numpys(opened):
    page = opened(LAB)
    contexts = data_of(page)["contexts"]
    for index in {0, len(contexts) - 1}:
        page.get_by_role("combobox").select_option(str(index))
        logits = contexts[index]["logits"]
        order = np.argsort([np.inf if z is None else -z for z in logits], kind="stable")
        original, _ = reshaped(logits, 1, len(logits), 1)
        for position in POSITIONS:
            for label, value in zip(("Temperature", "Top-k", "Top-p"), position):
                if value is not None:
                    put(page, label, value)
            q, kept = reshaped(logits, *settings(page, len(logits)))
            shown, before, fates = spoken(page)
            n = len(shown)
            assert np.allclose(shown, q[order][:n], atol=1.01e-4)
            assert np.allclose(before, original[order][:n], atol=1.01e-4)
            assert [fate == "kept" for fate in fates] == kept[order][:n].tolist(), settings(page, n)
            readouts = page.locator(".w-readouts")
            entropy = -sum(x * np.log2(x) for x in q if x > 0)
            assert float(readouts.get_attribute("data-entropy")) == pytest.approx(entropy, abs=1e-9)
            assert int(readouts.get_attribute("data-kept")) == kept.sum()
            assert f"{abs(entropy):.2f} bits" in readouts.inner_text()


def test_the_formula_shows_the_numbers_of_the_token_in_focus(opened):
    page = opened(LAB)
    context = data_of(page)["contexts"][0]
    put(page, "Temperature", 30)
    put(page, "Top-k", 4)
    temperature, k, p = settings(page, len(context["logits"]))
    q, _ = reshaped(context["logits"], temperature, k, p)
    order = np.argsort(-np.array(context["logits"], float), kind="stable")
    chart = page.get_by_role("listbox")
    chart.focus()
    for rank in range(6):
        token = context["tokens"][order[rank]]
        assert detail(page).get_attribute("data-token") == token
        found = float(detail(page).get_attribute("data-probability"))
        assert found == pytest.approx(q[order[rank]], rel=1e-9)
        z = context["logits"][order[rank]]
        text = detail(page).inner_text()
        assert f"{z:.3f}".replace("-", "−") in text and f"{temperature:.2f}" in text
        assert ("cut by top-k" in text) == (rank >= k)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    assert detail(page).get_attribute("data-token") == context["tokens"][order[0]]
    assert page.locator("[aria-selected=true]").count() == 1


def test_hovering_shows_a_token_and_clicking_keeps_it(opened):
    page = opened(LAB)
    first = detail(page).get_attribute("data-token")
    page.locator("[role=option]").nth(3).hover()
    third = detail(page).get_attribute("data-token")
    assert third != first
    page.mouse.move(5, 5)
    assert detail(page).get_attribute("data-token") == first
    page.locator("[role=option]").nth(3).click()
    page.mouse.move(5, 5)
    assert detail(page).get_attribute("data-token") == third


def test_touching_a_bar_chooses_it(opened):
    page = opened(LAB, phone=True)
    first = detail(page).get_attribute("data-token")
    page.locator("[role=option]").nth(4).tap()
    assert detail(page).get_attribute("data-token") != first


def draw(page):
    """Draw 300 tokens after a reset; the counts by rank."""
    page.get_by_role("button", name="Reset").click()
    for _ in range(3):
        page.get_by_role("button", name="Draw 100").click()
    counts = page.locator(".tl-drawn").get_attribute("data-counts")
    return np.array([int(count) for count in counts.split()])


def test_draws_follow_the_distribution_and_can_be_repeated(opened):
    page = opened(LAB)
    counts = draw(page)
    logits = data_of(page)["contexts"][0]["logits"]
    q = np.sort(reshaped(logits, 1, len(logits), 1)[0])[::-1]
    assert counts.sum() == 300
    assert np.all(np.abs(counts - 300 * q) <= 5 * np.sqrt(300 * q * (1 - q)) + 1)
    assert np.array_equal(draw(page), counts)
    page.get_by_role("button", name="Draw 1", exact=True).click()
    assert "301 drawn" in page.locator(".tl-drawn").inner_text()
    put(page, "Top-k", 0)
    page.get_by_role("button", name="Draw 100").click()
    assert page.locator(".tl-drawn").get_attribute("data-counts").startswith("100 0")


def test_the_keyboard_reaches_every_control(opened):
    page = opened(LAB)
    page.get_by_role("combobox").focus()
    reached = []
    for _ in range(7):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.ariaLabel || document.activeElement.innerText")
        )
    chart = page.get_by_role("listbox").get_attribute("aria-label")
    expected = ["Reset", "Temperature", "Top-k", "Top-p", chart, "Draw 1", "Draw 100"]
    assert reached == expected
    temperature = page.get_by_role("slider", name="Temperature")
    temperature.press("Home")
    assert temperature.get_attribute("aria-valuetext").startswith("0, greedy")
    page.locator("[role=status]", has_text="entropy 0.00 bits").wait_for(state="attached")
    page.get_by_role("button", name="Reset").press("Enter")
    assert temperature.get_attribute("aria-valuetext") == "1.00"


# ------------------------------------------------------------------------------ training-scrubber


def step_slider(page):
    return page.get_by_role("slider", name="Training step")


def readout(page):
    """Step, training loss and validation loss as the widget prints them."""
    return page.locator(".w-readouts b").all_inner_texts()


def printed(snapshot):
    losses = [snapshot["train"], snapshot["val"]]
    return [f"{snapshot['step']:,}"] + ["–" if x is None else f"{x:.3f}" for x in losses]


def test_keys_move_through_the_run(opened):
    page = opened(SCRUBBER)
    snapshots = data_of(page)["snapshots"]
    last = len(snapshots) - 1
    slider = step_slider(page)
    assert readout(page) == printed(snapshots[last])
    for key, index in [("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("End", last)]:
        slider.press(key)
        assert readout(page) == printed(snapshots[index])
        written = page.locator(".ts-samples li").all_inner_texts()
        assert written == [text or "(empty)" for text in snapshots[index]["samples"]]
    slider.press("PageDown")
    assert readout(page) != printed(snapshots[last])
    step = page.locator(".w-readouts b").first.inner_text()
    page.locator("[role=status]", has_text=f"Step {step}:").wait_for(state="attached")


def test_dragging_on_the_curve_moves_through_the_run(opened):
    page = opened(SCRUBBER)
    snapshots = data_of(page)["snapshots"]
    box = page.locator(".ts-curve").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 30, middle)
    page.mouse.down()
    assert readout(page) == printed(snapshots[0])
    page.mouse.move(box["x"] + box["width"] - 2, middle, steps=4)
    assert readout(page) == printed(snapshots[-1])
    page.mouse.up()
    page.mouse.move(box["x"] + 30, middle)
    assert readout(page) == printed(snapshots[-1])
    page.keyboard.press("Home")  # the slider has the focus
    assert readout(page) == printed(snapshots[0])


def test_touching_the_curve_moves_through_the_run(opened):
    page = opened(SCRUBBER, phone=True)
    page.locator(".ts-curve").tap(position={"x": 40, "y": 60})
    assert readout(page) == printed(data_of(page)["snapshots"][0])


def test_it_plays_and_pauses(opened):
    page = opened(SCRUBBER)
    first, *_, last = [printed(snapshot) for snapshot in data_of(page)["snapshots"]]
    page.get_by_role("button", name="Play").click()
    assert readout(page) != last
    expect(page.locator(".w-readouts b").first).not_to_have_text(first[0])
    page.get_by_role("button", name="Pause").click()
    stopped = readout(page)
    page.wait_for_timeout(800)
    assert readout(page) == stopped and stopped not in (first, last)
    assert page.get_by_role("button", name="Play").is_visible()


def places(page):
    """Where each point of the map stands, in the order of the data."""
    moved = page.locator(".ts-point").evaluate_all(
        "all => all.map(e => [e.textContent, e.style.transform])"
    )
    return {label: [float(x) for x in re.findall(r"-?[\d.]+", move)] for label, move in moved}


def test_points_stand_where_the_data_says(opened):
    page = opened(SCRUBBER)
    data = data_of(page)
    box = page.locator(".ts-map").bounding_box()
    fits = []
    for index in (0, len(data["snapshots"]) - 1):
        put(page, "Training step", index)
        there = places(page)
        pixels = np.array([there[label] for label in data["points"]])
        assert np.all((pixels > 0) & (pixels < [box["width"], box["height"]]))
        x, y = np.array(data["snapshots"][index]["pca"]).T
        fits += [np.polyfit(x, pixels[:, 0], 1), np.polyfit(-y, pixels[:, 1], 1)]
        assert np.allclose(np.polyval(fits[-2], x), pixels[:, 0], atol=0.2)
        assert np.allclose(np.polyval(fits[-1], -y), pixels[:, 1], atol=0.2)
    scales = [fit[0] for fit in fits]
    assert scales == pytest.approx([scales[0]] * 4, rel=0.01)  # one scale, both ways, at every step


def test_groups_have_their_own_shapes(opened):
    page = opened(SCRUBBER)
    groups = data_of(page)["groups"]
    classes = page.locator(".ts-point").evaluate_all(
        "all => all.map(e => [e.textContent, e.firstChild.tagName])"
    )
    shapes = {
        name: {tag for label, tag in classes if label in members}
        for name, members in groups.items()
    }
    alone = {tag for label, tag in classes if not any(label in m for m in groups.values())}
    found = [*shapes.values(), alone]
    assert all(len(shape) == 1 for shape in found) and len(set.union(*found)) == len(found)
    assert page.locator(".w-key").inner_text().split() == list(groups)


MARKS = """() => {
  const texts = [...document.querySelectorAll(".ts-curve text")];
  const losses = texts.filter(t => t.getAttribute("x") < 36 && t.getAttribute("dy"));
  return { ticks: losses.map(t => [Number(t.getAttribute("y")), Number(t.textContent)]),
           dots: [...document.querySelectorAll(".ts-marker circle")]
             .map(c => [c.getAttribute("cx"), c.getAttribute("cy")].map(Number)) };
}"""


def test_the_marker_stands_at_the_losses_and_the_axis_can_be_linear(opened):
    page = opened(SCRUBBER)
    snapshots = data_of(page)["snapshots"]
    index = len(snapshots) // 2
    put(page, "Training step", index)
    marks = page.evaluate(MARKS)
    heights, losses = np.array(marks["ticks"]).T
    fit = np.polyfit(losses, heights, 1)
    for (_, y), name in zip(marks["dots"], ("train", "val")):
        assert y == pytest.approx(np.polyval(fit, snapshots[index][name]), abs=0.5)
    page.get_by_role("checkbox", name="log steps").uncheck()
    assert page.evaluate(MARKS)["dots"][0][0] < marks["dots"][0][0]


def test_trails_can_be_shown(opened):
    page = opened(SCRUBBER)
    assert page.locator(".ts-trails polyline").count() == 0
    page.get_by_role("checkbox", name="trails").check()
    assert page.locator(".ts-trails polyline").count() == len(data_of(page)["points"])


@pytest.mark.parametrize("motion, moves", [("no-preference", True), ("reduce", False)])
def test_points_move_only_for_readers_who_like_it(motion, moves, opened):
    page = opened(SCRUBBER)
    page.emulate_media(reduced_motion=motion)
    duration = page.locator(".ts-point").first.evaluate(
        "e => getComputedStyle(e).transitionDuration"
    )
    assert (duration != "0s") == moves


# ---------------------------------------------------------------------------------- merge-stepper


def rhyme_states():
    """The words, the pairs from the best on, and the ages, before each merge; worked out anew."""
    rhyme = "she sells sea shells on the sea shore the shells she sells are sea shells"
    words = Counter(rhyme.split())
    state = {bpe.split_symbols(word): times for word, times in words.items()}
    ages = {symbol: age for age, symbol in enumerate(sorted({s for word in state for s in word}))}
    while True:
        counts = bpe.count_pairs(state)
        order = sorted(counts, key=lambda pair: (-counts[pair], *map(ages.get, pair)))
        yield state, [(*pair, counts[pair]) for pair in order], list(ages)
        if not order:
            return
        state = {bpe.merge_pair(symbols, order[0]): times for symbols, times in state.items()}
        ages["".join(order[0])] = len(ages)


STATE = """e => ({
  words: [...e.querySelectorAll(".ms-word")].map(w => [...w.children].map(s => s.textContent)),
  times: [...e.querySelectorAll(".ms-words li")].map(w => Number(w.textContent.split("× ")[1])),
  pairs: [...e.querySelectorAll(".ms-counts tbody tr")].map(r => [
    ...[...r.querySelectorAll(".ms-symbol")].map(s => s.textContent),
    parseInt(r.lastChild.textContent), r.querySelector("small").textContent]),
  vocabulary: [...e.querySelectorAll(".ms-vocabulary .ms-symbol")].map(s => s.textContent),
  chosen: [...e.querySelectorAll(".ms-words .ms-left")].map(
    s => s.textContent + " " + s.nextSibling.textContent),
  born: [...e.querySelectorAll(".ms-vocabulary .ms-born")].map(s => s.textContent),
})"""


def stepper_state(page):
    return page.locator(".ms").evaluate(STATE)


def test_the_stepper_shows_what_python_computes(opened):
    page = opened(STEPPER)
    states = list(rhyme_states())
    for step, (state, pairs, ages) in enumerate(states):
        put(page, "Merges done", step)
        shown = stepper_state(page)
        assert [tuple(word) for word in shown["words"]] == list(state)
        assert shown["times"] == list(state.values())
        assert [tuple(pair[:3]) for pair in shown["pairs"]] == pairs[:7]
        ties = [pair[3] for pair in shown["pairs"]]
        equal = sum(pair[2] == pairs[0][2] for pair in pairs) if pairs else 0
        assert ties == ["next", *["tie"] * (equal - 1), *[""] * 7][: len(ties)]
        assert shown["vocabulary"] == ages and shown["born"] == (ages[-1:] if step else [])
        tokens = sum(len(word) * times for word, times in state.items())
        assert page.locator(".w-readouts").get_attribute("data-tokens") == str(tokens)
        places = sum(bpe.count_pairs({w: 1})[pairs[0][:2]] for w in state) if pairs else 0
        assert shown["chosen"] == [" ".join(pair[:2]) for pair in pairs[:1]] * places
    assert len(states) == len(data_of(page)["steps"])


def test_the_stepper_says_the_rule_for_ties(opened):
    page = opened(STEPPER)
    rule = page.locator(".ms-rule")
    assert "7 times, more than any other" in rule.inner_text()
    page.get_by_role("button", name="Merge").click()
    assert "5 times, as do 3 others; it is the oldest of them" in rule.inner_text()
    put(page, "Merges done", 99)
    assert "nothing left to merge" in rule.inner_text()


def test_the_stepper_goes_back_and_forth_by_button_key_and_touch(opened):
    page = opened(STEPPER)
    back, merge = (page.get_by_role("button", name=name) for name in ("Back", "Merge"))
    slider = page.get_by_role("slider", name="Merges done")
    assert back.is_disabled() and merge.is_enabled()
    merge.press("Enter")
    assert slider.get_attribute("aria-valuetext") == "1 of 15 merges"
    slider.press("ArrowRight")
    slider.press("End")
    assert merge.is_disabled() and stepper_state(page)["pairs"] == []
    slider.press("Home")
    assert back.is_disabled()
    page.locator("[role=status]", has_text="Next: h e occurs 7 times").wait_for(state="attached")
    phone = opened(STEPPER, phone=True)
    phone.get_by_role("button", name="Merge").tap()
    phone.get_by_role("button", name="Merge").tap()
    phone.get_by_role("button", name="Back").tap()
    assert stepper_state(phone)["born"] == ["he"]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_the_stepper_keeps_its_height(phone, opened):
    page = opened(STEPPER, phone)
    heights = set()
    for step in range(16):
        put(page, "Merges done", step)
        heights.add(height(page))
    assert len(heights) == 1
