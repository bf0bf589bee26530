"""A model of attention alone on Shakespeare's plays, whose heads the chapter looks into."""

from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor

from scratchlm import data
from scratchlm.attention_only import AttentionOnly, AttentionOnlyConfig
from scratchlm.tokenizer import BPETokenizer, train_tokenizer

DATA = ["tiny-shakespeare"]
CONFIG = AttentionOnlyConfig(1024, context_length=48, d_model=64, n_heads=4, n_layers=3)
STEPS, BATCH_SIZE, LEARNING_RATE, WARM_UP = 1_200, 32, 5e-3, 50


def tokenizer(text: str) -> BPETokenizer:
    """Return the tokenizer of this recipe, learned from the part of the plays to train on."""
    return train_tokenizer([text], CONFIG.vocab_size)


def excerpts(ids: Tensor, size: int = CONFIG.context_length + 1) -> Tensor:
    """Cut ids (N,) into excerpts that do not overlap: (N // size, size)."""
    return ids[: len(ids) // size * size].view(-1, size)


def loss(model: AttentionOnly, chosen: Tensor) -> Tensor:
    """Return the mean loss in nats a token on excerpts (B, T + 1)."""
    logits = model(chosen[:, :-1])  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), chosen[:, 1:].flatten())


def train() -> tuple[dict[str, Tensor], dict]:
    """Train the model; return its tensors, and its size and losses."""
    parts = data.split_text(data.load("tiny-shakespeare"))
    encode = tokenizer(parts[0]).encode
    ids, val_ids = (torch.tensor(encode(part)) for part in parts)
    model = AttentionOnly(CONFIG)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    offsets = torch.arange(CONFIG.context_length + 1)
    for step in range(STEPS):
        rate = LEARNING_RATE * min((step + 1) / WARM_UP, 1) * (1 - step / STEPS)
        optimizer.param_groups[0]["lr"] = rate
        starts = torch.randint(len(ids) - len(offsets), (BATCH_SIZE, 1))
        now = loss(model, ids[starts + offsets])
        optimizer.zero_grad()
        now.backward()
        optimizer.step()
    with torch.no_grad():
        losses = {"val_loss": loss(model, excerpts(val_ids)).item()}
        losses["train_loss"] = loss(model, excerpts(ids)[::9]).item()
    return model.state_dict(), {"config": asdict(CONFIG), **losses}


def build(tensors: dict[str, Tensor], metadata: dict) -> AttentionOnly:
    """Return the model that a checkpoint of this recipe holds, ready for use."""
    model = AttentionOnly(AttentionOnlyConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval()
