"""The network that writes names, trained exactly as in the chapter on names."""

import string
from dataclasses import asdict

import torch
from torch import Tensor

from scratchlm import data, training
from scratchlm.characters import CharTokenizer, name_windows
from scratchlm.mlp import MLP, MLPConfig

DATA = ["names"]
VOCAB = "." + string.ascii_lowercase
CONFIG = MLPConfig(vocab_size=len(VOCAB), context_length=5, d_model=10, d_ff=64)
TRAINING = training.TrainingConfig(steps=12_000)


def train() -> tuple[dict[str, Tensor], dict]:
    """Train on 80 % of the names; return the parameters and what `build` and readers need."""
    tokenizer = CharTokenizer(VOCAB)
    train_names, val_names, _ = data.split(data.load("names"))
    train_data = name_windows(train_names, tokenizer, CONFIG.context_length)
    val_data = name_windows(val_names, tokenizer, CONFIG.context_length)
    torch.manual_seed(TRAINING.seed)  # decides the first parameters
    model = MLP(CONFIG)
    history = training.train(model, train_data, val_data, TRAINING)
    metadata = {
        "vocab": VOCAB,
        "config": asdict(CONFIG),
        "training": asdict(TRAINING),
        "train_loss": history.train[-1],
        "val_loss": history.val[-1],
    }
    return model.state_dict(), metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> tuple[MLP, CharTokenizer]:
    """Return the model that a checkpoint of this recipe holds, ready for use, and its tokenizer."""
    model = MLP(MLPConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval(), CharTokenizer(metadata["vocab"])
