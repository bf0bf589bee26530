"""The speed-run: the plain recipe's loss in a fraction of its time, and what each part gives."""

from dataclasses import asdict, replace

import torch
from torch import Tensor

from scratchlm.adamw import AdamW
from scratchlm.gpt import GPT
from scratchlm.muon import Muon, muon_groups
from scratchlm.recipes import shakespeare_gpt_plain as plain
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
    evaluate_every=20,
    evaluate_on=64,
)
SEEDS = (0, 1, 2)  # of the whole speed-run; the first one's model is kept
QUIET = {"evaluate_every": 1_000_000, "evaluate_on": 1}  # no evaluations on the way
SHORT = replace(TRAINING, steps=40, **QUIET)  # long enough to see what a part gives
JUDGES = 300  # excerpts of the validation text that judge a short run
ADAMW_RATE = 0.012  # the best of five for AdamW alone, from 0.0015 to 0.024
LEFT_OUT = {
    "look-back": {"look_back": 0},
    "squared ReLU": {"squared": False},
    "rotations": {"turned": False},
    "even keys, quiet start": {"even_keys": False, "quiet": False},
}
DEPTH = "half the steps, for four layers"
TWICE = ["(nothing)", "Muon", "look-back"]  # short runs with a second seed
TUNED_CONFIG = replace(plain.CONFIG, n_layers=2)  # the plain recipe after a look at its knobs
TUNED = TrainerConfig(
    steps=1_100,  # the fewest hundreds that reach the plain recipe's loss
    learning_rate=0.008,
    warm_up=100,
    final_rate=0.0,
    evaluate_every=100,
    evaluate_on=64,
)


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


def make_tuned(ids: Tensor, val_ids: Tensor) -> Trainer:
    """Return the plain model with tuned settings before its first step."""
    torch.manual_seed(0)
    return Trainer(GPT(TUNED_CONFIG), ids, val_ids, TUNED)


def short_runs(ids: Tensor, val_ids: Tensor, seed: int = 0) -> dict[str, Trainer]:
    """Return short runs before their first step, by what they do without."""
    slow = replace(SHORT, learning_rate=ADAMW_RATE)
    half = replace(SHORT, steps=SHORT.steps // 2)
    trainers = {
        "(nothing)": make_trainer(ids, val_ids, SHORT, seed=seed),
        "Muon": make_trainer(ids, val_ids, slow, adamw, seed=seed),
    }
    for name, parts in LEFT_OUT.items():
        trainers[name] = make_trainer(ids, val_ids, SHORT, seed=seed, **parts)
    # nearly the same time: a step of four layers costs twice as much
    trainers[DEPTH] = make_trainer(ids, val_ids, half, seed=seed, n_layers=4)
    return trainers


def train() -> tuple[dict[str, Tensor], dict]:
    """Train the whole speed-run and the tuned plain model; then short runs, each with a change."""
    _, ids, val_ids = plain.texts()
    size = CONFIG.context_length + 1
    everything = fixed_excerpts(val_ids, size, len(val_ids))
    first = make_trainer(ids, val_ids)
    silent = replace(TRAINING, **QUIET)
    others = [make_trainer(ids, val_ids, silent, seed=seed) for seed in SEEDS[1:]]
    tuned = make_tuned(ids, val_ids)
    for trainer in (first, *others, tuned):
        trainer.run()
    judges = fixed_excerpts(val_ids, size, JUDGES)
    short = {name: [] for name in short_runs(ids, val_ids)}
    for seed in SEEDS[:2]:
        for name, trainer in short_runs(ids, val_ids, seed).items():
            if seed == SEEDS[0] or name in TWICE:
                trainer.run()
                short[name].append(mean_loss(trainer.model, judges))
    metadata = {
        "config": asdict(CONFIG),
        "val_losses": [mean_loss(trainer.model, everything) for trainer in (first, *others)],
        "tuned_loss": mean_loss(tuned.model, everything),
        "logs": {"speed-run": asdict(first.log), "tuned": asdict(tuned.log)},
        "short": short,
    }
    return first.model.state_dict(), metadata


def build(tensors: dict[str, Tensor], metadata: dict) -> SwiftGPT:
    """Return the model that the whole speed-run trained, ready for use."""
    model = SwiftGPT(SwiftConfig(**metadata["config"]))
    model.load_state_dict(tensors)
    return model.eval()
