"""Two processes train, rightly or wrongly: `torchrun --nproc-per-node 2 -m scratchlm.replicas`."""

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from scratchlm.data_parallel import Place, average, draw_share, find_place, joined, same_start
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.model_parallel import SlicedAdamW, block_together
from scratchlm.recipes import shakespeare_gpt_plain as plain
from scratchlm.resume import write_checkpoint
from scratchlm.trainer import Trainer, TrainerConfig, draw_excerpts

MODEL = GPTConfig(64, context_length=32, d_model=32, n_heads=2, n_layers=2)
TRAINING = TrainerConfig(steps=100, warm_up=20, evaluate_every=100, evaluate_on=64)
KINDS = ("averaged", "lonely", "strangers", "lopsided", "ddp", "sliced")


def lopsided_draw(place: Place):
    """Return a `draw` that gives three quarters of each batch to process 0."""

    def draw(ids: Tensor, size: int, config: TrainerConfig, step: int) -> Tensor:
        rows = draw_excerpts(ids, size, config, step)  # (B, T + 1)
        most = len(rows) * 3 // 4
        return rows[:most] if place.rank == 0 else rows[most:]

    return draw


def replica(kind: str, place: Place, ids: Tensor, val_ids: Tensor) -> Trainer:
    """Return the trainer of one process of an experiment."""
    torch.manual_seed(place.rank)  # everybody begins with parameters of its own
    model, hooks = GPT(MODEL), {"draw": draw_share(place), "average": average}
    if kind != "strangers":
        same_start(model)
    if kind == "lonely":
        del hooks["average"]
    if kind == "lopsided":
        hooks["draw"] = lopsided_draw(place)
    if kind == "ddp":
        model = DistributedDataParallel(model)  # it averages gradients on its own
        model.config = MODEL
        hooks["average"] = lambda tensors: average(tensors[:1])  # the loss
    if kind == "sliced":
        hooks["make_optimizer"] = partial(SlicedAdamW, place=place)
    return Trainer(model, ids, val_ids, TRAINING, **hooks)


def run_replica(run: Trainer, path: Path) -> None:
    """Train, and write down what this process has in the end: its weights and its log."""
    log = asdict(run.run())
    module = getattr(run.model, "module", run.model)  # DDP is a wrapper
    write_checkpoint(path, module.state_dict(), {"log": log})


def small_things(place: Place) -> dict[str, Tensor]:
    """Return a block's output, computed by two processes and by one."""
    torch.manual_seed(0)
    block, x = GPT(MODEL).blocks[0], torch.randn(2, 5, MODEL.d_model)  # the same in both
    with torch.no_grad():
        return {"together": block_together(block, x, place), "alone": block(x)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    place, folder = find_place(), Path(sys.argv[1])
    _, *texts = plain.texts()
    with joined(place):
        for kind in KINDS:
            run_replica(replica(kind, place, *texts), folder / f"{kind}-{place.rank}.safetensors")
        write_checkpoint(folder / f"small-{place.rank}.safetensors", small_things(place), {})
