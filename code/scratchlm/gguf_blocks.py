"""Blocks of 32 weights as GGUF files keep them, Q8_0 and Q4_1: as numbers.

Q8_0, 34 bytes: a scale (float16), then 32 whole numbers from -127 to 127; weight = scale · number.
Q4_1, 20 bytes: a scale and a least value (float16 each), then 32 numbers from 0 to 15, two a byte,
number i in the lower half of byte i and number i + 16 in its upper half;
weight = scale · number + least value.
"""

import torch
from torch import Tensor

BLOCK = 32  # weights that share a scale


def decode_q8_0(blocks: Tensor) -> Tensor:
    """Return the weights (…, 32), float32, of blocks (…, 34), uint8."""
    scale = blocks[..., :2].view(torch.float16).float()  # (…, 1)
    return blocks[..., 2:].view(torch.int8) * scale


def decode_q4_1(blocks: Tensor) -> Tensor:
    """Return the weights (…, 32), float32, of blocks (…, 20), uint8."""
    scale, least = blocks[..., :4].view(torch.float16).float().split(1, dim=-1)  # (…, 1) each
    pairs = blocks[..., 4:]  # (…, 16)
    numbers = torch.cat([pairs & 15, pairs >> 4], dim=-1)  # (…, 32)
    return numbers * scale + least


KINDS = {  # number of the kind in a file: name, weights a block, bytes a block, decoder
    0: ("F32", 1, 4, lambda blocks: blocks.view(torch.float32)),
    1: ("F16", 1, 2, lambda blocks: blocks.view(torch.float16).float()),
    3: ("Q4_1", BLOCK, 20, decode_q4_1),
    8: ("Q8_0", BLOCK, 34, decode_q8_0),
}
