"""Perplexity and bits per character: by hand, against SciPy, and as properties."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.metrics import bits_per_character, perplexity


def test_by_hand():
    assert perplexity(0.0) == 1
    assert perplexity(math.log(2)) == pytest.approx(2)
    assert perplexity(math.log(45) / 5) == pytest.approx(2.1411, abs=1e-4)
    assert bits_per_character(math.log(8)) == pytest.approx(3)
    assert bits_per_character(math.log(45) / 5) == pytest.approx(math.log2(45) / 5)


def test_infinite_loss():
    assert perplexity(math.inf) == math.inf
    assert bits_per_character(math.inf) == math.inf


def test_against_scipy():
    p = np.array([0.5, 0.2, 0.2, 0.1])
    nats = scipy.stats.entropy(p)
    assert bits_per_character(nats) == pytest.approx(scipy.stats.entropy(p, base=2))
    assert perplexity(nats) == pytest.approx(2 ** scipy.stats.entropy(p, base=2))


@given(st.floats(0, 50))
def test_two_raised_to_the_bits_is_the_perplexity(nats):
    assert 2 ** bits_per_character(nats) == pytest.approx(perplexity(nats))


@given(st.integers(1, 100_000))
def test_a_fair_die_has_the_perplexity_of_its_sides(sides):
    assert perplexity(math.log(sides)) == pytest.approx(sides)
