"""The attention explorer on pages of its own: its numbers against PyTorch's."""

import base64
import functools
import io
import itertools
import json
import math
import re

import numpy as np
import pytest
import torch
from PIL import Image

from book.extension.widgets import DATA_LIMIT, STATIC, module_text, to_json
from scratchlm import checkpoints, data
from scratchlm.attention_only import entropy, mean_distance
from scratchlm.recipes import shakespeare_heads
from tests.site import checks
from tests.site.widget_page import Pages

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
PATH = "chapters/attention/multi-head-attention.html"
LAYERS, HEADS = 2, 3
NAMES = [f"{layer}.{head}" for layer in range(LAYERS) for head in range(HEADS)]
STEP = 1 / 65_535 / 2  # how far a stored weight may be from the model's

TEXTS = {
    "verse": ["I", " know", " her", ";", "\n", "And", " he", " kn", "e", "w", " <b>&", ".", "\n"],
    "short": ["Knock", " ", "\n\n", " you"],
    "single": ["One"],
}


def softmax_rows(length, generator):
    """Weights as a model gives them (layers, H, T, T): some rows sharp, some of a single one."""
    size = (LAYERS, HEADS, length, length)
    scores = torch.randn(size, generator=generator) * torch.tensor([1.0, 3, 30]).view(3, 1, 1)
    return scores.masked_fill(torch.ones(length, length).triu(1).bool(), -math.inf).softmax(dim=-1)


def packed(weights):
    lower = weights[..., torch.ones(weights.shape[-2:]).tril().bool()].double()
    return base64.b64encode((lower * 65_535).round().numpy().astype("<u2").tobytes()).decode()


RANDOM = torch.Generator().manual_seed(5)
WEIGHTS = {name: softmax_rows(len(tokens), RANDOM) for name, tokens in TEXTS.items()}
MEANS = {name: torch.rand(LAYERS, HEADS, generator=RANDOM) * 6 for name in ("entropy", "distance")}
MEANS["entropy"][1, 0] = MEANS["entropy"][0, 1]  # a tie
DATA = {
    "head": [1, 1],
    **{name: means.tolist() for name, means in MEANS.items()},
    "texts": [
        {
            "name": name,
            "tokens": tokens,
            "token": len(tokens) // 2,
            "weights": packed(WEIGHTS[name]),
        }
        for name, tokens in TEXTS.items()
    ],
}

PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>An explorer</title>
<link rel="stylesheet" href="{tokens}"><link rel="stylesheet" href="{styles}">
<style>body {{ margin: 0 1.25rem; background: var(--paper); color: var(--ink);
font-family: var(--sans) }} main {{ max-width: 46rem; margin: auto }}</style></head>
<body><main><h1>An explorer</h1>
<script type="text/plain" data-widget-module="attention-explorer">{module}</script>
{figures}<p style="height: 60rem">The text goes on.</p></main>
<script src="{loader}" defer></script></body></html>"""

FIGURE = """<figure class="book-widget" data-widget="attention-explorer" aria-label="Heads.">
<div class="widget-fallback"><p>Instead of the explorer.</p></div>
<script type="application/json">{data}</script></figure>"""


def page_text(*all_data):
    return PAGE.format(
        tokens=(STATIC / "css" / "10-tokens.css").as_uri(),
        styles=(STATIC / "widgets.css").as_uri(),
        loader=(STATIC / "js" / "widgets.js").as_uri(),
        module=module_text("attention-explorer"),
        figures="\n".join(FIGURE.format(data=to_json("heads", one)) for one in all_data),
    )


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    """`visit(*data, wait=True, url=None, **options)`: a page of explorers, or the one at `url`."""
    pages = Pages(browser)
    folder = tmp_path_factory.mktemp("explorers")
    number = itertools.count()

    def visit(*all_data, wait=True, url=None, **options):
        path = folder / f"{next(number)}.html"
        path.write_text(page_text(*all_data), "utf-8")
        page = pages(**options)
        page.goto(url or path.as_uri())
        if wait:
            page.locator(".book-widget").last.scroll_into_view_if_needed()
            page.locator(".book-widget[data-state=ready] .ae").first.wait_for()
        return page

    yield visit
    pages.close()


@pytest.fixture(scope="module")
def kept(visit):
    return functools.cache(lambda phone: visit(DATA, **(PHONE if phone else {})))


@pytest.fixture
def opened(kept):
    """`opened(phone=False)`: a page with DATA as it is at the start; no test leaves an error."""
    pages = []

    def opened(phone=False):
        page = kept(phone)
        pages.append(page)
        page.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
        page.mouse.move(2, 2)
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        radio(page, "layer").check(force=True)
        page.locator(".ae-head").nth(NAMES.index("1.1")).click()
        for text in reversed(DATA["texts"]):
            radio(page, text["name"]).check(force=True)
            chips(page).nth(text["token"]).click()
        page.mouse.move(2, 2)
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def radio(page, name):
    return page.locator("label", has_text=re.compile(f"^{name}$")).locator("input")


def chips(page):
    return page.locator(".ae-text:not(.ae-off) .ae-token")


def head(page, name):
    return page.locator(".ae-head", has=page.locator("b", has_text=re.compile(rf"^head {name}$")))


STATE = """root => {
  const all = (selector, read) => [...root.querySelectorAll(selector)].map(read);
  const number = (e) => "value" in e.dataset ? Number(e.dataset.value) : null;
  return {
    chips: all(".ae-text:not(.ae-off) .ae-token", e => ({
      value: number(e), shown: e.querySelector("small").textContent, label: e.ariaLabel,
      token: e.querySelector("span").textContent, looks: e.classList.contains("ae-looks"),
      shade: parseFloat(e.style.getPropertyValue("--shade")) })),
    checked: all(".ae-token[aria-checked=true], .ae-head[aria-checked=true]",
      e => e.tabIndex + " " + (e.querySelector("b") ?? e.querySelector("span")).textContent),
    heads: all(".ae-head", e => ({
      name: e.querySelector("b").textContent.replace("head ", ""),
      entropy: Number(e.querySelector("[data-kind=entropy]").dataset.value),
      distance: Number(e.querySelector("[data-kind=distance]").dataset.value),
      shown: [...e.querySelectorAll(".ae-label span[data-kind]")].map(s => s.textContent),
      bars: [...e.querySelectorAll(".ae-bars rect")].map(bar => Number(bar.getAttribute("height"))),
      row: ["y", "width"].map(name => Number(e.querySelector(".ae-row").getAttribute(name))),
      most: [e.querySelector(".ae-most").textContent,
             Number(e.querySelector(".ae-most").dataset.value)] })),
    told: Object.fromEntries(all(".ae-now b", e =>
      [e.dataset.kind, [e.textContent, e.dataset.value]])),
    curves: all(".ae-curves path", e => Number(e.dataset.to)) };
}"""


def state(page):
    return page.locator(".ae").first.evaluate(STATE)


def signs(token):
    return token.replace(" ", "·").replace("\n", "⏎")


def agree(page, text, name, t, weights=None):
    """Assert that everything shows where PyTorch's heads look from a text's token t."""
    found = state(page)
    weights = (WEIGHTS[text] if weights is None else weights).double()  # (layers, H, T, T)
    every = weights.flatten(0, 1)  # (heads, T, T)
    names = [f"{a}.{b}" for a in range(weights.shape[0]) for b in range(weights.shape[1])]
    row = every[names.index(name), t, : t + 1]
    seen = [chip["value"] for chip in found["chips"]]
    assert seen[: t + 1] == pytest.approx(row.tolist(), abs=STEP)
    assert seen[t + 1 :] == [None] * (every.shape[1] - t - 1)
    for chip, value in zip(found["chips"], seen):
        expected = "" if value is None else "0" if value < 5e-4 else f"{value:.3f}"
        assert float(chip["shown"] or -1) == pytest.approx(float(expected or -1), abs=1e-3)
        assert chip["shade"] == pytest.approx(100 * math.sqrt(value or 0), abs=0.01)
    assert [chip["looks"] for chip in found["chips"]] == [j == t for j in range(len(seen))]
    told = found["told"]
    assert told["head"][0] == name and int(told["token"][1]) == t
    for kind, measure in [("entropy", entropy), ("distance", mean_distance)]:
        expected = measure(every[names.index(name)])[t].item()
        assert float(told[kind][1]) == pytest.approx(expected, abs=2e-3)
        assert float(told[kind][0].split()[0]) == pytest.approx(expected, abs=0.06)
    for one in found["heads"]:
        its = every[names.index(one["name"]), t, : t + 1]
        assert one["bars"] == pytest.approx(its.tolist(), abs=STEP) and one["row"] == [t, t + 1]
        assert one["most"][1] == pytest.approx(its.max().item(), abs=STEP)
        assert float(one["most"][0].split()[-1]) == pytest.approx(its.max().item(), abs=5.1e-3)
    far = [j for j in range(t) if seen[j] >= 0.005]
    assert found["curves"] == far
    return found


# --------------------------------------------------------------------------------- its arithmetic


@pytest.fixture(scope="module")
def call(visit):
    """`call(name, *arguments)`: a function of the module."""
    page = visit(DATA)
    page.evaluate(
        """async () => {
      const text = document.querySelector("[data-widget-module]").textContent;
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      window.module = await import(url);
    }"""
    )
    return lambda name, *given: page.evaluate(
        "([name, given]) => module[name](...given)", [name, given]
    )


@pytest.mark.parametrize("text", TEXTS)
def test_weights_are_unpacked(text, call):
    given = next(one for one in DATA["texts"] if one["name"] == text)
    found = call("unpack", given, len(NAMES))
    for rows, expected in zip(found, WEIGHTS[text].flatten(0, 1), strict=True):
        for t, row in enumerate(rows):
            assert row == pytest.approx(expected[t, : t + 1].tolist(), abs=STEP)


def test_entropy_and_distance_are_pytorchs(call):
    for rows in WEIGHTS["verse"].flatten(0, 1).double():
        for t, row in enumerate(rows):
            seen = row[: t + 1].tolist()
            assert call("entropy", seen) == pytest.approx(entropy(row).item(), abs=1e-6)
            assert call("distance", seen) == pytest.approx(mean_distance(rows)[t].item(), abs=1e-6)
    assert call("entropy", [0, 0.5, 0.5, 0]) == 1 and call("distance", [0, 0.5, 0.5, 0]) == 1.5


def test_small_functions(call):
    assert call("largest", [0.1, 0.5, 0, 0.4], 2) == [1, 3]
    assert call("largest", [0.5, 0.5], 1) == [1]  # of equal ones the nearer
    heads = [{"entropy": e, "distance": -e} for e in (2, 1, 3, 1)]
    assert call("ordered", heads, "layer") == [0, 1, 2, 3]
    assert call("ordered", heads, "entropy") == [1, 3, 0, 2]
    assert call("ordered", heads, "distance") == [2, 0, 1, 3]
    assert [call("visible", token) for token in (" know", "\n", "a b\n")] == ["·know", "⏎", "a·b⏎"]
    spoken = [call("spoken", token) for token in (" know", "\n", " ", "w", ".\n")]
    assert spoken == ["space know", "line break", "space", "w", ". line break"]


# ------------------------------------------------------------------------------------ its numbers


@pytest.mark.parametrize("text", TEXTS)
def test_every_token_shows_pytorchs_weights_in_all_heads(text, opened):
    page = opened()
    radio(page, text).check(force=True)
    chips(page).first.focus()
    page.keyboard.press("Home")
    for t in range(len(TEXTS[text])):
        agree(page, text, "1.1", t)
        page.keyboard.press("ArrowRight")
    assert state(page)["chips"][-1]["looks"]  # the last one stays


def test_every_head_can_be_enlarged(opened):
    page = opened()
    for name in NAMES:
        head(page, name).click()
        page.mouse.move(2, 2)
        agree(page, "verse", name, 6)
        assert head(page, name).get_attribute("aria-checked") == "true"


def test_it_begins_as_the_data_says(visit):
    page = visit(DATA)
    found = agree(page, "verse", "1.1", 6)
    assert found["checked"] == ["0 ·he", "0 head 1.1"]
    assert [page.locator("[role=status]").text_content(), page.errors] == ["", []]


def test_cards_hold_the_means_in_full(opened):
    found = state(opened())["heads"]
    assert [one["name"] for one in found] == NAMES
    for kind, places in [("entropy", 2), ("distance", 1)]:
        expected = MEANS[kind].flatten().tolist()
        assert [one[kind] for one in found] == pytest.approx(expected, abs=1e-6)
        shown = [one["shown"][kind == "distance"].split()[0] for one in found]
        assert [float(x) for x in shown] == pytest.approx(expected, abs=0.51 * 10**-places)


CELLS = """node => [...node.querySelectorAll(".ae-picture path:not(.ae-seen)")].flatMap(path =>
  [...path.getAttribute("d").matchAll(/M(\\d+) (\\d+)/g)].map(([, j, t]) =>
    [Number(t), Number(j), Number(path.getAttribute("fill-opacity"))]))"""


def test_maps_are_shaded_by_the_root_of_the_weight(opened):
    page = opened()
    for name, expected in zip(NAMES, WEIGHTS["verse"].flatten(0, 1)):
        drawn = torch.zeros_like(expected)
        for t, j, opacity in head(page, name).evaluate(CELLS):
            drawn[t, j] = opacity
        assert (drawn - expected.sqrt()).abs().max() < 0.51 / 24


def test_lines_end_at_their_tokens(opened):
    page = opened()
    ends = page.evaluate("""() => {
      const { left, top } = document.querySelector(".ae-curves").getBoundingClientRect();
      const chips = [...document.querySelectorAll(".ae-text:not(.ae-off) .ae-token")];
      const looks = chips.findIndex(chip => chip.matches(".ae-looks"));
      return [...document.querySelectorAll(".ae-curves path")].map(path => {
        const numbers = path.getAttribute("d").match(/-?[\\d.]+/g).map(Number);
        const gap = (chip, x, y) => {
          const box = chip.getBoundingClientRect();
          return [Math.abs(x + left - box.x - box.width / 2),
                  Math.min(...[box.y, box.bottom].map(edge => Math.abs(y + top - edge)))];
        };
        return [...gap(chips[looks], numbers[0], numbers[1]),
                ...gap(chips[path.dataset.to], ...numbers.slice(-2))];
      });
    }""")
    assert ends and np.array(ends).max() < 0.5


# --------------------------------------------------------------------------- choosing and ordering


def test_hovering_shows_a_token_and_clicking_keeps_it(opened):
    page = opened()
    chips(page).nth(9).hover()
    agree(page, "verse", "1.1", 9)
    page.mouse.move(2, 2)
    agree(page, "verse", "1.1", 6)
    chips(page).nth(3).click()
    page.mouse.move(2, 2)
    agree(page, "verse", "1.1", 3)


def test_touching_chooses_tokens_and_heads(opened):
    page = opened(phone=True)
    chips(page).nth(8).tap()
    agree(page, "verse", "1.1", 8)
    head(page, "0.2").tap()
    agree(page, "verse", "0.2", 8)
    page.get_by_role("button", name="Token after").tap()
    agree(page, "verse", "0.2", 9)


def test_buttons_step_through_the_tokens(opened):
    page = opened()
    before, after = (page.get_by_role("button", name=f"Token {way}") for way in ("before", "after"))
    for t in range(5, -1, -1):
        before.click()
        agree(page, "verse", "1.1", t)
    assert before.is_disabled() and after.is_enabled()
    radio(page, "single").check(force=True)
    agree(page, "single", "1.1", 0)
    assert before.is_disabled() and after.is_disabled()


def test_each_text_keeps_its_token(opened):
    page = opened()
    chips(page).nth(10).click()
    radio(page, "short").check(force=True)
    page.mouse.move(2, 2)
    agree(page, "short", "1.1", 2)
    radio(page, "verse").check(force=True)
    agree(page, "verse", "1.1", 10)


def test_arrow_keys_follow_the_screen(opened):
    page = opened()
    chips(page).nth(6).focus()
    page.keyboard.press("ArrowUp")  # ·he stands below ·know or its neighbours
    above = next(i for i, chip in enumerate(state(page)["chips"]) if chip["looks"])
    boxes = [chips(page).nth(i).bounding_box() for i in range(5)]
    middle = chips(page).nth(6).bounding_box()
    gaps = [abs(b["x"] + b["width"] / 2 - middle["x"] - middle["width"] / 2) for b in boxes]
    assert above == int(np.argmin(gaps))
    page.keyboard.press("ArrowUp")
    agree(page, "verse", "1.1", above)  # there is nothing above
    page.keyboard.press("End")
    agree(page, "verse", "1.1", 12)
    head(page, "1.1").focus()
    walk = {"ArrowUp": "0.1", "ArrowLeft": "0.0", "ArrowDown": "1.0", "End": "1.2", "Home": "0.0"}
    for key, name in walk.items():
        page.keyboard.press(key)
        agree(page, "verse", name, 12)
        assert (
            page.evaluate("document.activeElement.querySelector('b').textContent") == f"head {name}"
        )


def test_heads_are_ordered(opened):
    page = opened()
    for by in ("entropy", "distance"):
        radio(page, by).check(force=True)
        values = [one[by] for one in state(page)["heads"]]
        assert values == sorted(values)
        assert sorted(one["name"] for one in state(page)["heads"]) == NAMES
        agree(page, "verse", "1.1", 6)
    names = [one["name"] for one in state(page)["heads"]]
    head(page, names[0]).click()
    page.keyboard.press("ArrowRight")
    page.mouse.move(2, 2)
    agree(page, "verse", names[1], 6)
    radio(page, "entropy").check(force=True)
    tied = [one["name"] for one in state(page)["heads"]]
    assert tied.index("1.0") == tied.index("0.1") + 1
    radio(page, "layer").check(force=True)
    assert [one["name"] for one in state(page)["heads"]] == NAMES


def test_two_explorers_on_a_page_are_two(visit):
    page = visit(DATA, {**DATA, "head": [0, 0]})
    page.locator(".book-widget[data-state=ready]").nth(1).wait_for()
    second = page.locator(".ae").nth(1)
    second.locator("label", has_text="short").click()
    second.locator(".ae-token:visible").nth(0).click()
    agree(page, "verse", "1.1", 6)
    assert second.locator(".ae-now b").first.text_content() == "0.0" and not page.errors


WRONG = {
    "a text too long": lambda d: d["texts"][0]["tokens"].append("more"),
    "a head that is none": lambda d: d.update(head=[2, 0]),
    "a number missing": lambda d: d["distance"][1].pop(),
    "a number too many": lambda d: d["distance"][1].append(1.0),
    "a token that is none": lambda d: d["texts"][1].update(token=4),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_data_that_does_not_fit_leaves_the_fallback(wrong, visit):
    given = json.loads(json.dumps(DATA))
    WRONG[wrong](given)
    page = visit(given, wait=False)
    page.locator(".book-widget[data-state=failed]").wait_for()
    assert page.get_by_text("Instead of the explorer.").is_visible() and len(page.errors) == 1


# ------------------------------------------------------------------------------ seen and heard


def test_spaces_and_line_breaks_are_seen_and_heard(opened):
    page = opened()
    found = state(page)["chips"]
    assert [chip["token"] for chip in found] == [signs(token) for token in TEXTS["verse"]]
    assert re.fullmatch(r"space know, [\d.]+", found[1]["label"])
    assert re.fullmatch(r"line break, [\d.]+", found[4]["label"])
    assert found[7]["label"] == "space kn, later"
    tops = [chips(page).nth(i).bounding_box()["y"] for i in (3, 4, 5, 12)]
    assert tops[0] == tops[1] < tops[2] == tops[3]


def test_screen_readers_hear_of_a_choice(opened):
    page = opened()
    head(page, "0.2").click()
    chips(page).nth(6).click()
    row = WEIGHTS["verse"][0, 2, 6, :7]
    most = TEXTS["verse"][row.argmax()].replace("\n", "line break").replace(" ", "space ")
    said = f"Head 0.2 from space he, token 7 of 13: {entropy(row):.2f} bits"
    page.locator("[role=status]", has_text=said).wait_for(state="attached")
    assert f"most on {most} {row.max():.3f}" in page.locator("[role=status]").text_content()


def test_a_group_is_one_stop_for_tab(opened):
    page = opened()
    stops = page.locator(".ae").evaluate(
        """root => [".ae-text:not(.ae-off) [role=radio]", ".ae-grid [role=radio]"].map(selector =>
          [...root.querySelectorAll(selector)].filter(e => e.tabIndex === 0).length)"""
    )
    assert stops == [1, 1]
    radio(page, "verse").focus()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.classList[0]"))
    assert reached == ["ae-step", "ae-step", "ae-token", "w-hidden", "ae-head"]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(dark, phone, opened):
    page = opened(phone)
    theme = "dark" if dark else "light"
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    for name, t in [("1.1", 6), ("1.2", 12)]:
        head(page, name).click()
        chips(page).nth(t).click()
        assert checks.axe_findings(checks.Visit(page)) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shades_differ_in_grey(theme, opened):
    page = opened()
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    greys = []
    for swatch in page.locator(".ae-bar .w-key svg").all():
        with Image.open(io.BytesIO(swatch.screenshot())) as image:
            colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
        greys.append(checks.luminance(colour))
    steps = np.diff(greys) * (1 if theme == "dark" else -1)
    assert (steps > 0.003).all(), greys
    assert (max(greys) + 0.05) / (min(greys) + 0.05) > 4


# --------------------------------------------------------------------------------- where it stands


BOXES = """root => {
  const { x, y } = root.getBoundingClientRect();
  return [...root.querySelectorAll(".ae-token, .ae-head, .ae-head *, .ae-bar, .ae-grid + p")]
    .filter(e => !e.closest("svg") || e.matches("svg")).filter(e => !e.closest(".ae-most"))
    .map(e => e.getBoundingClientRect())
    .flatMap(box => [box.x - x, box.y - y, box.width, box.height].map(Math.round));
}"""


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_nothing_in_it_changes_its_place(phone, opened):
    page = opened(phone)
    figure, lab = page.locator(".book-widget"), page.locator(".ae")
    height, places = figure.evaluate("e => e.offsetHeight"), lab.evaluate(BOXES)
    for name in TEXTS:
        radio(page, name).check(force=True)
        for chosen in NAMES:
            head(page, chosen).evaluate("e => e.click()")
            for t in range(len(TEXTS[name])):
                chips(page).nth(t).evaluate("e => e.click()")
                assert lab.evaluate(BOXES) == places, (name, chosen, t)
    for by in ("entropy", "distance"):
        radio(page, by).check(force=True)
        assert figure.evaluate("e => e.offsetHeight") == height
    assert lab.evaluate("e => e.scrollHeight <= e.clientHeight")


@pytest.mark.parametrize("width", [320, 360, 390, 768])
def test_a_phone_shows_all_of_it(width, visit):
    page = visit(DATA, **{**PHONE, "viewport": {"width": width, "height": 740}})
    for name in TEXTS:
        radio(page, name).check(force=True)
        assert checks.overflow(checks.Visit(page)) == []
        for control in page.locator(".ae :is(button, label):visible").all():
            box = control.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44
    assert not page.errors


def test_the_choice_stays_in_sight_while_the_heads_pass(visit):
    page = visit(DATA, **PHONE)
    page.locator(".ae-head").last.evaluate("e => e.scrollIntoView({ block: 'end' })")
    box = page.locator(".ae-now").bounding_box()
    assert 0 <= box["y"] <= 60 and box["height"] < 740 / 4


def test_nothing_in_it_moves_by_itself(opened):
    for motion in ("no-preference", "reduce"):
        page = opened()
        page.emulate_media(reduced_motion=motion)
        styles = page.locator(".ae, .ae *").evaluate_all(
            "all => all.map(e => getComputedStyle(e))"
            ".flatMap(style => [style.transitionDuration, style.animationName])"
        )
        assert set(styles) <= {"0s", "none"}


def test_paper_shows_the_fallback(opened):
    page = opened()
    fallback = page.get_by_text("Instead of the explorer.")
    assert not fallback.is_visible()
    page.emulate_media(media="print")
    assert fallback.is_visible() and not page.locator(".widget-stage").is_visible()


def test_it_cleans_up_after_itself(visit):
    page = visit(DATA)
    page.evaluate(
        """async (data) => {
      const text = document.querySelector("[data-widget-module]").textContent;
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      const el = document.body.appendChild(document.createElement("div"));
      const stop = (await import(url)).default.render({ model: { get: () => data }, el });
      stop();
      el.remove();
    }""",
        DATA,
    )
    page.set_viewport_size({"width": 700, "height": 600})
    page.wait_for_timeout(100)
    assert not page.errors


def test_it_asks_nobody_and_stays_small():
    text = module_text("attention-explorer")
    addresses = text.count("http://") + text.count("https://")
    assert addresses == text.count("http://www.w3.org/")
    assert len(text.encode()) <= 20 * 1024 and len(text.splitlines()) <= 500


# ------------------------------------------------------------------------------ on the book's page


@pytest.mark.needs_page("multi-head-attention")
def test_the_page_shows_the_models_weights(site, visit):
    page = visit(url=(site / PATH).resolve().as_uri())
    script = '.book-widget[data-widget="attention-explorer"] > script[type="application/json"]'
    text = page.locator(script).text_content()
    given = json.loads(text)
    assert len(text) <= DATA_LIMIT and len(given["texts"]) == 3
    places = page.locator(".ae").evaluate(BOXES)
    tensors, metadata = checkpoints.load(shakespeare_heads)
    model = shakespeare_heads.build(tensors, metadata)
    train_text, val_text = data.split_text(data.load("tiny-shakespeare"))
    tokenizer = shakespeare_heads.tokenizer(train_text)
    excerpts = shakespeare_heads.excerpts(torch.tensor(tokenizer.encode(val_text)))[:200]
    with torch.no_grad():
        _, looked = model.look(excerpts[:, :-1])
        for kind, measure in [("entropy", entropy), ("distance", mean_distance)]:
            means = measure(looked.transpose(1, 2))[..., 16:].mean(dim=(-2, -1))  # (layers, H)
            np.testing.assert_allclose(given[kind], means, rtol=0, atol=1e-6)
        for one in given["texts"]:
            ids = tokenizer.encode("".join(one["tokens"]))
            assert one["tokens"] == [tokenizer.decode([i]) for i in ids]
            _, looked = model.look(torch.tensor([ids]))  # (layers, 1, H, T, T)
            radio(page, one["name"]).check(force=True)
            chips(page).first.focus()
            for key, t in [("Home", 0), ("End", len(ids) - 1), ("ArrowLeft", len(ids) - 2)]:
                page.keyboard.press(key)
                agree(page, None, ".".join(map(str, given["head"])), t, looked[:, 0])
                assert page.locator(".ae").evaluate(BOXES) == places
