"""A small GPT on Shakespeare's characters, for chapters that look at what it writes."""

from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm import data
from scratchlm.characters import CharTokenizer
from scratchlm.gpt import GPT, GPTConfig

DATA = ["tiny-shakespeare"]
CONFIG = GPTConfig(64, context_length=64, d_model=96, n_heads=4, n_layers=2, d_ff=192)
STEPS, BATCH_SIZE, LEARNING_RATE, WARM_UP = 1_400, 8, 6e-3, 100


def start() -> GPT:
    """Return the untrained model, its first weights large enough for one so narrow.

    GPT-2's deviation of 0.02 suits widths of many hundreds; here it costs hundreds of steps.
    """
    model = GPT(CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:  # matrices; biases and norms begin as they are
                parameter.mul_(5)
    return model


def excerpts(ids: Tensor, size: int = CONFIG.context_length + 1) -> Tensor:
    """Cut ids (N,) into excerpts that do not overlap: (N // size, size)."""
    return ids[: len(ids) // size * size].view(-1, size)


def loss(model: GPT, chosen: Tensor) -> Tensor:
    """Return the mean loss in nats a character on excerpts (B, T + 1)."""
    logits = model(chosen[:, :-1])  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), chosen[:, 1:].flatten())


def train() -> tuple[dict[str, Tensor], dict]:
    """Train on nine tenths of the text; return the tensors, and what `build` and readers need."""
    text = data.load("tiny-shakespeare")
    tokenizer = CharTokenizer("".join(sorted(set(text))))
    ids, val_ids = (torch.tensor(tokenizer.encode(part)) for part in data.split_text(text))
    model = start()
    optimizer = torch.optim.AdamW(
        model.parameters(), weight_decay=0.1, betas=(0.9, 0.95), fused=True
    )
    offsets = torch.arange(CONFIG.context_length + 1)
    for step in range(STEPS):
        rate = LEARNING_RATE * min((step + 1) / WARM_UP, 1) * (1 - step / STEPS)
        optimizer.param_groups[0]["lr"] = rate
        starts = torch.randint(len(ids) - len(offsets), (BATCH_SIZE, 1))
        now = loss(model, ids[starts + offsets])
        optimizer.zero_grad()
        now.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        losses = {"val_loss": loss(model, excerpts(val_ids, len(offsets))[::4]).item()}
        losses["train_loss"] = loss(model, excerpts(ids, len(offsets))[::40]).item()
    return model.state_dict(), {"vocab": tokenizer.vocab, "config": asdict(CONFIG), **losses}


def build(tensors: dict[str, Tensor], metadata: dict) -> tuple[GPT, CharTokenizer]:
    """Return the model that a checkpoint of this recipe holds, ready for use, and its tokenizer."""
    model = GPT(GPTConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval(), CharTokenizer(metadata["vocab"])
