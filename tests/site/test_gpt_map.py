"""The map of a GPT on pages of its own: its shapes and counts against PyTorch's."""

import functools
import itertools
import random
import re
from pathlib import Path

import pytest
import torch

from book.extension.widgets import STATIC, module_text, to_json
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.transformer_block import gelu
from tests.site import checks
from tests.site.widget_page import Pages

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
STILL = {"reduced_motion": "reduce"}
NAMES = ["vocab_size", "context_length", "d_model", "n_heads", "n_layers", "d_ff"]
GPT2 = {
    "GPT-2 small": (50257, 1024, 768, 12, 12, 3072),
    "medium": (50257, 1024, 1024, 16, 24, 4096),
    "large": (50257, 1024, 1280, 20, 36, 5120),
    "XL": (50257, 1024, 1600, 25, 48, 6400),
}
SIZES = {"tiny": (65, 32, 24, 3, 2, 40), **GPT2}


def sized(numbers, bias=True):
    return {**dict(zip(NAMES, numbers)), "bias": bias}


@functools.cache
def built(*numbers, bias=True):
    """A GPT of that size that has shapes and no numbers."""
    with torch.device("meta"):
        return GPT(GPTConfig(*numbers, bias=bias))


def counts(module):
    return {name: p.numel() for name, p in module.named_parameters()}


def total(module):
    return sum(counts(module).values())


def entry(name, numbers, bias=True):
    parameters = total(built(*numbers, bias=bias))
    return {"name": name, **sized(numbers, bias), "parameters": parameters}


DATA = {"configs": [entry(*item) for item in SIZES.items()], "batch_size": 2}

PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A map</title>
<link rel="stylesheet" href="{tokens}"><link rel="stylesheet" href="{styles}">
<style>{fonts}</style>
<style>body {{ margin: 0 1.25rem; background: var(--paper); color: var(--ink);
font-family: var(--sans) }} main {{ max-width: 46rem; margin: auto }}</style></head>
<body><main><h1>A map</h1>
<script type="text/plain" data-widget-module="gpt-map">{module}</script>
<figure class="book-widget" data-widget="gpt-map" aria-label="A map."><div class="widget-fallback">
<p>Instead of the map.</p></div><script type="application/json">{data}</script></figure>
<p>The text goes on.</p></main><script src="{loader}" defer></script></body></html>"""


def page_text(data):
    fonts = (STATIC / "css" / "00-fonts.css").read_text("utf-8")
    return PAGE.format(
        fonts=fonts.replace("url(fonts/", f"url({(STATIC / 'fonts').as_uri()}/"),
        tokens=(STATIC / "css" / "10-tokens.css").as_uri(),
        styles=(STATIC / "widgets.css").as_uri(),
        loader=(STATIC / "js" / "widgets.js").as_uri(),
        module=module_text("gpt-map"),
        data=to_json("map", data),
    )


@pytest.fixture(scope="module")
def visit(browser, tmp_path_factory):
    """`visit(data=DATA, wait=True, **options)`: a page with the map, errors in `page.errors`."""
    pages = Pages(browser)
    folder = tmp_path_factory.mktemp("maps")
    number = itertools.count()

    def visit(data=DATA, wait=True, **options):
        path = folder / f"{next(number)}.html"
        path.write_text(page_text(data), "utf-8")
        page = pages(**options)
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready.then(() => true)")
        if wait:
            page.locator(".book-widget[data-state=ready]").wait_for()
        return page

    yield visit
    pages.close()


@pytest.fixture(scope="module")
def kept(visit):
    return functools.cache(lambda phone: visit(**STILL, **(PHONE if phone else {})))


@pytest.fixture
def opened(kept):
    """`opened(phone=False)`: the page as it is at the start; no test leaves an error."""
    pages = []

    def opened(phone=False):
        page = kept(phone)
        pages.append(page)
        page.emulate_media(media="screen", reduced_motion="reduce")
        choose(page, "GPT-2 small")
        choose(page, "tiny")
        type_in(page, "batch_size", 2)
        page.locator("details").evaluate_all("all => all.forEach((fold) => (fold.open = false))")
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def choose(page, name):
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def field(page, name):
    return page.get_by_role("spinbutton", name=name, exact=True)


def slider(page, name):
    return page.get_by_role("slider", name=f"{name}, slider")


def type_in(page, name, text):
    field(page, name).fill(str(text))
    field(page, name).press("Enter")


def unfold(page):
    page.locator("details").evaluate_all("all => all.forEach((fold) => (fold.open = true))")


IMPORT = """() => {
  const text = document.querySelector("[data-widget-module]").textContent;
  return import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
}"""


def described(page, configs):
    """What the module's `describe` says of each configuration; of one that it refuses, why."""
    script = f"""async (configs) => {{
      const {{ describe }} = await ({IMPORT})();
      return configs.map((config) => {{
        try {{ return describe(config); }} catch (error) {{ return error.message; }}
      }});
    }}"""
    return page.evaluate(script, configs)


ROWS = """rows => rows.map(({ dataset }) => [dataset.name, {
  shape: dataset.shape.split(",").map(Number), parameters: Number(dataset.parameters),
  sum: dataset.sum && Number(dataset.sum) }])"""


def rows(page):
    """The diagram as it is: of each row its shape, its parameters and the sum so far."""
    return dict(page.locator(".gm-row:not([hidden])").evaluate_all(ROWS))


def readouts(page):
    return [text.replace(",", "") for text in page.locator(".w-readouts b").all_inner_texts()]


# ------------------------------------------------------------------------------- against PyTorch


def draw(dice):
    """A small configuration, now and then one that cannot be built."""
    heads = dice.randint(1, 6)
    width = heads * dice.randint(1, 8) + (dice.random() < 0.15)
    numbers = dice.randint(1, 99), dice.randint(1, 40), width, heads, dice.randint(1, 4)
    return *numbers, dice.choice([4 * width, dice.randint(1, 99)])


def test_every_count_is_pytorchs(opened):
    dice = random.Random(0)
    sizes = [(n, True) for n in SIZES.values()]
    sizes += [(draw(dice), dice.random() < 0.5) for _ in range(200)]
    found = described(opened(), [sized(*each) for each in sizes])
    refused = 0
    for (numbers, bias), told in zip(sizes, found):
        if numbers[2] % numbers[3]:
            refused += 1
            assert "heads cannot share d_model" in told
            with pytest.raises(ValueError, match="heads cannot share"):
                GPTConfig(*numbers)
            continue
        model = built(*numbers, bias=bias)
        assert told["parameters"] == counts(model), numbers
        assert told["total"] == sum(told["parts"].values()) == total(model)
        assert told["bytes"] == sum(p.numel() * 4 for p in model.parameters())
    assert 5 < refused < 60


def test_d_ff_is_4_times_d_model_unless_given(opened):
    config = sized((7, 5, 6, 3, 2, 0))
    del config["bias"]
    (told,) = described(opened(), [config])
    assert told["parameters"] == counts(built(7, 5, 6, 3, 2))


def traced(numbers, batch, tokens):
    """The shapes of what the modules of a GPT return, by name, and of what attention holds."""
    torch.manual_seed(0)
    model, shapes = GPT(GPTConfig(*numbers)), {}

    def note(name):
        return lambda module, given, result: shapes.update({name: list(result.shape)})

    for name, module in model.named_modules():
        module.register_forward_hook(note(name))
    ids = torch.randint(numbers[0], (batch, tokens))
    with torch.no_grad():
        shapes["logits"] = list(model(ids).shape)
        x = model.token_embedding(ids)
        block = model.blocks[0]
        q = block.attention.split(block.attention.qkv(x).chunk(3, dim=-1)[0])
        output, weights = block.attention.look(x)
        shapes |= {"ids": list(ids.shape), "q, k, v": list(q.shape)}
        shapes |= {"weights": list(weights.shape), "weights · v": list((weights @ q).shape)}
        shapes["gelu"] = list(gelu(block.feed_forward.expand(x)).shape)
        shapes |= {"x + attention": list((x + output).shape), "blocks": list(block(x).shape)}
    shapes["x + feed_forward"] = shapes["blocks"]
    return shapes


def test_every_shape_is_one_traced(opened):
    dice = random.Random(1)
    for _ in range(12):
        *numbers, d_ff = draw(dice)
        numbers[2] -= numbers[2] % numbers[3]
        batch, tokens = dice.randint(1, 4), dice.randint(1, numbers[1])
        config = {**sized((*numbers, d_ff)), "batch_size": batch, "tokens": tokens}
        (told,) = described(opened(), [config])
        shapes = traced((*numbers, d_ff), batch, tokens)
        assert told["shapes"].items() <= shapes.items()
        left = shapes.keys() - told["shapes"].keys()
        assert {name for name in left if not re.search(r"dropout|^blocks\.\d+$", name)} == {
            *("", "ids", "logits", "blocks", "q, k, v", "weights", "weights · v", "gelu"),
            *("x + attention", "x + feed_forward"),
        }


def agree(page, numbers, bias=True, batch=2, tokens=None):
    """Assert that every row of the diagram says what PyTorch says."""
    model, found = built(*numbers, bias=bias), rows(page)
    tokens = tokens or numbers[1]
    small = traced(numbers, batch, tokens) if numbers[0] < 1000 else {}
    modules = dict(model.named_modules())
    before, others = 0, [name for name in found if name.startswith("blocks.1")]
    for name, row in found.items():
        if name in modules and name != "head":  # its table is the token embedding
            assert row["parameters"] == total(modules[name]), name
        elif name not in others:
            assert row["parameters"] == 0, name
        if row["sum"] and name not in ("blocks", "blocks.0.attention", "blocks.0.feed_forward"):
            before += row["parameters"]
            assert row["sum"] == before, name
        if small and name not in others:
            assert row["shape"] == small[name], name
    assert before == found["norm"]["sum"] == total(model)
    assert len(others) == (numbers[4] > 1)
    weights = batch * numbers[3] * tokens**2
    assert readouts(page)[0::2] == [str(total(model)), str(weights)]


def test_every_configuration_that_can_be_chosen(opened):
    page = opened()
    for name, numbers in SIZES.items():
        choose(page, name)
        agree(page, numbers)
        assert "as PyTorch counts" in page.locator(".w-readouts").inner_text()
    assert readouts(page)[1] == "6.23 GB"
    page.get_by_role("checkbox", name="bias").uncheck()
    agree(page, SIZES["XL"], bias=False)
    assert page.get_by_role("radio", checked=True).count() == 0
    page.get_by_role("checkbox", name="bias").check()
    assert page.get_by_role("radio", name="XL", exact=True).is_checked()


def test_the_parts_share_the_parameters(opened):
    page = opened()
    choose(page, "GPT-2 small")
    count = counts(built(*GPT2["GPT-2 small"]))
    patterns = ["embedding", r"\.attention", "feed_forward", r"norm(_\d)?\."]
    parts = [sum(n for name, n in count.items() if re.search(p, name)) for p in patterns]
    told = page.locator(".gm-legend li").all_inner_texts()
    for part, text in zip(parts, told):
        assert f"{100 * part / sum(parts):.1f}\xa0%" in text and f"{part:,}" in text
    widths = page.locator(".gm-share i").evaluate_all("all => all.map(e => e.offsetWidth)")
    assert [w / sum(widths) for w in widths] == pytest.approx(
        [p / sum(parts) for p in parts], abs=0.01
    )


def test_the_formulas_hold_the_numbers(opened):
    page = opened()
    choose(page, "XL")
    row = page.locator("[data-name='blocks.0.attention.qkv']")
    texts = [row.locator(f".gm-{kind}").text_content() for kind in ("letters", "dims", "terms")]
    assert texts == ["(B, T, 3C)", "(2, 1,024, 4,800)", "3C · C + 3C"]
    assert row.locator(".gm-numbers").text_content() == "4,800 · 1,600 + 4,800"
    for row in page.locator(".gm-row:not([hidden])").all():
        terms = row.locator(".gm-numbers").text_content()
        if re.fullmatch(r"[\d,·+ ]+", terms):
            value = eval(terms.replace(",", "").replace("·", "*"))
            assert value == int(row.get_attribute("data-parameters"))


# ------------------------------------------------------------------------- changing the numbers


def test_typing(opened):
    page = opened()
    for name, text, numbers in [
        ("vocab_size", "50,257", (50257, 32, 24, 3, 2, 40)),
        ("vocab_size", "9", (9, 32, 24, 3, 2, 40)),
        ("n_layers", "1", (9, 32, 24, 3, 1, 40)),
        ("n_heads", "8", (9, 32, 24, 8, 1, 40)),
        ("d_ff", "96", (9, 32, 24, 8, 1, 96)),
        ("d_model", "16", (9, 32, 16, 8, 1, 64)),  # d_ff was 4 times as wide, and stays so
        ("context_length", "12", (9, 12, 16, 8, 1, 64)),
    ]:
        type_in(page, name, text)
        agree(page, numbers)
    assert field(page, "tokens").input_value() == "12"
    type_in(page, "tokens", "5")
    type_in(page, "batch_size", "3")
    agree(page, (9, 12, 16, 8, 1, 64), batch=3, tokens=5)
    type_in(page, "context_length", "20")
    agree(page, (9, 20, 16, 8, 1, 64), batch=3, tokens=5)
    choose(page, "tiny")
    agree(page, SIZES["tiny"], batch=3)


def test_arrow_keys_step_to_what_fits(opened):
    page = opened()
    for name, key, shown in [
        ("n_heads", "ArrowUp", "4"),
        ("n_heads", "ArrowDown", "3"),
        ("n_layers", "ArrowUp", "3"),
        ("d_model", "ArrowUp", "33"),
        ("d_ff", "ArrowUp", "66"),
        ("tokens", "ArrowUp", "32"),
    ]:
        field(page, name).press(key)
        assert field(page, name).input_value() == shown, name
    agree(page, (65, 32, 33, 3, 3, 66))
    slider(page, "n_heads").press("ArrowRight")
    assert slider(page, "n_heads").get_attribute("aria-valuetext") == "11"
    agree(page, (65, 32, 33, 11, 3, 66))


SLIDE = """(slider) => {
  const field = slider.parentNode.querySelector("[role=spinbutton]");
  const all = [];
  for (let i = 0; i <= Number(slider.max); i++) {
    slider.value = i;
    slider.dispatchEvent(new Event("input"));
    const wrong = document.querySelectorAll("[aria-invalid=true]").length;
    all.push([Number(field.value.replaceAll(",", "")), wrong, Number(slider.value) - i]);
  }
  return all;
}"""


@pytest.mark.parametrize("name", ["tiny", "XL"])
def test_sliders_stop_at_what_fits_only(name, opened):
    page = opened()
    for part in [*NAMES, "batch_size", "tokens"]:
        choose(page, "medium")
        choose(page, name)
        stops = slider(page, part).evaluate(SLIDE)
        values = [value for value, _, _ in stops]
        assert values == sorted(set(values)) and len(values) > 5
        assert not any(wrong or off for _, wrong, off in stops), part
        if part in NAMES:
            start = SIZES[name][NAMES.index(part)]
            assert start in values or part == "d_ff"
    type_in(page, "tokens", 1)
    type_in(page, "batch_size", 2)


def test_a_slider_follows_the_mouse_and_a_finger(opened):
    for phone in (False, True):
        page = opened(phone)
        box = slider(page, "vocab_size").bounding_box()
        x, y = box["x"] + box["width"] - 4, box["y"] + box["height"] / 2
        page.touchscreen.tap(x, y) if phone else page.mouse.click(x, y)
        page.wait_for_function(
            "document.querySelector('[data-name=head]').dataset.shape > '2,32,1'"
        )
        vocab_size = rows(page)["head"]["shape"][-1]
        assert vocab_size > 100_000
        agree(page, (vocab_size, *SIZES["tiny"][1:]))


WRONG = [
    ("n_heads", "7", "7 heads cannot share d_model = 24: give n_heads a divisor such as 6 or 8"),
    ("d_model", "25", "or d_model a multiple such as 24 or 27"),
    ("n_heads", "48", "give n_heads a divisor such as 24, or d_model a multiple such as 48"),
    ("n_layers", "0", "n_layers is 0: give a whole number from 1 to 200"),
    ("n_layers", "1e3", "n_layers is “1e3”: give a whole number from 1 to 200"),
    ("vocab_size", "-5", "vocab_size is “-5”: give a whole number from 1 to 300,000"),
    ("d_ff", "", "d_ff is “”: give a whole number from 1 to 100,000"),
    ("d_ff", "2.5", "d_ff is “2.5”: give"),
    ("batch_size", "<b>many</b>!", "batch_size is “<b>many</b>!”: give"),
    ("context_length", "9" * 30, "give a whole number from 1 to 131,072"),
    ("tokens", "33", "33 tokens do not fit into context_length = 32: give at most 32"),
]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_what_does_not_fit_gets_a_sentence_and_changes_nothing(phone, opened):
    page = opened(phone)
    before, height = rows(page), page.locator(".gm").evaluate("e => e.offsetHeight")
    for name, text, sentence in WRONG:
        type_in(page, name, text)
        hint = page.locator(".gm-hint")
        assert sentence in hint.inner_text(), name
        assert hint.inner_text().endswith("; the diagram keeps the last model that fits.")
        assert hint.inner_text().count(". ") == 0
        assert field(page, name).get_attribute("aria-invalid") == "true"
        assert field(page, name).get_attribute("aria-describedby") == hint.get_attribute("id")
        assert rows(page) == before and page.locator(".gm b", has_text="NaN").count() == 0
        assert page.locator(".gm").evaluate("e => e.offsetHeight") == height
        choose(page, "medium")
        choose(page, "tiny")
        assert rows(page) == before and page.locator("[aria-invalid=true]").count() == 0


def test_two_numbers_that_fit_only_together(opened):
    page = opened()
    choose(page, "GPT-2 small")
    type_in(page, "d_model", 1600)
    assert "12 heads cannot share d_model = 1,600" in page.locator(".gm-hint").inner_text()
    agree(page, GPT2["GPT-2 small"])
    type_in(page, "n_heads", 25)
    agree(page, (50257, 1024, 1600, 25, 12, 6400))
    type_in(page, "n_layers", 48)
    assert page.get_by_role("radio", name="XL", exact=True).is_checked()


def test_what_changed_is_announced(opened):
    page = opened()
    choose(page, "XL")
    status = page.locator("[role=status]", has_text="XL: 1,557,611,200 parameters, 6.23 GB")
    status.wait_for(state="attached")
    assert "feed-forward 63.1\xa0%" in status.text_content()
    type_in(page, "n_heads", 7)
    page.locator("[role=status]", has_text="7 heads cannot share").wait_for(state="attached")


# ---------------------------------------------------------------------------------- folded rows


def test_a_block_unfolds_by_mouse_key_and_touch(opened):
    page = opened()
    inner = page.locator("[data-name='blocks.0.attention.qkv']")
    page.locator("[data-name='blocks']").click()
    assert page.locator("[data-name='blocks.0.norm_1']").is_visible() and not inner.is_visible()
    attention = page.locator("summary[data-name='blocks.0.attention']")
    attention.press("Enter")
    assert inner.is_visible()
    attention.press("ArrowLeft")
    assert not inner.is_visible()
    attention.press("ArrowRight")
    assert inner.is_visible()
    everything = page.locator(".gm-top button")
    assert everything.inner_text() == "Unfold all"
    everything.click()
    page.get_by_role("button", name="Fold all").wait_for()
    assert all(row.is_visible() for row in page.locator(".gm-row").all())
    choose(page, "XL")
    assert inner.is_visible()  # a change folds nothing
    everything.click()
    assert not inner.is_visible()
    phone = opened(phone=True)
    phone.locator("[data-name='blocks']").tap()
    phone.locator("summary[data-name='blocks.0.feed_forward']").tap()
    assert phone.locator("[data-name='gelu']").is_visible()


def test_there_is_a_mark_for_every_layer(opened):
    page = opened()
    unfold(page)
    for name, numbers in SIZES.items():
        choose(page, name)
        marks = page.locator(".gm-layers").evaluate_all("all => all.map(e => e.children.length)")
        assert sorted(marks)[-2:] == [numbers[4] - 1, numbers[4]]
    type_in(page, "n_layers", 1)
    assert page.locator("[data-rail=rest]").is_hidden()


# --------------------------------------------------------------------------------- where it stands


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_nothing_moves_when_it_appears_or_changes(phone, opened, visit):
    options = {"java_script_enabled": False, **(PHONE if phone else {})}
    assert visit(wait=False, **options).get_by_text("Instead of the map.").is_visible()
    page = opened(phone)
    kept_free = page.locator(".widget-stage").evaluate(
        "e => getComputedStyle(e).getPropertyValue('--w-height')"
    )
    for name in SIZES:
        choose(page, name)
        height = page.locator(".book-widget").evaluate("e => e.offsetHeight")
        assert height == 16 * float(kept_free.removesuffix("rem"))
        assert page.locator(".gm").evaluate("e => e.scrollHeight <= e.clientHeight")


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_shows_all_of_it(width, opened):
    page = opened(phone=True)
    page.set_viewport_size({"width": width, "height": 740})
    unfold(page)
    for name in ("XL", "tiny"):
        choose(page, name)
        assert checks.overflow(checks.Visit(page)) == []
        clipped = page.locator(".gm-row").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.dataset.name)"
        )
        assert clipped == []
    for control in page.locator(
        ".gm :is(button, input:not(.w-hidden, [type=checkbox]), label)"
    ).all():
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44
    page.set_viewport_size(PHONE["viewport"])


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_axe_finds_nothing_in_light_and_dark(phone, opened):
    page = opened(phone)
    unfold(page)
    type_in(page, "n_heads", 7)
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        assert checks.axe_findings(checks.Visit(page)) == []
    page.evaluate("document.documentElement.dataset.theme = 'light'")


def test_every_control_is_reached_by_tab_in_order(opened):
    page = opened()
    page.get_by_role("radio", name="tiny", exact=True).focus()
    reached = []
    for _ in range(19):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(e => e.ariaLabel || e.dataset.name || (e.labels?.[0] ?? e).innerText)"
                "(document.activeElement)"
            )
        )
        ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert ring == "solid" or "slider" in reached[-1] or reached[-1] == "bias"
    pairs = [[name, f"{name}, slider"] for name in [*NAMES, "batch_size", "tokens"]]
    assert reached == ["bias", *itertools.chain(*pairs), "Unfold all", "blocks"]


def test_nothing_moves_for_who_asks_for_stillness(opened):
    page = opened()
    script = """all => all.flatMap(e => ["", "::before", "::details-content"].flatMap(part => {
      const style = getComputedStyle(e, part);
      return [...style.transitionDuration.split(", "), style.animationName];
    }))"""
    styles = page.locator(".gm, .gm *").evaluate_all(script)
    assert set(styles) <= {"0s", "none"}


def test_paper_shows_the_fallback(opened):
    page = opened()
    fallback = page.get_by_text("Instead of the map.")
    assert not fallback.is_visible()
    page.emulate_media(media="print")
    assert fallback.is_visible() and not page.locator(".widget-stage").is_visible()


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"parameters": 1}, "tiny: 19208 parameters here, 1 in the data"),
        ({"n_heads": 5, "parameters": None}, "5 heads cannot share d_model = 24"),
    ],
)
def test_data_that_does_not_fit_leaves_the_fallback(change, sentence, visit):
    page = visit({"configs": [{**DATA["configs"][0], **change}]}, wait=False)
    page.locator(".book-widget[data-state=failed]").wait_for()
    assert page.get_by_text("Instead of the map.").is_visible()
    (error,) = page.errors
    count = total(built(*SIZES["tiny"]))
    assert sentence.replace("19208", str(count)) in error


def test_it_asks_nobody_and_stays_small():
    text = module_text("gpt-map")
    addresses = text.count("http://") + text.count("https://")
    assert addresses == text.count("http://www.w3.org/")
    assert len(text.encode()) <= 26 * 1024


@pytest.mark.needs_page("gpt")
def test_the_chapter_shows_its_models(site, open_page):
    path = Path(site) / "chapters/transformer/gpt.html"
    page = open_page(path, hold=False).page
    figure = page.locator(".book-widget[data-widget=gpt-map]")
    figure.scroll_into_view_if_needed()
    page.locator(".book-widget[data-widget=gpt-map][data-state=ready]").wait_for()
    data = page.evaluate(
        "e => JSON.parse(e.textContent)", figure.locator("script").element_handle()
    )
    for config in data["configs"]:
        model = built(*(config[name] for name in NAMES), bias=config["bias"])
        choose(page, config["name"])
        assert config["parameters"] == total(model)
        assert readouts(page)[0] == str(total(model))
