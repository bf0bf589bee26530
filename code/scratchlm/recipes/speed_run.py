"""The speed-run: the plain recipe's loss in a fraction of its time, and what each part gives."""

from dataclasses import asdict, replace

import torch
from torch import Tensor

from scratchlm.adamw import AdamW
from scratchlm.muon import Muon, muon_groups
from scratchlm.recipes.shakespeare_gpt_plain import texts
from scratchlm.swift import SwiftConfig, SwiftGPT
from scratchlm.trainer import Trainer, TrainerConfig, fixed_excerpts, mean_loss

DATA = ["tiny-shakespeare"]
CONFIG = SwiftConfig(vocab_size=64, context_length=64, n_layers=2)
TRAINING = TrainerConfig(
    steps=160,
    batch_size=24,
    learning_rate=0.04,
    warm_up=0,
    final_rate=0.0,
    clip=100.0,  # Muon steps by the gradient's direction alone
    evaluate_every=1_000_000,  # once before the first step and once after the last
    evaluate_on=1,
)
SHORT = replace(TRAINING, steps=80)  # long enough to see what a part gives
ADAMW_RATE = 0.012  # the best of five for AdamW alone, from 0.0015 to 0.024
LEFT_OUT = {
    "look-back": {"look_back": 0},
    "even keys": {"even_keys": False},
    "rotations": {"turned": False},
    "squared ReLU": {"squared": False},
    "quiet start": {"quiet": False},
    "two layers, not four": {"n_layers": 4},
}


def muon(model: SwiftGPT, config: TrainerConfig) -> Muon:
    """Return Muon for the blocks' matrices and a quick AdamW for the rest."""
    groups = muon_groups(model, share=1 / 3)
    return Muon(groups, config.learning_rate, betas=(0.8, 0.95), weight_decay=0.0)


def adamw(model: SwiftGPT, config: TrainerConfig) -> AdamW:
    """Return AdamW for everything."""
    group = {"params": [p for p in model.parameters() if p.requires_grad]}
    return AdamW([group], config.learning_rate, betas=(0.8, 0.95), weight_decay=0.0)


def make_trainer(
    ids: Tensor,
    val_ids: Tensor,
    config: TrainerConfig = TRAINING,
    make_optimizer=muon,
    seed: int = 0,
    **parts,
) -> Trainer:
    """Return a speed-run before its first step; `parts` are fields of the model's config."""
    torch.manual_seed(seed)
    model, config = SwiftGPT(replace(CONFIG, **parts)), replace(config, seed=seed)
    return Trainer(model, ids, val_ids, config, make_optimizer=make_optimizer)


def train() -> tuple[dict[str, Tensor], dict]:
    """Train the whole speed-run; then short ones, each without a part."""
    _, ids, val_ids = texts()
    everything = fixed_excerpts(val_ids, CONFIG.context_length + 1, len(val_ids))

    def result(trainer: Trainer) -> dict:
        losses = trainer.run().loss
        return {"loss": losses, "val_loss": mean_loss(trainer.model, everything)}

    whole = make_trainer(ids, val_ids)
    runs = {"whole": result(whole), "short": result(make_trainer(ids, val_ids, SHORT))}
    slow = replace(SHORT, learning_rate=ADAMW_RATE)
    runs["Muon"] = result(make_trainer(ids, val_ids, slow, adamw))
    for name, parts in LEFT_OUT.items():
        runs[name] = result(make_trainer(ids, val_ids, SHORT, **parts))
    metadata = {"config": asdict(CONFIG), "training": asdict(TRAINING), "runs": runs}
    return whole.model.state_dict(), metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> SwiftGPT:
    """Return the model that the whole speed-run trained, ready for use."""
    model = SwiftGPT(SwiftConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval()
