"""A byte-level BPE tokenizer: text to ids and back, with special tokens.

    tokenizer = train_tokenizer([text], vocab_size=1024, specials=["<|end|>"])
    ids = tokenizer.encode("O, wherefore")          list of ids
    tokenizer.decode(ids)                           "O, wherefore", whatever the text
    tokenizer.encode(text, allowed_special="all")   "<|end|>" becomes its one id
    len(tokenizer)                                  vocab_size: the largest id, plus one

Texts that do not fit into memory are read by `scratchlm.streams`; files, GPT-2's vocabulary and
the export to `tiktoken` are in `scratchlm.tokenizer_files`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain

from scratchlm.bpe_fast import cut_word_fast, rank_tokens, train_fast
from scratchlm.pretokens import GPT2_PATTERN, compiled, count_words, split_specials, to_bytes


class WordCache(dict):
    """A function's results by word, each computed at first use; at most `size` are kept.

    When the cache is full it starts over. Words over 64 characters are not kept, so that
    the cache is bounded in bytes as well.
    """

    def __init__(self, compute: Callable[[str], tuple], size: int = 65_536):
        self.compute, self.size = compute, size

    def __missing__(self, word: str) -> tuple:
        result = self.compute(word)
        if len(word) <= 64:
            if len(self) >= self.size:
                self.clear()
            self[word] = result
        return result


class BPETokenizer:
    """Turn text into ids with given tokens: pattern, then bytes, then merges by rank.

    Args: ranks, token (bytes) → id, with all 256 single bytes; the lower of two ids is
    merged first. pattern, which cuts text into words; what it does not match is lost.
    specials, name → id: found as a whole in a text, if `encode` is told to, never merged.
    ValueError, in one sentence, where these contradict each other.
    """

    def __init__(
        self,
        ranks: Mapping[bytes, int],
        pattern: str = GPT2_PATTERN,
        specials: Mapping[str, int] | None = None,
    ):
        self.ranks, self.pattern, self.specials = dict(ranks), pattern, dict(specials or {})
        self.regex = compiled(pattern)
        if missing := [b for b in range(256) if bytes([b]) not in self.ranks]:
            raise ValueError(f"The ranks lack the byte {missing[0]}: all 256 need an id.")
        if not all(self.specials):
            raise ValueError("A special token is the empty text: give each one a name.")
        names = {name: to_bytes(name) for name in self.specials}
        self.tokens = {i: token for token, i in self.ranks.items()}
        self.tokens |= {i: names[name] for name, i in self.specials.items()}
        if len(self.tokens) < len(self.ranks) + len(self.specials):
            raise ValueError("Two tokens have the same id: give each one its own.")
        self.cache = WordCache(self.encode_word)

    def __len__(self) -> int:
        return max(self.tokens) + 1  # rows of an embedding table; ids may have gaps

    def encode_word(self, word: str) -> tuple[int, ...]:
        """Return the ids of one word, worked out afresh."""
        return tuple(self.ranks[part] for part in cut_word_fast(to_bytes(word), self.ranks))

    def encode_ordinary(self, text: str) -> list[int]:
        """Return the ids of a text in which special tokens count as ordinary text."""
        words = self.regex.findall(text)
        return list(chain.from_iterable(map(self.cache.__getitem__, words)))

    def encode(
        self,
        text: str,
        allowed_special: str | Collection[str] = (),
        disallowed_special: str | Collection[str] = "all",
    ) -> list[int]:
        """Return a text's ids; a special token in it is an id, an error, or ordinary text.

        Those in `allowed_special` become their ids. Those in `disallowed_special`, by
        default all others, raise ValueError. What is in neither is ordinary text.
        """
        allowed, disallowed = self.choose(allowed_special, disallowed_special)
        self.forbid(text, disallowed)
        return self.encode_parts(split_specials(text, allowed))

    def encode_parts(self, parts: list[str]) -> list[int]:
        """Return the ids of text, special, text, … as `split_specials` cuts them."""
        ids = []
        for i, part in enumerate(parts):
            ids += [self.specials[part]] if i % 2 else self.encode_ordinary(part)
        return ids

    def choose(self, allowed, disallowed) -> tuple[set[str], set[str]]:
        """Return which specials are allowed and which are not, both as sets."""
        for names in (allowed, disallowed):
            if isinstance(names, str) and names != "all":
                raise ValueError(f"Give 'all' or a set of special tokens, not {names!r}.")
        known = set(self.specials)
        allowed = known if allowed == "all" else known & set(allowed)
        return allowed, known - allowed if disallowed == "all" else set(disallowed)

    def forbid(self, text: str, disallowed: Iterable[str]) -> None:
        """Raise ValueError if a text holds one of these special tokens."""
        if found := sorted(name for name in disallowed if name in text):
            raise ValueError(
                f"The text holds the special token {found[0]!r}: name it in allowed_special "
                "for its id, or pass disallowed_special=() to read it as ordinary text."
            )

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Return the bytes that ids stand for; ValueError for an id that is none."""
        try:
            return b"".join(self.tokens[int(i)] for i in ids)
        except KeyError as error:
            raise ValueError(f"There is no token {error}: ids go up to {len(self) - 1}.") from None

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """Return the text that ids stand for; bytes that are no UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode("utf-8", errors=errors)


def train_tokenizer(
    texts: Iterable[str],
    vocab_size: int,
    pattern: str = GPT2_PATTERN,
    specials: Collection[str] = (),
) -> BPETokenizer:
    """Learn a tokenizer of `vocab_size` tokens: 256 bytes, merges, special tokens.

    It has fewer tokens if the texts have fewer pairs to merge. Special tokens in the
    texts are left out. ValueError if bytes and special tokens alone are too many.
    """
    specials = [*dict.fromkeys(specials)]
    n_merges = vocab_size - 256 - len(specials)
    if n_merges < 0:
        raise ValueError(
            f"vocab_size is {vocab_size}: 256 bytes and {len(specials)} special tokens need "
            f"at least {256 + len(specials)}."
        )
    ranks = rank_tokens(train_fast(count_words(texts, pattern, specials), n_merges))
    ids = {name: len(ranks) + i for i, name in enumerate(specials)}
    return BPETokenizer(ranks, pattern, ids)
