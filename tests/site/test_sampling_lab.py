"""The lab of sampling on pages of its own: its numbers against PyTorch's and transformers'."""

import functools
import random

import numpy as np
import pytest
import torch
import transformers
from playwright.sync_api import Error
from scipy import stats

from book.extension.widgets import module_text
from scratchlm import data
from scratchlm.sampling import apply_temperature, top_k_filter, top_p_filter
from tests.site import checks
from tests.site.widget_page import NEVER, PHONE, WIDE, Visitor

NEUTRAL = {"repetition_penalty": 1, "temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0}
NAMES = {key: key.replace("_", " ").capitalize() for key in NEUTRAL} | {
    "top_k": "Top-k",
    "top_p": "Top-p",
    "min_p": "Min-p",
}
PRESETS = {
    "Greedy: temperature 0": {"temperature": 0},
    "Temperature 0.7": {"temperature": 0.7},
    "Top-k 5": {"top_k": 5},
    "Nucleus: top-p 0.9": {"top_p": 0.9},
    "Min-p 0.1": {"min_p": 0.1},
    "Repetition penalty 1.2": {"repetition_penalty": 1.2},
}
CONTEXTS = [
    "ROMEO:\nWhat, ho",
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nS" * 3,
    "q",
]


def bigram_prompts(vocabulary, text):
    """Prompts with the logits of a bigram model, moved so that both signs occur."""
    V = len(vocabulary)
    place = {character: i for i, character in enumerate(vocabulary)}
    ids = torch.tensor([place[character] for character in text])
    counts = torch.bincount(ids[:-1] * V + ids[1:], minlength=V * V).view(V, V).double() + 0.05
    logits = (counts / counts.sum(dim=1, keepdim=True)).log() + 5  # (V, V)
    told = [[place[character] for character in context] for context in CONTEXTS]
    rows = [[round(z, 4) for z in logits[ids[-1]].tolist()] for ids in told]
    return [
        {"context": context, "ids": ids, "logits": row}
        for context, ids, row in zip(CONTEXTS, told, rows)
    ]


TEXT = data.load("tiny-shakespeare")
VOCABULARY = sorted(set(TEXT))
DATA = {"vocabulary": VOCABULARY, "prompts": bigram_prompts(VOCABULARY, TEXT), "start": NEUTRAL}


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    visitor = Visitor(browser, tmp_path_factory.mktemp("labs"), "sampling-lab")
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def kept(visit):
    return functools.cache(lambda phone: visit(DATA, **(PHONE if phone else WIDE)))


START = """() => {
  const buttons = [...document.querySelectorAll(".sl button")];
  buttons.find(e => e.textContent === "1").click();
  buttons.find(e => e.textContent === "Reset").click();
}"""


@pytest.fixture
def opened(kept):
    """`opened(phone=False)`: the lab as it is at the start; no test leaves an error."""
    pages = []

    def opened(phone=False):
        page = kept(phone)
        pages.append(page)
        page.emulate_media(media="screen", reduced_motion="no-preference")
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.evaluate(START)
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def button(page, name):
    return page.get_by_role("button", name=name)


def slider(page, key):
    return page.get_by_role("slider", name=NAMES[key], exact=True)


def field(page, key):
    return page.get_by_role("textbox", name=f"{NAMES[key]}, number")


def type_in(page, key, text):
    field(page, key).fill(text)
    field(page, key).press("Enter")


# -------------------------------------------------------------------------------------- the oracle


def penalised(logits, penalty, ids):
    """The repetition penalty of Keskar et al. (2019) on logits (V,)."""
    seen = torch.zeros(len(logits), dtype=torch.bool)
    seen[ids] = True
    changed = torch.where(logits < 0, logits * penalty, logits / penalty)
    return torch.where(seen, changed, logits)


def min_p_filter(logits, min_p):
    probabilities = torch.softmax(logits, dim=0)
    return logits.masked_fill(probabilities < min_p * probabilities.max(), -torch.inf)


def stages_by_torch(logits, ids, settings):
    """The logits of the model and after each step, in double precision."""
    s = {key: settings[key] for key in NEUTRAL}
    rows = [torch.tensor([-torch.inf if z is None else z for z in logits], dtype=torch.float64)]
    rows.append(penalised(rows[-1], s["repetition_penalty"], ids))
    rows.append(apply_temperature(rows[-1], s["temperature"]))
    rows.append(top_k_filter(rows[-1], s["top_k"]) if s["top_k"] else rows[-1])
    rows.append(top_p_filter(rows[-1], s["top_p"]) if s["top_p"] < 1 else rows[-1])
    rows.append(min_p_filter(rows[-1], s["min_p"]))
    return torch.stack(rows)  # (steps, V)


def by_torch(logits, ids, settings):
    """What `settle` returns, worked out by PyTorch and the chapter's functions."""
    rows = stages_by_torch(logits, ids, settings)
    probabilities = torch.softmax(rows, dim=1)  # (steps, V)
    keys = ["model", *NEUTRAL]
    gone = rows.isinf()
    cut = [keys[int(column.int().argmax())] if column.any() else None for column in gone.T]
    entropies = torch.special.entr(probabilities).sum(dim=1) / np.log(2)
    return {
        "original": probabilities[0].numpy(),
        "probabilities": probabilities[-1].numpy(),
        "cut": cut,
        "left": (~gone).sum(dim=1).tolist(),
        "bits": entropies.numpy(),
        "mass": float(probabilities[0][~gone[-1]].sum()),
    }


def by_transformers(logits, ids, settings):
    """The probabilities that the library's own processors give, in double precision."""
    settings = {key: value for key, value in settings.items() if value != NEUTRAL[key]}
    makers = {
        "repetition_penalty": transformers.RepetitionPenaltyLogitsProcessor,
        "temperature": transformers.TemperatureLogitsWarper,
        "top_k": transformers.TopKLogitsWarper,
        "top_p": transformers.TopPLogitsWarper,
        "min_p": transformers.MinPLogitsWarper,
    }
    steps = [make(settings[key]) for key, make in makers.items() if key in settings]
    scores = torch.tensor([logits], dtype=torch.float64)
    done = transformers.LogitsProcessorList(steps)(torch.tensor([ids]), scores)
    return torch.softmax(done, dim=1)[0].numpy()


IMPORT = """async () => {
  const source = document.querySelector("[data-widget-module]").textContent;
  window.lab = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}"""


@pytest.fixture(scope="module")
def settle(kept):
    """`settle(cases)`: the module's own function on each (logits, ids, settings)."""
    page = kept(False)
    page.evaluate(IMPORT)
    return lambda cases: page.evaluate("cases => cases.map(c => lab.settle(...c))", cases)


def draw_settings(rng):
    """Each setting neutral as often as not, and otherwise anywhere within its limits."""
    drawn = {
        "repetition_penalty": rng.uniform(1, 3),
        "temperature": rng.uniform(0.05, 3),
        "top_k": rng.randint(1, 64),
        "top_p": rng.uniform(0.01, 0.999),
        "min_p": rng.uniform(0, 1),
    }
    return {key: rng.choice([NEUTRAL[key], value]) for key, value in drawn.items()}


def same(found, expected):
    assert found["cut"] == expected["cut"]
    assert [stage["left"] for stage in found["stages"]] == expected["left"]
    bits = [stage["bits"] for stage in found["stages"]]
    for key in ("original", "probabilities", "mass"):
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-9, atol=1e-9, err_msg=key)
    np.testing.assert_allclose(bits, expected["bits"], rtol=1e-9, atol=1e-9)


def test_settle_is_what_transformers_does(settle):
    rng = random.Random(0)
    cases = []
    for _ in range(300):
        logits = [rng.gauss(0, rng.choice([1, 4])) for _ in range(rng.choice([8, 64, 100]))]
        ids = [rng.randrange(len(logits)) for _ in range(rng.randint(1, 40))]
        cases.append((logits, ids, draw_settings(rng)))
    for case, found in zip(cases, settle(cases)):
        np.testing.assert_allclose(found["probabilities"], by_transformers(*case), atol=1e-9)
        same(found, by_torch(*case))


def test_settle_takes_ties_and_impossible_tokens_as_the_chapter_does(settle):
    rng = random.Random(1)
    cases = []
    for _ in range(150):
        logits = [rng.choice([None, -2, -1, 0, 0, 1, 2]) for _ in range(12)]
        logits[rng.randrange(12)] = 2
        greedy = {"temperature": 0} if rng.random() < 0.3 else {}
        settings = {**draw_settings(rng), "top_k": rng.randint(0, 12), "min_p": 0, **greedy}
        cases.append((logits, [rng.randrange(12)], settings))
    for case, found in zip(cases, settle(cases)):
        same(found, by_torch(*case))


def test_settle_by_hand(settle):
    settings = {**NEUTRAL, "repetition_penalty": 2, "top_p": 0.7}
    (found,) = settle([([2, 1, -1, 1], [0, 2], settings)])
    e = np.exp(1)
    assert found["cut"] == [None, None, "top_p", None]  # the logits are 1, 1, −2, 1
    assert found["probabilities"] == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    total = e**2 + 2 * e + 1 / e
    assert found["mass"] == pytest.approx((e**2 + 2 * e) / total)
    assert found["stages"][-1]["bits"] == pytest.approx(np.log2(3))


# ------------------------------------------------------------------------------------ its numbers

READ = """e => ({
  rows: [...e.querySelectorAll("tbody tr")].map(r => ({
    ...r.dataset, text: r.cells[3].textContent, struck: r.classList.contains("sl-cut"),
    widths: [...r.querySelectorAll(".sl-bar i")].map(i => parseFloat(i.style.width)),
    tick: parseFloat(r.querySelector(".sl-tick").style.left),
    ticked: r.querySelector(".sl-tick").style.display !== "none" })),
  settings: [...e.querySelectorAll("input[type=text]")].map(i => Number(i.value)),
  steps: [...e.querySelectorAll(".sl-steps [role=row]")].slice(1).map(
    r => [".sl-left", ".sl-bits"].map(s => r.querySelector(s).textContent.split(" ").at(-1))),
  pressed: [...e.querySelectorAll("[aria-pressed=true]")].map(b => b.textContent),
  ...e.querySelector(".w-readouts").dataset,
  read: e.querySelector(".w-readouts").textContent,
})"""


def state(page):
    """What the lab shows."""
    return page.locator(".sl").evaluate(READ)


def agree(page, **expected_settings):
    """Assert that all it shows follows from its settings, and that these are the expected ones."""
    shown = state(page)
    settings = dict(zip(NEUTRAL, shown["settings"]))
    assert settings == {**NEUTRAL, **expected_settings}
    prompt = DATA["prompts"][int(shown["pressed"][0]) - 1]
    expected = by_torch(
        prompt["logits"], prompt["ids"], {**settings, "top_k": int(settings["top_k"])}
    )
    order = np.argsort(-np.array(prompt["logits"]), kind="stable")
    assert [int(row["id"]) for row in shown["rows"]] == order.tolist()
    for name, key in (("p", "original"), ("q", "probabilities")):
        numbers = [float(row[name]) for row in shown["rows"]]
        np.testing.assert_allclose(numbers, expected[key][order], rtol=1e-6, atol=1e-6)
    cut = [expected["cut"][i] for i in order]
    assert [row["cut"] or None for row in shown["rows"]] == cut
    assert [row["struck"] for row in shown["rows"]] == [bool(key) for key in cut]
    steps = [[str(n), f"{x:.2f}"] for n, x in zip(expected["left"], expected["bits"].round(9) + 0)]
    assert shown["steps"] == steps
    assert float(shown["mass"]) == pytest.approx(expected["mass"], abs=1e-6)
    assert float(shown["bits"]) == pytest.approx(expected["bits"][-1], abs=1e-6)
    assert int(shown["left"]) == expected["left"][-1]
    return shown


def test_every_preset_and_every_prompt(opened):
    page = opened()
    for number, (name, settings) in zip("123123", PRESETS.items()):
        button(page, f"Prompt {number}").click()
        button(page, name).click()
        assert agree(page, **settings)["pressed"] == [number, name]
    button(page, "Reset").click()
    assert agree(page)["pressed"] == ["3"]


def test_it_says_what_cut_whom(opened):
    page = opened()
    for key, text, said in [
        ("top_k", "30", "cut: top-k"),
        ("top_p", "0.9", "cut: top-p"),
        ("min_p", "0.2", "cut: min-p"),
        ("temperature", "0", "cut: greedy"),
    ]:
        type_in(page, key, text)
        rows = state(page)["rows"]
        assert all(row["text"] == said for row in rows if row["cut"] == key)
        assert any(row["cut"] == key for row in rows)
    assert [row["text"] for row in rows].count("cut: greedy") == 63
    assert rows[0]["text"] == "100.0 %"


def test_bars_stand_for_the_probabilities(opened):
    page = opened()
    button(page, "Top-k 5").click()
    shown = agree(page, top_k=5)
    most = 100 / float(page.locator(".sl-bar span").last.inner_text().split()[0])
    for row in shown["rows"]:
        model, after, _ = row["widths"]
        assert model == pytest.approx(100 * most * float(row["p"]), rel=1e-3, abs=1e-3)
        assert after == pytest.approx(100 * most * float(row["q"]), rel=1e-3, abs=1e-3)


def test_sliders_and_fields_move_together(opened):
    page = opened()
    settings = {}
    for key, presses, value in [
        ("repetition_penalty", ["ArrowRight"] * 2, 1.1),
        ("temperature", ["End", "ArrowLeft"], 2.95),
        ("top_k", ["Home", "ArrowRight"], 2),
        ("top_k", ["End"], 0),
        ("top_k", ["ArrowLeft"], 63),
        ("top_p", ["Home"], 0.01),
        ("top_p", ["End", "ArrowLeft"], 0.99),
        ("min_p", ["ArrowRight"] * 3, 0.03),
    ]:
        for press in presses:
            slider(page, key).press(press)
        settings[key] = value
        agree(page, **settings)
    for key, text, value, position in [
        ("temperature", "0,333", 0.333, 0.35),
        ("top_k", "64", 64, 64),
        ("top_k", "0", 0, 64),
        ("repetition_penalty", "1.25", 1.25, 1.25),
    ]:
        type_in(page, key, text)
        settings[key] = value
        agree(page, **settings)
        assert float(slider(page, key).input_value()) == pytest.approx(position)
    assert slider(page, "top_k").get_attribute("aria-valuetext") == "0, off"
    slider(page, "temperature").press("Home")
    assert slider(page, "temperature").get_attribute("aria-valuetext") == "0, greedy"
    page.locator("[role=status]", has_text="1 of 64 tokens survive").wait_for(state="attached")


def test_what_is_no_setting_changes_nothing(opened):
    page = opened()
    type_in(page, "temperature", "0.5")
    type_in(page, "top_k", "9")
    button(page, "Draw 200").click()
    before = state(page)
    for key, text, sentence in [
        ("temperature", "hot", "“hot” is no number from 0 to 3: Temperature stays 0.5."),
        ("temperature", "-1", "“-1” is no number from 0 to 3: Temperature stays 0.5."),
        ("top_k", "2.5", "“2.5” is no whole number from 0 to 64: Top-k stays 9."),
        ("top_p", "0", "“0” is no number from 0.01 to 1: Top-p stays 1."),
        ("min_p", "", "“” is no number from 0 to 1: Min-p stays 0."),
        (
            "repetition_penalty",
            "Infinity",
            "“Infinity” is no number from 1 to 3: Repetition penalty stays 1.",
        ),
    ]:
        type_in(page, key, text)
        assert page.locator(".sl-hint").inner_text() == sentence
        assert state(page) == before
    page.locator("[role=status]", has_text=sentence).wait_for(state="attached")
    type_in(page, key, "1")
    assert page.locator(".sl-hint").inner_text() == "The steps apply from the top down."


# ---------------------------------------------------------------------------------------- drawing


def mulberry32(seed):
    """The generator of the widget, in Python."""
    mask, state = 0xFFFFFFFF, seed
    while True:
        state = (state + 0x6D2B79F5) & mask
        t = (state ^ (state >> 15)) * (state | 1) & mask
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) & mask
        yield (t ^ (t >> 14)) / 2**32


def counts(page):
    return np.array([int(row["count"]) for row in state(page)["rows"]])


def test_draws_are_those_of_the_seed_and_follow_the_bars(opened):
    page = opened()
    button(page, "Top-k 5").click()
    button(page, "Draw 200").click()
    first, shown = counts(page), agree(page, top_k=5)
    share = {int(row["id"]): float(row["q"]) for row in shown["rows"]}
    limits = np.cumsum([share[i] for i in range(len(VOCABULARY))])
    uniform = mulberry32(1)
    drawn = [int(np.searchsorted(limits, next(uniform), side="right")) for _ in range(200)]
    assert first.tolist() == [drawn.count(int(row["id"])) for row in shown["rows"]]
    assert [row["ticked"] for row in shown["rows"]] == [True] * 5 + [False] * 59
    scale = 100 / float(page.locator(".sl-bar span").last.inner_text().split()[0])
    ticks = [row["tick"] for row in shown["rows"]]
    assert ticks == pytest.approx(list(first / 200 * scale * 100), abs=1e-3)
    chance = stats.chisquare(first[:5], 200 * np.array(sorted(share.values())[:-6:-1]))
    told = page.locator(".sl-told")
    assert float(told.get_attribute("data-statistic")) == pytest.approx(chance.statistic)
    assert told.get_attribute("data-freedom") == "4" and chance.pvalue > 1e-4
    button(page, "Draw 200").click()
    assert counts(page).sum() == 400 and "400 drawn" in told.inner_text()
    button(page, "Top-k 5").click()
    assert counts(page).sum() == 0
    button(page, "Draw 200").press("Enter")
    assert np.array_equal(counts(page), first)
    button(page, "Greedy").click()
    button(page, "Draw 200").click()
    assert counts(page)[0] == 200 and "one token is left" in told.inner_text()
    type_in(page, "temperature", "0.05")
    button(page, "Draw 200").click()
    assert "the others are too rare for a χ²" in told.inner_text()


def test_chi_square_shares_cells_among_the_rare(kept):
    page = kept(False)
    page.evaluate(IMPORT)
    rng = np.random.default_rng(0)
    for shape in (np.ones(63), np.exp(rng.normal(size=40) * 2), np.array([0, 1, 1])):
        p = shape / shape.sum()
        found = [
            page.evaluate(
                "a => lab.chiSquare(...a)", [rng.multinomial(200, p).tolist(), p.tolist()]
            )
            for _ in range(100)
        ]
        freedom = found[0]["freedom"]
        assert 0 < freedom < min(40, (p > 0).sum())
        mean = np.mean([one["statistic"] for one in found])
        assert mean == pytest.approx(freedom, abs=5 * np.sqrt(2 * freedom / 100))


# --------------------------------------------------------------------------------- where it stands


def test_tab_reaches_every_control_in_order(opened):
    page = opened()
    button(page, "Prompt 1").focus()
    reached = []
    for _ in range(22):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.ariaLabel || e.innerText)(document.activeElement)"))
    controls = [name for key in NAMES for name in (NAMES[key], f"{NAMES[key]}, number")]
    candidates = "Every token, from the likeliest on"
    assert reached[2:] == [*PRESETS, *controls, "Reset", candidates, "Draw 200", reached[-1]]
    assert "sl-more" in page.locator(".sl-scroller").get_attribute("class")
    page.get_by_role("region", name=candidates).press("End")
    page.locator(".sl-scroller:not(.sl-more)").wait_for()


def test_a_finger_sets_and_draws(opened):
    page = opened(phone=True)
    button(page, "Nucleus").tap()
    agree(page, top_p=0.9)
    track = slider(page, "min_p")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    track.tap(position={"x": box["width"] / 2, "y": box["height"] / 2})
    reached = float(field(page, "min_p").input_value())
    assert reached == pytest.approx(0.5, abs=0.02)
    agree(page, top_p=0.9, min_p=reached)
    button(page, "Draw 200").tap()
    assert counts(page).sum() == 200


def test_a_phone_shows_all_of_it(opened):
    page = opened(phone=True)
    for width in (320, 360, 390):
        page.set_viewport_size({"width": width, "height": 740})
        for name in ("Greedy", "Top-k"):
            button(page, name).click()
            button(page, "Draw 200").click()
            assert checks.overflow(checks.Visit(page)) == []
        for control in page.locator(".sl :is(button, input)").all():
            box = control.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44
        heads = page.locator(".sl-scroller th[scope=col]")
        assert heads.evaluate_all("all => all.every(e => e.scrollWidth <= e.clientWidth)")
        assert page.locator(".sl-bar").first.bounding_box()["width"] > 60
    page.set_viewport_size(PHONE["viewport"])


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_nothing_changes_its_height(phone, opened, visit):
    before = visit(DATA, script=NEVER, wait=False, **(PHONE if phone else WIDE))
    height = before.locator(".book-widget").evaluate("e => e.offsetHeight")
    page = opened(phone)
    tops = "[...e.querySelectorAll('.widget-body > *')].map(part => part.offsetTop)"
    places = f"e => [e.offsetHeight, ...{tops}]"
    start = page.locator(".book-widget").evaluate(places)
    assert start[0] == height
    type_in(page, "repetition_penalty", "no such number")
    for name in (*PRESETS, "Prompt 2", "Prompt 3"):
        button(page, "Draw 200").click()
        assert page.locator(".book-widget").evaluate(places) == start
        button(page, name).click()
    assert page.locator(".sl").evaluate("e => e.scrollHeight <= e.clientHeight")
    assert page.locator(".sl-scroller").evaluate("e => e.clientHeight") > 300


@pytest.mark.parametrize("dark, phone", [(False, False), (True, True)], ids=["light", "dark"])
def test_colours_and_names(dark, phone, opened):
    page = opened(phone)
    theme = "dark" if dark else "light"
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    button(page, "Nucleus").click()
    button(page, "Draw 200").click()
    type_in(page, "top_k", "?")
    page.evaluate(checks.SETTLE)
    assert checks.axe_findings(checks.Visit(page)) == []
    ground = rgb(page, "body", "backgroundColor")
    for mark in (".sl-after", ".sl-tick", ".sl-seen"):
        assert checks.contrast(rgb(page, f".sl-scroller {mark}", "backgroundColor"), ground) >= 3
    assert checks.contrast(rgb(page, "tbody .sl-model", "borderTopColor"), ground) >= 3


def rgb(page, selector, name):
    read = "(e, name) => getComputedStyle(e)[name].match(/\\d+/g).slice(0, 3).map(Number)"
    return tuple(page.locator(selector).first.evaluate(read, name))


def test_bars_move_only_for_readers_who_like_it(opened):
    page = opened()
    read = "all => all.map(e => getComputedStyle(e).transitionDuration)"
    for motion, moves in (("no-preference", {"0.15s", "0s"}), ("reduce", {"0s"})):
        page.emulate_media(reduced_motion=motion)
        assert set(page.locator(".sl, .sl *").evaluate_all(read)) == moves


def test_paper_and_readers_without_scripts_have_the_fallback(opened, visit):
    page = opened()
    assert not page.get_by_text("Instead of the widget.").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_text("Instead of the widget.").is_visible()
    assert not page.locator(".widget-stage").is_visible()
    plain = visit(DATA, wait=False, java_script_enabled=False)
    assert plain.get_by_text("Instead of the widget.").is_visible()


RENDER = """data => {
  const el = document.createElement("div");
  const done = lab.default.render({ model: { get: () => data }, el });
  return [el.querySelectorAll("tbody tr").length, typeof done, done()];
}"""


def test_data_that_does_not_fit_is_an_error(kept):
    page = kept(False)
    page.evaluate(IMPORT)
    prompt = {"context": "a", "ids": [0], "logits": [0.0, 1.0]}
    for wrong, said in (
        ({"prompts": [prompt, {**prompt, "logits": [1.0]}]}, "prompt 2"),
        ({"prompts": [{**prompt, "ids": [2]}]}, "prompt 1"),
        ({"prompts": [{**prompt, "logits": [None, None]}]}, "prompt 1"),
        ({"start": {"top_k": 3}}, "top_k is 3"),
    ):
        with pytest.raises(Error, match=said):
            page.evaluate(RENDER, {"vocabulary": ["a", "b"], "prompts": [prompt], **wrong})


def test_it_is_an_anywidget_and_asks_nobody(kept):
    page = kept(False)
    page.evaluate(IMPORT)
    prompt = {"context": "", "ids": [], "logits": [0, None]}
    made = page.evaluate(RENDER, {"vocabulary": ["a", "b"], "prompts": [prompt]})
    assert made[:2] == [2, "function"]
    text = module_text("sampling-lab")
    assert "http" not in text and "fetch" not in text and "import" not in text
    assert len(text.encode()) <= 22 * 1024


@pytest.mark.needs_page("sampling")
@pytest.mark.parametrize("options", [WIDE, PHONE], ids=["wide", "phone"])
def test_on_its_page(options, open_page, site):
    visit = open_page(site / "chapters/transformer/sampling.html", hold=False, **options)
    figure = visit.page.locator("[data-widget=sampling-lab]")
    figure.scroll_into_view_if_needed()
    figure.locator(".sl").wait_for()
    fits = "e => e.scrollHeight <= e.clientHeight && e.querySelector('tbody').rows.length > 1"
    assert figure.locator(".sl").evaluate(fits)
    for name in PRESETS:
        figure.get_by_role("button", name=name).click()
        figure.get_by_role("button", name="Draw 200").click()
        assert checks.overflow(visit) == []
    assert not visit.errors
