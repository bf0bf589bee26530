"""Learning a vocabulary from text: our pure Python against Hugging Face's Rust."""

from benchmarks import bpe

NAME = "train BPE"
PEER = "tokenizers"
COUNT, UNIT = bpe.COUNT, bpe.UNIT


def setup(folder) -> None:
    bpe.load()
    sample = bpe.text[:50_000]
    bpe.agree(bpe.train_ours().encode(sample), bpe.train_tokenizers().encode(sample).ids)


def ours() -> None:
    bpe.train_ours()


def peer() -> None:
    bpe.train_tokenizers()
