"""The training loop: batches, loss, clipped gradients, AdamW, a schedule, evaluation."""

import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.adamw import AdamW, parameter_groups
from scratchlm.training import cosine_decay

MAY_BE_ZERO = {"warm_up", "final_rate", "weight_decay", "beta_2", "seed"}


@dataclass(frozen=True)
class TrainerConfig:
    """How to train. ValueError for a value that cannot be meant."""

    steps: int = 2_000  # updates of the parameters
    batch_size: int = 12  # excerpts that vote on one update
    learning_rate: float = 1e-3  # the highest, reached after the warm-up
    warm_up: int = 100  # steps on the way up
    final_rate: float = 1e-4  # learning rate at the end
    weight_decay: float = 0.1  # pull of the matrices towards zero
    beta_2: float = 0.99  # how slowly AdamW forgets squared gradients
    clip: float = 1.0  # longest gradient that is let through
    accumulate: int = 1  # pieces in which a batch goes through the model
    seed: int = 0  # decides the excerpts of every batch
    evaluate_every: int = 200  # steps from one evaluation to another
    evaluate_on: int = 128  # excerpts of each text in an evaluation

    def __post_init__(self):
        for name, value in vars(self).items():
            if not (value > 0 or (value == 0 and name in MAY_BE_ZERO)):
                least = "0 or more" if name in MAY_BE_ZERO else "a number above 0"
                raise ValueError(f"{name} is {value}: give {least}.")
        if self.accumulate > self.batch_size:
            raise ValueError(
                f"accumulate is {self.accumulate}: give at most {self.batch_size}, "
                "which is how many excerpts a batch has."
            )


def scheduled_rate(step: int, config: TrainerConfig) -> float:
    """Return a step's learning rate: up along a line, then down along half a cosine."""
    if step < config.warm_up:
        return config.learning_rate * (step + 1) / config.warm_up
    after, whole = step - config.warm_up, max(1, config.steps - config.warm_up)
    peak = config.learning_rate - config.final_rate
    return config.final_rate + cosine_decay(after, whole, peak)


def draw_excerpts(
    ids: Tensor,
    size: int,
    config: TrainerConfig,
    step: int,
) -> Tensor:
    """Return the excerpts (B, size) of ids (N,) that a step reads.

    The seed and the step decide them: there is no place in the data to remember.
    """
    draw = random.Random(f"{config.seed} {step}")
    starts = [draw.randrange(len(ids) - size + 1) for _ in range(config.batch_size)]
    return torch.stack([ids[start : start + size] for start in starts])


def next_token_loss(model: nn.Module, excerpts: Tensor) -> Tensor:
    """Return the mean cross-entropy of all tokens but the first in excerpts (B, T + 1)."""
    logits = model(excerpts[:, :-1])  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), excerpts[:, 1:].flatten())


def fixed_excerpts(ids: Tensor, size: int, count: int) -> Tensor:
    """Cut ids (N,) into excerpts and keep some, evenly spaced: (count, size)."""
    rows = ids[: len(ids) // size * size].view(-1, size)
    chosen = torch.linspace(0, len(rows) - 1, min(count, len(rows))).long()
    return rows[chosen]


@torch.no_grad()
def mean_loss(model: nn.Module, excerpts: Tensor, at_once: int = 64) -> float:
    """Return the loss on excerpts (N, T + 1) in nats a token, with dropout off."""
    model.eval()
    total = 0.0
    for part in excerpts.split(at_once):
        total += next_token_loss(model, part).item() * len(part)
    return total / len(excerpts)


def clip_gradients(parameters: Iterable[Tensor], longest: float) -> float:
    """Shorten all gradients, as one vector, to `longest`; return its length before."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    length = torch.stack([g.norm() for g in gradients]).norm().item()
    if length > longest:
        for gradient in gradients:
            gradient.mul_(longest / length)
    return length


@dataclass
class Log:
    """What a run measured at every step, and at those of an evaluation; losses in nats."""

    loss: list[float] = field(default_factory=list)  # of a batch, before its update
    norm: list[float] = field(default_factory=list)  # of a gradient, before it is clipped
    evaluated: list[int] = field(default_factory=list)  # steps
    train: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)


def adamw(model: nn.Module, config: TrainerConfig) -> AdamW:
    """Return the optimizer of the plain recipe."""
    groups = parameter_groups(model, config.weight_decay)
    return AdamW(groups, config.learning_rate, betas=(0.9, config.beta_2))


class Trainer:
    """A model in training: `step` counts the updates, `log` keeps what was measured.

    Four functions can be exchanged: `make_optimizer(model, config)`; `draw`, for
    `draw_excerpts`; `autocast`, which makes the context of the forward pass; and
    `average`, which replaces each of a list of tensors by its mean over processes.
    """

    def __init__(
        self,
        model: nn.Module,
        ids: Tensor,
        val_ids: Tensor,
        config: TrainerConfig,
        make_optimizer: Callable = adamw,
        draw: Callable[[Tensor, int, TrainerConfig, int], Tensor] = draw_excerpts,
        autocast: Callable[[], AbstractContextManager] = nullcontext,
        average: Callable[[list[Tensor]], None] = lambda tensors: None,
    ):
        self.size = model.config.context_length + 1  # T + 1: the first is no target
        if min(len(ids), len(val_ids)) < self.size:
            raise ValueError(f"Give two texts of {self.size} tokens or more.")
        self.model, self.config = model, config
        self.ids, self.val_ids = ids, val_ids
        self.optimizer = make_optimizer(model, config)
        self.draw, self.autocast, self.average = draw, autocast, average
        self.step, self.log = 0, Log()

    def moved(self, excerpts: Tensor) -> Tensor:
        """Return excerpts on the model's device."""
        return excerpts.to(next(self.model.parameters()).device)

    def backward(self, excerpts: Tensor) -> float:
        """Leave the gradient of a batch (B, T + 1) with the parameters; return its loss."""
        self.model.train()  # evaluation switches dropout off
        self.optimizer.zero_grad()
        total = torch.zeros((), device=excerpts.device)
        for piece in excerpts.chunk(self.config.accumulate):
            with self.autocast():
                loss = next_token_loss(self.model, piece)
            share = loss * len(piece) / len(excerpts)  # of the mean over all pieces
            share.backward()  # gradients add up
            total += share.detach()
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        self.average([total, *gradients])
        return total.item()

    def update(self) -> None:
        """Take one step: draw, predict, measure, go back, clip, move."""
        excerpts = self.draw(self.ids, self.size, self.config, self.step)  # (B, T + 1)
        loss = self.backward(self.moved(excerpts))
        norm = clip_gradients(self.model.parameters(), self.config.clip)
        rate = scheduled_rate(self.step, self.config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)  # a group may want a multiple
        self.optimizer.step()
        self.log.loss.append(loss)
        self.log.norm.append(norm)
        self.step += 1

    def evaluate(self) -> None:
        """Note the losses on fixed excerpts of both texts, once at each step."""
        if self.step in self.log.evaluated[-1:]:
            return  # done before the run was stopped
        log, count = self.log, self.config.evaluate_on
        for ids, losses in [(self.ids, log.train), (self.val_ids, log.val)]:
            excerpts = self.moved(fixed_excerpts(ids, self.size, count))
            with self.autocast():
                losses.append(mean_loss(self.model, excerpts))
        log.evaluated.append(self.step)

    def run(
        self,
        until: int | None = None,
        after: Callable = lambda trainer: None,
    ) -> Log:
        """Train up to a step, by default the last; call `after(trainer)` after each."""
        last = self.config.steps
        until = last if until is None else min(until, last)
        while self.step < until:
            if self.step % self.config.evaluate_every == 0:
                self.evaluate()
            self.update()
            after(self)
        if self.step == last:
            self.evaluate()
        return self.log
