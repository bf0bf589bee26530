"""Checks of the exercises in the chapter on diagnosing training."""

from dataclasses import replace
from numbers import Real

import torch
from torch import nn

from scratchlm.sick_runs import SIZE, healthy
from scratchlm.trainer import Trainer

BUGS = {"X": "alphabet", "Y": "dropout", "Z": "gradients"}
NAMES = ["alphabet", "dead", "dropout", "gradients", "mask", "rate"]


def stranger(letter: str, ids: torch.Tensor, val_ids: torch.Tensor) -> Trainer:
    """Return a fresh trainer with a bug: which, is for the reader to find."""
    if letter not in BUGS:
        raise ValueError(f"There is no trainer {letter!r}: take X, Y or Z.")
    bug = BUGS[letter]
    size = replace(SIZE, dropout=0.8) if bug == "dropout" else SIZE
    trainer = healthy(ids, val_ids, 0, size)
    if bug == "alphabet":
        trainer.val_ids = (val_ids + 1) % 64
    if bug == "gradients":
        forget = trainer.optimizer.zero_grad
        trainer.optimizer.zero_grad = lambda: forget() if trainer.step % 5 == 0 else None
    return trainer


def diagnosing_training_resample(answer) -> str | None:
    """The share of bootstrap draws whose mean is at most zero."""
    if isinstance(answer, bool) or not isinstance(answer, Real):
        return "Give one number: the share of the 27 draws, between 0 and 1."
    if abs(answer - 10 / 27) < 2e-3:
        return None
    if abs(answer - 10) < 0.01:
        return "That is how many of the 27 draws it is: give their share."
    if abs(answer - 1 / 3) < 2e-3:
        return "One of three numbers is negative, but the question is about means of three draws."
    if abs(answer - 7 / 27) < 2e-3:
        return "A draw with one −0.02 counts, too, if its other two numbers do not make up for it."
    return "List the draws by how many −0.02 they hold: none, one, two or three."


class _Mixed(nn.Module):
    """A model whose row 0 changes by `amount` at one place when the ids of another row change."""

    def __init__(self, trainer: Trainer, row: int, place: int, amount: float):
        super().__init__()
        self.model, self.config = trainer.model, trainer.model.config
        batch = trainer.draw(trainer.ids, trainer.size, trainer.config, 0)  # (B, T + 1)
        self.ids, self.row, self.place, self.amount = batch[:, :-1], row, place, amount

    def forward(self, ids):
        logits = self.model(ids).clone()  # (B, T, V)
        if not torch.equal(ids[self.row], self.ids[self.row]):
            logits[0, self.place, 5] += self.amount
            logits[0, self.place, 6] -= self.amount / 2
        return logits


def _trainer(seed: int) -> Trainer:
    text = torch.randint(64, (2_000,), generator=torch.Generator().manual_seed(seed))
    return healthy(text, text, seed)


MIXES = [(1, 3, 0.5), (4, 20, -0.7), (7, 0, -0.4)]  # row, place, amount


def _judged_mix(value: float, row: int, amount: float) -> str | None:
    """Judge what the answer says of a model in which row 0 sees another row."""
    if abs(value) < 1e-4:
        return (
            f"It misses a model whose row 0 changes with row {row}: change the ids of all "
            "rows but row 0, and compare every place of row 0."
        )
    if not abs(value - abs(amount)) < 1e-3:
        return (
            f"A logit of row 0 changes by {amount}, others by less, and it says {value:.3g}: "
            "give the largest change, whatever its sign."
        )
    return None


def diagnosing_training_rows(function) -> str | None:
    """A test that finds models whose rows see each other."""
    if not callable(function):
        return "Give the function rows_mixed itself, without calling it."
    with torch.random.fork_rng():
        trainers = [_trainer(0) for _ in range(1 + len(MIXES))]
        for trainer, mix in zip(trainers[1:], MIXES):
            trainer.model = _Mixed(trainer, *mix)
        values = [function(trainer) for trainer in trainers]
    if any(isinstance(value, bool) or not isinstance(value, Real) for value in values):
        return "It should return a number: the largest change of row 0's logits."
    if not values[0] <= 1e-4:
        return (
            f"It finds {values[0]:.3g} in a healthy model: leave row 0 as it is, "
            "change all others, compare row 0, and switch dropout off."
        )
    said = [_judged_mix(value, row, amount) for value, (row, _, amount) in zip(values[1:], MIXES)]
    return next((sentence for sentence in said if sentence), None)


def diagnosing_training_strangers(answer) -> str | None:
    """What is wrong with three trainers."""
    if not isinstance(answer, dict) or set(answer) != set(BUGS):
        return "Give a dict with the keys X, Y and Z."
    for letter, said in answer.items():
        if said not in NAMES:
            return f"{letter}: choose from {', '.join(NAMES)}."
    hints = {
        "X": "X: its training is healthy, so look at what it is judged by: decode its val_ids.",
        "Y": "Y: it cannot learn a batch by heart, though everything moves: print trainer.model.",
        "Z": "Z: look at the length of the gradient over twenty steps.",
    }
    wrong = [letter for letter, bug in BUGS.items() if answer[letter] != bug]
    return hints[wrong[0]] if wrong else None
