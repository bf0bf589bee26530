"""Tests of a training run that take a second: each returns a number that has a normal range.

Each takes a fresh trainer, and is done with it afterwards.
"""

import math
import statistics
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.gauges import UpdateRatios, dead_units
from scratchlm.trainer import Trainer


def first_batch(trainer: Trainer) -> Tensor:
    """Return the excerpts (B, T + 1) of the trainer's first step."""
    return trainer.draw(trainer.ids, trainer.size, trainer.config, 0)


def first_excess(trainer: Trainer) -> float:
    """Return by how much the first loss exceeds log V, what guessing costs."""
    return trainer.backward(first_batch(trainer)) - math.log(trainer.model.config.vocab_size)


@torch.no_grad()
def future_seen(trainer: Trainer) -> float:
    """Return how much the logits of earlier places change with the last token."""
    model, ids = trainer.model.eval(), first_batch(trainer)[:, :-1]  # (B, T)
    other = ids.clone()
    other[:, -1] = (ids[:, -1] + 1) % model.config.vocab_size
    return (model(ids) - model(other))[:, :-1].abs().max().item()


class Successor(nn.Module):
    """A model that is sure that after token i comes token i + 1."""

    def __init__(self, vocab_size: int):
        super().__init__()
        self.vocab_size = vocab_size
        self.sureness = nn.Parameter(torch.tensor(20.0))

    def forward(self, ids: Tensor) -> Tensor:
        """Return logits (B, T, V) for ids (B, T)."""
        return self.sureness * F.one_hot((ids + 1) % self.vocab_size, self.vocab_size)


def knower_loss(trainer: Trainer) -> float:
    """Return the loss that the trainer finds for a model that knows every answer."""
    vocab_size = trainer.model.config.vocab_size
    counting = torch.arange(trainer.size).repeat(2, 1) % vocab_size  # (2, T + 1)
    trainer.model = Successor(vocab_size)
    return trainer.backward(counting)


def gradient_growth(trainer: Trainer) -> float:
    """Return how many times as long a gradient is the second time, on the same batch."""
    lengths = []
    for _ in range(2):
        torch.manual_seed(0)  # the same dropout
        trainer.backward(first_batch(trainer))
        gradients = [p.grad for p in trainer.model.parameters() if p.grad is not None]
        lengths.append(torch.cat([g.flatten() for g in gradients]).norm().item())
    return lengths[1] / lengths[0]


def evaluation_noise(trainer: Trainer) -> float:
    """Return how far two evaluations of one model lie apart."""
    trainer.evaluate()
    trainer.log.evaluated.clear()  # it notes each step only once
    trainer.evaluate()
    return abs(trainer.log.val[0] - trainer.log.val[1])


def unmoved_share(trainer: Trainer) -> float:
    """Return the share of parameters that are as they were after an update."""
    before = [p.detach().clone() for p in trainer.model.parameters()]
    trainer.update()
    stayed = [int((p == was).sum()) for p, was in zip(trainer.model.parameters(), before)]
    return sum(stayed) / sum(p.numel() for p in before)


def repeated_share(trainer: Trainer, steps: int = 50) -> float:
    """Return the share of excerpts in the first steps that are there a second time."""
    batches = [trainer.draw(trainer.ids, trainer.size, trainer.config, s) for s in range(steps)]
    rows = [tuple(row) for batch in batches for row in batch.tolist()]
    return 1 - len(set(rows)) / len(rows)


def leaked_share(trainer: Trainer, count: int = 200) -> float:
    """Return the share of excerpts of the validation text that the training text holds."""
    text = "".join(map(chr, trainer.ids.tolist()))
    places = torch.linspace(0, len(trainer.val_ids) - trainer.size, count).long()
    rows = [trainer.val_ids[place : place + trainer.size].tolist() for place in places]
    return statistics.mean("".join(map(chr, row)) in text for row in rows)


def update_size(trainer: Trainer, steps: int = 10) -> float:
    """Return how far a matrix moves in one of the first steps, relative to its length.

    The median over matrices and steps.
    """
    gauge = UpdateRatios(trainer.model)
    trainer.run(steps, after=gauge)
    return statistics.median(r for ratios in gauge.ratios.values() for r in ratios)


def dead_share(trainer: Trainer, steps: int = 60) -> float:
    """Return the share of hidden units that are silent on a batch after some steps."""
    trainer.run(steps)
    return torch.cat(dead_units(trainer.model, first_batch(trainer)[:, :-1])).float().mean().item()


def loss_by_heart(trainer: Trainer, steps: int = 80) -> float:
    """Return the loss on one batch after some steps on this batch alone."""
    batch = first_batch(trainer)
    trainer.draw = lambda ids, size, config, step: batch
    return min(trainer.run(steps).loss)


# What a healthy run shows: test, lowest and highest value.
NORMAL: dict[str, tuple[Callable, float, float]] = {
    "first loss above log V": (first_excess, -0.3, 0.3),
    "future seen": (future_seen, 0.0, 1e-5),
    "loss of a knower": (knower_loss, 0.0, 0.01),
    "gradient growth": (gradient_growth, 0.99, 1.01),
    "evaluation noise": (evaluation_noise, 0.0, 1e-6),
    "unmoved": (unmoved_share, 0.0, 0.1),
    "repeated": (repeated_share, 0.0, 0.05),
    "leaked": (leaked_share, 0.0, 0.05),
    "update size": (update_size, 2e-3, 0.2),
    "dead units": (dead_share, 0.0, 0.5),
    "loss by heart": (loss_by_heart, 0.0, 1.5),
}


def checkup(make: Callable[[], Trainer]) -> dict[str, float]:
    """Return what every test measures on a fresh trainer of its own."""
    return {name: test(make()) for name, (test, _, _) in NORMAL.items()}


def abnormal(values: dict[str, float]) -> list[str]:
    """Return the names of the tests whose value is outside of its normal range."""
    ends = {name: (low, high) for name, (_, low, high) in NORMAL.items()}
    return [n for n, value in values.items() if not ends[n][0] <= value <= ends[n][1]]
