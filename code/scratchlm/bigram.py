"""The pair table as a model to train: text in blocks, and a row of logits for every character."""

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset


class Blocks(Dataset):
    """A text, as ids, cut into blocks of T ids, each with the T ids that follow them.

    Block i is (inputs (T,), targets (T,)), the targets one place further on; what fills
    no block at the end is left out. ValueError when the text is too short for one.
    """

    def __init__(self, ids: Tensor, context_length: int):
        if context_length < 1 or len(ids) <= context_length:
            raise ValueError(
                f"{len(ids)} ids hold no block of context_length {context_length}: "
                "give more ids, or a context_length from 1 to one less than that."
            )
        self.ids, self.context_length = ids, context_length

    def __len__(self) -> int:
        return (len(self.ids) - 1) // self.context_length

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        if not 0 <= i < len(self):
            raise IndexError(f"There is no block {i}: they go from 0 to {len(self) - 1}.")
        start, T = i * self.context_length, self.context_length
        return self.ids[start : start + T], self.ids[start + 1 : start + 1 + T]


class LogitTable(nn.Module):
    """Score the next token from the last one alone: ids (B, T) to logits (B, T, V)."""

    def __init__(self, vocab_size: int):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(vocab_size, vocab_size))  # (V, V)

    def forward(self, ids: Tensor) -> Tensor:
        """Return for each id its row of the table."""
        return self.table[ids]  # (B, T, V)
