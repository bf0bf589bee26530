"""What to measure in a run while it goes on, and when to end it."""

import copy
import math
import statistics
from collections.abc import Callable

import torch
from torch import Tensor, nn

from scratchlm.trainer import Trainer


def growing_rate(factor: float) -> Callable:
    """Return a hook for `run`: each step's learning rate is `factor` times the one before.

    For a schedule that is constant otherwise. The trainer multiplies a group's rate by its factor.
    """

    def after(trainer: Trainer) -> None:
        for group in trainer.optimizer.param_groups:
            group["factor"] = factor**trainer.step

    return after


class UpdateRatios:
    """A hook for `run`: how far each matrix moves in a step, relative to its length."""

    def __init__(self, model: nn.Module):
        self.matrices = {n: p for n, p in model.named_parameters() if p.dim() == 2}
        self.before = {n: p.detach().clone() for n, p in self.matrices.items()}
        self.ratios: dict[str, list[float]] = {name: [] for name in self.matrices}

    @torch.no_grad()
    def __call__(self, trainer: Trainer) -> None:
        """Note |W after − W before| / |W before| of every matrix."""
        for name, matrix in self.matrices.items():
            was = self.before[name]
            self.ratios[name].append(((matrix - was).norm() / was.norm()).item())
            was.copy_(matrix)


def spikes(losses: list[float], window: int = 30, factor: float = 8.0) -> list[int]:
    """Return the steps whose loss lies far above those of the `window` steps before.

    Far is `factor` times the median distance of these from their median: unlike mean and
    deviation, medians do not notice a spike or two among them.
    """
    found = []
    for step in range(window, len(losses)):
        recent = losses[step - window : step]
        middle = statistics.median(recent)
        spread = statistics.median(abs(loss - middle) for loss in recent)
        if not losses[step] <= middle + factor * spread:  # also true for nan
            found.append(step)
    return found


@torch.no_grad()
def dead_units(model: nn.Module, ids: Tensor) -> list[Tensor]:
    """Return which hidden units of each block are positive nowhere in ids (B, T).

    One tensor a block: bool, (d_ff,), True for dead.
    """
    peaks: list[Tensor] = []

    def look(layer: nn.Module, x: tuple[Tensor], hidden: Tensor) -> None:
        peaks.append(hidden.flatten(0, -2).amax(dim=0))  # (B, T, d_ff) -> (d_ff,)

    layers = [block.feed_forward.expand for block in model.blocks]
    hooks = [layer.register_forward_hook(look) for layer in layers]
    model.eval()
    model(ids)
    for hook in hooks:
        hook.remove()
    return [peak <= 0 for peak in peaks]


def run_until_best(trainer: Trainer, patience: int) -> int:
    """Train until `patience` evaluations in a row bring nothing; return the best step.

    The model gets the weights back that it had then.
    """
    best, best_step, kept = math.inf, 0, {}
    every = trainer.config.evaluate_every
    while trainer.step < trainer.config.steps:
        trainer.run(trainer.step + every)
        trainer.evaluate()
        if trainer.log.val[-1] < best:
            best, best_step = trainer.log.val[-1], trainer.step
            kept = copy.deepcopy(trainer.model.state_dict())
        elif trainer.step - best_step >= patience * every:
            break
    trainer.model.load_state_dict(kept)
    return best_step
