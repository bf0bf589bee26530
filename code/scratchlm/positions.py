"""Where a token stands: sinusoidal encodings, learned positions, and a model that can use them."""

import torch
from torch import Tensor, nn

from scratchlm.mlp import MLPConfig


def frequencies(d_model: int, base: float = 10_000.0) -> Tensor:
    """Return the radians per step of the C / 2 hands: from 1 down towards 1 / base.

    They fall by the same factor from each to the next: base^(-2 i / C) (Vaswani
    et al., 2017, section 3.5). Returns (C / 2,) float64; ValueError for an odd d_model.
    """
    if d_model < 2 or d_model % 2:
        raise ValueError(f"d_model is {d_model}: sine and cosine need an even number.")
    return base ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)


def sinusoidal_positions(length: int, d_model: int, base: float = 10_000.0) -> Tensor:
    """Return one vector for each place from 0 to length - 1: (T, C) float32.

    Entries 2 i and 2 i + 1 are the sine and the cosine of place times frequency i.
    """
    places = torch.arange(length, dtype=torch.float64)[:, None]  # (T, 1)
    angles = places * frequencies(d_model, base)  # (T, C / 2)
    pairs = torch.stack([angles.sin(), angles.cos()], dim=2)  # (T, C / 2, 2)
    return pairs.flatten(start_dim=1).float()  # (T, C)


def shift_matrix(steps: int, d_model: int, base: float = 10_000.0) -> Tensor:
    """Return the matrix (C, C) that takes any place t to the place t + steps.

    `positions[t] @ shift_matrix(k, C)` is `positions[t + k]`, whatever t is: each
    pair turns by its own angle.
    """
    angles = steps * frequencies(d_model, base)  # (C / 2,)
    cos, sin = angles.cos(), angles.sin()
    turns = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    return torch.block_diag(*turns).float()  # from C / 2 blocks (2, 2) to (C, C)


class Bag(nn.Module):
    """Score the next token from T tokens, all treated alike: (B, T) to (B, V).

    `positions` (T, C) are added to the embeddings: an nn.Parameter is trained, a
    plain tensor stays as it is, None leaves them out, and then the order is lost.
    """

    def __init__(self, config: MLPConfig, positions: Tensor | None = None):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        if isinstance(positions, nn.Parameter):
            self.positions = positions
        else:
            self.register_buffer("positions", positions)
        self.hidden = nn.Linear(config.d_model, config.d_ff)
        self.output = nn.Linear(config.d_ff, config.vocab_size)

    def forward(self, contexts: Tensor) -> Tensor:
        """Return the logits (B, V) of what follows each context (B, T) of int64 ids."""
        x = self.embedding(contexts)  # (B, T, C)
        if self.positions is not None:
            T, rows = contexts.shape[1], len(self.positions)
            if rows < T:
                raise ValueError(f"{rows} positions for {T} tokens: shorten the text.")
            x = x + self.positions[:T]  # (B, T, C) + (T, C)
        x = torch.tanh(self.hidden(x))  # (B, T, d_ff): same weights at every place
        return self.output(x.mean(dim=1))  # (B, V)
