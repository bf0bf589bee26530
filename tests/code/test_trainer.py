"""The training loop: each part by hand or against PyTorch, and the loop as a whole."""

import math
from contextlib import nullcontext
from dataclasses import asdict, replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.trainer import (
    Trainer,
    TrainerConfig,
    clip_gradients,
    draw_excerpts,
    fixed_excerpts,
    mean_loss,
    next_token_loss,
    scheduled_rate,
)

SMALL = GPTConfig(vocab_size=7, context_length=8, d_model=8, n_heads=2, n_layers=1)
SHORT = TrainerConfig(steps=12, batch_size=6, warm_up=3, evaluate_every=5, evaluate_on=4)
IDS = torch.randint(7, (300,), generator=torch.Generator().manual_seed(0))


def trainer(config=SHORT, model=SMALL, **others):
    torch.manual_seed(0)
    return Trainer(GPT(model), IDS, IDS[:100], config, **others)


# ---- the configuration


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("steps", 0, "steps is 0: give a number above 0."),
        ("learning_rate", -1.0, "learning_rate is -1.0: give a number above 0."),
        ("clip", math.nan, "clip is nan: give a number above 0."),
        ("warm_up", -1, "warm_up is -1: give 0 or more."),
        (
            "accumulate",
            99,
            "accumulate is 99: give at most 12, which is how many excerpts a batch has.",
        ),
    ],
)
def test_a_value_that_cannot_be_meant(name, value, sentence):
    with pytest.raises(ValueError) as error:
        TrainerConfig(**{name: value})
    assert str(error.value) == sentence


# ---- the schedule


def test_the_schedule_by_hand():
    config = TrainerConfig(steps=104, warm_up=4, learning_rate=1.0, final_rate=0.2)
    assert [scheduled_rate(step, config) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert scheduled_rate(4, config) == 1.0
    assert scheduled_rate(54, config) == pytest.approx(0.6)  # half way down
    assert scheduled_rate(104, config) == pytest.approx(0.2)


def test_the_schedule_is_pytorchs_cosine():
    config = TrainerConfig(steps=50, warm_up=0, learning_rate=0.1, final_rate=0.01)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50, eta_min=0.01)
    for step in range(50):
        assert scheduled_rate(step, config) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


@given(steps=st.integers(1, 300), warm_up=st.integers(0, 400))
def test_the_schedule_rises_then_falls(steps, warm_up):
    config = TrainerConfig(steps=steps, warm_up=warm_up, learning_rate=1.0, final_rate=0.1)
    rates = [scheduled_rate(step, config) for step in range(steps)]
    top = min(warm_up, steps)
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert all(0 < rate <= 1 for rate in rates)


# ---- batches and excerpts


def test_a_step_always_reads_the_same_excerpts():
    one, two = (draw_excerpts(IDS, 9, SHORT, step=4) for _ in range(2))
    assert one.shape == (6, 9) and torch.equal(one, two)
    assert not torch.equal(one, draw_excerpts(IDS, 9, SHORT, step=5))
    assert not torch.equal(one, draw_excerpts(IDS, 9, replace(SHORT, seed=1), step=4))


@settings(deadline=None)
@given(length=st.integers(9, 40), step=st.integers(0, 10**6))
def test_excerpts_are_runs_of_the_text(length, step):
    for row in draw_excerpts(torch.arange(length), 9, SHORT, step):
        assert torch.equal(row, torch.arange(row[0], row[0] + 9))


def test_every_place_can_be_drawn():
    starts = {
        int(x) for step in range(60) for x in draw_excerpts(torch.arange(20), 9, SHORT, step)[:, 0]
    }
    assert starts == set(range(12))


def test_fixed_excerpts_are_spread_and_do_not_overlap():
    rows = fixed_excerpts(torch.arange(100), 9, 4)
    assert rows[:, 0].tolist() == [0, 27, 54, 90] or rows[:, 0].tolist() == [0, 27, 63, 90]
    assert fixed_excerpts(torch.arange(100), 9, 1000).shape == (11, 9)


# ---- the loss


class Table(nn.Module):
    """Logits that depend on nothing but the last token."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, ids):
        return self.logits[ids]


def test_the_loss_by_hand():
    logits = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]]).log()
    loss = next_token_loss(Table(logits), torch.tensor([[0, 1, 2, 1]]))
    assert loss.item() == pytest.approx(-(math.log(0.25) + math.log(0.8) + math.log(0.6)) / 3)


def test_the_mean_loss_does_not_depend_on_how_many_go_at_once():
    model = GPT(replace(SMALL, dropout=0.3))
    excerpts = fixed_excerpts(IDS, 9, 10)
    whole = mean_loss(model, excerpts)
    assert mean_loss(model, excerpts, at_once=3) == pytest.approx(whole, rel=1e-5)
    assert whole == pytest.approx(next_token_loss(model, excerpts).item(), rel=1e-5)  # in eval mode


# ---- clipping


@settings(deadline=None)
@given(scale=st.floats(1e-4, 1e4), longest=st.floats(1e-3, 1e3), seed=st.integers(0, 999))
def test_clipping_is_pytorchs(scale, longest, seed):
    torch.manual_seed(seed)
    ours = [nn.Parameter(torch.zeros(shape)) for shape in [(3, 4), (4,), (2, 2)]]
    theirs = [nn.Parameter(torch.zeros_like(p)) for p in ours]
    for a, b in zip(ours[:2], theirs[:2]):  # one of them has no gradient
        a.grad = torch.randn_like(a) * scale
        b.grad = a.grad.clone()
    length = clip_gradients(ours, longest)
    assert length == pytest.approx(nn.utils.clip_grad_norm_(theirs, longest).item(), rel=1e-5)
    for a, b in zip(ours[:2], theirs[:2]):
        assert torch.allclose(a.grad, b.grad, rtol=1e-4 + 2e-6 / length)  # theirs adds 1e-6


def test_clipping_by_hand():
    one, two = (nn.Parameter(torch.zeros(1)) for _ in range(2))
    one.grad, two.grad = torch.tensor([3.0]), torch.tensor([4.0])
    assert clip_gradients(iter([one, two]), 1.0) == 5
    assert torch.allclose(one.grad, torch.tensor([0.6])) and torch.allclose(
        two.grad, torch.tensor([0.8])
    )
    assert clip_gradients([one, two], 2.0) == pytest.approx(1.0)
    assert torch.allclose(one.grad, torch.tensor([0.6]))


# ---- the loop


def by_pytorch(config):
    """The same run, from PyTorch's own parts."""
    torch.manual_seed(0)
    model = GPT(SMALL)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=config.weight_decay)
    losses = []
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = scheduled_rate(step, config)
        batch = draw_excerpts(IDS, 9, config, step)
        loss = F.cross_entropy(model(batch[:, :-1]).transpose(1, 2), batch[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def test_the_loop_does_what_pytorchs_parts_do():
    config = replace(SHORT, learning_rate=1e-2, clip=0.3)
    run = trainer(config)
    log = run.run()
    model, losses = by_pytorch(config)
    assert log.loss == pytest.approx(losses, abs=2e-5)
    for a, b in zip(run.model.parameters(), model.parameters()):
        assert torch.allclose(a, b, atol=2e-5)


def test_the_log():
    run = trainer()
    log = run.run()
    assert len(log.loss) == len(log.norm) == run.step == 12
    assert log.evaluated == [0, 5, 10, 12] and len(log.train) == len(log.val) == 4
    assert abs(log.val[0] - math.log(7)) < 0.2
    assert run.run() is log and log.evaluated == [0, 5, 10, 12]  # nothing left to do


def test_a_run_in_parts_is_the_whole_run():
    whole, parts = trainer(), trainer()
    for until in (0, 3, 5, 5, 11, 99):
        parts.run(until)
    assert asdict(parts.log) == asdict(whole.run())


def test_after_is_called_after_every_step():
    steps = []
    trainer().run(after=lambda run: steps.append(run.step))
    assert steps == list(range(1, 13))


@pytest.mark.parametrize("pieces", [2, 4, 6])
def test_accumulation_is_the_large_batch(pieces):
    whole, parts = trainer(), trainer(replace(SHORT, accumulate=pieces))
    assert parts.run().loss == pytest.approx(whole.run().loss, abs=1e-5)
    for a, b in zip(whole.model.parameters(), parts.model.parameters()):
        assert torch.allclose(a, b, atol=1e-5)


def test_two_shares_with_averaged_gradients_are_the_whole_batch():
    whole, gradients = trainer(), []
    excerpts = draw_excerpts(IDS, 9, SHORT, 0)
    for rank in range(2):
        run = trainer(average=lambda tensors: gradients.append([t.clone() for t in tensors]))
        run.backward(excerpts[rank::2])
    loss = whole.backward(excerpts)
    means = [(a + b) / 2 for a, b in zip(*gradients)]
    assert means[0].item() == pytest.approx(loss, abs=1e-6)
    for mean, parameter in zip(means[1:], whole.model.parameters()):
        assert torch.allclose(mean, parameter.grad, atol=1e-6)


def test_what_can_be_exchanged():
    asked = []

    def sgd(model, config):
        asked.append("optimizer")
        groups = [{"params": [p]} for p in model.parameters()]
        groups[0]["factor"] = 2.0
        return torch.optim.SGD(groups, lr=1.0)

    def draw(*arguments):
        asked.append("draw")
        return draw_excerpts(*arguments)

    def autocast():
        asked.append("autocast")
        return nullcontext()

    run = trainer(make_optimizer=sgd, draw=draw, autocast=autocast)
    run.run(1)
    rate = scheduled_rate(0, SHORT)
    assert [group["lr"] for group in run.optimizer.param_groups][:2] == [2 * rate, rate]
    assert set(asked) == {"optimizer", "draw", "autocast"}


def test_autocast_reaches_the_loss():
    run = trainer(autocast=lambda: torch.autocast("cpu", torch.bfloat16))
    plain = trainer()
    run.run(3), plain.run(3)
    assert run.log.loss != plain.log.loss and run.log.loss == pytest.approx(
        plain.log.loss, abs=0.05
    )
    assert all(p.dtype == torch.float32 for p in run.model.parameters())


def test_texts_that_are_too_short():
    with pytest.raises(ValueError, match="two texts of 9 tokens or more"):
        Trainer(GPT(SMALL), IDS, IDS[:8], SHORT)


def test_it_learns():
    torch.manual_seed(0)
    ids = torch.arange(7).repeat(100)
    run = Trainer(GPT(SMALL), ids, ids, replace(SHORT, steps=60, learning_rate=3e-2))
    assert run.run().val[-1] < 0.2
