"""Loss scaling against the rules of PyTorch's GradScaler."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.mixed_precision import LossScale, scaled_step


def test_by_hand():
    scale = LossScale(scale=8.0, patience=2)
    for finite, expected in [(False, 4.0), (True, 4.0), (True, 8.0), (True, 8.0), (False, 4.0)]:
        scale.adapt(finite)
        assert scale.scale == expected


@settings(max_examples=20, deadline=None)
@given(st.lists(st.booleans(), max_size=12), st.integers(1, 3))
def test_the_rules_of_torch(steps, patience):
    ours = LossScale(scale=2.0**10, patience=patience)
    theirs = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=patience)
    parameter = nn.Parameter(torch.ones(2))
    sgd = torch.optim.SGD([parameter], lr=0.0)
    for finite in steps:
        loss = (parameter * (1.0 if finite else torch.inf)).sum()
        assert scaled_step(loss, sgd, [parameter], ours) == finite
        sgd.zero_grad()
        theirs.scale((parameter * (1.0 if finite else torch.inf)).sum()).backward()
        theirs.step(sgd)
        theirs.update()
        assert ours.scale == theirs.get_scale()


def test_a_step_left_out_moves_nothing_and_a_taken_one_as_without_a_scale():
    parameter = nn.Parameter(torch.tensor([1.0]))
    sgd, scale = torch.optim.SGD([parameter], lr=0.5), LossScale(scale=4.0)
    assert not scaled_step((parameter * torch.inf).sum(), sgd, [parameter], scale)
    assert parameter.item() == 1.0 and scale.scale == 2.0
    assert scaled_step((3 * parameter).sum(), sgd, [parameter], scale)
    assert parameter.item() == pytest.approx(1 - 0.5 * 3)


def test_bad_input():
    with pytest.raises(ValueError, match="above 0"):
        LossScale(scale=0.0)
