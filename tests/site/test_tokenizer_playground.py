"""The tokenizer playground on its built page: its ids against Python's, and how it is used."""

import functools
import json
import random
import re
from itertools import pairwise

import pytest
import regex

from scratchlm.bpe_fast import cut_word_fast, rank_tokens
from scratchlm.pretokens import GPT2_PATTERN, GPT4_PATTERN
from scratchlm.tokenizer import BPETokenizer
from tests.site import checks
from tests.site import test_widgets as shared

PAGE = "chapters/tokens/byte-pair-encoding.html"
visit, data_of, height = shared.visit, shared.data_of, shared.height  # the first is a fixture

LIKELY = [
    *" \n\t\r'",
    *["  ", " \n ", "\n\n", "'s", "'LL", "'T", "'\u017f", " the", "Romeo", " thou", "é", "日本"],
    *["1599", "３", "½", "Ⅷ", "🐚", "👩🏽\u200d🔬", "भाषा", "<|end|>", "<|end", "|>"],
    # whitespace to one language, not to the other: JavaScript's, Python's, Unicode's
    *"\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u180e\u200b\u2028\u2029\u202f\u3000\ufeff",
]


@pytest.fixture(scope="module")
def kept_page(visit):
    return functools.cache(
        lambda phone=False: visit(PAGE, widget=1, **(shared.PHONE if phone else {}))
    )


@pytest.fixture
def opened(kept_page):
    """`opened(phone=False)`: a page as it is at the start; no test may leave an error."""
    pages = []

    def opened(phone=False):
        page = kept_page(phone)
        pages.append(page)
        page.emulate_media(media="screen", color_scheme="light")
        page.mouse.move(2, 2)
        page.get_by_role("checkbox").uncheck()
        page.get_by_role("combobox").select_option("0")
        return page

    yield opened
    assert not [error for page in pages for error in page.errors]


def tokenizer_of(page, pattern=GPT2_PATTERN):
    """The chapter's tokenizer, made from the page's data by the chapter's Python."""
    data = data_of(page)
    tokens = [bytes([value]) for value in range(256)]
    for left, right in data["merges"]:
        tokens.append(tokens[left] + tokens[right])
    pairs = [(tokens[left], tokens[right]) for left, right in data["merges"]]
    return BPETokenizer(rank_tokens(pairs), pattern, data["specials"])


# Runs in the page; a script's text is imported as the page's loader does.
START = """async () => {
  const source = document.querySelector('[data-widget-module="tokenizer-playground"]').textContent;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.playground = await import(url);
  window.bpeData = JSON.parse(
    document.querySelector('[data-widget="tokenizer-playground"] > script').textContent);
}"""
ENCODE = """([texts, pattern, special]) => {
  const encoder = new playground.Encoder({ ...bpeData, pattern });
  return texts.map(text => encoder.encode(text, special));
}"""
ASSIGNED = """name => {
  const [found, wanted] = [[], new RegExp(`\\\\p{${name}}`, "u")];
  for (let c = 0; c < 0x110000; c++) if (wanted.test(String.fromCodePoint(c))) found.push(c);
  return found;
}"""


@pytest.fixture
def engine(opened):
    page = opened()
    page.evaluate(START)
    return page


@pytest.fixture(scope="module")
def characters(kept_page):
    """All characters that the browser's table of Unicode and that of `regex` both know."""
    unknown = set(kept_page(False).evaluate(ASSIGNED, "Cn")) | set(range(0xD800, 0xE000))
    every = "".join(map(chr, sorted(set(range(0x110000)) - unknown)))
    return regex.findall(r"\P{Cn}", every)


def random_texts(known, n, seed=0):
    """Texts of all of Unicode, of its commonest part, of what pulls the patterns apart."""
    chance = random.Random(seed)
    words = re.findall(
        r"\S+|\s+", " O Romeo, I'd've paid 12345.67 ducats;\n\n\tthou'lt  see! DON'T"
    )
    kinds = [
        lambda: chance.choices(known, k=8) + chance.choices(LIKELY, k=8),
        lambda: chance.choices(known[:600] + LIKELY, k=30),
        lambda: chance.choices(LIKELY, k=chance.randrange(25)),
        lambda: chance.choices(words, k=20),
        lambda: chance.choices("\n\t\r\x85\xa0\u3000   'a1", k=20),
    ]
    texts = []
    for i in range(n):
        parts = kinds[i % len(kinds)]()
        chance.shuffle(parts)
        texts.append("".join(parts))
    return texts


# -------------------------------------------------------------------------------------- its ids


@pytest.mark.parametrize("pattern", [GPT2_PATTERN, GPT4_PATTERN], ids=["GPT-2", "GPT-4"])
@pytest.mark.parametrize("special", [False, True], ids=["ordinary", "special"])
def test_its_ids_are_pythons(pattern, special, engine, characters):
    tokenizer = tokenizer_of(engine, pattern)
    texts = random_texts(characters, 500, seed=special)
    texts += [text for _, text in data_of(engine)["presets"]] + ["", "a" * 3_000, "the" * 2_000]
    found = engine.evaluate(ENCODE, [texts, pattern, special])
    options = {"allowed_special": "all"} if special else {"disallowed_special": ()}
    for text, ids in zip(texts, found, strict=True):
        assert ids == tokenizer.encode(text, **options), repr(text)


def test_letters_numbers_and_blanks_are_the_same_sets(engine, characters):
    known = set(characters)
    for name in ("L", "N", "White_Space"):
        there = known & set(map(chr, engine.evaluate(ASSIGNED, name)))
        here = set(regex.findall(rf"\p{{{name}}}", "".join(characters)))
        assert not [hex(ord(c)) for c in there ^ here]
    blanks = set(map(chr, engine.evaluate(ASSIGNED, "White_Space")))
    assert blanks == set(regex.findall(r"\s", "".join(characters)))


def test_every_single_character_has_pythons_ids(engine, characters):
    """Some of all that is assigned, one by one, where a letter, a number and a blank differ."""
    tokenizer = tokenizer_of(engine)
    texts = [f"a{c}1 {c} ." for c in characters[::23]]
    found = engine.evaluate(ENCODE, [texts, GPT2_PATTERN, False])
    assert found == [tokenizer.encode(text) for text in texts]


def test_a_pattern_it_cannot_read_is_refused_in_one_sentence(engine):
    for pattern in (r"\w+", "(a)", "a++", "(?<=a)b", "(?i:[a-z])", "(?>a)", r"\d"):
        message = engine.evaluate(
            "p => { try { return playground.translate(p); } catch (e) { return e.message; } }",
            pattern,
        )
        assert re.fullmatch(r"The pattern holds .+, which this page cannot read\.", message)


def test_the_trained_tokens_are_keyed_by_their_bytes(engine):
    ranks = tokenizer_of(engine).ranks
    words = ["ORIOLANUS", "aaaaaaab", "seeeeeen", "theoretheore", "\x00ÿ" * 9, "ll" * 7]
    script = """words => { const { ranks } = new playground.Encoder(bpeData);
                return words.map(word => playground.cutWord(word, ranks)); }"""
    expected = [
        [part.decode("latin-1") for part in cut_word_fast(word.encode("latin-1"), ranks)]
        for word in words
    ]
    assert engine.evaluate(script, words) == expected


# ------------------------------------------------------------------------------------ on the page


def put(page, text):
    """Have this text in the field, as if it had been typed or pasted."""
    page.get_by_role("textbox").evaluate(
        "(e, text) => { e.value = text; e.dispatchEvent(new Event('input')); }", text
    )
    drawn(page)


def drawn(page):
    """Wait until what is in the field is cut."""
    page.locator(".tp-tokens-box:not([aria-busy])").wait_for()


def shown(page):
    return [int(i) for i in page.locator(".tp-token").evaluate_all("a => a.map(e => e.dataset.id)")]


def readouts(page):
    return page.locator(".w-readouts b").all_inner_texts()


def test_the_presets_show_pythons_ids_and_sizes(opened):
    page = opened()
    tokenizer = tokenizer_of(page)
    for i, (_, text) in enumerate(data_of(page)["presets"]):
        page.get_by_role("combobox").select_option(str(i))
        ids = tokenizer.encode(text)
        assert page.get_by_role("textbox").input_value() == text
        assert shown(page) == ids
        size = len(text.encode())
        sizes = [*map(str, [len(ids), len(text), size]), f"{len(text) / len(ids):.2f}"]
        assert readouts(page) == sizes
        assert page.locator(".tp-characters .tp-cells > span").count() == len(text)
        cells = page.locator(".tp-bytes .tp-cells > span").all_inner_texts()
        assert cells == [f"{byte:02x}" for byte in text.encode()]


def test_neighbours_never_look_alike(opened):
    page = opened()
    chance = random.Random(0)
    text = ""
    for _ in range(30):  # insert and delete in all places
        start, end = sorted(chance.choices(range(len(text) + 1), k=2))
        text = text[:start] + "".join(chance.choices([*"ab \n", " the", "fore"], k=4)) + text[end:]
        put(page, text[:60])
        tints = page.locator(".tp-token").evaluate_all("all => all.map(e => e.dataset.tint)")
        assert set(tints) <= {"0", "1", "2"} and all(a != b for a, b in pairwise(tints))
        put(page, text[: chance.randrange(60)] + text[chance.randrange(60) :])
        tints = page.locator(".tp-token").evaluate_all("all => all.map(e => e.dataset.tint)")
        assert set(tints) <= {"0", "1", "2"} and all(a != b for a, b in pairwise(tints))


def test_what_is_typed_is_cut_at_once(opened):
    page = opened()
    tokenizer, field = tokenizer_of(page), page.get_by_role("textbox")
    field.fill("")
    drawn(page)
    assert shown(page) == [] and readouts(page) == ["0", "0", "0", "–"]
    text = ""
    for c in "thou'rt 🐚\n\n9":
        field.press_sequentially(c) if c != "\n" else field.press("Enter")
        text += c
        drawn(page)
        assert shown(page) == tokenizer.encode(text)
    assert page.get_by_role("combobox").input_value() == "-1"
    for edited in ("thou 🐚 thou\n9", "9", "Romeo thou 9", "thou Romeo thou 9"):
        put(page, edited)  # what has not changed is not drawn again
        assert shown(page) == tokenizer.encode(edited)
    said = f"{len(tokenizer.encode(edited))} tokens, 17 characters, 17 bytes."
    page.locator("[role=status]", has_text=said).wait_for(state="attached")


def test_half_of_a_surrogate_pair_is_refused_in_one_sentence(opened):
    page = opened()
    page.get_by_role("textbox").evaluate(
        "e => { e.value = 'she\\ud83d'; e.dispatchEvent(new Event('input')); }"
    )
    title = page.locator(".tp-failure")
    title.wait_for()
    sentence = r"The text holds \ud83d, half of a surrogate pair, which is no character: remove it."
    assert title.inner_text() == sentence and shown(page) == []
    with pytest.raises(ValueError, match="half of a surrogate pair, which is no character"):
        tokenizer_of(page).encode("she\ud83d")
    put(page, "she")
    assert not title.count() and shown(page)


def test_special_tokens_are_ordinary_text_unless_asked_for(opened):
    page = opened()
    tokenizer, text = tokenizer_of(page), "Exit.<|end|>Enter a bear."
    put(page, text)
    assert shown(page) == tokenizer.encode(text, disallowed_special=())
    assert "<|end|> is read as ordinary text" in page.locator(".tp-title").inner_text()
    page.get_by_role("checkbox", name="read <|end|> as special").check()
    assert shown(page) == tokenizer.encode(text, allowed_special="all")
    end = page.locator(f".tp-token[data-id='{tokenizer.specials['<|end|>']}']")
    end.click()
    assert "special token" in page.locator(".tp-origin").inner_text()


def signs(token):
    """A token as the widget spells it, if it is of plain characters."""
    return token.decode().replace(" ", "·").replace("\n", "⏎")


def test_a_token_tells_its_bytes_and_where_it_came_from(opened):
    page = opened()
    tokenizer, data = tokenizer_of(page), data_of(page)
    put(page, " CORIOLANUS thought the 1")
    box = page.get_by_role("listbox", name="Tokens")
    box.focus()
    page.keyboard.press("Home")
    for i in shown(page):
        token = tokenizer.tokens[i]
        detail = page.locator(".tp-detail")
        assert detail.get_attribute("data-id") == str(i)
        assert detail.locator("code").all_inner_texts() == [str(i), token.hex(" ")]
        origin = detail.locator(".tp-origin").inner_text()
        if i < 256:
            assert "single byte" in origin
        else:
            parts = data["merges"][i - 256]
            assert f"Rank {i}, merge {i - 255} of {len(data['merges'])}" in origin
            chips = detail.locator(".tp-origin .tp-chip").all_inner_texts()
            assert chips == [signs(tokenizer.tokens[part]) for part in parts]
            assert len(token) - 2 == detail.locator(".tp-history > span").count()
        chosen = page.locator("[aria-selected=true]")
        assert chosen.get_attribute("data-id") == str(i)
        assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        assert f"id {i}" in chosen.get_attribute("aria-label")
        page.keyboard.press("ArrowRight")


HERE = "all => all.map((e, i) => e.classList.contains('tp-here') ? i : -1).filter(i => i >= 0)"


def test_its_characters_and_bytes_are_marked(opened):
    page = opened()
    text = "señor 海 thou"
    put(page, text)
    tokenizer = tokenizer_of(page)
    page.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    whole, at = text.encode(), 0
    for i in tokenizer.encode(text):
        end = at + len(tokenizer.tokens[i])
        found = page.locator(".tp-bytes .tp-cells > span").evaluate_all(HERE)
        assert found == [*range(at, end)]
        first = len((whole[: at + 1]).decode(errors="ignore")) - (whole[at] < 0x80)
        found = page.locator(".tp-characters .tp-cells > span").evaluate_all(HERE)
        starts = [len(text[:k].encode()) for k in range(len(text) + 1)]
        expected = [k for k in range(len(text)) if starts[k] < end and starts[k + 1] > at]
        assert found == expected, (i, first)
        at = end
        page.keyboard.press("ArrowRight")


def test_pointing_shows_a_token_and_clicking_keeps_it(opened):
    page = opened()
    detail, tokens = page.locator(".tp-detail"), page.locator(".tp-chip")
    # at the start the first token that has a history is chosen
    first = next(i for i in shown(page) if i >= 256)
    third = shown(page)[2]
    assert third != first and detail.get_attribute("data-id") == str(first)
    tokens.nth(2).hover()
    assert detail.get_attribute("data-id") == str(third)
    page.mouse.move(2, 2)
    assert detail.get_attribute("data-id") == str(first)
    tokens.nth(2).click()
    page.mouse.move(2, 2)
    assert detail.get_attribute("data-id") == str(third)


def test_touching_a_token_chooses_it(opened):
    page = opened(phone=True)
    page.locator(".tp-token .tp-chip").nth(3).tap()
    assert page.locator(".tp-detail").get_attribute("data-id") == str(shown(page)[3])


def reached(page, times):
    """The names of what the Tab key comes to, from the list of texts on."""
    page.get_by_role("combobox").focus()
    script = "document.activeElement.ariaLabel ?? document.activeElement.parentNode.innerText"
    names = []
    for _ in range(times):
        page.keyboard.press("Tab")
        names.append(page.evaluate(script).strip())
    return names


def test_the_keyboard_reaches_every_control_and_all_that_scrolls(opened):
    page = opened()
    labels = ["read <|end|> as special", "Text to cut", "Tokens"]
    assert reached(page, 3) == labels
    assert not page.locator(".tp-cells[tabindex]").count()
    put(page, "wherefore " * 100)
    assert reached(page, 5) == [*labels, "characters", "bytes"]
    before = page.evaluate("scrollY")
    page.keyboard.press("End")
    page.wait_for_timeout(400)  # browsers scroll smoothly
    assert page.evaluate("document.activeElement.scrollTop") > 0
    assert page.evaluate("scrollY") == before


def test_a_long_text_is_cut_in_a_pause(opened):
    page = opened()
    before = shown(page)
    preset = " ".join(text for _, text in data_of(page)["presets"][:5])
    text = (preset * 80)[:20_000]
    field = page.get_by_role("textbox")
    field.fill(text)
    field.press("End")
    assert page.locator(".tp-tokens-box[aria-busy]").count() and shown(page) == before
    drawn(page)
    ids = tokenizer_of(page).encode(text)
    assert readouts(page)[:2] == [f"{len(ids):,}", "20,000"]
    assert shown(page) == ids[:1_500]
    title = page.locator(".tp-title").inner_text()
    assert "the first 1,500" in title and "cut when you pause" in title


def test_a_very_long_word_does_not_hang_and_the_drawing_has_an_end(opened):
    page = opened()
    put(page, "abcdefg" * 15_000)
    assert readouts(page)[1] == "105,000"
    assert page.locator(".tp-token").count() == 1_500
    assert "the first 400" in page.locator(".tp-bytes .w-note").inner_text()


def test_typing_does_not_move_the_page(opened):
    page = opened(phone=True)
    field = page.get_by_role("textbox")
    field.fill("")
    field.scroll_into_view_if_needed()
    field.focus()
    page.wait_for_timeout(100)
    before = page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    for word in ("thou ", "\n", "x" * 60, "🐚"):
        field.press_sequentially(word)
        drawn(page)
        assert page.evaluate("[scrollY, document.documentElement.scrollHeight]") == before


# ----------------------------------------------------------------------- what every widget has


def test_without_scripts_the_fallback_stands(visit):
    page = visit(PAGE, wait=False, widget=1, java_script_enabled=False)
    assert "in bytes (base 16)" in page.locator(".widget-fallback").inner_text()
    assert not page.locator(".widget-stage").count()


def test_paper_shows_the_fallback(opened):
    page = opened()
    assert not page.locator(".widget-fallback").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".widget-fallback").is_visible()
    assert not page.locator(".widget-stage").is_visible()


def test_a_failing_widget_leaves_the_fallback_and_one_error(visit):
    page = visit(PAGE, "JSON.parse = () => { throw Error('broken'); }", wait=False, widget=1)
    page.locator(".book-widget[data-state=failed]").wait_for()
    assert page.locator(".widget-fallback").is_visible()
    assert len(page.errors) == 1 and "could not start" in page.errors[0]


TEXTS = [
    "",
    "a",
    " CORIOLANUS VINCENTIO",
    "word " * 500,
    "\n" * 90,
    "x" * 900,
    "भाषा🐚" * 90,
    "<|end|> my " * 500,
    "<|end|>भाषा🐚" * 2_000,
]


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_nothing_moves(phone, visit, opened):
    options = shared.PHONE if phone else {}
    before = height(visit(PAGE, shared.NEVER, wait=False, widget=1, **options))
    page = opened(phone)
    for text in TEXTS:
        put(page, text)
        page.get_by_role("listbox").press("End")
        page.keyboard.press("Home")
        assert height(page) == before
        body = page.locator(".widget-body")
        assert body.evaluate("e => e.scrollHeight <= e.clientHeight"), text
    tokens = tokenizer_of(page).tokens
    longest = sorted(range(len(data_of(page)["merges"]) + 256), key=lambda i: len(tokens[i]))[-1]
    put(page, tokens[longest].decode())
    detail = page.locator(".tp-detail")
    assert detail.get_attribute("data-id") == str(longest)
    assert detail.evaluate("e => e.scrollHeight <= e.clientHeight")


def test_a_phone_shows_all_of_it(opened):
    page = opened(phone=True)
    width = shared.PHONE["viewport"]["width"]
    put(page, "x" * 300 + " wherefore " * 30)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for control in page.locator(".widget-body :is(select, textarea, label, .tp-tokens-box)").all():
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


COLOURS = """e => {
  const read = (node, name) => {
    const text = getComputedStyle(node)[name];
    const scale = text.startsWith("color(") ? 255 : 1;
    return text.replace("color(srgb", "").match(/[\\d.]+/g).slice(0, 3).map(c => c * scale);
  };
  const chips = [...e.querySelectorAll(".tp-token .tp-chip")].slice(0, 3);
  return chips.map(chip => ({
    ground: read(chip, "backgroundColor"), text: read(chip, "color"),
    line: read(chip, "borderBottomColor"), style: getComputedStyle(chip).borderBottomStyle,
    id: getComputedStyle(chip, "::after").color.match(/[\\d.]+/g).slice(0, 3).map(Number) }));
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tokens_can_be_read_and_told_apart(theme, opened):
    page = opened()
    page.emulate_media(color_scheme=theme)
    page.locator(f"html[data-theme={theme}]").wait_for(state="attached")
    page.evaluate(checks.SETTLE)
    chips = page.locator(".widget-body").evaluate(COLOURS)
    for chip in chips:
        assert checks.contrast(chip["text"], chip["ground"]) >= 7
        assert checks.contrast(chip["id"], chip["ground"]) >= 4.5
        assert checks.contrast(chip["line"], chip["ground"]) >= 3
    assert len({chip["style"] for chip in chips}) == 3  # told apart without colours, too


@pytest.mark.parametrize("preset", [0, 3, 5])
def test_screen_readers_find_names_for_everything(preset, opened):
    page = opened()
    page.get_by_role("combobox").select_option(str(preset))
    found = checks.Axe().run(page, context=".book-widget", options=checks.AXE).response
    assert not found["violations"], [v["help"] for v in found["violations"]]


def test_its_data_are_the_chapters(opened):
    page = opened()
    data = data_of(page)
    assert data["pattern"] == GPT2_PATTERN and len(data["merges"]) == 768
    assert len(json.dumps(data)) < 20_000
