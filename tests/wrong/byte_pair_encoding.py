"""Wrong answers to the exercises of the chapter on byte-pair encoding."""

from tests.wrong.answers import Wrong


def pairs(cut: str) -> str:
    """A wrong `recover_merges`, which cuts each token behind its first `cut` bytes."""
    return (
        "def recover_merges(ranks):\n    pairs = []\n"
        "    for t in sorted(ranks, key=ranks.get)[256:]:\n"
        "        fits = [k for k in range(1, len(t)) if t[:k] in ranks and t[k:] in ranks]\n"
        f"        k = {cut}\n        pairs.append((t[:k], t[k:]))\n    return pairs"
    )


def stream(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        f"import codecs\n\nsolved = decode_stream\ndef decode_stream(tokenizer, ids):\n    {lines}"
    )


def domain(*values: str) -> str:
    keys = ["'plays', 'plays'", "'plays', 'messages'", "'messages', 'plays'"]
    entries = zip([*keys, "'messages', 'messages'"], values)
    return f"found = {{{', '.join(f'({key}): {value}' for key, value in entries)}}}"


def dropout(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"solved = cut_with_dropout\ndef cut_with_dropout(word, ranks, p, chance):\n    {lines}"


IN_ORDER_OF_THE_DICT = """\
def recover_merges(ranks):
    pairs, so_far = [], {t: r for t, r in ranks.items() if len(t) == 1}
    for token in (t for t in ranks if len(t) > 1):
        pairs.append(tuple(cut_word_fast(token, so_far)))
        so_far[token] = ranks[token]
    return pairs"""
WHOLE_CHARACTERS = """\
def decode_stream(tokenizer, ids):
    held = b""
    for i in ids:
        held += tokenizer.decode_bytes([i])
        try:
            piece = held.decode()
        except UnicodeDecodeError:
            yield ""
        else:
            yield piece
            held = b""
    if held:
        yield held.decode(errors="replace")"""
A_DIE_FOR_EQUAL_PAIRS = """\
def cut_with_dropout(word, ranks, p, chance):
    parts = list(split_symbols(word))
    while True:
        there = sorted({left + right for left, right in pairwise(parts)} & set(ranks))
        kept = {token for token in there if chance.random() >= p}
        candidates = [(ranks[left + right], i)
                      for i, (left, right) in enumerate(pairwise(parts)) if left + right in kept]
        if not candidates:
            return parts
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]"""
ONE_DECODER_FOR_ALL = """\
import codecs
DECODER = codecs.getincrementaldecoder("utf-8")(errors="replace")
def decode_stream(tokenizer, ids):
    for i in ids:
        yield DECODER.decode(tokenizer.decode_bytes([i]))
    if rest := DECODER.decode(b"", final=True):
        yield rest"""
TRIM_THE_WHOLE = """\
def decode_stream(tokenizer, ids):
    so_far, shown = [], ""
    for i in ids:
        so_far.append(i)
        complete = tokenizer.decode(so_far).rstrip("\\ufffd")
        yield complete[len(shown):]
        shown = complete
    if rest := tokenizer.decode(so_far)[len(shown):]:
        yield rest"""
IGNORE_WHAT_IS_BROKEN = """\
import codecs
def decode_stream(tokenizer, ids):
    decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")
    for i in ids:
        yield decoder.decode(tokenizer.decode_bytes([i]))
    if decoder.getstate()[0]:
        yield chr(0xFFFD)"""
A_DIE_OF_TEN_SIDES = """\
def cut_with_dropout(word, ranks, p, chance):
    parts = list(split_symbols(word))
    while True:
        candidates = [(ranks[left + right], i)
                      for i, (left, right) in enumerate(pairwise(parts))
                      if left + right in ranks and chance.randrange(10) >= 10 * p]
        if not candidates:
            return parts
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]"""
THE_LAST_OF_EQUALS = """\
def cut_with_dropout(word, ranks, p, chance):
    parts = list(split_symbols(word))
    while True:
        candidates = [(ranks[left + right], -i)
                      for i, (left, right) in enumerate(pairwise(parts))
                      if left + right in ranks and chance.random() >= p]
        if not candidates:
            return parts
        i = -min(candidates)[1]
        parts[i : i + 2] = [parts[i] + parts[i + 1]]"""
ONLY_THE_BEST_HAS_A_DIE = """\
def cut_with_dropout(word, ranks, p, chance):
    parts = list(split_symbols(word))
    while True:
        candidates = [(ranks[left + right], i)
                      for i, (left, right) in enumerate(pairwise(parts)) if left + right in ranks]
        if not candidates or chance.random() < p:
            return parts
        _, i = min(candidates)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]"""
DROPPED_FOR_GOOD = """\
def cut_with_dropout(word, ranks, p, chance):
    parts, dropped = list(split_symbols(word)), set()
    asked = set()
    while True:
        there = [(ranks[left + right], i, left, right)
                 for i, (left, right) in enumerate(pairwise(parts)) if left + right in ranks]
        for _, _, left, right in there:
            if (left, right) not in asked and chance.random() < p:
                dropped.add((left, right))
            asked.add((left, right))
        kept = [(rank, i) for rank, i, left, right in there if (left, right) not in dropped]
        if not kept:
            return parts
        _, i = min(kept)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]"""
ONCE_FOR_THE_WORD = """\
kept = {t: r for t, r in ranks.items() if len(t) == 1 or chance.random() >= p}
parts = solved(word, kept, 0, chance)
return parts"""

WRONG = {
    "byte-pair-encoding-paper": [
        Wrong('merges_on_paper = [("n", "a"), ("b", "a"), ("ba", "na")]', "first pair"),
        Wrong('merges_on_paper = [("a", "n"), ("an", "a"), ("b", "an")]', "older"),
        Wrong('merges_on_paper = [("a", "n"), ("b", "an"), ("ban", "an")]', "Merge 3"),
        Wrong('merges_on_paper = [("a", "n"), ("b", "an")]', "three are wanted"),
        Wrong("merges_on_paper = 'ana'", "list of pairs"),
        Wrong("merges_on_paper = 3", "list of pairs"),
        Wrong("merges_on_paper = [('a', 1)]", "list of pairs"),
        Wrong("merges_on_paper = ['an']", "list of pairs"),
    ],
    "byte-pair-encoding-merges": [
        Wrong(pairs("max(fits)"), "lower rank"),
        Wrong(pairs("len(t) // 2"), "lower rank"),
        Wrong(IN_ORDER_OF_THE_DICT, "sort the tokens"),
        Wrong(pairs("len(t)"), "lower rank"),
        Wrong(
            "solved = recover_merges\ndef recover_merges(ranks):\n    return solved(ranks)[::-1]",
            "in order",
            extends=True,
        ),
        Wrong(
            "solved = recover_merges\ndef recover_merges(ranks):\n    return solved(ranks)[:-1]",
            "pairs for",
            extends=True,
        ),
        Wrong("recover_merges = list", "pairs of bytes"),
        Wrong("recover_merges = [(b'a', b'b')]", "itself"),
    ],
    "byte-pair-encoding-stream": [
        Wrong(ONE_DECODER_FOR_ALL),
        Wrong(WHOLE_CHARACTERS, "with all that it completes"),
        Wrong(
            stream("for i in ids:\n    yield tokenizer.decode([i])"),
            "keep its bytes back",
            extends=True,
        ),
        Wrong(
            stream("yield from solved(tokenizer, ids)\nyield ''"), "after the last", extends=True
        ),
        Wrong(IGNORE_WHAT_IS_BROKEN, "where decode has"),
        Wrong(
            stream(
                "decoder = codecs.getincrementaldecoder('utf-8')('replace')\n"
                "for i in ids:\n    yield decoder.decode(tokenizer.decode_bytes([i]))"
            ),
            "once as �",
            extends=True,
        ),
        Wrong(TRIM_THE_WHOLE, "with all that it completes"),
        Wrong(stream("yield tokenizer.decode(list(ids))"), "After 1 ids", extends=True),
        Wrong(
            stream(
                "pieces = solved(tokenizer, ids)\n"
                "yield from (piece for piece in pieces if piece != '\\ufffd')"
            ),
            "like any other",
            extends=True,
        ),
        Wrong(stream("yield from solved(tokenizer, list(ids))"), "asked for", extends=True),
        Wrong(stream("return tokenizer.decode(list(ids))"), "generator", extends=True),
        Wrong("decode_stream = 'she'", "itself"),
    ],
    "byte-pair-encoding-domain": [
        Wrong(domain("2.3", "1.8", "1.8", "2.3")),
        Wrong(domain("1.8", "2.3", "2.3", "1.8"), "first part of a key"),
        Wrong(domain("2.9", "2", "2", "2.4"), "1024 tokens"),
        Wrong(domain("0.44", "0.5", "0.5", "0.41"), "between 1 and 4"),
        Wrong(domain("[1]", "2", "2", "2.4"), "between 1 and 4"),
        Wrong("found = {'plays': 2}", "keys"),
        Wrong("found = [2.3, 1.8]", "keys"),
    ],
    "byte-pair-encoding-dropout": [
        Wrong(A_DIE_OF_TEN_SIDES),
        Wrong(A_DIE_FOR_EQUAL_PAIRS, "for every place"),
        Wrong(dropout(ONCE_FOR_THE_WORD), "draw anew", extends=True),
        Wrong(THE_LAST_OF_EQUALS, "as cut_word cuts it"),
        Wrong(ONLY_THE_BEST_HAS_A_DIE, "draw anew"),
        Wrong(DROPPED_FOR_GOOD, "draw anew"),
        Wrong(
            dropout("ranks.pop(word, None)\nreturn solved(word, ranks, p, chance)"),
            "as cut_word cuts it",
            extends=True,
        ),
        Wrong(
            dropout(
                "found = solved(word, ranks, p, chance)\n"
                "ranks[word + b'!'] = len(ranks)\nreturn found"
            ),
            "changes the ranks",
            extends=True,
        ),
        Wrong(
            dropout(
                "found = solved(word, ranks, p, chance)\n"
                "return [word] if word in ranks and p < 1 else found"
            ),
            "token as a whole",
            extends=True,
        ),
        Wrong(dropout("return solved(word, ranks, 1 - p, chance)"), "p = 0", extends=True),
        Wrong(
            dropout("return solved(word, ranks, p, random.Random())"),
            "`chance` alone",
            extends=True,
        ),
        Wrong(dropout("return solved(word, ranks, 0, chance)"), "p = 1", extends=True),
        Wrong(dropout("return [word[:1]]"), "do not make", extends=True),
        Wrong("cut_with_dropout = 0.5", "itself"),
    ],
}
