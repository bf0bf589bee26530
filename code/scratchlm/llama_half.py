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
    """Replace a model's matrices by ones rounded to float16, and return it; it can only write.

    The product is PyTorch's for x86 processors: on others the model stays as it is.
    """
    if "fbgemm" in torch.backends.quantized.supported_engines:
        for part in list(model.modules()):
            for name, layer in list(part.named_children()):
                if isinstance(layer, nn.Linear):
                    setattr(part, name, HalfLinear(layer.weight))
    return model
