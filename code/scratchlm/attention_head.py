"""One attention head, whole: queries, keys, values, the causal mask, and the way back out."""

import math

import torch
from torch import Tensor, nn


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Look up every query among the keys; return what the values give, and the weights.

    q (…, T, D), k (…, S, D), v (…, S, Dv), floats; mask (T, S) or (…, T, S), bool, True
    where a query may look. Returns the output (…, T, Dv) and the weights (…, T, S), whose
    rows sum to 1. ValueError for shapes that do not fit, and for a row of the mask that
    is all False. Vaswani et al. (2017), equation 1.
    """
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        shapes = ", ".join(str(tuple(part.shape)) for part in (q, k, v))
        raise ValueError(f"q, k, v are {shapes}: they need (T, D), (S, D), (S, Dv).")
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (…, T, S)
    if mask is not None:
        if not mask.any(dim=-1).all():
            raise ValueError("A row of the mask is all False: let each query see some key.")
        scores = scores.masked_fill(~mask, -math.inf)  # softmax makes it 0
    weights = scores.softmax(dim=-1)  # (…, T, S)
    return weights @ v, weights  # (…, T, Dv)


def causal_mask(length: int) -> Tensor:
    """Return who may look where when nobody looks ahead: bool (T, T), True for s ≤ t.

    >>> causal_mask(2)
    tensor([[ True, False],
            [ True,  True]])
    """
    if length < 1:
        raise ValueError(f"The length is {length}: give a number of tokens, 1 or more.")
    return torch.ones(length, length, dtype=torch.bool).tril()


class AttentionHead(nn.Module):
    """A head in which every token may look at every other: (B, T, C) to (B, T, C)."""

    def __init__(self, d_model: int, d_head: int):
        super().__init__()
        self.query = nn.Linear(d_model, d_head, bias=False)  # what a token seeks
        self.key = nn.Linear(d_model, d_head, bias=False)  # what it can be found by
        self.value = nn.Linear(d_model, d_head, bias=False)  # what it has to give
        self.output = nn.Linear(d_head, d_model, bias=False)  # where that is written

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what to add to x (B, T, C), of its shape, and the weights (B, T, T)."""
        q, k, v = self.query(x), self.key(x), self.value(x)  # (B, T, D) each
        found, weights = attention(q, k, v)  # (B, T, D), (B, T, T)
        return self.output(found), weights  # (B, T, C)


class CausalAttentionHead(nn.Module):
    """A head in which a token looks at itself and back: (B, T, C) to (B, T, C)."""

    def __init__(self, d_model: int, d_head: int):
        super().__init__()
        self.query = nn.Linear(d_model, d_head, bias=False)
        self.key = nn.Linear(d_model, d_head, bias=False)
        self.value = nn.Linear(d_model, d_head, bias=False)
        self.output = nn.Linear(d_head, d_model, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what to add to x (B, T, C), of its shape, and the weights (B, T, T)."""
        q, k, v = self.query(x), self.key(x), self.value(x)  # (B, T, D) each
        mask = causal_mask(x.shape[-2]).to(x.device)  # (T, T)
        found, weights = attention(q, k, v, mask)  # (B, T, D), (B, T, T)
        return self.output(found), weights  # (B, T, C)


def nadaraya_watson(at: Tensor, points: Tensor, values: Tensor, width: float) -> Tensor:
    """Estimate a curve at (T,) places by averaging the values of (S,) points near by.

    A value counts by the Gaussian kernel exp(-(x - x_i)² / 2 h²) of its distance, with
    h = width.
    ValueError for a width that is not positive. Nadaraya (1964), Watson (1964).
    """
    if not width > 0:
        raise ValueError(f"The width is {width}: give a number above 0.")
    distances = at[:, None] - points  # (T, S)
    closeness = torch.exp(-(distances**2) / (2 * width**2))  # (T, S)
    return (closeness @ values) / closeness.sum(dim=1)  # (T,)
