"""The bootstrap interval: by enumeration, against SciPy, and as the values are moved."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap

from scratchlm.fair_comparison import bootstrap_interval

VALUES = [0.03, 0.01, -0.02, 0.04, 0.00]


def test_two_values_by_hand():
    assert bootstrap_interval([0.0, 1.0], confidence=0.9) == (0.0, 1.0)  # means 0, ½, ½, 1
    assert bootstrap_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)


def test_like_all_draws_there_are():
    means = [np.mean(draw) for draw in itertools.product(VALUES, repeat=5)]
    low, high = np.quantile(means, [0.025, 0.975])
    assert np.allclose(bootstrap_interval(VALUES, resamples=200_000), (low, high), atol=1e-3)


def test_the_numbers_of_scipy():
    theirs = bootstrap(
        (VALUES,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    assert np.allclose(bootstrap_interval(VALUES, seed=3), theirs, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.floats(-10, 10), min_size=2, max_size=9),
    shift=st.floats(-5, 5),
    scale=st.floats(0.1, 5),
)
def test_moves_with_the_values(values, shift, scale):
    low, high = bootstrap_interval(values, resamples=200)
    moved = bootstrap_interval([scale * v + shift for v in values], resamples=200)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert np.allclose(moved, (scale * low + shift, scale * high + shift), atol=1e-6)


def test_one_value_is_refused():
    with pytest.raises(ValueError, match="two or more"):
        bootstrap_interval([1.0])
