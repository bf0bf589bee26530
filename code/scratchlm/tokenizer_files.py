"""Tokenizers in files: our own JSON, GPT-2's vocabulary, and the export to `tiktoken`.

save_tokenizer(tokenizer, "plays.json")
tokenizer = load_tokenizer("plays.json")        tokens, pattern and special tokens survive
gpt2_tokenizer()                                GPT-2's 50,257 tokens
to_tiktoken(tokenizer, name="plays")            a `tiktoken.Encoding` with the same ids
"""

import json
from pathlib import Path

import tiktoken

from scratchlm import data
from scratchlm.pretokens import GPT2_PATTERN
from scratchlm.tokenizer import BPETokenizer

FORMAT = "scratchlm byte-level BPE"


def save_tokenizer(tokenizer: BPETokenizer, path: str | Path) -> None:
    """Write a tokenizer as JSON, a byte as the character of the same number."""
    content = {
        "format": FORMAT,
        "pattern": tokenizer.pattern,
        "specials": tokenizer.specials,
        "ranks": {token.decode("latin-1"): i for token, i in tokenizer.ranks.items()},
    }
    Path(path).write_text(json.dumps(content), encoding="utf-8")


def load_tokenizer(path: str | Path) -> BPETokenizer:
    """Read what `save_tokenizer` wrote; ValueError, in one sentence, for any other file."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f'it does not say "format": "{FORMAT}"')
        for key in ("ranks", "specials"):
            ids = content[key].values() if isinstance(content.get(key), dict) else [None]
            if not all(type(i) is int and i >= 0 for i in ids):
                raise ValueError(f'"{key}" should map texts to ids from 0')
        ranks = {token.encode("latin-1"): i for token, i in content["ranks"].items()}
        return BPETokenizer(ranks, content.get("pattern"), content["specials"])
    except ValueError as error:  # JSON and encodings have errors of this kind, too
        reason = str(error).rstrip(".")
        raise ValueError(f"{path} is no tokenizer that save_tokenizer wrote: {reason}.") from None


def stand_ins() -> dict[str, int]:
    """Return GPT-2's spelling of bytes: a printable character → the byte it stands for.

    Bytes that Latin-1 can print stand for themselves; the others, in order, are the
    characters from number 256 on. So a space is "Ġ" and a line break "Ċ".
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [value for value in range(256) if value not in printable]
    named = {chr(value): value for value in printable}
    return named | {chr(256 + i): value for i, value in enumerate(others)}


def gpt2_tokenizer() -> BPETokenizer:
    """Return GPT-2's tokenizer: 256 bytes, 50,000 merges and `<|endoftext|>`."""
    encoder, _ = data.load("gpt2-bpe")
    end, byte_of = "<|endoftext|>", stand_ins()
    ranks = {bytes(map(byte_of.get, token)): i for token, i in encoder.items() if token != end}
    return BPETokenizer(ranks, GPT2_PATTERN, {end: encoder[end]})


def to_tiktoken(tokenizer: BPETokenizer, name: str = "scratchlm") -> tiktoken.Encoding:
    """Return a `tiktoken.Encoding` with the same tokens, pattern and special tokens."""
    return tiktoken.Encoding(
        name,
        pat_str=tokenizer.pattern,
        mergeable_ranks=tokenizer.ranks,
        special_tokens=tokenizer.specials,
    )
