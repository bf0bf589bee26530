"""Data parallelism: processes with copies of one model, each with its share of every batch."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

from scratchlm.trainer import TrainerConfig, draw_excerpts


@dataclass(frozen=True)
class Place:
    """Where a process stands in a run; alone, unless somebody says otherwise."""

    rank: int = 0  # its number among all
    processes: int = 1  # how many there are
    local_rank: int = 0  # its number on its own machine


def find_place() -> Place:
    """Return what `torchrun` wrote into the environment of this process."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    return Place(*(int(os.environ.get(name, n)) for name, n in zip(names, (0, 1, 0))))


@contextmanager
def joined(place: Place, backend: str = "gloo") -> Iterator[None]:
    """Meet the other processes, and part from them at the end. Alone there is nobody to meet."""
    if place.processes == 1:
        yield
        return
    try:
        dist.init_process_group(backend, timeout=timedelta(minutes=10))
    except (RuntimeError, ValueError) as error:
        raise ConnectionError(
            f"The {place.processes} processes did not find each other: start them with torchrun, "
            "on every machine with the same --rdzv-endpoint."
        ) from error
    try:
        yield
    finally:
        dist.destroy_process_group()


@dataclass(frozen=True)
class ParallelConfig(TrainerConfig):
    """How to train in several processes. ValueError if they cannot share a batch evenly."""

    processes: int = 1  # that train together

    def __post_init__(self):
        super().__post_init__()
        if self.batch_size % self.processes:
            raise ValueError(
                f"{self.processes} processes cannot share batch_size = {self.batch_size} "
                "evenly: give a multiple."
            )


def share(rows: Tensor, place: Place) -> Tensor:
    """Return every n-th of rows (B, …), from the rank on: (B / n, …)."""
    return rows[place.rank :: place.processes]


def draw_share(place: Place) -> Callable[[Tensor, int, TrainerConfig, int], Tensor]:
    """Return a `draw` for the trainer: a process's share of what one process would read.

    Dropout differs from process to process, and depends on nothing but seed, step and rank.
    """

    def draw(ids: Tensor, size: int, config: TrainerConfig, step: int) -> Tensor:
        seed = random.Random(f"{config.seed} {step} {place.rank}")
        torch.manual_seed(seed.getrandbits(63))
        return share(draw_excerpts(ids, size, config, step), place)  # (B / n, T + 1)

    return draw


def average(tensors: list[Tensor]) -> None:
    """Replace each tensor by its mean over all processes, in one message."""
    flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
    dist.all_reduce(flat)  # everybody gets the sum
    means = (flat / dist.get_world_size()).split([tensor.numel() for tensor in tensors])
    for tensor, mean in zip(tensors, means):
        tensor.copy_(mean.view_as(tensor))


@torch.no_grad()
def same_start(model: nn.Module) -> None:
    """Give every process the parameters that process 0 has."""
    for parameter in model.parameters():
        dist.broadcast(parameter, src=0)
