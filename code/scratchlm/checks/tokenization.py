"""Checks of the exercises in the chapter on characters, words and bytes."""

import math
from collections import Counter
from numbers import Real

import torch

from scratchlm import data
from scratchlm.batching import token_windows
from scratchlm.tokenizers import WordTokenizer, build_vocab, split_words

IDS, LENGTH, STRIDE = [3, 1, 4, 1, 5, 9, 2, 6], 3, 2


def _windows(part) -> list | None:
    """Return rows of whole numbers as lists, or None if it is something else."""
    part = part.tolist() if isinstance(part, torch.Tensor) else part
    if not isinstance(part, (list, tuple)) or not all(isinstance(r, (list, tuple)) for r in part):
        return None
    rows = [list(row) for row in part]
    return rows if all(type(i) is int for row in rows for i in row) else None


def tokenization_windows(inputs, targets=None) -> str | None:
    """The windows of eight ids, worked out on paper."""
    mine = _windows(inputs), _windows(targets)
    if None in mine:
        return "Give two lists of lists of whole numbers: first the inputs, then the targets."
    right = tuple(part.tolist() for part in token_windows(IDS, LENGTH, STRIDE))
    if mine == right:
        return None
    if any(len(row) != LENGTH for part in mine for row in part):
        return f"Every row should have {LENGTH} ids: the context length."
    if mine == right[::-1]:
        return "The two are swapped: give the inputs first."
    for other in (1, 3):
        if mine[0] == token_windows(IDS, LENGTH, other)[0].tolist():
            return f"That is a stride of {other}: start a window at every second id."
    if mine[0] == [*right[0], [2, 6]] or len(mine[0]) > len(right[0]):
        return "There are too many windows: each needs three inputs and an id behind the last."
    if mine[0] != right[0]:
        return "The inputs are not right: start at the first id, then two further on each time."
    return "The targets are not right: each row is its inputs' row moved on by one id."


def tokenization_utf8(function) -> str | None:
    """The bytes of a code point."""
    if not callable(function):
        return "Give the function utf8 itself, without calling it."
    for code in (65, 233, 0x928, 0x1F642, 0, 127, 128, 2047, 2048, 65_535, 65_536, 0x10FFFF):
        found, right = function(code), list(chr(code).encode())
        if not isinstance(found, (list, tuple, bytes)):
            return f"It returned {found!r} for {code}: return a list of whole numbers."
        if list(found) == right:
            continue
        if list(found) == right[::-1]:
            return (
                f"The bytes of {code} are in the wrong order: the one with the most ones is first."
            )
        if len(found) != len(right):
            return f"Code point {code} takes {len(right)} bytes, and it returned {len(found)}."
        return f"For code point {code} it returned {list(found)}, where {right} was expected."
    return None


def tokenization_spaces(function) -> str | None:
    """Words that keep the space in front of them."""
    if not callable(function):
        return "Give the function split_spaced itself, without calling it."
    examples = {
        "to be": ["to", " be"],
        "to  be, or": ["to", " ", " be", ",", " or"],
        "end. \n Next ": ["end", ".", " ", "\n", " Next", " "],
        "a\tb - c_1": ["a", "\t", "b", " ", "-", " c_1"],
        "": [],
    }
    for text, right in examples.items():
        found = function(text)
        if not isinstance(found, (list, tuple)) or any(type(piece) is not str for piece in found):
            return f"It returned {found!r} for {text!r}: return a list of strings."
        if "".join(found) != text:
            return f"For {text!r} the pieces {list(found)} do not join to the text again."
        if list(found) == split_words(text) != right:
            return f"For {text!r} it cuts as split_words does: the space should stay with its word."
        if list(found) != right:
            return f"For {text!r} it returned {list(found)}, where {right} was expected."
    return None


def tokenization_perplexity(perplexities) -> str | None:
    """Perplexities of a model without context, for four vocabularies."""
    sizes = [0, 100, 1_000, 10_000]
    if not isinstance(perplexities, dict) or set(perplexities) != set(sizes):
        return f"Give a dict with the keys {sizes}."
    for size, found in perplexities.items():
        if isinstance(found, bool) or not isinstance(found, Real) or not math.isfinite(found):
            return f"The perplexity for {size} words is {found!r}: give a number."
    if abs(perplexities[0]) < 1e-6:
        return "Those are losses: the perplexity is the exponential of the mean loss."
    train, val = (split_words(t) for t in data.split_text(data.load("tiny-shakespeare")))
    vocab = build_vocab(train)
    for size in sizes:
        if problem := _problem_with_perplexity(perplexities[size], size, vocab, train, val):
            return problem
    return None


def _problem_with_perplexity(found: float, size: int, vocab, train, val) -> str | None:
    """Compare with the right value and with those of likely slips."""
    ids = WordTokenizer(vocab[:size]).stoi
    seen, held_out = Counter(ids.get(w, 0) for w in train), [ids.get(w, 0) for w in val]
    whole = seen.total() + len(ids)
    loss = -sum(math.log((seen[i] + 1) / whole) for i in held_out) / len(held_out)
    # one id less makes every share larger by the same factor, and so little that only
    # unrounded perplexities tell the two apart
    if math.isclose(found, math.exp(loss) * (whole - 1) / whole, rel_tol=5e-7):
        return f"For {size} words V is {size + 1}, not {size}: <unk> has an id and counts as well."
    known = [i for i in held_out if i] or [0]
    without = -sum(math.log((seen[i] + 1) / whole) for i in known) / len(known)
    on_train = -sum(n * math.log((seen[i] + 1) / whole) for i, n in seen.items()) / seen.total()
    if math.isclose(found, math.exp(loss), rel_tol=0.01):
        return None
    for slip, sentence in [
        (without, "the unknown tokens are left out: they count like any other"),
        (on_train, "that is the training text: measure on the validation text"),
        (loss / math.log(2), "that is a loss: take the exponential"),
    ]:
        value = slip if "loss" in sentence else math.exp(slip)
        if math.isclose(found, value, rel_tol=0.003):
            return f"For {size} words, {sentence}."
    return f"For {size} words it is {found:.2f}; it should be about {math.exp(loss):.1f}."


def tokenization_documents(function) -> str | None:
    """The number of the document that each id belongs to."""
    if not callable(function):
        return "Give the function document_of itself, without calling it."
    examples = [
        ([7, 8, 0, 9, 0, 5], 0, [0, 0, 0, 1, 1, 2]),
        ([4, 4, 4], 0, [0, 0, 0]),
        ([3, 1, 3, 3, 1], 3, [0, 1, 1, 2, 3]),
    ]
    for ids, end, right in examples:
        tape = torch.tensor(ids)
        found = function(tape.clone(), end)
        if not isinstance(found, torch.Tensor) or found.shape != tape.shape:
            return f"For {len(ids)} ids return a tensor of shape ({len(ids)},)."
        if found.dtype != torch.int64:
            return f"The result is of type {found.dtype}: numbers of documents are int64."
        if found.tolist() == [number + 1 for number in right]:
            return "Count the documents from 0."
        if found.tolist() == (tape == end).cumsum(0).tolist() != right:
            return "An end-of-text belongs to the document that it ends, not to the next one."
        if found.tolist() != right:
            return f"For {ids} with the end {end} it returned {found.tolist()} instead of {right}."
    return None


def tokenization_spelling(cls) -> str | None:
    """A tokenizer of words that spells what it does not know in bytes."""
    if not isinstance(cls, type):
        return "Give the class Speller itself, without calling it."
    vocab = ["speak", " ", "né", "ने"]
    speller = cls(list(vocab))
    if len(speller) != 256 + len(vocab):
        return f"With {len(vocab)} words its length is {len(speller)}: count the 256 bytes too."
    words = {word: 256 + i for i, word in enumerate(vocab)}
    for text in ("speak né", "speaker", "é", "speak, né 🙂 ", "नमस्ते speak", ""):
        ids = speller.encode(text)
        right = [i for w in split_words(text) for i in ([words[w]] if w in words else w.encode())]
        if not isinstance(ids, (list, tuple)) or any(type(i) is not int for i in ids):
            return f"encode({text!r}) returned {ids!r}: return a list of whole numbers."
        if list(ids) != right:
            return f"encode({text!r}) returned {list(ids)} instead of {right}."
        if (back := speller.decode(list(ids))) != text:
            return (
                f"{text!r} came back as {back!r}: collect the bytes of all ids, then decode once."
            )
    if speller.decode([256, 195]) != "speak\ufffd":
        return (
            "For bytes that spell nothing decode should put U+FFFD, as ByteTokenizer does: "
            'data.decode("utf-8", errors="replace"), where data are the bytes of all ids.'
        )
    return None
