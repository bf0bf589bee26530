"""Who drinks what: a task in which every token has to find its twin, and models that try."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana"]
DRINKS = ["", "tea", "milk", "juice", "cocoa", "cider", "water"]  # 0 is no drink
NOT_ASKED = -100  # the target that cross_entropy leaves out

Mix = Callable[[Tensor], tuple[Tensor, Tensor]]  # x (B, T, C) to output (B, T, C), weights


def distinct(count: int, size: int, below: int, generator: torch.Generator) -> Tensor:
    """Draw rows of different whole numbers below a bound: (count, size), int64."""
    return torch.rand(count, below, generator=generator).argsort(dim=1)[:, :size]


def mentions(count: int, seed: int, guests: int = 3) -> tuple[Tensor, Tensor]:
    """Draw notes that mention each guest twice, once with a drink and once without.

    Returns tokens (B, T, 2), int64, in a random order, T = 2 · guests: a name and a
    drink each, 0 for none. The targets (B, T) are the drinks of the names that stand
    alone, and NOT_ASKED where the drink stands.
    """
    generator = torch.Generator().manual_seed(seed)
    names = distinct(count, guests, len(NAMES), generator)  # (B, guests)
    drinks = 1 + distinct(count, guests, len(DRINKS) - 1, generator)  # (B, guests)
    none = torch.zeros_like(drinks)
    names, held = torch.cat([names, names], dim=1), torch.cat([drinks, none], dim=1)
    tokens = torch.stack([names, held], dim=2)  # (B, T, 2)
    targets = torch.cat([none + NOT_ASKED, drinks], dim=1)  # (B, T)
    order = distinct(count, 2 * guests, 2 * guests, generator)  # (B, T)
    rows = torch.arange(count)[:, None]  # (B, 1): each note in an order of its own
    return tokens[rows, order], targets[rows, order]


class FixedWeights(nn.Module):
    """A weighted mean whose weights are trained, one for each pair of places."""

    def __init__(self, T: int):
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(T, T))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the means (B, T, C) of x (B, T, C), and the weights (T, T)."""
        weights = self.scores.softmax(dim=-1)  # (T, T): whatever stands at the places
        return weights @ x, weights


class Guesser(nn.Module):
    """Guess a drink at every token from its own vector and a mix of all.

    A token's vector is the row of its name plus the row of its drink. Nothing here knows
    the order, and nothing but `mix` looks at other tokens.
    """

    def __init__(self, d_model: int, mix: Mix):
        super().__init__()
        self.names = nn.Embedding(len(NAMES), d_model)
        self.drinks = nn.Embedding(len(DRINKS), d_model)
        self.mix = mix
        self.readout = nn.Linear(d_model, len(DRINKS))

    def embed(self, tokens: Tensor) -> Tensor:
        """Return the vectors (B, T, C) of tokens (B, T, 2)."""
        return self.names(tokens[..., 0]) + self.drinks(tokens[..., 1])

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (B, V, T) for tokens (B, T, 2), with a score for each of V drinks."""
        x = self.embed(tokens)  # (B, T, C)
        mixed, _ = self.mix(x)  # (B, T, C)
        return self.readout(x + mixed).mT  # (B, V, T): cross_entropy wants V second


@torch.no_grad()
def accuracy(model: nn.Module, tokens: Tensor, targets: Tensor) -> float:
    """Return the share of the asked tokens at which the model's favourite is right."""
    asked = targets != NOT_ASKED  # (B, T)
    return (model(tokens).argmax(dim=1) == targets)[asked].float().mean().item()
