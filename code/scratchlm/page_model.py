"""A GPT small enough for a web page: a byte for each weight, and a scale for each row of them."""

import base64
import dataclasses

import torch
from torch import Tensor

from scratchlm.gpt import GPT, GPTConfig


def quantize(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round a matrix to 8 bits: weight (R, C) ≈ rows · scales, int8 (R, C) and float32 (R, 1).

    The largest number of every row becomes 127 or -127; no number moves by more than half a scale.
    """
    scales = weight.abs().amax(dim=1, keepdim=True) / 127  # (R, 1)
    scales[scales == 0] = 1.0  # a row of zeros has no largest number
    return (weight / scales).round().to(torch.int8), scales


def export(model: GPT, vocabulary: str) -> dict:
    """Return the model as plain data for JSON: config, vocabulary, layout, and weights as base64.

    Matrices are quantized, all else stays float32. An entry of the layout says where a tensor
    begins, in bytes; the scales of matrix `m` are the tensor `m:scales`. ValueError when the
    vocabulary, a string with every character once, is of another size than the model's.
    """
    if not len(set(vocabulary)) == len(vocabulary) == model.config.vocab_size:
        raise ValueError(
            f"The vocabulary has {len(set(vocabulary))} characters and the model "
            f"{model.config.vocab_size}: give each of the model's characters once, in its order."
        )
    tensors = {}
    for name, weight in model.named_parameters():  # names a tied table only once
        tensors[name] = weight.detach().float().cpu()
        if weight.dim() == 2:
            tensors[name], tensors[f"{name}:scales"] = quantize(tensors[name])
    packed, layout = b"", []
    # float32 first: JavaScript reads them where a number of bytes that 4 divides precedes them
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1].dtype == torch.int8):
        kind = str(tensor.dtype).removeprefix("torch.")
        layout.append({"name": name, "type": kind, "shape": list(tensor.shape), "at": len(packed)})
        packed += tensor.numpy().tobytes()
    config = dataclasses.asdict(model.config)
    weights = base64.b64encode(packed).decode()
    return {"config": config, "vocabulary": vocabulary, "layout": layout, "weights": weights}


def dequantize(exported: dict) -> GPT:
    """Return the model that `export` packed, as everybody sees it who has only the bytes."""
    packed = bytearray(base64.b64decode(exported["weights"]))
    tensors = {}
    for entry in exported["layout"]:
        shape, kind = entry["shape"], getattr(torch, entry["type"])
        count = torch.Size(shape).numel()
        flat = torch.frombuffer(packed, dtype=kind, count=count, offset=entry["at"])
        tensors[entry["name"]] = flat.view(shape)
    for name in [name for name in tensors if name.endswith(":scales")]:
        matrix = name.removesuffix(":scales")
        tensors[matrix] = tensors[matrix] * tensors.pop(name)  # (R, C) · (R, 1)
    tensors["head.weight"] = tensors["token_embedding.weight"]
    with torch.random.fork_rng():  # a new model draws its first weights, here for nothing
        model = GPT(GPTConfig(**exported["config"])).eval()
    model.load_state_dict(tensors)
    return model
