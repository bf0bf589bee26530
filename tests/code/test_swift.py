"""The speed-run's model: causal, of the right sizes, and its look-back by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.recipes import speed_run
from scratchlm.swift import SwiftConfig, SwiftGPT, even
from scratchlm.trainer import TrainerConfig

PARTS = [{}, *speed_run.LEFT_OUT.values()]


def stirred(**parts) -> SwiftGPT:
    """A model without zeros, which would hide mistakes."""
    torch.manual_seed(0)
    model = SwiftGPT(SwiftConfig(7, 12, d_model=16, n_heads=2, **({"n_layers": 2} | parts)))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("parts", PARTS)
def test_nobody_looks_ahead(parts):
    model = stirred(**parts)
    ids = torch.randint(7, (2, 9), generator=torch.Generator().manual_seed(1))
    changed = ids.clone()
    changed[:, 5] = (ids[:, 5] + 1) % 7
    before, after = model(ids), model(changed)
    assert before.shape == (2, 9, 7)
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-5)
    assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-3)
    assert torch.allclose(model(ids[:, :6]), before[:, :6], atol=1e-5)


def test_look_back_by_hand():
    model = stirred(n_layers=0, look_back=2)
    ids = torch.tensor([[3, 1, 4]])
    x = even(model.token_embedding(ids))[0]
    x = x + model.position_embedding[:3]
    one, two = model.before
    last = x[2] + one * x[1] + two * x[0]
    assert torch.allclose(model(ids)[0, 2], model.head(even(last)), atol=1e-5)
    first = model.head(even(x[0]))
    assert torch.allclose(model(ids)[0, 0], first, atol=1e-5)


def test_even():
    x = torch.randn(3, 8)
    assert torch.allclose(even(x), F.layer_norm(x, (8,)))
    assert torch.allclose(even(5 * x), even(x), atol=1e-3)


def test_a_quiet_start_is_the_embedding_alone():
    torch.manual_seed(0)
    model = SwiftGPT(SwiftConfig(7, 12, d_model=16, n_heads=2))
    ids = torch.tensor([[1, 2, 3]])
    expected = model.head(even(even(model.token_embedding(ids))))
    assert torch.allclose(model(ids), expected, atol=1e-6)


def test_a_short_run_learns():
    ids = torch.arange(400) % 7
    config = TrainerConfig(steps=25, batch_size=4, warm_up=0, learning_rate=0.04, final_rate=0.0)
    trainer = speed_run.make_trainer(ids, ids, config, context_length=12, vocab_size=7)
    log = trainer.run()
    assert log.val[0] > 1.5 and log.val[-1] < 0.3
