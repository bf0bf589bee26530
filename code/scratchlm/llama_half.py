"""Matrices with 16 bits a weight, for writing: half the bytes to fetch for each token."""

import torch
from torch import Tensor, nn

from scratchlm.llama import Llama


class HalfLinear(nn.Module):
    """A linear layer with weights in float16, and inputs, sums and outputs in float32."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.packed = torch.ops.quantized.linear_prepack_fp16(weight.detach(), None)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (…, C) times the matrix."""
        return torch.ops.quantized.linear_dynamic_fp16(x, self.packed)


def halve(model: Llama) -> Llama:
    """Return a twin of a model for writing, with its matrices rounded to float16.

    It shares the norms and the embedding with `model`, and cannot be trained. The product is
    PyTorch's for x86 processors: on others `model` itself is returned.
    """
    if "fbgemm" not in torch.backends.quantized.supported_engines:
        return model
    with torch.device("meta"):  # the same parts, without memory
        twin = Llama(model.config).eval()
    for part, other in zip(list(model.modules()), list(twin.modules())):
        for name, parameter in part.named_parameters(recurse=False):
            setattr(other, name, parameter)
        for name, layer in part.named_children():
            if isinstance(layer, nn.Linear):
                setattr(other, name, HalfLinear(layer.weight))
    return twin
