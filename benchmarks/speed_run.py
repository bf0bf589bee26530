"""The speed-run against the plain recipe: both trained from start to end, losses compared."""

import torch

from scratchlm.gpt import GPT
from scratchlm.recipes import shakespeare_gpt_plain as plain
from scratchlm.recipes import speed_run
from scratchlm.trainer import Trainer, fixed_excerpts, mean_loss

NAME = "train to the plain recipe's validation loss"
PEER = "the plain recipe"
COUNT, UNIT = 1, "run"
REPEAT = 1  # a pair takes minutes

texts: tuple = ()
loss: dict = {}


def setup(folder) -> None:
    global texts
    torch.set_num_threads(1)
    texts = plain.texts()[1:]


def finish(name: str, trainer: Trainer) -> None:
    """Train; keep the loss on all of the validation text, and compare when both are there."""
    trainer.run()
    loss[name] = trainer.model
    if len(loss) == 2:
        rows = fixed_excerpts(texts[1], 65, len(texts[1]))
        ours, peer = (mean_loss(loss[side], rows) for side in ("ours", "peer"))
        assert ours <= peer, f"The speed-run ends at {ours:.4f}, the plain recipe at {peer:.4f}."


def ours() -> None:
    finish("ours", speed_run.make_trainer(*texts))


def peer() -> None:
    torch.manual_seed(0)
    finish("peer", Trainer(GPT(plain.CONFIG), *texts, plain.TRAINING))
