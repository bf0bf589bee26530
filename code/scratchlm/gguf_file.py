"""A GGUF file, opened: facts about a model, a list of its tensors, then their blocks.

    file = GGUFFile(path)
    file.facts["general.architecture"]      "llama"
    file.tensors["output_norm.weight"]      Entry(shape=(576,), kind="F32", …)
    file.read("output_norm.weight")         a float32 tensor, decoded when it is asked for

The file is mapped into memory, so that only what is read takes up any.
"""

import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from scratchlm.gguf_blocks import KINDS

NUMBERS = dict(zip([0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12], "BbHhIif?Qqd"))  # kind → struct's letter
TEXT, LIST = 8, 9


@dataclass(frozen=True)
class Entry:
    """A tensor in a file: its shape, how its blocks are kept, and where."""

    shape: tuple[int, ...]  # the longest-stepping dimension first, as PyTorch has it
    kind: str
    start: int  # byte
    row_blocks: int  # blocks in each row
    block_bytes: int
    decode: Callable[[Tensor], Tensor]

    @property
    def row_bytes(self) -> int:
        """Bytes of one row, a run of weights along the last dimension."""
        return self.row_blocks * self.block_bytes

    @property
    def rows(self) -> int:
        """Number of rows."""
        return prod(self.shape[:-1])


def read_number(stream: BinaryIO, letter: str):
    """Read one number, lowest byte first; EOFError if the file ends before it."""
    size = struct.calcsize("<" + letter)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return struct.unpack("<" + letter, content)[0]


def read_value(stream: BinaryIO, kind: int):
    """Read one value of a fact: a number, a text, or a list of values of one kind."""
    if kind == TEXT:
        return stream.read(read_number(stream, "Q")).decode("utf-8")
    if kind == LIST:
        kind, length = read_number(stream, "I"), read_number(stream, "Q")
        return [read_value(stream, kind) for _ in range(length)]
    return read_number(stream, NUMBERS[kind])


def read_header(stream: BinaryIO) -> tuple[dict, list]:
    """Return a file's facts, name → value, and its tensors: (name, shape, kind, offset)."""
    read_number(stream, "I")  # the version
    n_tensors, n_facts = read_number(stream, "Q"), read_number(stream, "Q")
    facts = {}
    for _ in range(n_facts):
        name = read_value(stream, TEXT)
        facts[name] = read_value(stream, read_number(stream, "I"))
    tensors = []
    for _ in range(n_tensors):
        name = read_value(stream, TEXT)
        sizes = [read_number(stream, "Q") for _ in range(read_number(stream, "I"))]
        kind, offset = read_number(stream, "I"), read_number(stream, "Q")
        tensors.append((name, tuple(reversed(sizes)), kind, offset))
    return facts, tensors


class GGUFFile:
    """An open file: `facts`, `tensors`, and `read`. ValueError, in one sentence, for any other."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with open(path, "rb") as stream:
            if stream.read(4) != b"GGUF":
                raise ValueError(f"{self.path.name} is no GGUF file: it should begin with 'GGUF'.")
            try:
                self.facts, found = read_header(stream)
            except (EOFError, UnicodeDecodeError, KeyError, MemoryError, OverflowError):
                raise ValueError(
                    f"{self.path.name} ends within its header, or has one that is damaged: "
                    "fetch the file again."
                ) from None
            step = self.facts.get("general.alignment", 32)
            data = -(-stream.tell() // step) * step  # the tensors begin at a multiple of it
            self.bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
        self.tensors = {name: self.entry(name, *rest, data) for name, *rest in found}

    def entry(self, name: str, shape: tuple, kind: int, offset: int, data: int) -> Entry:
        """Return a tensor's entry; ValueError if the file ends before the tensor does."""
        if kind not in KINDS:
            known = ", ".join(entry[0] for entry in KINDS.values())
            raise ValueError(f"{name} is kept as kind {kind}: this reader knows {known}.")
        title, weights, size, decode = KINDS[kind]
        entry = Entry(shape, title, data + offset, shape[-1] // weights, size, decode)
        whole = max(0, len(self.bytes) - entry.start) // entry.row_bytes
        if whole < entry.rows:
            raise ValueError(
                f"{self.path.name} ends within {name}: its shape is {shape}, and only "
                f"{(whole, shape[-1])} are there; fetch the file again."
            )
        return entry

    def blocks(self, name: str) -> Tensor:
        """Return a tensor's bytes: (rows, blocks in a row, bytes of a block), uint8, not copied."""
        entry = self.tensors[name]
        count = entry.rows * entry.row_bytes
        content = torch.frombuffer(self.bytes, dtype=torch.uint8, count=count, offset=entry.start)
        return content.view(entry.rows, entry.row_blocks, entry.block_bytes)

    def read(self, name: str) -> Tensor:
        """Return a tensor's weights, decoded: float32, in the shape of its entry."""
        entry = self.tensors[name]
        return entry.decode(self.blocks(name)).reshape(entry.shape)
