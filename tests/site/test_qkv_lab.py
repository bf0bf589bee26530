"""The lab of queries, keys and values on pages of its own: its numbers against PyTorch's."""

import functools
import itertools
import math

import numpy as np
import pytest
import torch

from book.extension.widgets import module_text
from scratchlm import river_bank
from tests.site import checks
from tests.site.widget_page import PHONE, Visitor, boxes

WEIGHTS = ("W_Q", "W_K", "W_V")
BANK = river_bank.TOKENS.index("bank")


def preset(name, X=river_bank.X, W_Q=None, W_K=None, W_V=None, **switches):
    given = {"X": X, "W_Q": W_Q, "W_K": W_K, "W_V": W_V}
    lists = {key: None if m is None else torch.as_tensor(m).tolist() for key, m in given.items()}
    start = {"scale": True, "mask": False, "residual": False}
    return {"name": name, "say": f"What to see in {name}.", **lists, **start, **switches}


def lab(edit, presets, **more):
    words = {"tokens": river_bank.TOKENS, "features": river_bank.FEATURES}
    return {**words, "edit": edit, "presets": presets, **more}


SEARCH = {"W_Q": river_bank.W_Q, "W_K": river_bank.W_K}
HEAD = {**SEARCH, "W_V": river_bank.W_V, "residual": True}
LONG = [[0, 0, 3], [5, 3, 5], [2, 2, -1], [2, -1, 2.25]]
LABS = {
    "raw": lab(
        ["X"],
        [preset("plain"), preset("long", LONG), preset("sure", scale=False)],
        show=["raw"],
    ),
    "keys": lab(["W_Q", "W_K"], [preset("search", **SEARCH), preset("raw")]),
    "values": lab(
        ["X", *WEIGHTS],
        [
            preset("head", **HEAD),
            preset("no values", **SEARCH, residual=True),
            preset("causal", **{**HEAD, "mask": True}),
            preset("no scale", **{**HEAD, "scale": False}),
            preset("raw", residual=True),
        ],
    ),
}


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    visitor = Visitor(browser, tmp_path_factory.mktemp("labs"), "qkv-lab")
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def kept(visit):
    return functools.cache(lambda name, phone: visit(LABS[name], **(PHONE if phone else {})))


@pytest.fixture
def opened(kept):
    """`opened(name, phone=False)`: one of LABS as it is at the start; no test leaves an error."""
    pages = []

    def opened(name, phone=False):
        page = kept(name, phone)
        pages.append(page)
        page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
        radio(page, LABS[name]["presets"][0]["name"]).check(force=True)
        page.get_by_role("button", name="Reset").click()
        radio(page, "bank").check(force=True)
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def radio(page, name):
    return page.get_by_role("radio", name=name, exact=True)


READ = """tables => tables.map(table => [table.dataset.matrix, [...table.tBodies[0].rows].map(
  row => [...row.querySelectorAll("[data-value]")].map(cell => cell.dataset.value))])"""


def shown_matrices(page):
    """What the tables hold, in full precision."""
    tables = page.locator("table[data-matrix]").evaluate_all(READ)
    return {name: np.array([[float(x) for x in row] for row in rows]) for name, rows in tables}


def by_torch(X, W_Q=None, W_K=None, W_V=None, scale=True, mask=False, residual=False):
    """Attention by PyTorch in double precision, from lists or arrays."""
    X = torch.tensor(np.array(X, float))
    project = [X if W is None else X @ torch.tensor(np.array(W, float)) for W in (W_Q, W_K, W_V)]
    Q, K, V = project
    causal = torch.ones(len(X), len(X)).tril().bool() if mask else None
    factor = 1 / math.sqrt(Q.shape[1]) if scale else 1.0
    attention = functools.partial(
        torch.nn.functional.scaled_dot_product_attention, attn_mask=causal, scale=factor
    )
    weights = attention(Q[None], K[None], torch.eye(len(X), dtype=torch.float64)[None])[0]
    output = attention(Q[None], K[None], V[None])[0] + (X if residual else 0)
    scores = Q @ K.T if causal is None else (Q @ K.T).masked_fill(~causal, -torch.inf)
    named = {"Q": Q, "K": K, "V": V, "scores": scores, "weights": weights, "output": output}
    return {name: matrix.numpy() for name, matrix in named.items()}


SWITCHES = {"scale": "scale: ÷", "mask": "causal mask", "residual": "residual"}


def switch(page, name):
    return page.get_by_role("checkbox", name=SWITCHES[name])


def agree(page, data, index=0):
    """Assert that all tables follow from X, the matrices and the switches as they are shown."""
    found = shown_matrices(page)
    start = data["presets"][index]
    used = {name: found.get(name, start[name]) for name in ("X", *WEIGHTS)}
    expected = by_torch(**used, **{name: switch(page, name).is_checked() for name in SWITCHES})
    for name in found.keys() & expected.keys():
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-6, err_msg=name)
    return found


def cell(page, name):
    return page.get_by_role("spinbutton", name=name, exact=True)


def type_in(page, name, text):
    cell(page, name).fill(text)
    cell(page, name).press("Enter")


# ------------------------------------------------------------------------------------- its numbers


@pytest.mark.parametrize("name", LABS)
def test_every_preset_shows_pytorchs_numbers(name, opened):
    page, data = opened(name), LABS[name]
    for index, start in enumerate(data["presets"]):
        radio(page, start["name"]).check(force=True)
        found = agree(page, data, index)
        assert page.locator(".qk-says p:visible").inner_text() == start["say"]
        for key in ("X", *WEIGHTS):
            if start[key] is not None:
                assert found[key].tolist() == start[key]
        for key in SWITCHES:
            assert switch(page, key).is_checked() == start[key]


def test_the_numbers_of_the_text(opened):
    found = shown_matrices(opened("values"))
    assert found["scores"][BANK].tolist() == [0, 6, 2, 5]
    assert found["weights"][BANK] == pytest.approx([0.009, 0.638, 0.038, 0.315], abs=5e-4)
    assert found["output"][BANK] == pytest.approx([4.62, -0.62, -1], abs=5e-3)


def test_every_combination_of_switches(opened):
    page = opened("values")
    for states in itertools.product([False, True], repeat=3):
        for key, state in zip(SWITCHES, states):
            switch(page, key).set_checked(state)
        agree(page, LABS["values"])


def test_random_matrices(visit):
    random = np.random.default_rng(0)
    words = {"tokens": list("abcdef"), "features": list("wxyz"), "edit": ["X", *WEIGHTS]}

    def draw(name, width):
        shapes = {"X": (6, 4), "W_Q": (4, width), "W_K": (4, width), "W_V": (4, 4)}
        matrices = {key: random.normal(size=shape) * 2 for key, shape in shapes.items()}
        return preset(name, **matrices, mask=width == 3, residual=width > 1)

    presets = [draw(f"width {width}", width) for width in (1, 2, 3, 5)]
    page = visit({**words, "presets": presets})
    for index, start in enumerate(presets):
        radio(page, start["name"]).check(force=True)
        for _ in range(3):
            row, column = random.integers(6), random.integers(4)
            name = f"X, {words['tokens'][row]}, {words['features'][column]}"
            type_in(page, name, repr(random.normal()))
            agree(page, {**words, "presets": presets}, index)
    assert not page.errors


# ------------------------------------------------------------------------------ changing a number


def test_typing(opened):
    page = opened("values")
    for name, text, number in [
        ("X, bank, money", "0.35", 0.35),
        ("W_Q, money, 1", "−2,5", -2.5),
        ("W_V, grammar, water", "-1e-3", -0.001),
        ("W_K, water, 2", "20", 20),
    ]:
        type_in(page, name, text)
        assert float(cell(page, name).get_attribute("data-value")) == number
        agree(page, LABS["values"])
    page.get_by_role("button", name="Reset").click()
    assert shown_matrices(page)["X"].tolist() == river_bank.X.tolist()


@pytest.mark.parametrize("text", ["", "abc", "1e9", "-20.01", "Infinity", "1 2"])
def test_what_is_no_number_changes_nothing(text, opened):
    page = opened("raw")
    before, height = shown_matrices(page), page.locator(".qk").evaluate("e => e.offsetHeight")
    type_in(page, "X, bank, water", text)
    sentence = "is no number from −20 to 20: X, bank, water, stays 2."
    assert sentence in page.locator(".qk-hint").inner_text()
    page.locator("[role=status]", has_text=sentence).wait_for(state="attached")
    assert cell(page, "X, bank, water").input_value() == "2"
    after = shown_matrices(page)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert page.locator(".qk").evaluate("e => e.offsetHeight") == height
    cell(page, "X, bank, water").press("ArrowUp")
    assert sentence not in page.locator(".qk-hint").inner_text()


def test_arrow_keys_step_and_stay_within_the_limits(opened):
    page = opened("values")
    field = cell(page, "X, bank, money")
    for key, number in [
        ("ArrowUp", 2.5),
        ("Shift+ArrowUp", 2.6),
        ("ArrowDown", 2.1),
        ("Shift+ArrowDown", 2),
    ]:
        field.press(key)
        assert float(field.get_attribute("aria-valuenow")) == number
        agree(page, LABS["values"])
    type_in(page, "X, bank, money", "19.8")
    field.press("ArrowUp")
    assert shown_matrices(page)["X"][BANK, 1] == 20
    type_in(page, "X, bank, money", "-20")
    field.press("ArrowDown")
    assert shown_matrices(page)["X"][BANK, 1] == -20
    agree(page, LABS["values"])


def middle(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=5)
    page.mouse.up()


def touch_drag(page, start, end):
    """A finger that goes from one place to another, as the browser itself takes it."""
    session = page.context.new_cdp_session(page)
    send = functools.partial(session.send, "Input.dispatchTouchEvent")
    path = np.linspace(start, end, 12)
    send({"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]})
    for x, y in path[1:]:
        send({"type": "touchMove", "touchPoints": [{"x": x, "y": y}]})
        page.wait_for_timeout(10)
    send({"type": "touchEnd", "touchPoints": []})


def test_a_mouse_drags_a_cell_sideways(opened):
    page = opened("raw")
    x, y = middle(cell(page, "X, river, money"))
    drag(page, (x, y), (x + 60, y))
    assert shown_matrices(page)["X"][1, 1] == 1.5
    agree(page, LABS["raw"])
    drag(page, (x, y), (x - 2000, y))
    assert shown_matrices(page)["X"][1, 1] == -20
    cell(page, "X, river, money").click()
    page.keyboard.type("7")  # a click selects the number
    page.keyboard.press("Enter")
    assert shown_matrices(page)["X"][1, 1] == 7


def test_a_finger_drags_a_cell_sideways_and_scrolls_upwards(opened):
    page = opened("raw", phone=True)
    x, y = middle(cell(page, "X, river, money"))
    touch_drag(page, (x, y), (x + 60, y))
    assert shown_matrices(page)["X"][1, 1] == 1.5
    agree(page, LABS["raw"])
    place = page.evaluate("scrollY")
    x, y = middle(cell(page, "X, bank, money"))
    touch_drag(page, (x, y), (x, y - 200))
    page.wait_for_function(f"scrollY > {place} + 50")
    assert shown_matrices(page)["X"][BANK, 1] == 2
    cell(page, "X, bank, grammar").tap()
    assert page.evaluate("document.activeElement.ariaLabel") == "X, bank, grammar"


TIP = """(picture, index) => {
  const box = picture.getBoundingClientRect();
  const at = picture.querySelectorAll(".qk-handle")[index];
  return [box.x + Number(at.getAttribute("cx")), box.y + Number(at.getAttribute("cy"))];
}"""


def tip(page, kind, index):
    """Where a tip stands on the screen; there is one for each token, and one for the query."""
    picture = page.locator(f"[data-picture={kind}]")
    picture.evaluate("e => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
    return np.array(picture.evaluate(TIP, index))


def unit(page, kind):
    """The pixels of one unit in a picture, from two of its grid's labels."""
    marks = page.locator(f"[data-picture={kind}] .qk-tick").evaluate_all(
        "all => all.filter(e => e.getAttribute('x') === '4')"
        ".map(e => [Number(e.textContent.replace('−', '-')), Number(e.getAttribute('y'))])"
    )
    (a, y), (b, z) = marks[:2]
    return (y - z) / (b - a)


@pytest.mark.parametrize("phone", [False, True], ids=["mouse", "touch"])
def test_pulling_a_token_moves_its_two_features(phone, opened):
    page = opened("values", phone)
    start = tip(page, "space", BANK)
    size = unit(page, "space")
    (touch_drag if phone else drag)(page, start, start + size * np.array([-1, 0.5]))
    found = agree(page, LABS["values"])
    expected = river_bank.X.clone()
    expected[BANK] = torch.tensor([1, 1.5, -1])
    np.testing.assert_allclose(found["X"], expected, atol=1e-6)
    page.get_by_role("combobox").select_option(label="water →, grammar ↑")
    start = tip(page, "space", 0)
    size = unit(page, "space")
    (touch_drag if phone else drag)(page, start, start + size * np.array([1, 0]))
    assert agree(page, LABS["values"])["X"][0].tolist() == [1, 0, 3]
    page.get_by_role("combobox").select_option(label="water →, money ↑")


@pytest.mark.parametrize("name", ["keys", "values"])
def test_pulling_the_query_bends_its_matrix_as_little_as_it_can(name, opened):
    page = opened(name)
    start = tip(page, "match", len(river_bank.TOKENS))
    drag(page, start, start + unit(page, "match") * np.array([1, -2]))
    found = agree(page, LABS[name])
    x, wanted = river_bank.X[BANK].numpy(), np.array([3.0, 1.0])
    least = river_bank.W_Q.numpy() + np.outer(x, wanted - [2, -1]) / (x @ x)
    np.testing.assert_allclose(found["W_Q"], least, atol=0.006)
    np.testing.assert_allclose(found["Q"][BANK], wanted, atol=0.03)
    assert found["W_K"].tolist() == river_bank.W_K.tolist()
    drag(page, tip(page, "match", 1), tip(page, "match", 1) + np.array([0, 40]))
    assert agree(page, LABS[name])["W_K"].tolist() != river_bank.W_K.tolist()


# ---------------------------------------------------------------------------------- what it shows


def test_only_what_can_be_changed_has_fields(opened):
    for name, data in LABS.items():
        fields = opened(name).get_by_role("spinbutton").evaluate_all("a => a.map(e => e.ariaLabel)")
        assert {label.partition(",")[0] for label in fields} == set(data["edit"])
    assert not shown_matrices(opened("raw")).keys() & {"W_Q", "W_K", "W_V", "Q", "K", "V"}
    keys = opened("keys")
    assert not keys.locator(".qk-W_V table").count()
    assert "V = X" in keys.locator(".qk-V caption").inner_text()


def test_an_identity_that_can_be_changed_is_a_matrix(opened):
    page = opened("values")
    radio(page, "raw").check(force=True)
    found = agree(page, LABS["values"], 4)
    assert all(np.array_equal(found[name], np.eye(3)) for name in WEIGHTS)
    type_in(page, "W_Q, water, money", "1.5")
    assert agree(page, LABS["values"], 4)["Q"].shape == (4, 3)


def test_a_token_is_followed_by_hand(opened):
    page = opened("values")
    told = page.locator(".qk-trace").inner_text().replace("\n", "")
    for part in [
        "bank asks q = x WQ = (2, −1)",
        "0.638 · (3, −3, 0)",
        "the sum is (2.62, −2.62, 0)",
        "output = x + sum = (2, 2, −1) + (2.62, −2.62, 0) = (4.62, −0.62, −1)",
    ]:
        assert part in told
    rows = page.locator(".qk-trace table").first.locator("tbody tr").all_inner_texts()
    assert rows[1].split("\t") == ["river", "(3, 0)", "6", "4.24", "0.638"]
    switch(page, "mask").check()
    rows = page.locator(".qk-trace table").first.locator("tbody tr").all_inner_texts()
    assert rows[3].split("\t") == ["flooded", "(2, −1)", "−∞", "−∞", "0.000"]
    switch(page, "residual").uncheck()
    switch(page, "scale").uncheck()
    assert "output = sum = " in page.locator(".qk-sum").inner_text()
    assert "÷" not in page.locator(".qk-trace").inner_text()


def test_a_token_is_chosen_by_key_mouse_and_touch(opened):
    page = opened("keys")
    radio(page, "bank").press("ArrowRight")
    assert radio(page, "flooded").is_checked()
    assert page.locator(".qk-on th").all_inner_texts() == ["flooded"] * 5
    page.locator("[data-matrix=weights] tbody tr").nth(1).click()
    assert radio(page, "river").is_checked()
    page.locator("[role=status]", has_text="river looks at").wait_for(state="attached")
    phone = opened("keys", phone=True)
    phone.locator("label", has_text="the").last.tap()
    assert "the looks at" in phone.locator(".qk-summary").inner_text().replace("\n", "")


def test_weights_have_bars(opened):
    page = opened("values")
    sizes = page.locator("[data-matrix=weights] tbody td").evaluate_all(
        "all => all.map(e => parseFloat(getComputedStyle(e).backgroundSize))"
    )
    weights = shown_matrices(page)["weights"].flatten()
    assert sizes == pytest.approx(100 * weights, abs=0.01)


def test_discs_and_arrows_stand_for_the_numbers(opened):
    page = opened("values")
    radii = page.locator(".qk-disc").evaluate_all(
        "all => all.map(e => Number(e.getAttribute('r')))"
    )
    weights = shown_matrices(page)["weights"][BANK]
    assert np.square(radii) / np.square(radii).sum() == pytest.approx(weights, abs=1e-6)
    end = page.locator(".qk-end")
    place = [float(end.get_attribute(name)) for name in ("cx", "cy")]
    size, output = unit(page, "space"), shown_matrices(page)["output"][BANK]
    box = page.locator("[data-picture=space]").bounding_box()
    bank = tip(page, "space", BANK)
    box = page.locator("[data-picture=space]").bounding_box()
    moved = (np.array(place) + np.array([box["x"], box["y"]]) - bank) / size
    assert moved * [1, -1] == pytest.approx(output[:2] - [2, 2], abs=0.02)


def test_two_labs_on_a_page_are_two(visit):
    page = visit(LABS["raw"], LABS["keys"])
    page.locator(".book-widget[data-state=ready]").nth(1).wait_for()
    first, second = page.locator(".qk").all()
    first.get_by_role("radio", name="the", exact=True).check(force=True)
    second.get_by_role("radio", name="river", exact=True).check(force=True)
    assert first.get_by_role("radio", name="the", exact=True).is_checked()
    assert not page.errors


def test_data_that_does_not_fit_leaves_the_fallback(visit):
    for wrong in ({"W_Q": [[1.0], [1.0], [1.0]]}, {"W_V": [[1.0, 2.0]] * 3}, {"X": [[1.0]] * 4}):
        page = visit(lab(["X"], [preset("odd", **wrong)]), wait=False)
        page.locator(".book-widget[data-state=failed]").wait_for()
        assert page.get_by_text("Instead of the widget.").is_visible()
        assert len(page.errors) == 1 and "odd" in page.errors[0]


# --------------------------------------------------------------------------------- where it stands


FILL = """(fields, texts) => fields.forEach((field, i) => {
  field.value = texts[i % texts.length];
  field.dispatchEvent(new Event("change"));
})"""


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("name", LABS)
def test_nothing_changes_its_height(name, phone, opened, visit):
    never = {"java_script_enabled": False, **(PHONE if phone else {})}
    page = opened(name, phone)
    figure = page.locator(".book-widget")
    height = figure.evaluate("e => e.offsetHeight")
    for start in LABS[name]["presets"]:
        radio(page, start["name"]).check(force=True)
        for token in river_bank.TOKENS:
            radio(page, token).check(force=True)
            assert figure.evaluate("e => e.offsetHeight") == height
    radio(page, LABS[name]["presets"][0]["name"]).check(force=True)
    texts = ["-19.875", "17.25", "20"]
    fields = page.get_by_role("spinbutton")
    fields.evaluate_all(FILL, texts)
    numbers = [float(text) for text in fields.evaluate_all("a => a.map(e => e.dataset.value)")]
    assert numbers == [float(text) for _, text in zip(numbers, itertools.cycle(texts))]
    for token in river_bank.TOKENS:
        radio(page, token).check(force=True)
        assert figure.evaluate("e => e.offsetHeight") == height
        assert page.locator(".qk").evaluate("e => e.scrollHeight <= e.clientHeight")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    agree(page, LABS[name])
    before = visit(LABS[name], wait=False, **never).locator(".book-widget")
    assert before.get_by_text("Instead of the widget.").is_visible()


@pytest.mark.parametrize("name", LABS)
def test_a_phone_shows_all_of_it(name, visit):
    page = visit(LABS[name], **PHONE)
    for width in (390, 360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        for start in LABS[name]["presets"]:
            radio(page, start["name"]).check(force=True)
            assert checks.overflow(checks.Visit(page)) == []
        for box in boxes(page.locator(".qk :is(button, select, label)")):
            assert box["left"] >= 0 and box["right"] <= width and box["height"] >= 44
        assert all(box["height"] >= 36 for box in boxes(page.get_by_role("spinbutton")))
    assert not page.errors


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", LABS)
def test_axe_finds_nothing(name, dark, phone, opened):
    page = opened(name, phone)
    page.evaluate(
        "theme => document.documentElement.dataset.theme = theme", "dark" if dark else "light"
    )
    assert checks.axe_findings(checks.Visit(page)) == []
    for field in page.get_by_role("spinbutton").all()[:3]:
        field.fill("-19.87")
        field.press("Enter")
    assert checks.axe_findings(checks.Visit(page)) == []


def test_every_control_has_a_name_and_is_reached_by_tab(opened):
    page = opened("keys")
    radio(page, "search").focus()
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(e => e.ariaLabel || (e.labels?.[0] ?? e).innerText)(document.activeElement)"
            )
        )
    assert reached[:4] == ["scale: ÷ √2", "causal mask", "residual: x + …", "Reset"]
    assert reached[4:6] == ["W_Q, water, 1", "W_Q, water, 2"]
    assert "bank" in reached and "Axes" in reached


def test_nothing_in_it_moves_by_itself(opened):
    for motion in ("no-preference", "reduce"):
        page = opened("values")
        page.emulate_media(reduced_motion=motion)
        styles = page.locator(".qk, .qk *").evaluate_all(
            "all => all.map(e => getComputedStyle(e))"
            ".flatMap(style => [style.transitionDuration, style.animationName])"
        )
        assert set(styles) <= {"0s", "none"}


def test_paper_shows_the_fallback(opened):
    page = opened("values")
    fallback = page.get_by_text("Instead of the widget.")
    assert not fallback.is_visible()
    page.emulate_media(media="print")
    assert fallback.is_visible() and not page.locator(".widget-stage").is_visible()


def test_it_asks_nobody_and_stays_small():
    text = module_text("qkv-lab")
    addresses = text.count("http://") + text.count("https://")
    assert addresses == text.count("http://www.w3.org/")
    assert len(text.encode()) <= 26 * 1024
