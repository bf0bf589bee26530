"""How sure a mean over a few runs is."""

import numpy as np


def bootstrap_interval(
    values: list[float],
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the ends of an interval for the mean of what `values` were drawn from.

    The percentile method of Efron (1979): draw as many values as there are, with replacement,
    take their mean, and do this many times; the interval holds the middle of these means.
    """
    if len(values) < 2:
        raise ValueError(f"Got {len(values)} values: an interval needs two or more.")
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, len(values), (resamples, len(values)))
    means = np.asarray(values)[chosen].mean(axis=1)  # (resamples,)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
