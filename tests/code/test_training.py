"""The training loop: by hand, against a loop written out with PyTorch, repeatability."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scratchlm.mlp import MLP, MLPConfig
from scratchlm.training import (
    TrainingConfig,
    cosine_decay,
    draw_batch,
    evaluate,
    log_spaced,
    train,
    training_step,
)

CONFIG = MLPConfig(vocab_size=6, context_length=2, d_model=3, d_ff=5)


def fresh(config=CONFIG):
    torch.manual_seed(0)
    return MLP(config)


@pytest.fixture
def data():
    """Targets that a model can learn: the last token, plus one."""
    contexts = torch.randint(6, (60, 2), generator=torch.Generator().manual_seed(0))
    return contexts, (contexts[:, 1] + 1) % 6


class Fixed(nn.Module):
    """Predicts the same logits whatever it reads."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, contexts):
        return self.logits.expand(len(contexts), -1)


def test_evaluate_by_hand():
    model = Fixed([2.0, 1.0, 0.0])
    z = math.log(math.e**2 + math.e + 1)
    contexts = torch.zeros(3, 1, dtype=torch.int64)
    assert evaluate(model, contexts, torch.tensor([0, 1, 2])) == pytest.approx(z - 1)


def test_evaluate_takes_evenly_spaced_windows_beyond_its_limit(data):
    model = fresh()
    assert evaluate(model, *data, limit=20) == evaluate(model, data[0][::3], data[1][::3])
    assert evaluate(model, *data, limit=60) == F.cross_entropy(model(data[0]), data[1]).item()


def test_evaluate_switches_dropout_off(data):
    model = fresh(MLPConfig(6, 2, 3, 5, dropout=0.5))
    assert evaluate(model, *data) == evaluate(model, *data)


def test_one_step_of_plain_descent_by_hand():
    model = Fixed([2.0, 1.0, 0.0])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = training_step(model, optimizer, torch.zeros(1, 1), torch.tensor([1]))
    p = torch.tensor([2.0, 1.0, 0.0]).softmax(0)
    expected = torch.tensor([2.0, 1.0, 0.0]) - 0.1 * (p - torch.tensor([0.0, 1.0, 0.0]))
    assert loss == pytest.approx(-math.log(p[1]))
    assert torch.allclose(model.logits.detach(), expected)


def test_gradients_of_the_last_batch_are_forgotten(data):
    once, twice = fresh(), fresh()
    for model, times in ((once, 1), (twice, 2)):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)  # moves nothing
        for _ in range(times):
            training_step(model, optimizer, *data)
    assert torch.equal(once.hidden.weight.grad, twice.hidden.weight.grad)


def test_a_step_trains_with_dropout_even_after_an_evaluation(data):
    model = fresh(MLPConfig(6, 2, 3, 5, dropout=0.5))
    evaluate(model, *data)
    training_step(model, torch.optim.SGD(model.parameters(), lr=0.0), *data)
    assert model.training


def test_a_batch_pairs_contexts_with_their_own_targets(data):
    contexts, targets = draw_batch(data, 200, torch.Generator().manual_seed(5))
    assert contexts.shape == (200, 2)
    assert torch.equal(targets, (contexts[:, 1] + 1) % 6)


def test_cosine_by_hand():
    values = [cosine_decay(step, 8, peak=4.0) for step in (0, 2, 4, 6, 8)]
    assert values == pytest.approx([4, 2 + 2**0.5, 2, 2 - 2**0.5, 0], abs=1e-12)


@given(st.integers(1, 10**6), st.integers(2, 200))
def test_log_spaced_is_increasing_and_keeps_its_ends(steps, count):
    found = log_spaced(steps, count)
    assert found[0] == 0 and found[-1] == steps and len(found) <= count
    assert all(a < b for a, b in pairwise(found))


def test_log_spaced_by_hand():
    assert log_spaced(99, 3) == [0, 9, 99]
    with pytest.raises(ValueError, match="no spacing of 1"):
        log_spaced(99, 1)


def test_train_is_the_loop_written_out(data):
    config = TrainingConfig(steps=12, batch_size=8, learning_rate=0.02, weight_decay=0.3, seed=4)
    model, twin = fresh(), fresh()
    train(model, data, data, config)

    generator = torch.Generator().manual_seed(4)
    optimizer = torch.optim.AdamW(twin.parameters(), lr=0.02, weight_decay=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
    for _ in range(12):
        chosen = torch.randint(60, (8,), generator=generator)
        loss = F.cross_entropy(twin(data[0][chosen]), data[1][chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    for a, b in zip(model.parameters(), twin.parameters()):
        assert torch.allclose(a, b, atol=1e-6)


def test_train_learns_and_measures(data):
    seen = []
    model = fresh()
    config = TrainingConfig(steps=300, learning_rate=0.02, weight_decay=0.0)
    history = train(model, data, data, config, [0, 10], lambda step, _: seen.append(step))
    assert history.step == seen == [0, 10, 300]
    assert history.val == history.train and history.val[-1] < 0.5 < history.val[0]
    assert history.val[-1] == evaluate(model, *data)


def test_watching_changes_nothing_and_a_second_run_is_the_same(data):
    runs = []
    for watched in ([], range(40), range(40)):
        model = fresh(MLPConfig(6, 2, 3, 5, dropout=0.2))
        history = train(model, data, data, TrainingConfig(steps=40), watched, lambda *_: None)
        runs.append((model.hidden.weight.detach(), history.val[-1]))
    assert all(torch.equal(weight, runs[0][0]) and loss == runs[0][1] for weight, loss in runs)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"steps": 5, "batch_size": -1}, "batch_size is -1"),
        ({"steps": 5, "learning_rate": math.nan}, "learning_rate is nan"),
        ({"steps": 5, "weight_decay": -0.1}, "weight_decay is -0.1"),
    ],
)
def test_impossible_settings(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        TrainingConfig(**wrong)


def test_every_context_needs_a_target(data):
    contexts, targets = data
    for broken in ((contexts, targets[:-1]), (contexts[:0], targets[:0])):
        with pytest.raises(ValueError, match="give pairs"):
            train(fresh(), data, broken, TrainingConfig(steps=1))
