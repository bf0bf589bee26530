"""What the way back needs: counted in bytes, and computed twice rather than kept."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


class SavedBytes:
    """Counts what autograd keeps for the way back while its `with` block runs.

    Memory that several tensors share counts once, and parameters, which are there anyway, not.
    """

    def __init__(self, parameters: Iterable[Tensor] = ()):
        self.known = {p.untyped_storage().data_ptr() for p in parameters}
        self.storages: dict[int, int] = {}
        self.hooks = saved_tensors_hooks(self.keep, lambda tensor: tensor)

    def keep(self, tensor: Tensor) -> Tensor:
        """Note a tensor that autograd saves."""
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self.known:
            self.storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    def __enter__(self):
        self.hooks.__enter__()
        return self

    def __exit__(self, *error):
        self.hooks.__exit__(*error)

    @property
    def total(self) -> int:
        """Bytes."""
        return sum(self.storages.values())


class Recompute(torch.autograd.Function):
    """Apply a block and keep its input alone; on the way back, apply it again."""

    @staticmethod
    def forward(ctx, block: nn.Module, x: Tensor) -> Tensor:
        """Return block(x), remembering x and nothing that was computed on the way."""
        ctx.block = block
        ctx.save_for_backward(x)
        return block(x)  # inside of a Function nothing is recorded

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[None, Tensor]:
        """Compute the block once more, this time recorded, and go back through it."""
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = ctx.block(x)
        y.backward(gradient)  # the parameters' gradients add up where they belong
        return None, x.grad


class Recomputed(nn.Module):
    """A block that forgets what happens inside of it: activation checkpointing.

    Chen et al. (2016). The block has to compute the same twice: with dropout it does not.
    """

    def __init__(self, block: nn.Module):
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        """Return block(x)."""
        return Recompute.apply(self.block, x)
