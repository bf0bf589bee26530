"""The tracer notes every shape, changes nothing, and cleans up behind itself."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.model_shapes import trace_shapes


def test_two_layers_by_hand():
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU())
    assert trace_shapes(model, torch.zeros(2, 3)) == [
        ("0", (2, 3), (2, 5)),
        ("1", (2, 5), (2, 5)),
        ("", (2, 3), (2, 5)),
    ]


@settings(deadline=None, max_examples=20)
@given(
    batch=st.integers(1, 3),
    length=st.integers(1, 6),
    heads=st.integers(1, 3),
    width=st.integers(1, 4),
    layers=st.integers(1, 3),
)
def test_every_shape_of_a_gpt(batch, length, heads, width, layers):
    B, T, C, V, d_ff = batch, length, heads * width, 11, 7
    model = GPT(GPTConfig(V, 6, C, heads, layers, d_ff=d_ff))
    traced = trace_shapes(model, torch.zeros(B, T, dtype=torch.long))
    outer = [row for row in traced if not row[0].startswith("blocks.")]
    assert outer == [
        ("token_embedding", (B, T), (B, T, C)),
        ("position_embedding", (T,), (T, C)),
        ("dropout", (B, T, C), (B, T, C)),
        ("norm", (B, T, C), (B, T, C)),
        ("head", (B, T, C), (B, T, V)),
        ("", (B, T), (B, T, V)),
    ]
    last = {"qkv": 3 * C, "expand": d_ff}
    for name, given_shape, returned in traced:
        if name.startswith("blocks."):
            part = name.rpartition(".")[2]
            inner = d_ff if name.endswith("feed_forward.output") else C
            assert given_shape == (B, T, inner), name
            assert returned == (B, T, last.get(part, C)), name
    called = {name for name, *_ in traced}
    assert called == {n for n, _ in model.named_modules() if n != "blocks"}


def test_nothing_is_left_behind():
    model = GPT(GPTConfig(9, 4, 8, 2, 1)).train()
    before = model(torch.zeros(1, 4, dtype=torch.long))
    trace_shapes(model, torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="at most 4"):
        trace_shapes(model, torch.zeros(1, 5, dtype=torch.long))
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training
    assert torch.equal(before, model(torch.zeros(1, 4, dtype=torch.long)))
