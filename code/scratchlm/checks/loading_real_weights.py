"""Checks of the exercises in the chapter on loading real weights."""

import math
from numbers import Real

import torch

from scratchlm.llama import Llama, LlamaConfig
from scratchlm.smollm import llama_places

BLOCK = [1.0, -2.0, -1.25, 1.75]


def _numbers(answer, count: int) -> list | None:
    """Return an answer as a list of finite numbers, or None if it is no such list."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != count:
        return None
    return [*answer] if all(isinstance(x, Real) and math.isfinite(x) for x in answer) else None


def loading_real_weights_block(answer) -> str | None:
    """Four weights of a block, decoded by hand."""
    weights = _numbers(answer, 4)
    if weights is None:
        return "Give a list of four numbers, the weights in their order."
    if weights == BLOCK:
        return None
    if weights == [BLOCK[i] for i in (0, 2, 1, 3)]:
        return "You have taken the two halves of a byte for neighbours: the upper one is two on."
    if weights == [BLOCK[i] for i in (2, 3, 0, 1)]:
        return "You have exchanged the halves: 0x3c has the upper half 3 and the lower half 12."
    if weights == [x + 2 for x in BLOCK]:
        return "The least weight is missing: add -2 to step times number."
    if weights == [12, 0, 3, 15]:
        return "These are the numbers in the bytes: multiply by the step, and add the least weight."
    return "The lower halves are 12 and 0, the upper ones 3 and 15; a weight is 0.25 · number - 2."


def loading_real_weights_q4_0(function) -> str | None:
    """A decoder of blocks with a step and no least weight."""
    if not callable(function):
        return "Give the function decode_q4_0 itself, without calling it."
    draw = torch.Generator().manual_seed(0)
    steps = torch.tensor([0.5, -0.25, 2.0, -1.5, 0.125, 1.0]).view(2, 3, 1)
    pairs = torch.randint(0, 256, (2, 3, 16), generator=draw)
    blocks = torch.cat([steps.half().view(torch.uint8), pairs.to(torch.uint8)], dim=-1)
    numbers = torch.cat([pairs % 16, pairs // 16], dim=-1).float()
    found = function(blocks.clone())
    if not isinstance(found, torch.Tensor) or found.shape != (2, 3, 32):
        return "Blocks of shape (2, 3, 18) should become a tensor of shape (2, 3, 32)."
    if found.dtype != torch.float32:
        return f"The weights should be float32, not {found.dtype}."
    return _other_weights(found, numbers, steps)


def _other_weights(found: torch.Tensor, numbers: torch.Tensor, steps: torch.Tensor) -> str | None:
    """Say in what weights (2, 3, 32) differ from steps · (numbers - 8)."""
    if torch.equal(found, (numbers - 8) * steps):
        return None
    if torch.equal(found, numbers * steps):
        return "The numbers 0 to 15 stand for -8 to 7: take off 8 before you multiply."
    if found.abs().max() > 32:
        return "A weight is far too large: a byte knows no negative numbers, so 3 - 8 became 251."
    if torch.equal(found, (numbers.unflatten(-1, (2, 16)).mT.flatten(-2) - 8) * steps):
        return "The halves of a byte are not neighbours: the upper half belongs 16 places on."
    if torch.equal(found, (numbers.roll(16, -1) - 8) * steps):
        return "You have exchanged the halves: the first 16 weights are in the lower ones."
    if torch.equal(found[0, 0], ((numbers - 8) * steps)[0, 0]):
        return "The first block is right, others are not: each block has a step of its own."
    return "A weight should be step · (number - 8), all lower halves first, then all upper ones."


def _hub_names(model: Llama) -> dict:
    """Return the hub's name → the GGUF file's name, for every tensor of a model."""
    parts = {
        "input_layernorm": "attn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
    }
    names = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
    }
    for i in range(len(model.blocks)):
        for hub, gguf in parts.items():
            names[f"model.layers.{i}.{hub}.weight"] = f"blk.{i}.{gguf}.weight"
    return names


def loading_real_weights_names(function) -> str | None:
    """A dictionary from the hub's names to views of a model's parameters."""
    if not callable(function):
        return "Give the function hub_places itself, without calling it."
    with torch.random.fork_rng():
        model = Llama(LlamaConfig(20, 8, 12, 3, 1, 2, 10))
    found, names, right = function(model), _hub_names(model), llama_places(model)
    if not isinstance(found, dict) or not all(isinstance(x, torch.Tensor) for x in found.values()):
        return "Return a dictionary from names to tensors."
    if missing := [name for name in names if name not in found]:
        return f"There is no place for {missing[0]}."
    if spare := [name for name in found if name not in names]:
        return f"No tensor has the name {spare[0]!r}: look at the list once more."
    problems = (_other_place(name, found[name], right[gguf]) for name, gguf in names.items())
    return next(filter(None, problems), None)


def _other_place(name: str, place: torch.Tensor, wanted: torch.Tensor) -> str | None:
    """Say in what a place differs from the one that is wanted."""
    if place.shape != wanted.shape:
        return (
            f"The place of {name} has the shape {tuple(place.shape)}, "
            f"and should have {tuple(wanted.shape)}."
        )
    if place.untyped_storage().data_ptr() != wanted.untyped_storage().data_ptr():
        return f"The place of {name} is a copy, or in another parameter: give a view of its own."
    if place.storage_offset() != wanted.storage_offset():
        return f"The place of {name} is in the right parameter, but in the wrong rows."
    if place.stride() != wanted.stride():
        return f"The place of {name} is transposed: a square matrix fits either way round."
    return None
