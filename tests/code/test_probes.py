"""Probes of a model: values by hand, an oracle, and properties."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from scratchlm.mlp import MLP, MLPConfig
from scratchlm.probes import multiply_adds, share_known, shuffle_place, window_losses, words_of
from scratchlm.training import evaluate


def test_multiply_adds_by_hand():
    assert multiply_adds(MLPConfig(vocab_size=5, context_length=3, d_model=2, d_ff=4)) == 24 + 20


@given(*[st.integers(1, 9)] * 4)
def test_multiply_adds_are_the_entries_of_the_matrices(V, T, C, width):
    config = MLPConfig(V, T, C, width)
    layers = [layer for layer in MLP(config).modules() if isinstance(layer, nn.Linear)]
    assert multiply_adds(config) == sum(layer.weight.numel() for layer in layers)


def test_window_losses_are_the_cross_entropy_of_each_window():
    torch.manual_seed(0)
    model = MLP(MLPConfig(7, 3, 2, 4))
    contexts, targets = torch.randint(7, (9000, 3)), torch.randint(7, (9000,))
    losses = window_losses(model, contexts, targets)
    assert losses.shape == (9000,) and not losses.requires_grad
    one = F.cross_entropy(model(contexts[8500:8501]), targets[8500:8501])
    assert losses[8500].item() == pytest.approx(one.item(), abs=1e-5)
    assert losses.mean().item() == pytest.approx(evaluate(model, contexts, targets), abs=1e-5)


@given(st.integers(1, 4), st.integers(0, 99))
def test_only_one_place_is_dealt_anew(distance, seed):
    contexts = torch.arange(40).view(10, 4)
    before = contexts.clone()
    shuffled = shuffle_place(contexts, distance, torch.Generator().manual_seed(seed))
    assert torch.equal(contexts, before)
    other = [column for column in range(4) if column != 4 - distance]
    assert torch.equal(shuffled[:, other], contexts[:, other])
    assert torch.equal(shuffled[:, 4 - distance].sort().values, contexts[:, 4 - distance])


def test_the_distance_counts_from_the_target():
    contexts = torch.tensor([[1, 2, 3], [4, 5, 6]])
    seeds = (torch.Generator().manual_seed(seed) for seed in range(20))
    results = {tuple(shuffle_place(contexts, 1, seed).flatten().tolist()) for seed in seeds}
    assert results == {(1, 2, 3, 4, 5, 6), (1, 2, 6, 4, 5, 3)}


@pytest.mark.parametrize("distance", [0, 4, -1])
def test_a_distance_outside_of_the_window(distance):
    with pytest.raises(ValueError, match="1 to 3"):
        shuffle_place(torch.zeros(5, 3, dtype=torch.int64), distance, torch.Generator())


def test_words():
    assert words_of("O, I'll not; 'tis well--ay.") == ["o", "i'll", "not", "tis", "well", "ay"]
    assert words_of("--!\n") == []


def test_share_known():
    assert share_known("The king, the kling", {"the", "king"}) == 0.75
    with pytest.raises(ValueError, match="no word"):
        share_known("...", {"the"})
