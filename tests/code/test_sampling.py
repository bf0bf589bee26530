"""Sampling: by hand, against SciPy, as properties, and drawn often enough to count."""

import math

import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.sampling import apply_temperature, sample, top_k_filter, top_p_filter

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")

INF = math.inf
numbers = st.floats(-20, 20, allow_nan=False).map(lambda x: round(x, 3))
logit_lists = st.lists(numbers, min_size=1, max_size=20)


def tensor(values):
    return torch.tensor(values, dtype=torch.float64)


def probabilities(logits):
    return torch.softmax(logits, dim=0)


def survivors(logits):
    return set(logits.isfinite().nonzero().flatten().tolist())


def test_temperature_by_hand():
    z = tensor([2.0, 1.0, 0.0])
    for temperature, first in [(0.5, 0.8668), (1, 0.6652), (2, 0.5065)]:
        assert probabilities(apply_temperature(z, temperature))[0] == pytest.approx(first, abs=1e-4)


def test_temperature_squares_probabilities_at_one_half():
    p = tensor([0.6, 0.3, 0.1])
    expected = p**2 / (p**2).sum()
    torch.testing.assert_close(probabilities(apply_temperature(p.log(), 0.5)), expected)


def test_temperature_zero_is_greedy_and_takes_the_first_of_equals():
    assert probabilities(apply_temperature(tensor([1, 3, 3, 2]), 0)).tolist() == [0, 1, 0, 0]


@given(logit_lists, st.floats(0.05, 20))
def test_temperature_against_scipy(logits, temperature):
    ours = probabilities(apply_temperature(tensor(logits), temperature))
    assert ours.tolist() == pytest.approx(
        scipy.special.softmax([z / temperature for z in logits]).tolist(), abs=1e-12
    )


@given(logit_lists, st.floats(0.05, 20), st.floats(1.01, 10))
def test_entropy_rises_with_temperature(logits, temperature, factor):
    cool, hot = (
        scipy.stats.entropy(probabilities(apply_temperature(tensor(logits), t)).numpy())
        for t in (temperature, temperature * factor)
    )
    assert hot >= cool - 1e-9


@given(logit_lists, st.floats(0.05, 20))
def test_temperature_keeps_the_order_and_what_is_forbidden(logits, temperature):
    z = tensor([*logits, -INF])
    heated = apply_temperature(z, temperature)
    assert heated[-1] == -INF
    assert torch.equal(heated.argsort(stable=True), z.argsort(stable=True))


def test_top_k_by_hand():
    filtered = top_k_filter(tensor([0.0, 2.0, 1.0, 3.0]), k=2)
    assert filtered.tolist() == [-INF, 2.0, -INF, 3.0]


@given(logit_lists, st.integers(1, 30))
def test_top_k_keeps_exactly_k_of_the_largest(logits, k):
    z = tensor(logits)
    kept = survivors(top_k_filter(z, k))
    assert len(kept) == min(k, len(logits))
    assert sorted(z[list(kept)].tolist()) == sorted(sorted(logits)[-k:])


def test_top_p_by_hand():
    logits = tensor([0.5, 0.3, 0.15, 0.05]).log()
    assert survivors(top_p_filter(logits, 0.4)) == {0}
    assert survivors(top_p_filter(logits, 0.7)) == {0, 1}
    assert survivors(top_p_filter(logits, 0.9)) == {0, 1, 2}
    assert survivors(top_p_filter(logits, 1.0)) == {0, 1, 2, 3}


def slow_top_p(logits, p):
    """Add the likeliest token until the probability p is reached."""
    chances = probabilities(logits).tolist()
    kept, held = set(), 0.0
    for index in sorted(range(len(chances)), key=lambda i: -chances[i]):
        if held >= p:
            break
        kept.add(index)
        held += chances[index]
    return kept


@given(st.lists(numbers, min_size=1, max_size=20, unique=True), st.floats(0.01, 0.99))
def test_top_p_against_the_slow_loop(logits, p):
    z = tensor(logits)
    sums = probabilities(z).sort(descending=True).values.cumsum(0)
    if (sums - p).abs().min() < 1e-9:
        return  # the last digit decides
    assert survivors(top_p_filter(z, p)) == slow_top_p(z, p)


@given(logit_lists, st.floats(0.01, 1))
def test_top_p_holds_at_least_p_and_no_token_too_many(logits, p):
    z = tensor(logits)
    kept = sorted(survivors(top_p_filter(z, p)), key=lambda i: -z[i])
    chances = probabilities(z)
    assert kept
    assert chances[kept].sum() >= p - 1e-9
    assert chances[kept[:-1]].sum() < p + 1e-9


@given(logit_lists, st.integers(1, 5), st.floats(0.1, 1))
def test_filters_do_not_change_their_argument(logits, k, p):
    z = tensor(logits)
    before = z.clone()
    top_k_filter(z, k), top_p_filter(z, p), apply_temperature(z, 2), apply_temperature(z, 0)
    assert torch.equal(z, before)


@given(logit_lists, st.integers(0, 2**31))
def test_sample_is_repeatable_and_never_draws_the_forbidden(logits, seed):
    z = tensor([-INF, *logits, -INF])
    first, second = (sample(z, torch.Generator().manual_seed(seed)) for _ in range(2))
    assert first == second
    assert 1 <= first <= len(logits)


def test_sample_draws_with_the_right_frequencies():
    p = tensor([0.5, 0.3, 0.15, 0.05])
    generator = torch.Generator().manual_seed(0)
    drawn = [sample(p.log(), generator) for _ in range(4000)]
    counts = [drawn.count(i) for i in range(4)]
    assert scipy.stats.chisquare(counts, (4000 * p).numpy()).pvalue > 0.01


def test_sample_returns_a_plain_int_for_every_dtype():
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        assert type(sample(torch.zeros(3, dtype=dtype))) is int


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: sample(tensor([-INF, -INF])), "Nothing can be drawn"),
        (lambda: sample(tensor([math.nan, 0.0])), "Nothing can be drawn"),
        (lambda: sample(tensor([INF, 0.0])), "Nothing can be drawn"),
        (lambda: sample(torch.zeros(2, 3)), r"shape \(2, 3\)"),
        (lambda: apply_temperature(tensor([0.0]), -1), "temperature is -1"),
        (lambda: apply_temperature(tensor([0.0]), math.nan), "temperature is nan"),
        (lambda: top_k_filter(tensor([0.0]), 0), "k is 0"),
        (lambda: top_p_filter(tensor([0.0]), 0), "p is 0"),
        (lambda: top_p_filter(tensor([0.0]), 1.5), "p is 1.5"),
    ],
)
def test_bad_input_gets_a_sentence(call, what):
    with pytest.raises(ValueError, match=what):
        call()
