"""Attention without a single learned number: every token takes a weighted mean of all tokens."""

import math

from torch import Tensor


def average(x: Tensor) -> tuple[Tensor, Tensor]:
    """Give every token the mean of all tokens: x (..., T, C) to output (..., T, C).

    Returns (output, weights): row t of the weights (..., T, T) is what token t takes of
    each token.
    """
    T = x.shape[-2]
    weights = x.new_full((*x.shape[:-1], T), 1 / T)  # (..., T, T)
    return weights @ x, weights


def softmax(scores: Tensor) -> Tensor:
    """Turn each row of scores (..., S) into weights (..., S): positive, with the sum 1.

    A constant added to a row cancels, so its maximum is taken off first: then the
    largest exponential is 1, and none can overflow.
    """
    top = scores.max(dim=-1, keepdim=True).values  # (..., 1)
    exponentials = (scores - top).exp()  # (..., S), from 0 to 1
    return exponentials / exponentials.sum(dim=-1, keepdim=True)


def raw_attention(x: Tensor) -> tuple[Tensor, Tensor]:
    """Give every token a mean of all, weighted by likeness: softmax(x xᵀ / √C) x.

    Takes x (..., T, C), floating point; returns the output (..., T, C) and the weights
    (..., T, T): row t is what token t takes of each. Equation 1 of Vaswani et al. (2017)
    with x in all three places. Raises ValueError unless x has rows and columns.
    """
    if x.ndim < 2:
        raise ValueError(f"x is {tuple(x.shape)}: give one row a token, (T, C).")
    C = x.shape[-1]
    scores = x @ x.mT / math.sqrt(C)  # (..., T, C) @ (..., C, T) -> (..., T, T)
    weights = softmax(scores)  # (..., T, T): each row sums to 1
    return weights @ x, weights  # (..., T, T) @ (..., T, C) -> (..., T, C)
