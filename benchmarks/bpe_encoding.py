"""Text to ids: our pure Python against Hugging Face's Rust, by its fastest method."""

from benchmarks import bpe

NAME = "encode BPE"
PEER = "tokenizers"
COUNT, UNIT = bpe.COUNT, bpe.UNIT

sides: dict = {}


def setup(folder) -> None:
    bpe.load()
    sides.update(ours=bpe.train_ours(), peer=bpe.train_tokenizers())
    bpe.agree(ours(), peer())


def fresh() -> None:
    sides["ours"].cache.clear()


def ours() -> list[int]:
    return sides["ours"].encode(bpe.text)


def peer() -> list[int]:
    return sides["peer"].encode_batch_fast([bpe.text])[0].ids
