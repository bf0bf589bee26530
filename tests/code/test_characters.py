"""The vocabulary and the windows: by hand, round trips, against plain slicing."""

import string

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.characters import CharTokenizer, name_windows, windows

VOCAB = "." + string.ascii_lowercase
NAMES = st.text(string.ascii_lowercase, max_size=12)


def test_ids_are_places_in_the_vocabulary():
    tokenizer = CharTokenizer(VOCAB)
    assert tokenizer.encode(".asha.") == [0, 1, 19, 8, 1, 0]
    assert (tokenizer.stoi["z"], tokenizer.itos[26], len(tokenizer)) == (26, "z", 27)
    assert tokenizer.decode(torch.tensor([1, 2])) == "ab"


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.data())
def test_decoding_undoes_encoding(text, data):
    letters = data.draw(st.permutations(sorted(set(text))))
    tokenizer = CharTokenizer("".join(letters))
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_unknown_characters_are_named():
    with pytest.raises(ValueError, match=r"lacks \['é'\]"):
        CharTokenizer(VOCAB).encode("renée")


@pytest.mark.parametrize("vocab", ["", "abca"])
def test_a_vocabulary_holds_each_character_once(vocab):
    with pytest.raises(ValueError, match="give each character once"):
        CharTokenizer(vocab)


def test_windows_by_hand():
    contexts, targets = windows([5, 6, 7, 8], context_length=2)
    assert contexts.tolist() == [[5, 6], [6, 7]] and targets.tolist() == [7, 8]
    assert contexts.dtype == targets.dtype == torch.int64


@given(st.lists(st.integers(0, 99), min_size=2, max_size=40), st.data())
def test_windows_are_slices(ids, data):
    length = data.draw(st.integers(1, len(ids) - 1))
    contexts, targets = windows(ids, length)
    assert contexts.tolist() == [ids[i : i + length] for i in range(len(ids) - length)]
    assert targets.tolist() == ids[length:]


@pytest.mark.parametrize("length", [0, 3, 4])
def test_too_few_ids_for_a_window(length):
    with pytest.raises(ValueError, match="hold no window"):
        windows([1, 2, 3], length)


@given(st.lists(NAMES, min_size=1, max_size=6), st.integers(1, 7))
def test_a_name_of_k_letters_gives_k_plus_one_windows(names, length):
    tokenizer = CharTokenizer(VOCAB)
    contexts, targets = name_windows(names, tokenizer, length)
    assert contexts.shape == (sum(len(name) + 1 for name in names), length)
    assert tokenizer.decode(targets) == "".join(name + "." for name in names)


def test_no_window_reaches_from_one_name_into_the_next():
    tokenizer = CharTokenizer("_ab")
    contexts, targets = name_windows(["ab", "b"], tokenizer, 2, boundary="_")
    shown = [tokenizer.decode([*c, t]) for c, t in zip(contexts, targets)]
    assert shown == ["__a", "_ab", "ab_", "__b", "_b_"]


@pytest.mark.parametrize("names", ["asha", []])
def test_names_come_in_a_list(names):
    with pytest.raises(ValueError, match="list of names"):
        name_windows(names, CharTokenizer(VOCAB), 3)
