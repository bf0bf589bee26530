"""Gauges: growing rates, relative updates, spikes, dead units, and when to stop."""

import math
import statistics
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.gauges import UpdateRatios, dead_units, growing_rate, run_until_best, spikes
from scratchlm.sick_runs import SIZE, healthy, use_relu
from scratchlm.trainer import mean_loss

TEXT = torch.arange(3_000) % 64
NOISE = torch.randint(64, (3_000,), generator=torch.Generator().manual_seed(0))


def test_the_rate_grows_by_a_factor():
    trainer = healthy(TEXT, TEXT, learning_rate=1e-4, final_rate=1e-4, warm_up=0, steps=6)
    rates = []
    grow = growing_rate(2.0)

    def after(trainer):
        rates.append(trainer.optimizer.param_groups[0]["lr"])
        grow(trainer)

    trainer.run(after=after)
    assert rates == pytest.approx([1e-4 * 2**step for step in range(6)])


def test_ratios_by_hand():
    trainer = healthy(TEXT, TEXT)
    gauge = UpdateRatios(trainer.model)
    table = trainer.model.token_embedding.weight
    with torch.no_grad():
        table.mul_(1.5)
    gauge(trainer)
    gauge(trainer)
    ratios = gauge.ratios["token_embedding.weight"]
    assert ratios == pytest.approx([0.5, 0.0], abs=1e-6)
    assert gauge.ratios["position_embedding.weight"] == [0.0, 0.0]
    assert not any(name.endswith("bias") or "norm" in name for name in gauge.ratios)


def test_ratios_leave_the_run_alone():
    one, other = healthy(TEXT, NOISE, 1), healthy(TEXT, NOISE, 1)
    torch.manual_seed(0)
    one.run(5)
    torch.manual_seed(0)
    other.run(5, after=UpdateRatios(other.model))
    assert one.log == other.log


def test_spikes_by_hand():
    calm = [3.0, 3.2, 3.1, 2.9, 3.0, 3.1] * 3
    assert spikes(calm, window=6) == []
    assert spikes([*calm, 5.0, 3.0, math.nan, math.inf], window=12) == [18, 20, 21]
    assert spikes([*calm, 1.0], window=6) == []  # a fall is none
    assert spikes([9.0, 1.0], window=30) == []  # too short to say


@settings(max_examples=50, deadline=None)
@given(
    losses=st.lists(st.floats(0, 10), min_size=12, max_size=40),
    shift=st.floats(0, 5),
    height=st.floats(1e3, 1e6),
)
def test_a_towering_loss_is_a_spike_wherever_the_others_lie(losses, shift, height):
    assert len(losses) in spikes([*losses, height], window=10)
    recent = losses[-10:]
    middle = statistics.median(recent)
    assert len(losses) not in spikes([*losses, middle], window=10)


def test_dead_units_by_hand():
    model = healthy(TEXT, TEXT).model
    for block in model.blocks:
        with torch.no_grad():
            block.feed_forward.expand.bias.fill_(5.0)  # all alive
            block.feed_forward.expand.bias[3] = -100.0
    ids = TEXT[:64].view(2, 32)
    assert [found.nonzero().flatten().tolist() for found in dead_units(model, ids)] == [[3], [3]]
    assert not any(layer._forward_hooks for layer in model.modules())


def test_dead_units_get_no_gradient():
    trainer = healthy(TEXT, TEXT, size=replace(SIZE, dropout=0.0))
    use_relu(trainer.model)
    with torch.no_grad():
        for block in trainer.model.blocks:
            block.feed_forward.expand.bias.uniform_(-0.6, 0.2)
    batch = TEXT[:66].view(2, 33)
    dead = dead_units(trainer.model, batch[:, :-1])
    trainer.backward(batch)
    for block, found in zip(trainer.model.blocks, dead):
        gradient = block.feed_forward.expand.weight.grad.abs().sum(dim=1)
        assert 0 < found.sum() < len(found)
        assert not gradient[found].any() and gradient[~found].gt(0).float().mean() > 0.9


def test_the_best_weights_come_back():
    changes = dict(steps=60, evaluate_every=5, learning_rate=2e-2, weight_decay=0.0)
    trainer = healthy(TEXT[:200], NOISE, 0, replace(SIZE, dropout=0.0), **changes)
    best = run_until_best(trainer, patience=2)
    log = trainer.log
    assert trainer.step == best + 10 < 60 and log.evaluated == list(range(0, trainer.step + 1, 5))
    assert log.val[log.evaluated.index(best)] == min(log.val[1:])
    rows = NOISE[: 33 * 90].view(-1, 33)
    kept = rows[torch.linspace(0, 89, 64).long()]
    assert mean_loss(trainer.model, kept) == pytest.approx(min(log.val[1:]), abs=1e-5)
