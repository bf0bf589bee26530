"""Muon from scratch: the momentum of a matrix, made orthogonal, is the step."""

import torch
from torch import Tensor, nn

from scratchlm.adamw import AdamW

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # Jordan et al. (2024)


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Bring all singular values of a matrix (M, N) near 1; keep its singular vectors.

    Products of matrices alone do it: each round sends a singular value s to
    a·s + b·s³ + c·s⁵, the Newton–Schulz iteration with the factors of Jordan et al. (2024).
    """
    if matrix.dim() != 2:
        raise ValueError(f"Got {matrix.dim()} dimensions: give a matrix, which has 2.")
    a, b, c = NEWTON_SCHULZ
    x = matrix / (matrix.norm() + 1e-7)  # no singular value is above the norm, which is 1
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x  # the smaller square below costs less
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(AdamW):
    """Muon for the groups that say `"orthogonal": True`, AdamW for the others.

    Jordan et al. (2024). A tall matrix takes longer steps, by the root of its proportions.
    """

    def __init__(self, groups, lr: float = 0.02, momentum: float = 0.95, **options):
        super().__init__(groups, lr, **options)
        for group in self.param_groups:
            group.setdefault("momentum", momentum)

    def move(self, parameter: Tensor, group: dict) -> None:
        """Take a step of the group's own kind."""
        if not group.get("orthogonal"):
            return super().move(parameter, group)
        if parameter not in self.state:
            self.state[parameter] = {"mean": torch.zeros_like(parameter)}
        mean, gradient = self.state[parameter]["mean"], parameter.grad
        mean.lerp_(gradient, 1 - group["momentum"])
        ahead = gradient.lerp(mean, group["momentum"])  # where the mean goes: Nesterov
        longer = max(1.0, parameter.shape[0] / parameter.shape[1]) ** 0.5
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.sub_(group["lr"] * longer * orthogonalise(ahead))


def muon_groups(model: nn.Module, share: float) -> list[dict]:
    """Sort parameters: the matrices of `model.blocks` for Muon, all others for AdamW.

    The others learn at `share` of the rate. They look tokens up or scale features, and a
    table is no map from vectors to vectors.
    """
    inside = {p for p in model.blocks.parameters() if p.dim() == 2}
    others = [p for p in model.parameters() if p not in inside]
    matrices = [p for p in model.parameters() if p in inside]  # a set has no order
    return [
        {"params": matrices, "orthogonal": True},
        {"params": others, "factor": share},
    ]
