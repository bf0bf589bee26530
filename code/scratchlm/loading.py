"""Weights from a file into a model: every tensor has one place, and fits, or nothing is loaded.

A loader says where each tensor of the file belongs: `places`, a dictionary from the tensor's name
to a view of the parameter that it fills, in the shape that the tensor has in the file.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches

import torch
from torch import Tensor, nn


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


def check_places(places: Mapping[str, Tensor], model: nn.Module) -> None:
    """Raise ValueError unless the places are different ones, and together the whole model."""
    begins = {}
    for name, place in places.items():
        if (other := begins.setdefault(place.data_ptr(), name)) != name:
            raise ValueError(f"{other} and {name} have the same place: one would be lost.")
    held = sum(place.numel() for place in places.values())
    size = sum(parameter.numel() for parameter in model.parameters())
    if held != size:
        raise ValueError(f"The places hold {held:,} numbers, and the model has {size:,}.")


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
    model: nn.Module,
    places: Mapping[str, Tensor],
    shapes: Mapping[str, tuple],
    read: Callable[[str], Tensor],
) -> None:
    """Copy every tensor of a file to its place, one at a time, after checking all of them."""
    check_places(places, model)
    check_shapes(places, shapes)
    for name, place in places.items():
        place.copy_(read(name))
