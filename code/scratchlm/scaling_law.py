"""Scaling laws: what a run costs, how the loss falls with size and data, and how sure we are."""

import math

import torch
from torch import Tensor

from scratchlm.gpt import GPTConfig


def flops_per_token(config: GPTConfig) -> dict[str, int]:
    """Return the floating-point operations of a forward pass, a token, by what multiplies.

    A product with a matrix costs two for each of its numbers: a multiplication and an
    addition. Training costs three times as much. Norms, biases and sums are left out.
    Kaplan et al. (2020), table 1.
    """
    V, C, L, T = config.vocab_size, config.d_model, config.n_layers, config.context_length
    return {
        "queries, keys, values": 2 * L * 3 * C * C,
        "scores and weighted sums": 2 * L * 2 * T * C,  # no parameters in it
        "output of attention": 2 * L * C * C,
        "feed-forward": 2 * L * 2 * C * config.d_ff,
        "head": 2 * V * C,
    }


def fit_line(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return slope and height at 0 of the least-squares line through x, y (n,)."""
    x, y = x.double(), y.double()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    return slope.item(), (y.mean() - slope * x.mean()).item()


def lowest_point(x: Tensor, y: Tensor) -> float:
    """Return where the least-squares parabola through x, y (n,) is lowest.

    ValueError if it has no lowest point.
    """
    x, y = x.double(), y.double()
    centred = x - x.mean()
    powers = torch.stack([torch.ones_like(x), centred, centred**2], dim=1)  # (n, 3)
    _, linear, square = torch.linalg.lstsq(powers, y).solution.tolist()
    if square <= 0:
        raise ValueError("The points do not bend upwards: spread the sizes further.")
    return x.mean().item() - linear / (2 * square)


def log_terms(law: Tensor, size: Tensor, data: Tensor) -> Tensor:
    """Return the logarithms (R, n, 3) of the terms of R laws (R, 5) for n runs (n,).

    A law is log E, log A, log B, α, β: L = E + A / N^α + B / D^β.
    Hoffmann et al. (2022), equation 2.
    """
    log_e, log_a, log_b, alpha, beta = law[..., None].unbind(-2)  # (R, 1) each
    from_size = log_a - alpha * size.log()  # (R, n)
    from_data = log_b - beta * data.log()  # (R, n)
    return torch.stack([log_e.expand_as(from_size), from_size, from_data], dim=-1)


def predicted(law: Tensor, size: Tensor, data: Tensor) -> Tensor:
    """Return the losses (R, n) that R laws (R, 5) expect of n runs (n,), in nats."""
    return log_terms(law, size, data).logsumexp(dim=-1).exp()


def huber(error: Tensor, bend: float) -> Tensor:
    """Return half the square of small errors; beyond the bend it goes on straight."""
    small = error.abs().clamp(max=bend)
    return small * (error.abs() - small / 2)


def improve(
    law: Tensor,
    runs: Tensor,
    weights: Tensor,
    damping: Tensor,
    bend: float,
) -> tuple[Tensor, Tensor]:
    """Try one step on each of R laws (R, 5); return the better ones and the damping (R,).

    The step is Levenberg and Marquardt's: it solves the problem with a straight line in
    place of each curve, and is the shorter the larger the damping.
    """
    size, data, loss = runs  # (n,) each
    terms = log_terms(law, size, data)
    share = terms.softmax(dim=-1)  # (R, n, 3): which part of the loss a term is
    bends = share[..., 1:] * torch.stack([size.log(), data.log()], dim=-1)
    slopes = torch.cat([share, -bends], dim=-1)  # (R, n, 5): of log L
    error = terms.logsumexp(dim=-1) - loss.log()  # (R, n)
    trust = weights * (bend / error.abs().clamp(min=1e-30)).clamp(max=1)
    pull = slopes.mT @ (trust * error)[..., None]  # (R, 5, 1)
    curvature = slopes.mT @ (trust[..., None] * slopes)  # (R, 5, 5)
    extra = damping[:, None] * curvature.diagonal(dim1=-2, dim2=-1) + 1e-12
    moved = law - torch.linalg.solve(curvature + extra.diag_embed(), pull)[..., 0]
    now = log_terms(moved, size, data).logsumexp(dim=-1) - loss.log()
    before, after = ((weights * huber(e, bend)).sum(dim=-1) for e in (error, now))
    better = after < before  # (R,)
    damping = torch.where(better, damping / 3, damping * 4).clamp(1e-9, 1e9)
    return torch.where(better[:, None], moved, law), damping


def fit(
    law: Tensor,
    runs: Tensor,
    weights: Tensor,
    bend: float = 0.01,
    steps: int = 300,
) -> Tensor:
    """Return R laws (R, 5), each the best near a start (R, 5) for its own weights (R, n).

    runs (3, n) holds sizes, tokens and losses in nats. The measure is Huber's, of the
    difference of logarithms, as in Hoffmann et al. (2022), equation 3.
    """
    if runs.shape[-1] < 6:
        raise ValueError(f"Got {runs.shape[-1]} runs: a law of five numbers needs six or more.")
    damping = torch.ones(len(law), dtype=law.dtype)
    for _ in range(steps):
        law, damping = improve(law, runs, weights, damping, bend)
    return law


def fit_from_many(runs: Tensor, bend: float = 0.01) -> Tensor:
    """Return the best law (5,) for runs (3, n) that a grid of starts leads to."""
    size, data, loss = runs
    starts = []
    for part in (0.3, 0.6, 0.9):  # of the lowest loss, as E
        for alpha in (0.2, 0.5, 1.0):
            for beta in (0.2, 0.5, 1.0):
                rest = math.log((1 - part) * loss.min().item())
                a, b = (rest + e * x.log().mean().item() for e, x in [(alpha, size), (beta, data)])
                starts.append([math.log(part * loss.min().item()), a, b, alpha, beta])
    weights = torch.ones(len(starts), len(loss), dtype=runs.dtype)
    laws = fit(torch.tensor(starts, dtype=runs.dtype), runs, weights, bend)
    errors = log_terms(laws, size, data).logsumexp(dim=-1) - loss.log()  # (R, n)
    return laws[huber(errors, bend).sum(dim=-1).argmin()]


def resampled(runs: Tensor, law: Tensor, count: int, seed: int = 0) -> Tensor:
    """Return laws (count, 5), each fitted to as many runs, drawn from runs (3, n) with repeats.

    The bootstrap of Efron (1979): what another family of runs might have told us.
    """
    draw = torch.Generator().manual_seed(seed)
    n = runs.shape[-1]
    drawn = torch.randint(n, (count, n), generator=draw)
    weights = torch.zeros(count, n, dtype=runs.dtype)
    weights.scatter_add_(1, drawn, torch.ones(count, n, dtype=runs.dtype))
    return fit(law.expand(count, 5), runs, weights)


def best_size(law: Tensor, budget: Tensor) -> Tensor:
    """Return the parameters (R, m) that R laws (R, 5) advise for budgets (m,) of 6 N D.

    Hoffmann et al. (2022), equation 4.
    """
    _, log_a, log_b, alpha, beta = law[..., None].unbind(-2)  # (R, 1) each
    ratio = alpha.log() + log_a - beta.log() - log_b
    return ((ratio + beta * (budget / 6).log()) / (alpha + beta)).exp()


def interval(values: Tensor, level: float = 0.95) -> tuple[float, float]:
    """Return between which two numbers the middle part of values (n,) lies."""
    ends = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=values.dtype)
    low, high = values.quantile(ends).tolist()
    return low, high
