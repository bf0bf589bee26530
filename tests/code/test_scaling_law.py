"""Scaling laws: worked by hand, against SciPy and PyTorch, and on laws that are known."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares, minimize_scalar
from torch.utils.flop_counter import FlopCounterMode

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.recipes import scaling_runs
from scratchlm.scaling_law import (
    best_size,
    fit,
    fit_from_many,
    fit_line,
    flops_per_token,
    huber,
    interval,
    log_terms,
    lowest_point,
    predicted,
    resampled,
)

KNOWN = torch.tensor([math.log(1.7), math.log(400.0), math.log(410.0), 0.34, 0.28]).double()


def made(law, noise=0.0, seed=0):
    """Runs (3, n) that follow a law, up to noise of their logarithms."""
    size, data = torch.cartesian_prod(
        torch.logspace(6, 10, 6), torch.logspace(8, 11.5, 6)
    ).T.double()
    draw = torch.Generator().manual_seed(seed)
    loss = predicted(law[None], size, data)[0]
    loss = loss * (noise * torch.randn(len(size), generator=draw, dtype=torch.float64)).exp()
    return torch.stack([size, data, loss])


def test_a_line_by_hand():
    slope, height = fit_line(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0, 5.0]))
    assert (slope, height) == (pytest.approx(2), pytest.approx(1))
    slope, _ = fit_line(torch.tensor([1e3, 1e4, 1e5]).log(), torch.tensor([4.0, 2.0, 1.0]).log())
    assert slope == pytest.approx(-math.log10(2), abs=1e-6)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=3, max_size=9))
def test_a_line_is_numpys(points):
    x, y = (torch.tensor(column, dtype=torch.float64) for column in zip(*points, strict=True))
    if x.std() > 0.1:
        assert fit_line(x, y) == pytest.approx(tuple(np.polyfit(x, y, 1)), abs=1e-6)


@given(st.floats(-3, 3), st.floats(0.1, 5), st.floats(-2, 2))
def test_a_parabola_has_its_lowest_point(bottom, bend, height):
    x = torch.tensor([-4.0, -1.0, 0.0, 2.0, 5.0])
    assert lowest_point(x, bend * (x - bottom) ** 2 + height) == pytest.approx(bottom, abs=1e-3)


def test_a_parabola_without_a_lowest_point():
    x = torch.tensor([0.0, 1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="bend upwards"):
        lowest_point(x, -(x**2))


@pytest.mark.parametrize(
    "config",
    [
        GPTConfig(64, 32, 48, 12, 2, fused=False),
        GPTConfig(11, 7, 6, 3, 1, d_ff=5, fused=False, bias=False),
        GPTConfig(300, 16, 24, 2, 4, fused=False),
    ],
)
def test_flops_are_those_that_pytorch_counts(config):
    model, ids = GPT(config), torch.zeros(3, config.context_length, dtype=torch.long)
    ours = sum(flops_per_token(config).values()) * ids.numel()
    with FlopCounterMode(display=False) as counter:
        logits = model(ids)
    assert counter.get_total_flops() == ours
    with FlopCounterMode(display=False) as counter:
        model(ids).sum().backward()
    assert counter.get_total_flops() == 3 * ours
    assert logits.shape[-1] == config.vocab_size


def test_flops_of_a_wide_model_are_two_a_parameter():
    config = GPTConfig(10, 4, 1_000, 1, 1)
    assert sum(flops_per_token(config).values()) == pytest.approx(2 * 12 * 1_000**2, rel=2e-3)


def test_a_law_by_hand():
    law = torch.tensor([[math.log(1.0), math.log(10.0), math.log(100.0), 0.5, 1.0]])
    size, data = torch.tensor([100.0]), torch.tensor([50.0])
    assert log_terms(law, size, data).exp().flatten().tolist() == pytest.approx([1, 1, 2])
    assert predicted(law, size, data).item() == pytest.approx(4)


def test_huber_is_pytorchs():
    error = torch.linspace(-0.1, 0.1, 41)
    theirs = torch.nn.functional.huber_loss(error, torch.zeros(41), reduction="none", delta=0.01)
    assert torch.allclose(huber(error, 0.01), theirs)


@settings(max_examples=10, deadline=None)
@given(
    st.floats(0.5, 2.5),
    st.floats(0.2, 0.6),
    st.floats(0.2, 0.6),
    st.floats(0.2, 1.5),
    st.floats(0.2, 1.5),
)
def test_a_known_law_is_found_again(e, alpha, beta, a, b):
    log_a, log_b = math.log(a) + alpha * math.log(1e8), math.log(b) + beta * math.log(1e10)
    law = torch.tensor([math.log(e), log_a, log_b, alpha, beta]).double()
    runs = made(law)
    found = fit_from_many(runs)
    assert torch.allclose(predicted(found[None], *runs[:2])[0], runs[2], rtol=1e-4)
    assert found[3:].tolist() == pytest.approx([alpha, beta], abs=0.02)


def test_the_fit_is_scipys():
    runs = made(KNOWN, noise=0.01)
    ours = fit_from_many(runs)

    def errors(law):
        return (predicted(torch.tensor(law)[None], *runs[:2])[0].log() - runs[2].log()).numpy()

    theirs = least_squares(
        errors, KNOWN.numpy(), loss="huber", f_scale=0.01, x_scale="jac", xtol=1e-14, ftol=1e-14
    )
    assert ours.tolist() == pytest.approx(theirs.x.tolist(), abs=1e-3)


def test_many_fits_at_once_are_one_after_another():
    runs = made(KNOWN, noise=0.01)
    draw = torch.Generator().manual_seed(4)
    weights = torch.randint(0, 3, (5, runs.shape[1]), generator=draw).double()
    together = fit(KNOWN.expand(5, 5), runs, weights)
    apart = [fit(KNOWN[None], runs, row[None])[0] for row in weights]
    assert torch.allclose(together, torch.stack(apart), atol=1e-6)


def test_weights_count_runs():
    runs = made(KNOWN, noise=0.01)
    weights = torch.ones(1, runs.shape[1]).double()
    weights[0, :3] = 2
    weights[0, 5] = 0
    kept = torch.cat([runs[:, :3], runs[:, :5], runs[:, 6:]], dim=1)
    repeated = fit(KNOWN[None], kept, torch.ones(1, kept.shape[1]).double())
    assert torch.allclose(fit(KNOWN[None], runs, weights), repeated, atol=1e-6)


def test_the_bootstrap_covers_the_truth():
    laws = [resampled(runs, KNOWN, 60) for runs in (made(KNOWN, 0.005, seed) for seed in range(12))]
    new = torch.tensor([1e11]).double(), torch.tensor([1e12]).double()
    truth = predicted(KNOWN[None], *new).item()
    inside = [
        low < truth < high for low, high in (interval(predicted(x, *new)[:, 0]) for x in laws)
    ]
    assert sum(inside) >= 8
    assert torch.equal(laws[0], resampled(made(KNOWN, 0.005, 0), KNOWN, 60))


@pytest.mark.parametrize("budget", [1e18, 1e21])
def test_the_best_size_is_where_the_loss_is_lowest(budget):
    def loss(log_size):
        size = torch.tensor([math.exp(log_size)]).double()
        return predicted(KNOWN[None], size, budget / 6 / size).item()

    theirs = math.exp(minimize_scalar(loss, bounds=(10, 30), method="bounded").x)
    ours = best_size(KNOWN[None], torch.tensor([budget]).double()).item()
    assert ours == pytest.approx(theirs, rel=1e-2)


def test_an_interval_by_hand():
    low, high = interval(torch.arange(101).double())
    assert (low, high) == (pytest.approx(2.5), pytest.approx(97.5))


def test_too_few_runs():
    with pytest.raises(ValueError, match="six or more"):
        fit(KNOWN[None], made(KNOWN)[:, :5], torch.ones(1, 5).double())


def test_a_branch_leaves_its_trunk_alone():
    text = torch.randint(64, (400,), generator=torch.Generator().manual_seed(0))
    trunk = scaling_runs.trunk(8, 0.01, text, text, seed=0)
    trunk.run(3)
    before = [p.detach().clone() for p in trunk.model.parameters()]
    first, again = scaling_runs.finish(trunk, 6), scaling_runs.finish(trunk, 6)
    assert first == again and trunk.step == 3
    assert all(map(torch.equal, before, trunk.model.parameters()))


def test_runs_of_the_family_spend_their_budgets():
    for width in scaling_runs.WIDTHS:
        for budget in scaling_runs.BUDGETS:
            steps = scaling_runs.steps_for(width, budget)
            if scaling_runs.LENGTHS[0] <= steps <= scaling_runs.LENGTHS[1]:
                parameters = sum(p.numel() for p in GPT(scaling_runs.size(width)).parameters())
                tokens = steps * scaling_runs.BATCH * scaling_runs.CONTEXT
                assert 6 * parameters * tokens == pytest.approx(budget, rel=0.01)
