"""A language model of attention alone, and how to look at what its heads do."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scratchlm.multi_head_attention import MultiHeadAttention


@dataclass(frozen=True)
class AttentionOnlyConfig:
    """The size of a model of attention alone."""

    vocab_size: int  # V
    context_length: int  # most tokens that it sees at once
    d_model: int  # C, width of the residual stream
    n_heads: int  # H, heads in each layer
    n_layers: int


class AttentionOnly(nn.Module):
    """Embeddings, places, layers of heads that add to the stream, a readout."""

    def __init__(self, config: AttentionOnlyConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.place = nn.Embedding(config.context_length, config.d_model)
        self.layers = nn.ModuleList(
            MultiHeadAttention(config.d_model, config.n_heads) for _ in range(config.n_layers)
        )
        self.readout = nn.Linear(config.d_model, config.vocab_size, bias=False)

    def look(self, ids: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the logits (B, T, V) for ids (B, T), and each layer's weights (B, H, T, T)."""
        x = self.embedding(ids) + self.place.weight[: ids.shape[-1]]  # (B, T, C)
        looked = []
        for layer in self.layers:
            found, weights = layer.look(x)  # (B, T, C), (B, H, T, T)
            x = x + found
            looked.append(weights)
        return self.readout(x), looked  # (B, T, V)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the token after each of ids (B, T)."""
        return self.look(ids)[0]
