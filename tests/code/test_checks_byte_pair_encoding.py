"""The checks of the chapter accept its own solutions and answer each mistake with a sentence."""

import random
from itertools import pairwise

import pytest

from scratchlm.bpe import apply_merges, cut_word, split_symbols
from scratchlm.bpe_fast import cut_word_fast
from scratchlm.checks import byte_pair_encoding, check
from tests.wrong import answers

SLUG = "byte-pair-encoding"
CELLS = {exercise: code for exercise, (code, _) in answers.cells(SLUG).items()}
NAMES = {
    "cut_word_fast": cut_word_fast,
    "split_symbols": split_symbols,
    "pairwise": pairwise,
    "random": random,
}
HOME, AWAY = 2.3, 1.8


def solution(exercise, name):
    return answers.solution(SLUG, exercise, name, NAMES)


@pytest.mark.parametrize(("exercise", "wrong"), answers.tries(SLUG))
def test_wrong_answers(exercise, wrong):
    answers.caught(SLUG, exercise, wrong, NAMES)


def test_every_exercise_has_a_check():
    names = [name for name in vars(byte_pair_encoding) if name.startswith("byte_pair_encoding_")]
    assert sorted(CELLS) == sorted(name.replace("_", "-") for name in names)


def test_paper():
    name = "byte-pair-encoding-paper"
    right = solution(name, "merges_on_paper")
    assert check(name, right) and check(name, [list(pair) for pair in right])


def with_the_whole_table(ranks):
    longer = sorted((t for t in ranks if len(t) > 1), key=ranks.get)
    others = [{t: r for t, r in ranks.items() if t != token} for token in longer]
    return [tuple(cut_word(token, rest)) for token, rest in zip(longer, others)]


def test_merges():
    assert check(
        "byte-pair-encoding-merges", solution("byte-pair-encoding-merges", "recover_merges")
    )


def test_taking_the_whole_table_happens_to_be_right():
    """A token's parts are of lower rank anyway, so that later tokens do not disturb the cut."""
    assert check("byte-pair-encoding-merges", with_the_whole_table)


def test_stream():
    assert check(
        "byte-pair-encoding-stream", solution("byte-pair-encoding-stream", "decode_stream")
    )


def test_domain():
    found = {(a, b): HOME if a == b else AWAY for a, b in byte_pair_encoding.DOMAINS}
    assert check("byte-pair-encoding-domain", found)
    assert check("byte-pair-encoding-domain", {**found, ("messages", "messages"): 2.6})


def test_dropout():
    name = "byte-pair-encoding-dropout"
    assert check(name, solution(name, "cut_with_dropout"))


def test_the_library_is_the_one_in_the_exercise():
    assert str(byte_pair_encoding.LIBRARY).replace("'", '"') in answers.page_of(SLUG).text
    assert apply_merges("banana", solution("byte-pair-encoding-paper", "merges_on_paper")) == (
        "ban",
        "ana",
    )


@pytest.mark.parametrize("exercise", CELLS)
def test_no_answer_yet(exercise):
    assert "no answer yet" in check(exercise, ...).sentence
