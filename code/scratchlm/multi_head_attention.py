"""Several heads look at once: first one after another, then all in one multiplication."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.attention_head import attention, causal_mask


def head_width(d_model: int, n_heads: int) -> int:
    """Return the width D of each head: d_model shared out. ValueError if it does not divide."""
    if n_heads < 1 or d_model % n_heads:
        raise ValueError(f"{n_heads} heads cannot share {d_model} features: give a divisor.")
    return d_model // n_heads


class MultiHeadAttentionLoop(nn.Module):
    """H causal heads one after another: (B, T, C) to (B, T, C)."""

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        d_head = head_width(d_model, n_heads)
        self.queries, self.keys, self.values = (
            nn.ModuleList(nn.Linear(d_model, d_head, bias=False) for _ in range(n_heads))
            for _ in range(3)
        )
        self.output = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what to add to x (B, T, C), of the same shape."""
        mask, found = causal_mask(x.shape[-2]).to(x.device), []
        for query, key, value in zip(self.queries, self.keys, self.values, strict=True):
            found.append(attention(query(x), key(x), value(x), mask)[0])  # (B, T, D)
        return self.output(torch.cat(found, dim=-1))  # (B, T, C)


class MultiHeadAttention(nn.Module):
    """H heads at once: (B, T, C) to (B, T, C).

    `causal` lets nobody look ahead; `fused` leaves the arithmetic to PyTorch's kernel, which
    gives the same numbers without ever holding the (T, T) weights.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        bias: bool = False,
        causal: bool = True,
        fused: bool = False,
    ):
        super().__init__()
        self.n_heads, self.d_head = n_heads, head_width(d_model, n_heads)
        self.causal, self.fused = causal, fused
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=bias)  # queries, keys, values: one product
        self.output = nn.Linear(d_model, d_model, bias=bias)

    def split(self, x: Tensor) -> Tensor:
        """Give every head its own columns: (B, T, C) to (B, H, T, D)."""
        return x.unflatten(-1, (self.n_heads, self.d_head)).transpose(-3, -2)

    def merge(self, x: Tensor) -> Tensor:
        """Lay the heads' columns side by side again: (B, H, T, D) to (B, T, C)."""
        return x.transpose(-3, -2).flatten(-2)

    def look(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what to add to x (B, T, C), and every head's weights (B, H, T, T)."""
        q, k, v = map(self.split, self.qkv(x).chunk(3, dim=-1))  # (B, H, T, D) each
        mask = causal_mask(x.shape[-2]).to(x.device) if self.causal else None  # (T, T)
        found, weights = attention(q, k, v, mask)  # (B, H, T, D), (B, H, T, T)
        return self.output(self.merge(found)), weights  # (B, T, C)

    def forward(self, x: Tensor) -> Tensor:
        """Return what to add to x (B, T, C), of the same shape."""
        if not self.fused:
            return self.look(x)[0]
        q, k, v = map(self.split, self.qkv(x).chunk(3, dim=-1))  # (B, H, T, D) each
        found = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)  # (B, H, T, D)
        return self.output(self.merge(found))  # (B, T, C)
