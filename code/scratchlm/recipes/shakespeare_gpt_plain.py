"""The plain recipe: a GPT of 0.8 million parameters on Shakespeare's characters."""

from dataclasses import asdict

import torch
from torch import Tensor

from scratchlm import data
from scratchlm.characters import CharTokenizer
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.trainer import Trainer, TrainerConfig, fixed_excerpts, mean_loss

DATA = ["tiny-shakespeare"]
CONFIG = GPTConfig(vocab_size=64, context_length=64, d_model=128, n_heads=4, n_layers=4)
TRAINING = TrainerConfig(evaluate_on=64)  # what it leaves out is the plain recipe already
MOMENTS = [0, 10, 30, 60, 100, 200, 300, 500, 800, 1_200, 2_000]  # steps at which we look
SAMPLE = 120  # characters written at each of them
LINE = "GREMIO:\nGood morrow, nei"  # what the attention maps are of
LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def texts() -> tuple[CharTokenizer, Tensor, Tensor]:
    """Return the tokenizer, and the ids to train on and to validate with."""
    text = data.load("tiny-shakespeare")
    tokenizer = CharTokenizer("".join(sorted(set(text))))
    ids, val_ids = (torch.tensor(tokenizer.encode(part)) for part in data.split_text(text))
    return tokenizer, ids, val_ids


@torch.no_grad()
def write(model: GPT, ids: Tensor, count: int, temperature: float = 0.8, seed: int = 0) -> Tensor:
    """Return ids (N,) with `count` tokens more, each drawn after what the model can see."""
    model.eval()
    draw = torch.Generator().manual_seed(seed)
    for _ in range(count):
        seen = ids[-model.config.context_length :]
        chances = (model(seen[None])[0, -1] / temperature).softmax(dim=-1)  # (V,)
        ids = torch.cat([ids, torch.multinomial(chances, 1, generator=draw)])
    return ids


@torch.no_grad()
def attention_maps(model: GPT, ids: Tensor) -> Tensor:
    """Return the weights of every head of every layer on ids (T,): (n_layers, H, T, T)."""
    model.eval()
    places = torch.arange(len(ids))
    x = (model.token_embedding(ids) + model.position_embedding(places))[None]  # (1, T, C)
    maps = []
    for block in model.blocks:
        maps.append(block.attention.look(block.norm_1(x))[1][0])  # (H, T, T)
        x = block(x)
    return torch.stack(maps)


def as_text(weights: Tensor) -> str:
    """Write a causal map (T, T) as one letter for each weight, row by row up to the diagonal."""
    levels = (weights * (len(LEVELS) - 1)).round().int().tolist()
    return "".join(LEVELS[x] for t, row in enumerate(levels) for x in row[: t + 1])


def snapshot(trainer: Trainer, tokenizer: CharTokenizer) -> dict:
    """Return what a look at the model shows: a text that it writes, and what its heads look at."""
    line, start = (torch.tensor(tokenizer.encode(text)) for text in (LINE, "\n"))
    maps = attention_maps(trainer.model, line).flatten(0, 1)
    return {
        "step": trainer.step,
        "sample": tokenizer.decode(write(trainer.model, start, SAMPLE)[1:]),
        "maps": [as_text(weights) for weights in maps],
    }


def train() -> tuple[dict[str, Tensor], dict]:
    """Train the model; return its tensors, and the log with what was seen on the way."""
    tokenizer, ids, val_ids = texts()
    trainer = Trainer(GPT(CONFIG), ids, val_ids, TRAINING)
    snapshots = []

    def look(trainer: Trainer) -> None:
        if trainer.step in MOMENTS:
            trainer.evaluate()
            snapshots.append(snapshot(trainer, tokenizer))

    look(trainer)
    log = trainer.run(after=look)
    everything = fixed_excerpts(val_ids, trainer.size, len(val_ids))
    metadata = {
        "vocab": tokenizer.vocab,
        "config": asdict(CONFIG),
        "training": asdict(TRAINING),
        "log": asdict(log),
        "snapshots": snapshots,
        "val_loss": mean_loss(trainer.model, everything),
    }
    return trainer.model.state_dict(), metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> tuple[GPT, CharTokenizer]:
    """Return the model that a checkpoint of this recipe holds, ready for use, and its tokenizer."""
    model = GPT(GPTConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval(), CharTokenizer(metadata["vocab"])
