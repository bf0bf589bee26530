"""What the comparisons of byte-pair encoding share: the text, the size, the peers.

Tiny Shakespeare (1.1 MB), a vocabulary of 1024, GPT-2's pattern, one thread on each side. A run
starts with an empty word cache on our side.
"""

import os

os.environ["RAYON_NUM_THREADS"] = "1"  # tokenizers reads both when it is imported
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from scratchlm import data
from scratchlm.tokenizer import BPETokenizer, train_tokenizer

VOCAB_SIZE = 1024
COUNT = 1.115394
UNIT = "MB"

text = ""


def load() -> None:
    """Fetch the text, outside of any measurement."""
    global text
    text = data.load("tiny-shakespeare")


def train_ours() -> BPETokenizer:
    return train_tokenizer([text], VOCAB_SIZE)


def train_tokenizers() -> tokenizers.Tokenizer:
    """The same vocabulary, but for the order of equally frequent pairs."""
    peer = tokenizers.Tokenizer(models.BPE())
    peer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE, initial_alphabet=alphabet, show_progress=False
    )
    peer.train_from_iterator([text], trainer)
    return peer


def agree(ours: list[int], peer: list[int]) -> None:
    """Stop if the two sides do not do the same work: their ids may differ, hardly their number."""
    if abs(len(ours) - len(peer)) > 0.01 * len(peer):
        raise RuntimeError(f"{len(ours)} and {len(peer)} tokens: the sides differ in their task.")
