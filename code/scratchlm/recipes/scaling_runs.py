"""A family of tiny GPTs, each trained at several lengths; and one run larger than all of them."""

import copy
from dataclasses import replace

import torch
from torch import Tensor

from scratchlm.adamw import parameter_groups
from scratchlm.gpt import GPT, GPTConfig, count_parameters
from scratchlm.recipes.shakespeare_gpt_plain import texts
from scratchlm.trainer import Trainer, TrainerConfig, fixed_excerpts, mean_loss

DATA = ["tiny-shakespeare"]
WIDTHS = [8, 12, 16, 24, 32, 48, 64]  # d_model; heads are 4 wide
BUDGETS = [2e9, 4e9, 8e9, 16e9, 32e9, 64e9]  # floating-point operations, as 6 N D
LENGTHS = (90, 2_400)  # steps: what is shorter has hardly begun, what is longer repeats too much
LARGER = (48, 256e9)  # width and budget of the run that no fit sees
RATES = [0.0025, 0.005, 0.01, 0.02, 0.04]  # tried with each of TRIED
TRIED = [8, 24, 64]
TRIAL_STEPS = 120
BATCH, CONTEXT = 16, 32
DECAY = 0.2  # part of a run in which the rate falls
JUDGED = 1_024  # excerpts of the validation text


def size(width: int) -> GPTConfig:
    """Return the family's member of this width."""
    return GPTConfig(64, CONTEXT, width, n_heads=width // 4, n_layers=2)


def fresh(width: int, seed: int) -> GPT:
    """Return an untrained member of the family.

    A deviation of 0.02 was made for models some 768 wide. In narrow ones queries and keys would
    begin so small that attention wakes up late, and at another moment with every seed.
    """
    torch.manual_seed(seed)
    model = GPT(size(width))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_((768 / width) ** 0.5)
    return model


def rate(width: int) -> float:
    """Return the learning rate of a width: wider models want smaller ones."""
    return 0.02 * (8 / width) ** (2 / 3)


def fused_adamw(model: GPT, config: TrainerConfig) -> torch.optim.AdamW:
    """Return PyTorch's AdamW in one kernel: at this size our own would take half of the time."""
    groups = parameter_groups(model, config.weight_decay)
    return torch.optim.AdamW(groups, config.learning_rate, betas=(0.9, 0.99), fused=True)


def trunk(width: int, peak: float, ids: Tensor, val_ids: Tensor, seed: int) -> Trainer:
    """Return a trainer with a constant rate after a short warm-up, and no end."""
    config = TrainerConfig(
        steps=1_000_000,
        batch_size=BATCH,
        learning_rate=peak,
        final_rate=peak,
        warm_up=20,
        evaluate_every=1_000_000,
        evaluate_on=1,
        seed=seed,
    )
    return Trainer(fresh(width, seed), ids, val_ids, config, make_optimizer=fused_adamw)


def finish(trainer: Trainer, steps: int) -> float:
    """Let the rate of a copy fall to a twentieth by step `steps`; return its validation loss."""
    branch = copy.deepcopy(trainer)
    peak = branch.config.learning_rate
    branch.config = replace(  # the warm-up lies behind it
        branch.config, steps=steps, warm_up=branch.step, final_rate=peak / 20
    )
    branch.run()
    return mean_loss(branch.model, fixed_excerpts(branch.val_ids, branch.size, JUDGED))


def train_width(
    width: int, lengths: list[int], texts: tuple[Tensor, Tensor], peak: float, seed: int = 0
) -> list[dict]:
    """Train one width to several lengths, branching off one trunk; return a row for each."""
    trainer = trunk(width, peak, *texts, seed)
    parameters, rows = sum(count_parameters(size(width)).values()), []
    for steps in lengths:
        trainer.run(round(steps * (1 - DECAY)))
        tokens = steps * BATCH * CONTEXT
        row = {"width": width, "parameters": parameters, "steps": steps, "tokens": tokens}
        rows.append({**row, "rate": peak, "val": finish(trainer, steps)})
    return rows


def steps_for(width: int, budget: float) -> int:
    """Return how many steps spend a budget."""
    parameters = sum(count_parameters(size(width)).values())
    return round(budget / (6 * parameters * BATCH * CONTEXT))


def family(ids: Tensor, val_ids: Tensor, seed: int = 0) -> list[dict]:
    """Train every width with all budgets that give it a sensible length."""
    rows = []
    for width in WIDTHS:
        steps = {steps_for(width, budget): budget for budget in BUDGETS}
        lengths = [n for n in steps if LENGTHS[0] <= n <= LENGTHS[1]]
        for row in train_width(width, lengths, (ids, val_ids), rate(width), seed):
            rows.append({**row, "budget": steps[row["steps"]]})
    return rows


def train() -> tuple[dict[str, Tensor], dict]:
    """Train the family, the trials of learning rates, and the larger run."""
    _, ids, val_ids = texts()
    width, budget = LARGER
    larger = train_width(width, [steps_for(width, budget)], (ids, val_ids), rate(width))[0]
    trials = [
        train_width(width, [TRIAL_STEPS], (ids, val_ids), peak)[0]
        for width in TRIED
        for peak in RATES
    ]
    rows = family(ids, val_ids)
    losses = torch.tensor([row["val"] for row in rows])
    return {"losses": losses}, {"runs": rows, "larger": larger, "trials": trials}
