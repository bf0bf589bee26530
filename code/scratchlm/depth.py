"""What depth needs: the block's parts in other orders, a task to try them on, and two gauges."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.transformer_block import Block

GUESTS, AGES = 8, 5  # tokens in a party, ages that there are


def draw_guests(batch_size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw parties of 8 guests who each name an earlier one; the first names herself.

    Returns guests (B, 8, 21), float: own place and friend's place (one-hot, 8 each), own age
    (one-hot, 5); and ages (B, 8, 2), int64: one's own and the friend's.
    """
    age = torch.randint(AGES, (batch_size, GUESTS), generator=generator)  # (B, T)
    place = torch.arange(GUESTS).expand(batch_size, GUESTS)  # (B, T)
    friend = torch.rand(batch_size, GUESTS, generator=generator) * place  # (B, T)
    friend = friend.long()  # rounded down: one of those before
    parts = [F.one_hot(place, GUESTS), F.one_hot(friend, GUESTS), F.one_hot(age, AGES)]
    ages = torch.stack([age, age.gather(1, friend)], dim=-1)  # (B, T, 2)
    return torch.cat(parts, dim=-1).float(), ages  # (B, T, 21)


class Plus(nn.Module):
    """A residual connection around a layer that keeps the shape: x to x + layer(x)."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Return x with what the layer makes of it added."""
        return x + self.layer(x)


class PostNormBlock(Block):
    """The first transformer's order: add, then normalise. Vaswani et al. (2017)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the stream x (B, T, C), normalised after each of two additions."""
        x = self.norm_1(x + self.attention(x))
        return self.norm_2(x + self.feed_forward(x))


class Party(nn.Module):
    """Layers between embedding and readout: guests (B, T, 21) to scores (B, T, 5)."""

    def __init__(self, layers: list[nn.Module], d_model: int, norm: nn.Module | None = None):
        super().__init__()
        self.embedding = nn.Linear(2 * GUESTS + AGES, d_model)
        self.layers = nn.ModuleList(layers)
        self.norm = norm or nn.Identity()  # before the readout, where the layers need it
        self.readout = nn.Linear(d_model, AGES)

    def stream(self, guests: Tensor) -> list[Tensor]:
        """Return the vectors of guests (B, T, 21) before, between, after the layers."""
        stream = [self.embedding(guests)]  # (B, T, C)
        for layer in self.layers:
            stream.append(layer(stream[-1]))  # (B, T, C)
        return stream

    def forward(self, guests: Tensor) -> Tensor:
        """Return a score for every age, for each of guests (B, T, 21): (B, T, 5)."""
        return self.readout(self.norm(self.stream(guests)[-1]))


def gradient_norms(layers: nn.ModuleList, loss: Tensor) -> list[float]:
    """Return the length of the loss's gradient in the parameters of each layer."""
    parameters = list(layers.parameters())
    options = {"allow_unused": True, "materialize_grads": True}
    slopes = torch.autograd.grad(loss, parameters, **options)
    slope_of = dict(zip(parameters, slopes, strict=True))
    return [
        sum(slope_of[p].square().sum().item() for p in layer.parameters()) ** 0.5
        for layer in layers
    ]


def train_with_warm_up(
    model: nn.Module,
    loss_of: Callable[[nn.Module, torch.Generator], Tensor],
    steps: int,
    seed: int,
    learning_rate: float,
    warm_up: int = 0,
) -> list[float]:
    """Train in place with Adam; return the loss at every step.

    The rate rises from 0 during the first `warm_up` steps, and falls to 0 over all of them.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    losses = []
    for step in range(steps):
        rise = (step + 1) / warm_up if step < warm_up else 1
        optimizer.param_groups[0]["lr"] = learning_rate * rise * (1 - step / steps)
        loss = loss_of(model, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
