r"""Pre-tokenization: a text is cut into words by a pattern, and no token reaches across a cut.

    pretokens("Hello world's", GPT2_PATTERN)        ["Hello", " world", "'s"]
    count_words(["a rose is a rose"])               Counter({b" rose": 2, b"a": 1, …})

The patterns cut as those of GPT-2 and GPT-4 do. They need the package `regex`: the
standard library's `re` has no `\p{L}` (letters) and `\p{N}` (numbers).
"""

import re
from collections import Counter
from collections.abc import Iterable

import regex

GPT2_PATTERN = (
    r"'(?:s|t|re|ve|m|ll|d)"  # the endings of contractions, in lower case
    r"| ?\p{L}+"  # letters, with the space before them
    r"| ?\p{N}+"  # digits, likewise
    r"| ?[^\s\p{L}\p{N}]+"  # all other signs, likewise
    r"|\s+(?!\S)|\s+"  # whitespace, except a last blank that the next word takes
)
GPT4_PATTERN = (
    r"'(?i:s|t|re|ve|m|ll|d)"  # contractions in either case
    r"|[^\r\n\p{L}\p{N}]?\p{L}+"  # letters, with one sign or blank before them
    r"|\p{N}{1,3}"  # digits, three at most
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*"  # other signs, with the line breaks after them
    r"|\s+$"  # whitespace up to the end of the text
    r"|\s*[\r\n]+"  # line breaks, with the whitespace before them
    r"|\s+(?!\S)|\s+"
)


def pretokens(text: str, pattern: str = GPT2_PATTERN) -> list[str]:
    """Cut a text into words. ValueError, in one sentence, for a pattern that is none."""
    return compiled(pattern).findall(text)


def compiled(pattern: str) -> regex.Pattern:
    """Compile a pattern; ValueError if it is malformed or has groups that capture."""
    try:
        found = regex.compile(pattern)
    except (regex.error, TypeError) as error:
        raise ValueError(f"The pattern {pattern!r} cannot be used: {error}.") from None
    if found.groups:
        raise ValueError(f"The pattern {pattern!r} captures: write (?:…) in place of (…).")
    return found


def count_words(
    texts: Iterable[str], pattern: str = GPT2_PATTERN, specials: Iterable[str] = ()
) -> Counter:
    """Count the distinct words of texts, as bytes; specials are cut out and not counted."""
    if isinstance(texts, str):
        raise ValueError("count_words takes a list of texts: put the text in [brackets].")
    find, counts = compiled(pattern).findall, Counter()
    for text in texts:
        for part in split_specials(text, specials)[::2]:
            counts.update(find(part))
    return Counter({to_bytes(word): times for word, times in counts.items()})


def split_specials(text: str, specials: Iterable[str]) -> list[str]:
    """Cut a text at special tokens: text, special, text, …, always ending with a text.

    The leftmost is taken first; of those that start at the same place, the longest.

    >>> split_specials("one<end>two", ["<end>"])
    ['one', '<end>', 'two']
    """
    longest_first = sorted(specials, key=len, reverse=True)
    if not longest_first:
        return [text]
    return re.split(f"({'|'.join(map(re.escape, longest_first))})", text)


def to_bytes(text: str) -> bytes:
    """Return UTF-8 bytes; ValueError for half of a surrogate pair."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"The text holds {text[error.start]!r}, half of a surrogate pair, which is no "
            "character: decode its source with errors='replace', or remove it."
        ) from None
