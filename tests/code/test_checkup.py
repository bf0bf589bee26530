"""The check-up: what it says of a healthy run, and of each bug."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm import checkup as c
from scratchlm import sick_runs as sick
from scratchlm.recipes.shakespeare_gpt_plain import texts

_, IDS, VAL = texts()
FINDS = {
    "large_start": "first loss above log V",
    "sees_ahead": "future seen",
    "shifted_twice": "loss of a knower",
    "keeps_gradients": "gradient growth",
    "evaluates_noisily": "evaluation noise",
    "half_frozen": "unmoved",
    "few_batches": "repeated",
    "leaking_split": "leaked",
    "too_fast": "update size",
    "too_slow": "update size",
    "dying_units": "dead units",
}


def patient(bug=None, seed=0):
    trainer = sick.healthy(IDS, VAL, seed)
    if bug:
        getattr(sick, bug)(trainer)
    return trainer


def test_the_healthy_run_is_healthy():
    assert c.abnormal(c.checkup(lambda: patient(seed=7))) == []


@pytest.mark.parametrize("bug", sorted(FINDS))
def test_each_bug_is_found(bug):
    test, low, high = c.NORMAL[FINDS[bug]]
    assert not low <= test(patient(bug, seed=7)) <= high


def test_abnormal_by_hand():
    values = {name: low for name, (_, low, _) in c.NORMAL.items()}
    assert c.abnormal(values) == []
    assert c.abnormal(values | {"leaked": 0.5, "unmoved": math.nan}) == ["unmoved", "leaked"]


def test_the_knower_pays_nothing_and_others_do():
    logits = c.Successor(5)(torch.tensor([[3, 4]]))
    assert logits.argmax(dim=-1).tolist() == [[4, 0]]
    assert c.knower_loss(patient()) < 1e-6
    unshifted = patient()
    unshifted.backward = lambda excerpts: torch.nn.functional.cross_entropy(
        unshifted.model(excerpts).flatten(0, 1), excerpts.flatten()
    ).item()
    assert c.knower_loss(unshifted) > 10


def test_a_frozen_gpt_is_counted():
    trainer = patient("half_frozen")
    blocks = sum(p.numel() for p in trainer.model.blocks.parameters())
    everything = sum(p.numel() for p in trainer.model.parameters())
    assert c.unmoved_share(trainer) == pytest.approx(blocks / everything, abs=0.01)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40))
def test_repeats_are_counted(every):
    trainer = patient()
    draw = trainer.draw
    trainer.draw = lambda ids, size, config, step: draw(ids, size, config, step % every)
    assert c.repeated_share(trainer, steps=40) == pytest.approx(1 - every / 40, abs=0.01)


def test_half_a_leak():
    trainer = patient()
    trainer.val_ids = torch.cat([IDS[:20_000], 63 - IDS[:20_000]])
    assert c.leaked_share(trainer) == pytest.approx(0.5, abs=0.01)
