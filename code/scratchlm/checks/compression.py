"""Checks of the exercises in the chapter on what a tokenizer buys."""

import itertools
import math
import random
from numbers import Real

PIECES, LOSSES, CHARACTERS, BYTES = (400, 1500, 1200), (2.8, 0.8, 0.95), 1200, 1500
TABLE = {1: 3.629, 2: 2.584, 3: 2.324, 4: 2.362}  # bits per character, by n
TOKENS = 1 / 2.2752  # of 1,024 kinds, per character
CODED = {512: 3.8792, 2048: 3.0012, 4096: 2.7236, 8192: 2.5267}  # bits per byte, without
DICTIONARY = {512: 0.0079, 2048: 0.0754, 4096: 0.1792, 8192: 0.4084}  # and for the dictionary
SPELLED = {512: 0.0058, 2048: 0.0611, 4096: 0.1486, 8192: 0.3451}  # lengths left out


def _close(found, right, tolerance: float = 5e-3) -> bool:
    return len(found) == len(right) and all(
        abs(a - b) <= tolerance for a, b in zip(found, right, strict=True)
    )


def _numbers(values) -> list[float] | None:
    """Return finite numbers as floats, or None if there is something else among them."""
    good = all(isinstance(v, Real) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    return [float(v) for v in values] if good else None


def compression_bits(answer) -> str | None:
    """Bits per byte of three models, on paper."""
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 3:
        return "Give a list of three numbers: the bits per byte of A, B and C."
    found = _numbers(answer)
    if found is None:
        return "Give three plain numbers, without units."
    bits = [n * loss / math.log(2) for n, loss in zip(PIECES, LOSSES)]
    if _close(found, [b / BYTES for b in bits]):
        return None
    return _slip(found, _slips_with_bits(bits), 5e-3) or _wrong_model(found, bits)


def _slips_with_bits(bits: list[float]) -> list[tuple]:
    """Return likely wrong answers, each with the sentence that helps."""
    ln2 = math.log(2)
    return [
        ([b * ln2 / BYTES for b in bits], "Those are nats per byte: divide by ln 2 for bits."),
        (
            [b / CHARACTERS for b in bits],
            "Those are bits per character: divide by the 1,500 bytes.",
        ),
        ([loss / ln2 for loss in LOSSES], "Those are bits per piece: add up over the text."),
        ([b * ln2 * ln2 / BYTES for b in bits], "A nat is more than a bit: divide by ln 2."),
    ]


def _slip(found: list[float], slips: list[tuple], tolerance: float) -> str | None:
    """Return the sentence of the first slip that gives what was found, or None."""
    return next((text for slip, text in slips if _close(found, slip, tolerance)), None)


def _wrong_model(found: list[float], bits: list[float]) -> str:
    name = next(m for m, v, b in zip("ABC", found, bits) if abs(v - b / BYTES) > 5e-3)
    return f"Model {name} is not right: pieces times loss, divided by ln 2 and by the bytes."


GROUPS = {
    "1234567 km": ["1", "234", "567", " km"],
    "999 + 1 = 1000": ["999", " + ", "1", " = ", "1", "000"],
    "3.14159": ["3", ".", "14", "159"],
    "no digits": ["no digits"],
    "a\n12345\nb": ["a\n", "12", "345", "\nb"],
    "१२३४५ km": ["१२३४५ km"],
    "x12y3456": ["x", "12", "y", "3", "456"],
    "": [],
}


def compression_groups(function) -> str | None:
    """Digits in groups of three, counted from the right."""
    if not callable(function):
        return "Give the function group_digits itself, without calling it."
    for text, right in GROUPS.items():
        found = function(text)
        if not isinstance(found, (list, tuple)) or any(type(piece) is not str for piece in found):
            return f"It returned {found!r} for {text!r}: return a list of strings."
        found = list(found)
        if found == right:
            continue
        if "".join(found) != text:
            return f"For {text!r} the pieces {found} do not join to the text again."
        if "" in found:
            return f"For {text!r} there is an empty piece in {found}: leave it out."
        if any(len(piece) > 3 and piece.isdigit() for piece in found):
            return f"For {text!r} a group has more than three digits: {found}."
        if text == "1234567 km" and found[0] == "123":
            return "It counts from the left: 1234567 should become 1, 234, 567."
        return f"For {text!r} it returned {found}, where {right} was expected."
    return None


def compression_table(found) -> str | None:
    """Bits per character of tables that count tokens."""
    if not isinstance(found, dict) or set(found) != set(TABLE):
        return "Give a dict with the keys 1, 2, 3 and 4."
    values, right = _numbers([found[n] for n in TABLE]), list(TABLE.values())
    if values is None:
        return "Every value should be a number: bits per character."
    if _close(values, right, 0.02):
        return None
    ln2 = math.log(2)
    slips = [
        (ln2, "Those are nats per character: divide by ln 2 for bits."),
        (1 / TOKENS, "Those are bits per token: multiply by the tokens, divide by the characters."),
        (ln2 / TOKENS, "Those are nats per token, as cross_entropy gives them: go on from there."),
    ]
    slips = [([factor * v for v in right], sentence) for factor, sentence in slips]
    if sentence := _slip(values, slips, 0.04):
        return sentence
    n = next(n for n, v in zip(TABLE, values) if abs(v - TABLE[n]) > 0.02)
    if values[-1] < 2:
        return "So few bits come from counting the text that is predicted: fit on train_text alone."
    return f"For n = {n} it should be about {TABLE[n]:.2f}, not {values[n - 1]:.2f}."


SLIPS_WITH_DICTIONARY = [
    (list(CODED.values()), "That is the text without its dictionary: add the learned tokens."),
    (
        [CODED[size] + SPELLED[size] for size in CODED],
        "The lengths are missing: each learned token takes 8 bits more than its bytes.",
    ),
    (
        [CODED[size] + DICTIONARY[size] / 8 for size in CODED],
        "The dictionary is counted in bytes: each takes 8 bits.",
    ),
]


def compression_dictionary(totals) -> str | None:
    """The packed training text together with its dictionary."""
    if not isinstance(totals, dict) or set(totals) != set(CODED):
        return f"Give a dict with the keys {list(CODED)}."
    values = _numbers([totals[size] for size in CODED])
    if values is None:
        return "Every value should be a number: bits per byte."
    right = [CODED[size] + DICTIONARY[size] for size in CODED]
    if _close(values, right, 3e-3):
        return None
    if sentence := _slip(values, SLIPS_WITH_DICTIONARY, 3e-3):
        return sentence
    if min(values) > 100:
        return "Those are bits in all: divide by the bytes of train_text."
    size = next(s for s, v, r in zip(CODED, values, right) if abs(v - r) > 3e-3)
    return (
        f"For {size} tokens it should be about {CODED[size] + DICTIONARY[size]:.3f} bits per byte."
    )


def _by_listing(text: str, p: dict) -> float:
    """Return the probability of a text by listing all its cuts."""
    total = 0.0
    for bars in itertools.product([False, True], repeat=len(text) - 1):
        cuts = [0, *(i for i, bar in enumerate(bars, 1) if bar), len(text)]
        total += math.prod(p.get(text[a:b], 0.0) for a, b in itertools.pairwise(cuts))
    return total


def compression_cuts(function) -> str | None:
    """The probability of a text over all the ways to cut it."""
    if not callable(function):
        return "Give the function text_probability itself, without calling it."
    rng = random.Random(3)
    p = {"a": 0.3, "b": 0.2, "ab": 0.2, "ba": 0.1, "aba": 0.1, "bb": 0.1}
    texts = ["ab", "a", "c", "abc"] + ["".join(rng.choices("ab", k=k)) for k in (5, 8, 9)]
    for text in texts:
        found, right = function(text, dict(p)), _by_listing(text, p)
        if isinstance(found, bool) or not isinstance(found, Real):
            return f"It returned {found!r} for {text!r}: return one number."
        if math.isclose(found, right, rel_tol=1e-6, abs_tol=1e-12):
            continue
        if right and math.isclose(found, math.log(right), rel_tol=1e-6):
            return "That is a logarithm: return the probability itself."
        if 0 < found < right:
            return f"For {text!r} some cuts are missing: {found:.6f} instead of {right:.6f}."
        return f"For {text!r} it returned {found:.6f}, where {right:.6f} was expected."
    if function("", dict(p)) != 1:
        return "The empty text has one cut, into no tokens at all: its probability is 1."
    return None
