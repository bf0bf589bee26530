"""What shape goes into each part of a model, and what shape comes out."""

import torch
from torch import Tensor, nn


def trace_shapes(model: nn.Module, ids: Tensor) -> list[tuple[str, tuple, tuple]]:
    """Run a model once on ids (B, T); note what each part was given and returned.

    Returns (name, shape in, shape out) for each call of each module, in the order in
    which they finish: the parts of a block before the block. The model itself comes
    last, with the name "".
    """
    noted, hooks = [], []

    def note(name: str):
        def hook(module, given, returned):
            noted.append((name, tuple(given[0].shape), tuple(returned.shape)))

        return hook

    try:
        for name, module in model.named_modules():
            hooks.append(module.register_forward_hook(note(name)))
        with torch.no_grad():
            model(ids)
    finally:
        for hook in hooks:  # or the model would go on noting, forever
            hook.remove()
    return noted
