"""Two tasks that decide what a head needs: price gaps (values) and next characters (the mask)."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.attention_head import AttentionHead, CausalAttentionHead

STREETS, GOODS = 4, 10  # two shops in a street, one on either side


def draw_shops(batch_size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw towns of 8 shops in any order, and how much dearer each is than its rival.

    Returns shops (B, 8, 16): street (one-hot, 4), side (one-hot, 2), prices (10, mean
    0, variance 1); and gaps (B, 8, 10): own prices minus those across the street.
    """
    prices = torch.randn(batch_size, STREETS, 2, GOODS, generator=generator)
    gaps = prices - prices.flip(2)  # across the street is the other side
    street = torch.eye(STREETS)[:, None].expand(STREETS, 2, STREETS)
    side = torch.eye(2).expand(STREETS, 2, 2)
    address = torch.cat([street, side], dim=-1)  # (4, 2, 6)
    address = address.expand(batch_size, -1, -1, -1)  # (B, 4, 2, 6)
    shops = torch.cat([address, prices], dim=-1).flatten(1, 2)  # (B, 8, 16)
    order = torch.rand(shops.shape[:2], generator=generator).argsort(dim=1)  # (B, 8)
    rows = torch.arange(batch_size)[:, None]
    return shops[rows, order], gaps.flatten(1, 2)[rows, order]


class PriceGaps(nn.Module):
    """A head and a linear readout: shops (B, T, 16) to price gaps (B, T, 10).

    With `values` False the head hands on the embedding itself; with `residual` False
    its output takes the place of x instead of being added. The readout starts out
    reporting a shop's own prices, so that what is left to learn is the rival's.
    """

    def __init__(self, values: bool = True, residual: bool = True):
        super().__init__()
        C = STREETS + 2 + GOODS
        self.head, self.residual = AttentionHead(C, C), residual
        if not values:
            self.head.value = self.head.output = nn.Identity()
        self.readout = nn.Linear(C, GOODS, bias=False)
        nn.init.zeros_(self.readout.weight)
        nn.init.eye_(self.readout.weight[:, -GOODS:])

    def forward(self, x: Tensor) -> Tensor:
        """Return the gaps (B, T, 10) for shops x (B, T, 16)."""
        found, _ = self.head(x)  # (B, T, C)
        return self.readout(x + found if self.residual else found)  # (B, T, 10)


class OneHeadModel(nn.Module):
    """Embedding, place, one head, readout: ids (B, T) to logits (B, T, V) of the next."""

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        d_model: int,
        causal: bool = True,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.place = nn.Embedding(context_length, d_model)
        self.head = (CausalAttentionHead if causal else AttentionHead)(d_model, d_model)
        self.readout = nn.Linear(d_model, vocab_size)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the character after each of ids (B, T)."""
        x = self.embedding(ids) + self.place.weight[: ids.shape[1]]  # (B, T, C)
        x = x + self.head(x)[0]  # (B, T, C)
        return self.readout(x)  # (B, T, V)


def next_losses(model: nn.Module, ids: Tensor) -> Tensor:
    """Return the loss of each prediction in nats, (B, T), for ids (B, T + 1)."""
    logits = model(ids[:, :-1])  # (B, T, V)
    logits = logits.transpose(1, 2)  # (B, V, T): cross_entropy wants the classes second
    return F.cross_entropy(logits, ids[:, 1:], reduction="none")  # (B, T)


def short_training(
    model: nn.Module,
    loss_of: Callable[[nn.Module, torch.Generator], Tensor],
    steps: int,
    seed: int,
    learning_rate: float = 1e-2,
) -> list[float]:
    """Train in place with Adam, the rate falling to 0; return the loss at every step.

    `loss_of(model, generator)` draws a batch and returns the mean loss on it.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses = []
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = learning_rate * (1 - step / steps)
        loss = loss_of(model, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
