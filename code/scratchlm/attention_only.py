"""A language model of attention alone, and two numbers that say how a head looks."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.multi_head_attention import MultiHeadAttention
from scratchlm.positions import sinusoidal_positions


@dataclass(frozen=True)
class AttentionOnlyConfig:
    """The size of a model of attention alone."""

    vocab_size: int  # V
    context_length: int  # most tokens that it sees at once
    d_model: int  # C, width of the residual stream
    n_heads: int  # H, heads in each layer
    n_layers: int


def even_out(x: Tensor) -> Tensor:
    """Give every token's features mean 0 and spread 1: (…, C) to (…, C)."""
    return F.layer_norm(x, x.shape[-1:])


class AttentionOnly(nn.Module):
    """Embeddings and places, layers of heads that add to the stream, a readout."""

    def __init__(self, config: AttentionOnlyConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        places = sinusoidal_positions(config.context_length, config.d_model)
        self.register_buffer("places", places, persistent=False)
        self.layers = nn.ModuleList(
            MultiHeadAttention(config.d_model, config.n_heads) for _ in range(config.n_layers)
        )
        self.readout = nn.Linear(config.d_model, config.vocab_size, bias=False)

    def look(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits (B, T, V) for ids (B, T), and all weights (layers, B, H, T, T)."""
        length, most = ids.shape[-1], self.config.context_length
        if length > most:
            raise ValueError(f"Got {length} tokens: this model sees at most {most} at once.")
        x, looked = self.embedding(ids) + self.places[:length], []  # (B, T, C)
        for layer in self.layers:
            found, weights = layer.look(even_out(x))  # (B, T, C), (B, H, T, T)
            x = x + found
            looked.append(weights)
        return self.readout(even_out(x)), torch.stack(looked)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the token after each of ids (B, T)."""
        return self.look(ids)[0]


def entropy(weights: Tensor) -> Tensor:
    """Return how spread each row of weights (…, S) is, in bits: (…), 0 to log2 of S."""
    return torch.special.entr(weights).sum(dim=-1) / math.log(2)


def mean_distance(weights: Tensor) -> Tensor:
    """Return how many tokens back each row of weights (…, T, T) looks on average: (…, T)."""
    places = torch.arange(weights.shape[-1])
    back = (places[:, None] - places).abs()  # (T, T)
    return (weights * back).sum(dim=-1)
