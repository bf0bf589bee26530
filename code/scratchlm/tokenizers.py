"""Words and bytes as tokens, and the tokens that no text may spell.

A tokenizer has `encode(text) -> list[int]`, `decode(ids) -> str` and a length, the number of its
ids. The one for characters is `scratchlm.characters.CharTokenizer`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

END_OF_TEXT = "<|endoftext|>"  # stands behind every document


def split_words(text: str) -> list[str]:
    """Cut a text into words and, one by one, the characters between them.

    A word is a run of letters, digits and underscores. The pieces, joined, are the text.

    >>> split_words("Speak, sir!")
    ['Speak', ',', ' ', 'sir', '!']
    """
    return re.findall(r"\w+|\W", text)


def build_vocab(
    tokens: Iterable[str], max_size: int | None = None, min_count: int = 1
) -> list[str]:
    """Return the distinct tokens, frequent ones first, equals in alphabetical order.

    Leaves out what was seen less than `min_count` times, and what comes after the
    first `max_size`. Raises ValueError for a size below 0 or a count below 1.

    >>> build_vocab(["to", "be", "or", "to", "be"], max_size=2)
    ['be', 'to']
    """
    if min_count < 1 or (max_size is not None and max_size < 0):
        raise ValueError(
            f"max_size is {max_size} and min_count {min_count}: "
            "give a size of 0 or more, or None for no limit, and a count of 1 or more."
        )
    counts = Counter(tokens)
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return [token for token in ranked if counts[token] >= min_count][:max_size]


class WordTokenizer:
    """Give every word of a vocabulary an id; all other words share the id 0, `<unk>`.

    >>> tokenizer = WordTokenizer(["to", " ", "be"])
    >>> tokenizer.encode("to bee")
    [1, 2, 0]
    >>> tokenizer.decode([1, 2, 0])
    'to <unk>'
    """

    unknown_id = 0

    def __init__(self, vocab: Sequence[str], unknown: str = "<unk>"):
        if isinstance(vocab, str) or len({unknown, *vocab}) < len(vocab) + 1:
            raise ValueError(f"Give a list of words, each once, without {unknown!r}.")
        self.itos = dict(enumerate([unknown, *vocab]))  # integer to string
        self.stoi = {word: i for i, word in self.itos.items()}

    def __len__(self) -> int:
        return len(self.itos)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's words and of the characters between them."""
        return [self.stoi.get(word, self.unknown_id) for word in split_words(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of known words; which word an unknown one was is lost."""
        return "".join(self.itos[int(i)] for i in ids)


class ByteTokenizer:
    """Take the bytes of a text in UTF-8 as its ids, 0 to 255: nothing is unknown.

    >>> ByteTokenizer().encode("né")
    [110, 195, 169]
    >>> ByteTokenizer().decode([110, 195, 169])
    'né'
    """

    def __len__(self) -> int:
        return 256

    def encode(self, text: str) -> list[int]:
        """Return the bytes of a text; ValueError for half of a surrogate pair."""
        try:
            return list(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise ValueError(
                f"Character {error.start} is {text[error.start]!r}, half of a "
                "surrogate pair: remove it."
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text that the bytes spell, U+FFFD where they spell none."""
        return bytes(int(i) for i in ids).decode("utf-8", errors="replace")


class SpecialTokens:
    """Add to a tokenizer tokens that stand for no text; their ids follow its own.

    >>> tokenizer = SpecialTokens(ByteTokenizer(), ["<|endoftext|>"])
    >>> tokenizer.special_ids
    {'<|endoftext|>': 256}
    >>> tokenizer.decode([72, 105, 256])
    'Hi<|endoftext|>'
    """

    def __init__(self, base, names: Sequence[str] = (END_OF_TEXT,)):
        if isinstance(names, str) or "" in names or len(set(names)) < len(names):
            raise ValueError(f"The names are {names!r}: give a list of distinct texts.")
        self.base = base
        self.special_ids = {name: len(base) + i for i, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.base) + len(self.special_ids)

    def encode(
        self,
        text: str,
        allowed_special: Collection[str] | str = (),
        disallowed_special: Collection[str] | str = "all",
    ) -> list[int]:
        """Return the ids of a text that may spell special tokens.

        One in `allowed_special` becomes its id. One in `disallowed_special`, by default
        each that is not allowed, is a ValueError. Any other is text like the rest.
        """
        names = set(self.special_ids)
        allowed = names & set(allowed_special) if allowed_special != "all" else names
        refused = set(disallowed_special) if disallowed_special != "all" else names - allowed
        if found := sorted(name for name in refused if name in text):
            raise ValueError(
                f"The text spells {found[0]!r}: put it in allowed_special, "
                "or pass disallowed_special=() to take it for text."
            )
        ids = []
        for part in split_special(text, allowed):
            ids += [self.special_ids[part]] if part in allowed else self.base.encode(part)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text, special tokens spelled out; the rest is decoded in runs."""
        names = {i: name for name, i in self.special_ids.items()}
        parts = []
        for special, group in groupby(map(int, ids), names.__contains__):
            run = list(group)
            parts += [names[i] for i in run] if special else [self.base.decode(run)]
        return "".join(parts)


def split_special(text: str, names: Collection[str]) -> list[str]:
    """Cut a text before and behind every one of `names`, longer names first.

    >>> split_special("one<|endoftext|>two", ["<|endoftext|>"])
    ['one', '<|endoftext|>', 'two']
    """
    if not names:
        return [text]
    longest_first = sorted(names, key=len, reverse=True)
    return re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text)
