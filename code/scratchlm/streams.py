"""Ids of a text that comes piece by piece and need not fit into memory.

encode_stream(tokenizer, open(path))     an iterator of ids, those of the whole text
"""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from scratchlm.pretokens import split_specials
from scratchlm.tokenizer import BPETokenizer


def settle(
    tokenizer: BPETokenizer, text: str, allowed: set, disallowed: set
) -> tuple[list[int], str]:
    """Return the ids that no continuation of a text can change, and what they leave.

    A special token may still become another while fewer characters follow than the
    longest has; of the words, the pattern may cut the last two differently.
    """
    tokenizer.forbid(text, disallowed)
    longest = max(map(len, allowed | disallowed), default=0)
    *parts, rest = split_specials(text, allowed)
    while parts and len(rest) < longest:
        special, before = parts.pop(), parts.pop()
        rest = before + special + rest
    ids = tokenizer.encode_parts(parts)
    safe = max(0, len(rest) - 2 * longest)
    matches = [*tokenizer.regex.finditer(rest, 0, safe)][:-2]
    ids += chain.from_iterable(tokenizer.cache[match[0]] for match in matches)
    return ids, rest[matches[-1].end() :] if matches else rest


def encode_stream(
    tokenizer: BPETokenizer,
    chunks: Iterable[str],
    allowed_special: str | Collection[str] = (),
    disallowed_special: str | Collection[str] = "all",
    buffer_size: int = 65_536,
) -> Iterator[int]:
    """Yield the ids of a text that comes in chunks, the same as of the whole text.

    Memory holds about `buffer_size` characters, or two chunks, or two words, if those
    are longer. The arguments and errors are those of `tokenizer.encode`.
    """
    allowed, disallowed = tokenizer.choose(allowed_special, disallowed_special)
    text, wanted = "", buffer_size
    for chunk in chunks:
        text += chunk
        if len(text) >= wanted:
            ids, text = settle(tokenizer, text, allowed, disallowed)
            yield from ids
            wanted = max(buffer_size, 2 * len(text))  # no long word is cut each time
    tokenizer.forbid(text, disallowed)
    yield from tokenizer.encode_parts(split_specials(text, allowed))
