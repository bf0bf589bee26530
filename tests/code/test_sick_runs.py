"""The healthy run and its bugs: what each changes, and what the recipe draws."""

import pytest
import torch

from scratchlm import sick_runs as sick
from scratchlm.recipes import diagnosis_runs as runs
from scratchlm.trainer import draw_excerpts

TEXT = torch.randint(64, (3_000,), generator=torch.Generator().manual_seed(1))


def test_the_healthy_run_repeats_itself():
    one, other = sick.healthy(TEXT, TEXT, 3).run(4), sick.healthy(TEXT, TEXT, 3).run(4)
    assert one == other != sick.healthy(TEXT, TEXT, 4).run(4)


@pytest.mark.parametrize("name", runs.BUGS)
def test_no_bug_raises_an_error(name):
    trainer = sick.healthy(TEXT, TEXT)
    getattr(sick, name)(trainer)
    log = trainer.run(3)
    assert len(log.loss) == 3 and all(loss == loss for loss in log.loss)


def test_relu_by_hand():
    trainer = sick.healthy(TEXT, TEXT)
    sick.use_relu(trainer.model)
    x = torch.randn(2, 5, 32)
    for block in trainer.model.blocks:
        network = block.feed_forward
        hidden = network.expand(x).clamp(min=0)
        assert torch.allclose(network(x), network.output(hidden), atol=1e-6)


def test_batches_are_garbled_and_spared():
    plan = sick.PLAN
    for step in (0, *runs.DAMAGED):
        plain = draw_excerpts(TEXT, 33, plan, step)
        damaged = step in runs.DAMAGED
        assert torch.equal(runs.garbled(TEXT, 33, plan, step), 63 - plain if damaged else plain)
        assert torch.equal(runs.spared(TEXT, 33, plan, step), plain) != damaged
