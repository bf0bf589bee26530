"""Small runs on the plays that differ in one thing: size, text, length of training, window."""

from collections.abc import Iterator

import torch
from torch import Tensor

from scratchlm import data, training
from scratchlm.characters import CharTokenizer, windows
from scratchlm.mlp import MLP, MLPConfig

DATA = ["tiny-shakespeare"]
SIZES = [(8, 40), (16, 85), (32, 170)]  # d_model, d_ff: each about four times the last
STEPS = [400, 1_600]
BLOCK, KEEP = 1_000, 10  # the smaller text keeps every tenth thousand of characters
WINDOWS = {8: 192, 16: 110, 32: 59, 64: 31}  # context_length: d_ff, same parameters


def thin(text: str) -> str:
    """Return a tenth of a text, taken in blocks from all of its parts."""
    return "".join(text[i : i + BLOCK] for i in range(0, len(text), BLOCK * KEEP))


def runs() -> Iterator[tuple[str, bool, MLPConfig, training.TrainingConfig]]:
    """Yield (question, whole text?, sizes, training) for every run of the two grids."""
    for whole in (False, True):
        for steps in STEPS:
            for d_model, d_ff in SIZES:
                config = MLPConfig(64, 32, d_model, d_ff)
                yield "size", whole, config, training.TrainingConfig(steps, 64, 1e-2)
    for context_length, d_ff in WINDOWS.items():
        config = MLPConfig(64, context_length, 24, d_ff)
        yield "window", True, config, training.TrainingConfig(1_500, 128, 1e-2)


def train() -> tuple[dict[str, Tensor], dict]:
    """Train every run; return no tensors, and a list of what each run was and reached."""
    text = data.load("tiny-shakespeare")
    tokenizer = CharTokenizer("".join(sorted(set(text))))
    whole_text, validation = data.split_text(text)
    texts = {True: tokenizer.encode(whole_text), False: tokenizer.encode(thin(whole_text))}
    results, val_ids = [], tokenizer.encode(validation)
    for question, whole, config, how in runs():
        train_data = windows(texts[whole], config.context_length)
        torch.manual_seed(how.seed)
        model = MLP(config)
        history = training.train(model, train_data, windows(val_ids, config.context_length), how)
        results.append(
            {
                "question": question,
                "characters": len(texts[whole]),
                "context_length": config.context_length,
                "d_model": config.d_model,
                "d_ff": config.d_ff,
                "parameters": sum(p.numel() for p in model.parameters()),
                "steps": how.steps,
                "train": history.train[-1],
                "val": history.val[-1],
            }
        )
    return {}, {"runs": results}
