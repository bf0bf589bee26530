"""The transformer block: attention reads, the feed-forward network writes, a residual carries."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.multi_head_attention import MultiHeadAttention


class LayerNorm(nn.Module):
    """Give every token's features mean 0 and variance 1, then a learned scale and shift.

    Works on (…, C), each token alone; `fused` leaves the arithmetic to PyTorch's kernel, which
    gives the same numbers sooner. Ba, Kiros and Hinton (2016).
    """

    def __init__(self, d_model: int, epsilon: float = 1e-5, fused: bool = False):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d_model))
        self.shift = nn.Parameter(torch.zeros(d_model))
        self.epsilon, self.fused = epsilon, fused  # epsilon keeps the square root away from 0

    def forward(self, x: Tensor) -> Tensor:
        """Return x (…, C) normalised over its last dimension."""
        if self.fused:
            return F.layer_norm(x, x.shape[-1:], self.scale, self.shift, self.epsilon)
        mean = x.mean(dim=-1, keepdim=True)  # (…, 1)
        variance = x.var(dim=-1, keepdim=True, correction=0)  # (…, 1)
        return self.scale * (x - mean) / torch.sqrt(variance + self.epsilon) + self.shift


def gelu(x: Tensor) -> Tensor:
    """Let large numbers through, stop small ones, and bend smoothly between: any shape.

    GPT-2's form: x·Φ(x) of Hendrycks and Gimpel (2016) with Φ approximated by a tanh.
    """
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class FeedForward(nn.Module):
    """Two layers that every token goes through alone: (B, T, C) to (B, T, C).

    `fused` leaves GELU to PyTorch's kernel, which gives the same numbers sooner.
    """

    def __init__(self, d_model: int, d_ff: int, bias: bool = True, fused: bool = False):
        super().__init__()
        self.fused = fused
        self.expand = nn.Linear(d_model, d_ff, bias=bias)
        self.output = nn.Linear(d_ff, d_model, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return what to add to x (B, T, C), of the same shape."""
        hidden = self.expand(x)  # (B, T, d_ff)
        hidden = F.gelu(hidden, approximate="tanh") if self.fused else gelu(hidden)
        return self.output(hidden)  # (B, T, C)


class Block(nn.Module):
    """A pre-norm transformer block: (B, T, C) to (B, T, C).

    Each half looks at a normalised copy and adds to the stream itself, as in GPT-2.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int,
        dropout: float = 0.0,
        bias: bool = True,
        fused: bool = False,
    ):
        super().__init__()
        self.norm_1 = LayerNorm(d_model, fused=fused)
        self.attention = MultiHeadAttention(d_model, n_heads, bias=bias, fused=fused)
        self.norm_2 = LayerNorm(d_model, fused=fused)
        self.feed_forward = FeedForward(d_model, d_ff, bias, fused)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return the stream x (B, T, C) with what attention read and the network wrote."""
        x = x + self.dropout(self.attention(self.norm_1(x)))
        return x + self.dropout(self.feed_forward(self.norm_2(x)))
