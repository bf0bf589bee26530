"""Weights from a file into a model: every tensor has one place, and fits, or nothing is loaded.

A loader says where each tensor of the file belongs: `places`, a dictionary from the tensor's name
to a view of the parameter that it fills, in the shape that the tensor has in the file.
"""

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

import torch
from torch import Tensor, nn

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


def refuse_pickle(path: str | Path) -> None:
    """Raise ValueError for a file that can run code when it is opened."""
    path = Path(path)
    if path.suffix in PICKLES:
        raise ValueError(
            f"{path.name} is a pickle, which can run any code when it is opened: "
            "use the model's .safetensors or .gguf file."
        )


def check_whole(path: str | Path) -> None:
    """Raise ValueError if a safetensors file ends before one of its tensors does."""
    path = Path(path)
    size = path.stat().st_size
    with open(path, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")  # of the header, which is JSON
        try:
            header = json.loads(stream.read(length) if length < size else b"")
        except ValueError:
            raise ValueError(
                f"{path.name} is no safetensors file, or ends within its header: fetch it again."
            ) from None
    header.pop("__metadata__", None)
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        shape, there = tuple(entry["shape"]), max(0, size - 8 - length - start)
        if there < end - start:
            rows = there * shape[0] // (end - start)
            raise ValueError(
                f"{path.name} ends within {name}: its shape is {shape}, and only "
                f"{(rows, *shape[1:])} are there; fetch the file again."
            )


def check_shapes(places: Mapping[str, Tensor], shapes: Mapping[str, tuple]) -> None:
    """Raise ValueError unless every place has a tensor of its shape, and every tensor a place."""
    spare = [name for name in shapes if name not in places]
    for name, place in places.items():
        wanted = tuple(place.shape)
        if name not in shapes:
            [near] = get_close_matches(name, spare, n=1, cutoff=0) or [None]
            other = f"{near} {tuple(shapes[near])}" if near else "no other tensor"
            raise ValueError(f"The file lacks {name} {wanted}; what it has instead is {other}.")
        if tuple(shapes[name]) != wanted:
            raise ValueError(
                f"{name} has the shape {tuple(shapes[name])} in the file, and its place in the "
                f"model {wanted}: is this the file of another size, or another layout?"
            )
    if spare:
        raise ValueError(
            f"The file has {spare[0]} {tuple(shapes[spare[0]])}, for which the model has no "
            "place: it is the file of another architecture."
        )


def hollow(kind: type, config) -> nn.Module:
    """Return a model of a kind, GPT or Llama, whose weights are still to come.

    Nothing is drawn at random only to be overwritten. The head shares the embedding.
    """
    with torch.device("meta"):  # shapes, and no memory
        model = kind(config)
    model.to_empty(device="cpu")
    model.head.weight = model.token_embedding.weight  # what was tied has come apart
    return model


@torch.no_grad()
def fill(
    places: Mapping[str, Tensor], shapes: Mapping[str, tuple], read: Callable[[str], Tensor]
) -> None:
    """Copy every tensor of a file to its place, one at a time, after checking all of them."""
    check_shapes(places, shapes)
    for name, place in places.items():
        place.copy_(read(name))
