"""Tokens on the disk: a file of 16-bit numbers, of which only what is read comes into memory."""

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scratchlm.trainer import TrainerConfig


def write_tokens(path: Path, ids: Tensor) -> None:
    """Write ids (N,) to a file, two bytes each. ValueError for one that does not fit."""
    if len(ids) == 0 or not 0 <= int(ids.min()) <= int(ids.max()) < 2**16:
        raise ValueError("Give at least one token, all of them from 0 to 65,535.")
    ids.numpy().astype("<u2").tofile(path)  # the lower byte first on every machine


def open_tokens(path: Path) -> np.memmap:
    """Return the ids (N,) of a file, still on the disk. ValueError if it cannot hold ids."""
    size = path.stat().st_size if path.is_file() else 0
    if size == 0 or size % 2:
        raise ValueError(f"{path} is no file of tokens: write one with write_tokens.")
    return np.memmap(path, dtype="<u2", mode="r")


def draw_from_file(tokens: np.memmap, size: int, config: TrainerConfig, step: int) -> Tensor:
    """Return the excerpts (B, size) of a step: the same that `draw_excerpts` finds in memory."""
    draw = random.Random(f"{config.seed} {step}")
    starts = [draw.randrange(len(tokens) - size + 1) for _ in range(config.batch_size)]
    rows = np.stack([tokens[start : start + size] for start in starts])
    return torch.from_numpy(rows.astype(np.int64))  # (B, size)
