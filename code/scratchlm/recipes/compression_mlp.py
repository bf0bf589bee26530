"""Four networks of about 100,000 parameters, equal in compute and different in their tokens.

Each is trained on Shakespeare as in the chapter on what a tokenizer buys, with as many
multiply-adds as the first of them.
"""

from dataclasses import asdict

import torch
from torch import Tensor, nn

from scratchlm import data, training
from scratchlm.characters import CharTokenizer, windows
from scratchlm.compression import LeanTokenizer, multiply_adds
from scratchlm.mlp import MLP, MLPConfig
from scratchlm.tokenizer import train_tokenizer

DATA = ["tiny-shakespeare"]
TRAINING = training.TrainingConfig(steps=4_000, batch_size=128, learning_rate=0.01)
LEAN = 492  # of these tokens, the bytes that the text never uses are dropped: 300 stay

# context lengths in tokens; the widths make the number of parameters about the same
CONFIGS = {
    "characters, 8": MLPConfig(64, context_length=8, d_model=32, d_ff=304),
    "BPE, 6 tokens": MLPConfig(300, context_length=6, d_model=32, d_ff=182),
    "BPE, 8 tokens": MLPConfig(300, context_length=8, d_model=32, d_ff=161),
    "lean BPE, 4 tokens": MLPConfig(300, context_length=4, d_model=32, d_ff=210),
}


def tokenizers(text: str) -> dict:
    """Return the three tokenizers by the first word of the runs' names, learned from a text."""
    return {
        "characters": CharTokenizer("".join(sorted(set(text)))),
        "BPE": train_tokenizer([text], 300),
        "lean": LeanTokenizer(train_tokenizer([text], LEAN), text),
    }


def kind(name: str) -> str:
    """Return the key of a run's tokenizer: the first word of its name."""
    return name.replace(",", "").split()[0]


def steps(config: MLPConfig) -> int:
    """Return the steps that cost as many multiply-adds as the first run has."""
    first = next(iter(CONFIGS.values()))
    return round(TRAINING.steps * multiply_adds(first) / multiply_adds(config))


def train_one(config: MLPConfig, ids: list[list[int]], seed: int = 0) -> tuple[MLP, dict]:
    """Train one network on the first of two lists of ids; return it and its last losses."""
    settings = training.TrainingConfig(
        steps(config), TRAINING.batch_size, TRAINING.learning_rate, TRAINING.weight_decay, seed
    )
    torch.manual_seed(seed)
    model = MLP(config)
    model.activation = nn.ReLU()
    pairs = [windows(part, config.context_length) for part in ids]
    history = training.train(model, *pairs, settings)
    losses = {"train_loss": history.train[-1], "val_loss": history.val[-1]}
    return model, {"config": asdict(config), "training": asdict(settings), **losses}


def train() -> tuple[dict[str, Tensor], dict]:
    """Train all networks; the tensors of each carry its name in front of theirs."""
    parts = data.split_text(data.load("tiny-shakespeare"))
    ids = {name: [*map(t.encode, parts)] for name, t in tokenizers(parts[0]).items()}
    tensors, metadata = {}, {}
    for name, config in CONFIGS.items():
        model, metadata[name] = train_one(config, ids[kind(name)])
        tensors |= {f"{name}/{key}": value for key, value in model.state_dict().items()}
    return tensors, metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> dict[str, MLP]:
    """Return the networks that a checkpoint of this recipe holds, by name, ready for use."""
    models = {}
    for name in sorted(metadata, key=list(CONFIGS).index):  # JSON keeps no order
        models[name] = MLP(MLPConfig(**metadata[name]["config"]))
        models[name].activation = nn.ReLU()
        keys = models[name].state_dict()
        models[name].load_state_dict({key: tensors[f"{name}/{key}"] for key in keys})
        models[name].eval()
    return models
