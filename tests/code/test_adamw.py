"""AdamW from scratch: by hand, step by step against PyTorch's, and across a restart."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.adamw import AdamW, parameter_groups


def test_the_first_steps_by_hand():
    weight = nn.Parameter(torch.tensor([2.0, -1.0]))
    optimizer = AdamW([{"params": [weight]}], lr=0.1, betas=(0.5, 0.5), eps=0.0, weight_decay=0.5)
    weight.grad = torch.tensor([4.0, -0.001])
    optimizer.step()  # the hats make m the gradient and √v its size: one rate each, by the sign
    assert torch.allclose(weight, torch.tensor([2 * 0.95 - 0.1, -0.95 + 0.1]))
    weight.grad = torch.tensor([-4.0, -0.001])
    optimizer.step()  # m̂ = (0.25 · 4 - 0.5 · 4) / 0.75, v̂ = 16: a third of a step back
    assert torch.allclose(weight, torch.tensor([1.8 * 0.95 + 0.1 / 3, -0.85 * 0.95 + 0.1]))


def twins(seed):
    torch.manual_seed(seed)
    one = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    return one, copy.deepcopy(one)


def set_gradients(models, scale, skip=()):
    for i, parameters in enumerate(zip(*(model.parameters() for model in models))):
        gradient = torch.randn_like(parameters[0]) * scale
        for parameter in parameters:
            parameter.grad = None if i in skip else gradient.clone()


OPTIONS = {
    "lr": st.floats(1e-5, 1e-1),
    "betas": st.tuples(st.just(0.0) | st.floats(0.1, 0.99), st.floats(0.1, 0.9999)),
    "eps": st.floats(1e-10, 1e-3),
    "weight_decay": st.floats(0, 1),
}


@settings(max_examples=60, deadline=None)
@given(options=st.fixed_dictionaries(OPTIONS), seed=st.integers(0, 10**6))
def test_it_follows_pytorch_step_by_step(options, seed):
    ours, theirs = twins(seed)
    decay = options.pop("weight_decay")
    optimizers = [
        kind(parameter_groups(model, decay), **options)
        for kind, model in [(AdamW, ours), (torch.optim.AdamW, theirs)]
    ]
    for step in range(8):
        set_gradients([ours, theirs], 10.0 ** (step % 4 - 2), skip={0} if step == 3 else ())
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = options["lr"] / (step + 1)
            optimizer.step()
        for a, b in zip(ours.parameters(), theirs.parameters()):
            assert torch.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_zero_grad_forgets():
    model, _ = twins(0)
    set_gradients([model], 1.0)
    AdamW(parameter_groups(model, 0.1)).zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_only_matrices_decay_and_a_tied_one_comes_once():
    model = nn.Sequential(nn.Embedding(5, 3), nn.LayerNorm(3), nn.Linear(3, 5))
    model[2].weight = model[0].weight
    model[1].bias.requires_grad_(False)
    matrices, others = parameter_groups(model, 0.3)
    assert [p.shape for p in matrices["params"]] == [(5, 3)] and matrices["weight_decay"] == 0.3
    assert [p.shape for p in others["params"]] == [(3,), (5,)] and others["weight_decay"] == 0


@pytest.mark.parametrize("kind", [AdamW, torch.optim.AdamW])
def test_a_restart_changes_no_bit(kind):
    through, stopped = twins(1)
    first, saved = kind(parameter_groups(through, 0.1), lr=0.01), None
    for half in range(2):
        second = kind(parameter_groups(stopped, 0.1), lr=0.5)
        if half:
            second.load_state_dict(saved)
        for _ in range(3):
            set_gradients([through, stopped], 1.0)
            first.step()
            if not half:
                second.param_groups[0]["lr"] = second.param_groups[1]["lr"] = 0.01
            second.step()
        saved = copy.deepcopy(second.state_dict())
    for a, b in zip(through.parameters(), stopped.parameters()):
        assert torch.equal(a, b)


def test_its_state_has_the_layout_of_pytorchs():
    ours, theirs = twins(2)
    pairs = []
    for kind, model in [(AdamW, ours), (torch.optim.AdamW, theirs)]:
        optimizer = kind(parameter_groups(model, 0.1))
        set_gradients([model], 1.0)
        optimizer.step()
        pairs.append(optimizer.state_dict())
    one, other = pairs
    assert one.keys() == other.keys() and one["state"].keys() == other["state"].keys()
    for a, b in zip(one["param_groups"], other["param_groups"]):
        assert a["params"] == b["params"] and set(a) <= set(b)


def test_a_loaded_state_is_a_copy():
    model, _ = twins(3)
    optimizer = AdamW(parameter_groups(model, 0.1))
    set_gradients([model], 1.0)
    optimizer.step()
    saved = optimizer.state_dict()
    kept = copy.deepcopy(saved["state"][0]["m"])
    other = AdamW(parameter_groups(model, 0.1))
    other.load_state_dict(saved)
    other.step()
    assert torch.equal(kept, saved["state"][0]["m"])


def test_a_loaded_state_goes_where_the_parameter_is():
    model, elsewhere = twins(4)
    optimizer = AdamW(parameter_groups(model, 0.1))
    set_gradients([model], 1.0)
    optimizer.step()
    other = AdamW(parameter_groups(elsewhere.to("meta"), 0.1))
    other.load_state_dict(optimizer.state_dict())
    for state in other.state.values():
        assert state["m"].device.type == state["v"].device.type == "meta"
        assert state["step"].device.type == "cpu" and state["step"] == 1
    set_gradients([elsewhere], 1.0)
    other.step()  # tensors on two devices cannot be added
