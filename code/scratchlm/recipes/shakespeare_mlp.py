"""The names network on nine plays: a window of 32 characters, trained as in the chapter on it."""

from dataclasses import asdict

import torch
from torch import Tensor

from scratchlm import data, training
from scratchlm.characters import CharTokenizer, windows
from scratchlm.mlp import MLP, MLPConfig

DATA = ["tiny-shakespeare"]
CONFIG = MLPConfig(vocab_size=64, context_length=32, d_model=16, d_ff=85)
TRAINING = training.TrainingConfig(steps=7_000, batch_size=256, learning_rate=1e-2)


def train() -> tuple[dict[str, Tensor], dict]:
    """Train on nine tenths of the text; return the parameters and what `build` and readers need."""
    text = data.load("tiny-shakespeare")
    tokenizer = CharTokenizer("".join(sorted(set(text))))
    train_data, val_data = (
        windows(tokenizer.encode(part), CONFIG.context_length) for part in data.split_text(text)
    )
    torch.manual_seed(TRAINING.seed)  # decides the first parameters
    model = MLP(CONFIG)
    measure_at = training.log_spaced(TRAINING.steps, 14)
    history = training.train(model, train_data, val_data, TRAINING, measure_at)
    metadata = {
        "vocab": tokenizer.vocab,
        "config": asdict(CONFIG),
        "training": asdict(TRAINING),
        "history": asdict(history),
    }
    return model.state_dict(), metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> tuple[MLP, CharTokenizer]:
    """Return the model that a checkpoint of this recipe holds, ready for use, and its tokenizer."""
    model = MLP(MLPConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval(), CharTokenizer(metadata["vocab"])
