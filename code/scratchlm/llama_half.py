"""A Llama whose matrices have 16 bits a weight, for writing: half the bytes to fetch each step."""

import copy

import torch
from torch import Tensor, nn

from scratchlm.llama import Llama


class HalfLinear(nn.Module):
    """A linear layer with weights in float16 and inputs, sums and outputs in float32."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.packed = torch.ops.quantized.linear_prepack_fp16(weight.detach(), None)

    def forward(self, x: Tensor) -> Tensor:
        """Return x (…, C) times the matrix."""
        return torch.ops.quantized.linear_dynamic_fp16(x, self.packed)


def halve(model: Llama) -> Llama:
    """Return a copy of a model for writing, its matrices rounded to float16; it cannot be trained.

    Norms and the embedding are shared with `model`. The product is PyTorch's for x86 processors:
    on others `model` itself is returned.
    """
    if "fbgemm" not in torch.backends.quantized.supported_engines:
        return model
    halved = copy.copy(model)  # its own list of parts, the same parts
    halved._modules = dict(model._modules)
    halved.head = HalfLinear(model.head.weight)
    shared = {id(p): p for p in model.parameters() if p.dim() == 1}
    blocks = []
    for block in model.blocks:
        parts = {id(m.weight): nn.Parameter(torch.empty(0)) for m in block.modules() if isinstance(m, nn.Linear)}
        twin = copy.deepcopy(block, parts | shared)  # the norms, and no matrices
        for part, twin_part in ((block.attention, twin.attention), (block.feed_forward, twin.feed_forward)):
            for name, layer in part.named_children():
                setattr(twin_part, name, HalfLinear(layer.weight))
        blocks.append(twin)
    halved.blocks = nn.ModuleList(blocks)
    return halved
