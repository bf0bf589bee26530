"""Training a next-token model: the step in its fixed order, and the loop that repeats it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Data = tuple[Tensor, Tensor]  # contexts (N, T) and the targets (N,) that follow them


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how boldly to train. ValueError for a value that cannot be meant."""

    steps: int  # updates of the parameters
    batch_size: int = 64  # windows that vote on one update
    learning_rate: float = 5e-3  # size of the first update; later ones shrink to zero
    weight_decay: float = 0.1  # pull of every parameter towards zero
    seed: int = 0  # decides which windows meet in a batch

    def __post_init__(self):
        for name in ("steps", "batch_size", "learning_rate"):
            if not (value := getattr(self, name)) > 0:
                raise ValueError(f"{name} is {value}: give a number above 0.")
        if self.weight_decay < 0:
            raise ValueError(f"weight_decay is {self.weight_decay}: give 0 or more.")


@torch.no_grad()
def evaluate(
    model: nn.Module,
    contexts: Tensor,
    targets: Tensor,
    limit: int = 20_000,
) -> float:
    """Return the mean cross-entropy of targets (N,) after contexts (N, T), in nats.

    Beyond `limit` windows, evenly spaced ones stand for all.
    """
    model.eval()
    stride = math.ceil(len(targets) / limit)
    logits = model(contexts[::stride])  # (N, V)
    return F.cross_entropy(logits, targets[::stride]).item()


def draw_batch(data: Data, batch_size: int, generator: torch.Generator) -> Data:
    """Draw windows at random, with replacement: contexts (B, T) and targets (B,)."""
    contexts, targets = data
    chosen = torch.randint(len(targets), (batch_size,), generator=generator)  # (B,)
    return contexts[chosen], targets[chosen]


def training_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    contexts: Tensor,
    targets: Tensor,
) -> float:
    """Improve the model on contexts (B, T) and targets (B,); return the loss before."""
    model.train()  # evaluation may have switched dropout off
    logits = model(contexts)  # (B, V)
    loss = F.cross_entropy(logits, targets)
    optimizer.zero_grad()  # gradients add up: without this, all earlier batches vote again
    loss.backward()
    optimizer.step()
    return loss.item()


def cosine_decay(step: int, steps: int, peak: float) -> float:
    """Return the learning rate: from `peak` along half a cosine to 0 at `steps`."""
    return peak * (1 + math.cos(math.pi * step / steps)) / 2


def log_spaced(steps: int, count: int) -> list[int]:
    """Return up to `count` whole numbers from 0 to `steps`, ever further apart.

    >>> log_spaced(1000, 7)
    [0, 2, 9, 31, 99, 315, 1000]
    """
    if steps < 1 or count < 2:
        raise ValueError(f"There is no spacing of {count} numbers from 0 to {steps}.")
    return sorted({round((steps + 1) ** (i / (count - 1))) - 1 for i in range(count)})


@dataclass
class History:
    """What a run measured: the losses in nats per token at each of the listed steps."""

    step: list[int] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)

    def add(self, step: int, train_loss: float, val_loss: float) -> None:
        """Note the losses at a step."""
        self.step.append(step)
        self.train.append(train_loss)
        self.val.append(val_loss)


def train(
    model: nn.Module,
    train_data: Data,
    val_data: Data,
    config: TrainingConfig,
    measure_at: Iterable[int] = (),
    callback: Callable[[int, nn.Module], None] | None = None,
) -> History:
    """Train the model in place with AdamW; return the losses that were measured.

    They are measured before the steps in `measure_at` and after the last step; each
    time `callback(step, model)` may look at the model. ValueError if targets lack.
    """
    for contexts, targets in (train_data, val_data):
        if not 0 < len(targets) == len(contexts):
            raise ValueError(f"Got {len(contexts)} contexts, {len(targets)} targets: give pairs.")
    generator = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=config.weight_decay)
    history, wanted = History(), {*measure_at, config.steps}
    for step in range(config.steps + 1):
        if step in wanted:
            history.add(step, evaluate(model, *train_data), evaluate(model, *val_data))
            if callback is not None:
                callback(step, model)
        if step < config.steps:
            for group in optimizer.param_groups:
                group["lr"] = cosine_decay(step, config.steps, config.learning_rate)
            batch = draw_batch(train_data, config.batch_size, generator)
            training_step(model, optimizer, *batch)
    return history
