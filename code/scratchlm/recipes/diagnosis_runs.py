"""The logs of small runs, healthy and sick: a ward, overfitting and its cures, a grid, spikes."""

import math
from dataclasses import asdict, replace

import torch
from torch import Tensor

from scratchlm import sick_runs
from scratchlm.recipes.shakespeare_gpt_plain import texts
from scratchlm.sick_runs import SIZE, healthy
from scratchlm.trainer import TrainerConfig, draw_excerpts, fixed_excerpts, mean_loss

DATA = ["tiny-shakespeare"]
BUGS = [
    "large_start",
    "sees_ahead",
    "shifted_twice",
    "keeps_gradients",
    "evaluates_noisily",
    "half_frozen",
    "few_batches",
    "leaking_split",
    "too_fast",
    "too_slow",
    "dying_units",
]
STILL = replace(SIZE, dropout=0.0)
PAGE = 1_000  # characters that are learned by heart
SEEDS = range(3)
CURES = {  # size, characters, changes to the plan
    "nothing": (STILL, PAGE, {}),
    "dropout": (replace(SIZE, dropout=0.3), PAGE, {}),
    "weight decay": (STILL, PAGE, {"weight_decay": 3.0}),
    "more data": (STILL, 100 * PAGE, {}),
}
RATES = [1.5e-3, 4e-3, 1e-2]
PAIRS = range(6)  # seeds of the grid
JUDGES = 256  # excerpts that the grid is judged on
DAMAGED = (90, 120)  # steps whose batch is garbled


def garbled(ids: Tensor, size: int, config: TrainerConfig, step: int) -> Tensor:
    """Draw excerpts; two batches come in another file's encoding."""
    excerpts = draw_excerpts(ids, size, config, step)  # (B, T + 1)
    return 63 - excerpts if step in DAMAGED else excerpts


def spared(ids: Tensor, size: int, config: TrainerConfig, step: int) -> Tensor:
    """Draw excerpts, others in place of the two garbled batches."""
    return draw_excerpts(ids, size, config, step + 1_000 if step in DAMAGED else step)


def rounded(log) -> dict:
    """Return a log as a dict, its numbers with four digits."""
    return {name: [round(x, 4) for x in values] for name, values in asdict(log).items()}


def ward(ids: Tensor, val_ids: Tensor, seed: int) -> dict:
    """Return the log of a healthy run, and of one with each bug."""
    logs = {"healthy": rounded(healthy(ids, val_ids, seed).run())}
    for name in BUGS:
        trainer = healthy(ids, val_ids, seed)
        getattr(sick_runs, name)(trainer)
        logs[name] = rounded(trainer.run())
    return logs


def overfitting(ids: Tensor, val_ids: Tensor) -> dict:
    """Return the logs of every cure, one a seed."""
    logs = {}
    for name, (size, characters, changes) in CURES.items():
        changes = {"weight_decay": 0.0, "steps": 240, **changes}
        logs[name] = [
            rounded(healthy(ids[:characters], val_ids, seed, size, **changes).run())
            for seed in SEEDS
        ]
    return logs


def grid(ids: Tensor, val_ids: Tensor) -> dict:
    """Return the final validation loss for each activation, rate and seed."""
    losses: dict[str, list[list[float]]] = {"GELU": [], "ReLU": []}
    for name, rows in losses.items():
        for rate in RATES:
            row = []
            for seed in PAIRS:
                changes = dict(learning_rate=rate, final_rate=rate / 10, steps=150)
                trainer = healthy(ids, val_ids, seed, STILL, **changes)
                if name == "ReLU":
                    sick_runs.use_relu(trainer.model)
                trainer.evaluate = lambda: None  # the end alone counts
                trainer.run()
                judges = fixed_excerpts(val_ids, trainer.size, JUDGES)
                row.append(round(mean_loss(trainer.model, judges), 4))
            rows.append(row)
    return losses


def spiky(ids: Tensor, val_ids: Tensor) -> dict:
    """Return logs of runs without clipping, with garbled batches and without them."""
    logs = {}
    for name, draw in [("garbled", garbled), ("spared", spared)]:
        logs[name] = []
        for seed in SEEDS:
            changes = dict(steps=150, evaluate_every=150, final_rate=5e-3, clip=math.inf)
            trainer = healthy(ids, val_ids, seed, STILL, **changes)
            trainer.draw = draw
            logs[name].append(rounded(trainer.run()))
    return logs


def without_mask(ids: Tensor, val_ids: Tensor) -> list[dict]:
    """Return logs of longer runs that see ahead, one a seed."""
    logs = []
    for seed in SEEDS:
        size = replace(STILL, context_length=16)
        changes = dict(steps=500, batch_size=16, evaluate_every=50, learning_rate=7e-3)
        trainer = healthy(ids, val_ids, seed, size, **changes)
        sick_runs.sees_ahead(trainer)
        logs.append(rounded(trainer.run()))
    return logs


def train() -> tuple[dict[str, Tensor], dict]:
    """Run everything; the logs are the result."""
    _, ids, val_ids = texts()
    logs = {
        "ward": ward(ids, val_ids, seed=0),
        "overfitting": overfitting(ids, val_ids),
        "grid": grid(ids, val_ids),
        "spikes": spiky(ids, val_ids),
        "without mask": without_mask(ids, val_ids),
    }
    return {"steps": torch.tensor(sick_runs.PLAN.steps)}, logs
