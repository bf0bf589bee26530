"""Text to ids: our pure Python against OpenAI's Rust, with the same tokens."""

from benchmarks import bpe
from scratchlm.tokenizer_files import to_tiktoken

NAME = "encode BPE"
PEER = "tiktoken"
COUNT, UNIT = bpe.COUNT, bpe.UNIT

sides: dict = {}


def setup(folder) -> None:
    bpe.load()
    tokenizer = bpe.train_ours()
    sides.update(ours=tokenizer, peer=to_tiktoken(tokenizer))
    if ours() != peer():
        raise RuntimeError("The two sides give different ids.")


def fresh() -> None:
    sides["ours"].cache.clear()


def ours() -> list[int]:
    return sides["ours"].encode(bpe.text)


def peer() -> list[int]:
    return sides["peer"].encode(bpe.text)
