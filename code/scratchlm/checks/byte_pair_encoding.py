"""Checks of the exercises in the chapter on byte-pair encoding."""

import random
from numbers import Real

from scratchlm.bpe import train_naive
from scratchlm.bpe_fast import cut_word_fast, rank_tokens, train_fast
from scratchlm.tokenizer import BPETokenizer

LIBRARY = {"banana": 2, "bandana": 1, "cabana": 1}
# words in which neither the two oldest parts nor the longest first part is always the merge
DICE = random.Random(0)
NOISE = {bytes(DICE.choices(b"abcd", k=DICE.randint(2, 7))): DICE.randint(1, 9) for _ in range(60)}
RHYME = {b"she": 2, b" sells": 2, b" sea": 3, b" shells": 3, b" shore": 1, "ñ海".encode(): 2}


def byte_pair_encoding_paper(merges) -> str | None:
    """The first three merges of a library of three words."""
    right = train_naive(LIBRARY, 3)
    if not isinstance(merges, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and [type(part) for part in pair] == [str, str]
        for pair in merges
    ):
        return "Give a list of pairs of strings, such as [('x', 'y'), ...]."
    merges = [tuple(pair) for pair in merges]
    if len(merges) != 3:
        return f"There are {len(merges)} merges; three are wanted."
    if merges == right:
        return None
    if merges[0] != right[0]:
        return "The first pair is another one: count with how often each word occurs."
    if merges == [right[0], right[2], right[1]]:
        return (
            "The second and third occur equally often before either is merged: the one whose "
            "left part is older comes first, and single characters are older than 'an'."
        )
    place = next(i for i, (mine, true) in enumerate(zip(merges, right)) if mine != true)
    return f"Merge {place + 1} is not the right one: write out the words after merge {place}."


def byte_pair_encoding_merges(function) -> str | None:
    """Merges recovered from ranks, with bytes in their own order and in another."""
    if not callable(function):
        return "Give the function recover_merges itself, without calling it."
    for words, count in ((RHYME, 14), (NOISE, 60)):
        merges = train_fast(words, count)
        found = function(rank_tokens(merges))
        if not isinstance(found, (list, tuple)) or not all(map(_is_pair, found)):
            return "It should return a list of pairs of bytes."
        found = [tuple(pair) for pair in found]
        if len(found) != len(merges):
            return f"It returned {len(found)} pairs for {len(merges)} merged tokens."
        if found != merges:
            return _problem_with_pairs(found, merges)
    turned = {t: 255 - i if len(t) == 1 else i for t, i in rank_tokens(merges).items()}
    scrambled = dict(sorted(turned.items(), key=lambda item: item[0]))
    if [tuple(pair) for pair in function(scrambled)] != merges:
        return "With the ranks in another order in the dict it fails: sort the tokens by rank."
    return None


def _is_pair(pair) -> bool:
    return isinstance(pair, (list, tuple)) and all(isinstance(part, bytes) for part in pair)


def _problem_with_pairs(found, merges) -> str:
    """Say which pair is wrong, or that only the order is."""
    if sorted(found) == sorted(merges):
        return "The pairs are right but not in order: go through the tokens by rank."
    place = next(i for i, (mine, true) in enumerate(zip(found, merges)) if mine != true)
    return (
        f"{b''.join(merges[place])} was merged from {merges[place]}, not {found[place]}: cut it "
        "with the tokens of lower rank only."
    )


def byte_pair_encoding_stream(function) -> str | None:
    """Text from ids, each character as soon as it is complete."""
    if not callable(function):
        return "Give the function decode_stream itself, without calling it."
    tokenizer = BPETokenizer(rank_tokens(train_fast(RHYME, 6)))
    text = "she 海 🐚 sells ñ."
    ids = tokenizer.encode(text)
    stream = function(tokenizer, iter(ids))
    if not hasattr(stream, "__next__"):
        return "It should be a generator: use yield."
    pieces = list(stream)
    if not all(isinstance(piece, str) for piece in pieces):
        return "It should yield strings."
    if "\ufffd" in "".join(pieces):
        return "A character that is spread over several tokens comes out as �: keep its bytes back."
    if "".join(pieces) != text:
        return f"The pieces make {''.join(pieces)!r} in place of {text!r}."
    if problem := _problem_with_pace(function, tokenizer, ids, pieces):
        return problem
    if "".join(function(tokenizer, iter(tokenizer.encode("a\ufffdb")))) != "a\ufffdb":
        return "A � that stands in the text is a character like any other: yield it."
    return None


def _problem_with_pace(function, tokenizer, ids, pieces) -> str | None:
    """Whether text comes with the id that completes it, and what becomes of a rest."""
    shown = ""
    for count, piece in enumerate(pieces[: len(ids)], start=1):
        shown += piece
        complete = tokenizer.decode_bytes(ids[:count]).decode("utf-8", errors="ignore")
        if shown != complete:
            return (
                f"After {count} ids {complete!r} is complete, and {shown!r} was yielded: yield "
                "once for every id, with all that it completes."
            )
    cut = list(function(tokenizer, iter([ord("a"), 0xF0, 0x9F])))
    if "".join(cut) != "a\ufffd":
        return (
            "When the ids end inside a character, the rest should come out once as �: it gave "
            f"{''.join(cut)!r}."
        )

    asked = []

    def watched():
        for i in (ord("o"), ord("k")):
            asked.append(i)
            yield i

    if next(function(tokenizer, watched())) != "o" or len(asked) > 1:
        return "The first piece should be yielded before the other ids are asked for."
    return None


DOMAINS = [(a, b) for a in ("plays", "messages") for b in ("plays", "messages")]


def byte_pair_encoding_domain(found) -> str | None:
    """Characters a token at home and away."""
    if not isinstance(found, dict) or set(found) != set(DOMAINS):
        return f"Give a dict with the keys {DOMAINS}."
    for key, value in found.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 1 < value < 4:
            return (
                f"The value for {key} is {value!r}: give characters a token, a number between 1 "
                "and 4, len(text) / len(ids)."
            )
    for target in ("plays", "messages"):
        other = "messages" if target == "plays" else "plays"
        if found[target, target] < found[other, target] + 0.1:
            return (
                f"On {target} the tokenizer that learned from {target} should be clearly better: "
                "the first part of a key is the text trained on, the second the text measured."
            )
    if not 2.1 < found["plays", "plays"] < 2.45:
        return (
            "For plays on plays about 2.3 was expected: train on train with 1024 tokens, measure "
            "on validation."
        )
    return None


def byte_pair_encoding_dropout(function) -> str | None:
    """Cuts with merges left out at random."""
    if not callable(function):
        return "Give the function cut_with_dropout itself, without calling it."
    ranks = rank_tokens(train_fast(RHYME, 30))
    words = [*RHYME, b" shellshed", b" seahorses", b"sss"]

    def cut(word, p, seed=0):
        return list(function(word, dict(ranks), p, random.Random(seed)))

    for word in words:
        if b"".join(cut(word, 0.5)) != word:
            return f"With p = 0.5 the tokens of {word!r} do not make {word!r} again."
        if cut(word, 0.0) != cut_word_fast(word, ranks):
            return f"With p = 0, {word!r} should be cut as cut_word cuts it."
        if len(cut(word, 1.0)) != len(word):
            return f"With p = 1 nothing can merge: {word!r} should come out in bytes."
    return _problem_with_chance(cut, ranks)


def _problem_with_chance(cut, ranks) -> str | None:
    """Whether merges fail at the stated rate, each anew, by the generator that was handed over."""
    word = b" shells"
    cuts = [cut(word, 0.3, seed) for seed in range(400)]
    if any(part not in ranks for parts in cuts for part in parts):
        return "It made a part that is no token."
    if cuts != [cut(word, 0.3, seed) for seed in range(400)]:
        return "The same seed gives another cut: draw from `chance` alone."
    if len({tuple(parts) for parts in cuts}) < 5:
        return "400 seeds gave hardly any different cuts: every pair is dropped on its own."
    pairs = sum(len(cut(b"he", 0.3, seed)) == 1 for seed in range(400)) / 400
    if not 0.6 < pairs < 0.8:
        return (
            f"The one pair of b'he' was merged {pairs:.0%} of the time with p = 0.3; 70% was "
            "expected: a word has to be merged, even if it is a token as a whole."
        )
    length = sum(map(len, cuts)) / 400
    if not 2.0 < length < 3.0:
        return (
            f"b' shells' came out in {length:.1f} tokens on average with p = 0.3, where about 2.5 "
            "were expected: draw anew for every pair at every step."
        )
    return None
