"""AdamW from scratch, with the manners of PyTorch's optimizers."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Sort parameters in two groups: matrices, which decay, and others, which do not.

    A group is a dict of "params", a list, and what an optimizer does differently for it.
    """
    learning = [p for p in model.parameters() if p.requires_grad]  # a tied one comes once
    matrices = [p for p in learning if p.dim() >= 2]
    others = [p for p in learning if p.dim() < 2]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


class AdamW:
    """Adam with decoupled weight decay, after Loshchilov and Hutter (2019).

    A group may set its own value of any option. `state_dict` has the layout of PyTorch's:
    "state" by the parameter's number, and "param_groups".
    """

    def __init__(
        self,
        groups: Iterable[dict],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        options = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)
        self.param_groups = [{**options, **group} for group in groups]
        self.parameters = [p for g in self.param_groups for p in g["params"]]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self.move(parameter, group)

    def move(self, parameter: Tensor, group: dict) -> None:
        """Draw the parameter towards zero, then take Adam's step."""
        if parameter not in self.state:
            zeros = torch.zeros_like(parameter)
            start = {"step": torch.tensor(0.0), "m": zeros, "v": zeros.clone()}
            self.state[parameter] = start
        state, gradient = self.state[parameter], parameter.grad
        beta_1, beta_2 = group["betas"]
        state["step"] += 1
        state["m"].mul_(beta_1).add_((1 - beta_1) * gradient)  # running means
        state["v"].mul_(beta_2).add_((1 - beta_2) * gradient**2)
        t = state["step"].item()
        m_hat = state["m"] / (1 - beta_1**t)  # both means started at zero
        v_hat = state["v"] / (1 - beta_2**t)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))

    def state_dict(self) -> dict:
        """Return what the next step depends on, with numbers in place of parameters."""
        numbers = {parameter: i for i, parameter in enumerate(self.parameters)}
        groups = [
            {**group, "params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[p]: values for p, values in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, saved: dict) -> None:
        """Go on from what `state_dict` returned, in this process or another."""
        groups = zip(self.param_groups, saved["param_groups"], strict=True)
        for group, other in groups:
            group.update({**other, "params": group["params"]})
        self.state = {}
        for i, values in saved["state"].items():
            parameter = self.parameters[i]
            self.state[parameter] = {  # a count stays on the CPU
                name: value.to(parameter.device if value.dim() else "cpu", copy=True)
                for name, value in values.items()
            }
