"""One healthy training run, and bugs that can be put into it. None of them raises an error.

A bug is a function that takes a fresh trainer and breaks it.
"""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.trainer import Trainer, TrainerConfig, draw_excerpts

SIZE = GPTConfig(64, context_length=32, d_model=32, n_heads=2, n_layers=2, dropout=0.1)
PLAN = TrainerConfig(
    steps=200,
    batch_size=8,
    learning_rate=5e-3,
    final_rate=5e-4,
    warm_up=20,
    evaluate_every=20,
    evaluate_on=64,
)


def healthy(ids: Tensor, val_ids: Tensor, seed: int = 0, size=SIZE, **changes) -> Trainer:
    """Return a fresh trainer; `changes` are to PLAN. The seed decides weights and batches."""
    torch.manual_seed(seed)
    return Trainer(GPT(size), ids, val_ids, replace(PLAN, seed=seed, **changes))


def large_start(trainer: Trainer) -> None:
    """The table has PyTorch's own first numbers, fifty times as large."""
    nn.init.normal_(trainer.model.token_embedding.weight)


def sees_ahead(trainer: Trainer) -> None:
    """The mask is missing."""
    for block in trainer.model.blocks:
        block.attention.causal = False


def shifted_twice(trainer: Trainer) -> None:
    """The data are shifted by one, and then the loss shifts them again."""

    def backward(excerpts: Tensor) -> float:
        trainer.model.train()
        trainer.optimizer.zero_grad()
        logits = trainer.model(excerpts[:, :-2])  # (B, T - 1, V)
        loss = F.cross_entropy(logits.flatten(0, 1), excerpts[:, 2:].flatten())
        loss.backward()
        return loss.item()

    trainer.backward = backward


def keeps_gradients(trainer: Trainer) -> None:
    """Nobody calls zero_grad."""
    trainer.optimizer.zero_grad = lambda: None


def evaluates_noisily(trainer: Trainer) -> None:
    """Dropout stays on in an evaluation."""
    trainer.model.eval = trainer.model.train


def half_frozen(trainer: Trainer) -> None:
    """The parameters of the blocks ask for no gradient."""
    for parameter in trainer.model.blocks.parameters():
        parameter.requires_grad_(False)


def few_batches(trainer: Trainer) -> None:
    """The generator of the batches is seeded anew every fourth step."""

    def draw(ids: Tensor, size: int, config: TrainerConfig, step: int) -> Tensor:
        return draw_excerpts(ids, size, config, step % 4)  # (B, T + 1)

    trainer.draw = draw


def leaking_split(trainer: Trainer) -> None:
    """The validation text was copied from the text, and not taken out of it."""
    start = len(trainer.ids) // 2
    trainer.val_ids = trainer.ids[start : start + len(trainer.val_ids)]


def too_fast(trainer: Trainer) -> None:
    """The learning rate is sixty times too high."""
    trainer.config = replace(trainer.config, learning_rate=0.3, final_rate=0.03)


def too_slow(trainer: Trainer) -> None:
    """The learning rate is five hundred times too low."""
    trainer.config = replace(trainer.config, learning_rate=1e-5, final_rate=1e-6)


def use_relu(model: GPT) -> None:
    """Put ReLU in the place of GELU."""
    for block in model.blocks:
        network = block.feed_forward
        network.forward = lambda x, own=network: own.output(own.expand(x).relu())


def dying_units(trainer: Trainer) -> None:
    """ReLU, with biases that start far below zero."""
    use_relu(trainer.model)
    for block in trainer.model.blocks:
        nn.init.constant_(block.feed_forward.expand.bias, -1.0)
