"""Checks of the exercises in the chapter on byte-pair encoding."""

import random
from collections import Counter
from itertools import pairwise
from numbers import Real

from scratchlm.bpe import split_symbols, train_naive
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
    ranks = rank_tokens(train_fast(RHYME, 6))
    tokenizer = BPETokenizer({**ranks, b" \xf0": len(ranks)})  # a space and the start of 🐚
    text = "she 海 🐚 sells ñ."
    stream = function(tokenizer, iter(tokenizer.encode(text)))
    if not hasattr(stream, "__next__"):
        return "It should be a generator: use yield."
    pieces = list(stream)
    if not all(isinstance(piece, str) for piece in pieces):
        return "It should yield strings."
    if "\ufffd" in "".join(pieces):
        return "A character that is spread over several tokens comes out as �: keep its bytes back."
    if "".join(pieces) != text:
        return f"The pieces make {''.join(pieces)!r} in place of {text!r}."
    if "".join(function(tokenizer, iter(tokenizer.encode("a\ufffdb")))) != "a\ufffdb":
        return "A � that stands in the text is a character like any other: yield it."
    for sample in (text, "a\ufffdb"):
        if problem := _problem_with_pace(function, tokenizer, tokenizer.encode(sample)):
            return problem
    return _problem_with_rest(function, tokenizer) or _problem_with_haste(function, tokenizer)


def _problem_with_pace(function, tokenizer, ids) -> str | None:
    """Whether text comes with the id that completes it, one piece for each id."""
    pieces = list(function(tokenizer, iter(ids)))
    for count in range(1, len(ids) + 1):
        shown = "".join(pieces[:count])
        complete = tokenizer.decode(ids[:count], errors="ignore")
        if shown != complete:
            return (
                f"After {count} ids {complete!r} is complete, and {shown!r} was yielded: yield "
                "once for every id, with all that it completes."
            )
    if len(pieces) > len(ids):
        return (
            f"For {len(ids)} ids it yielded {len(pieces)} pieces: after the last id yield only if "
            "bytes are left."
        )
    return None


def _problem_with_rest(function, tokenizer) -> str | None:
    """What becomes of bytes that are no character."""
    cut = list(function(tokenizer, iter([ord("a"), 0xF0, 0x9F])))
    if "".join(cut) != "a\ufffd":
        return (
            "When the ids end inside a character, the rest should come out once as �: it gave "
            f"{''.join(cut)!r}."
        )
    ids = [0xC3, ord("a"), 0x90, ord("b")]  # a character that breaks off, and one that never began
    pieces, right = list(function(tokenizer, iter(ids))), tokenizer.decode(ids)
    if "".join(pieces) != right:
        return (
            f"From the bytes {bytes(ids)} it made {''.join(pieces)!r}, where decode has {right!r}."
        )
    if not "".join(pieces[:2]).endswith("a"):
        return (
            f"From the bytes {bytes(ids)} it had yielded {''.join(pieces[:2])!r} after two: a "
            "broken character should not keep back what follows it."
        )
    return None


def _problem_with_haste(function, tokenizer) -> str | None:
    """Whether a piece is yielded before the next id is asked for."""
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
    twins = rank_tokens([(b"a", b"b"), (b"s", b"s")])
    tries = [(word, ranks) for word in (*RHYME, b" shellshed", b" seahorses", b"sss")]
    for word, table in [*tries, (b"sss", twins)]:
        if b"".join(function(word, dict(table), 0.5, random.Random(0))) != word:
            return f"With p = 0.5 the tokens of {word!r} do not make {word!r} again."
        right = cut_word_fast(word, table)
        if list(function(word, dict(table), 0.0, random.Random(0))) != right:
            return f"With p = 0, {word!r} should be cut as cut_word cuts it: {right}."
        if len(function(word, dict(table), 1.0, random.Random(0))) != len(word):
            return f"With p = 1 nothing can merge: {word!r} should come out in bytes."
    return (
        _problem_with_seeds(function, ranks)
        or _problem_with_shares(function, b"he", ranks)
        or _problem_with_shares(function, b" shells", ranks)
        or _problem_with_shares(function, b"abab", twins)
    )


def _problem_with_seeds(function, ranks) -> str | None:
    """Whether all chance comes from the generator, and the ranks stay what they are."""
    kept = dict(ranks)
    cuts, again = (
        [list(function(b" shells", kept, 0.3, random.Random(seed))) for seed in range(100)]
        for _ in range(2)
    )
    if kept != ranks:
        return "It changes the ranks that it was given: leave them as they are."
    if any(part not in ranks for parts in cuts for part in parts):
        return "It made a part that is no token."
    if cuts != again:
        return "The same seed gives another cut: draw from `chance` alone."
    return None


def _problem_with_shares(function, word, ranks, p=0.3, draws=1_000) -> str | None:
    """Whether each cut comes as often as it should, within what a thousand draws allow."""
    cuts = (tuple(function(word, dict(ranks), p, random.Random(seed))) for seed in range(draws))
    found, right = Counter(cuts), _chances(tuple(split_symbols(word)), ranks, p)
    off = {parts: found[parts] / draws - right.get(parts, 0.0) for parts in {*found, *right}}
    worst = max(sorted(off), key=lambda parts: abs(off[parts]))
    if abs(off[worst]) < 0.06:
        return None
    whole = " (also of a word that is a token as a whole)" if worst == (word,) else ""
    return (
        f"With p = {p}, {word!r} came out as {list(worst)} in {found[worst] / draws:.0%} of "
        f"{draws:,} draws, where {right.get(worst, 0.0):.0%} was expected: draw anew at every "
        f"step, for every place where a pair could be merged{whole}."
    )


def _chances(parts: tuple, ranks, p: float) -> Counter:
    """Return the probability of every way in which a word can come out."""
    steps = sorted(
        (ranks[left + right], i)
        for i, (left, right) in enumerate(pairwise(parts))
        if left + right in ranks
    )
    chances = Counter({parts: p ** len(steps)})
    for dropped, (_, i) in enumerate(steps):  # all candidates before this one are dropped
        merged = (*parts[:i], parts[i] + parts[i + 1], *parts[i + 2 :])
        for outcome, chance in _chances(merged, ranks, p).items():
            chances[outcome] += p**dropped * (1 - p) * chance
    return chances
