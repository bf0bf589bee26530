"""The recipe of the names network: what it trains, and that a checkpoint rebuilds it."""

from dataclasses import asdict

import pytest
import torch

from scratchlm import data, training
from scratchlm.mlp import MLP, MLPConfig, generate
from scratchlm.recipes import names_mlp


@pytest.fixture
def short(monkeypatch):
    """The recipe with other settings than its own, and a few steps."""
    monkeypatch.setattr(names_mlp, "CONFIG", MLPConfig(27, 3, 4, 6, dropout=0.1))
    monkeypatch.setattr(names_mlp, "TRAINING", training.TrainingConfig(steps=30, seed=5))
    monkeypatch.setattr(data, "load", lambda name: {"names": [*"abcdefghij", "asha", "ravi"]}[name])


def test_two_runs_are_the_same_and_a_checkpoint_rebuilds_the_model(short):
    (tensors, metadata), (again, _) = names_mlp.train(), names_mlp.train()
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    model, tokenizer = names_mlp.build(tensors, metadata)
    assert model.config == names_mlp.CONFIG and not model.training
    assert metadata["training"] == asdict(names_mlp.TRAINING)
    written = generate(model, [0] * 3, 9, stop=0, generator=torch.Generator().manual_seed(0))
    assert set(tokenizer.decode(written)) <= set(names_mlp.VOCAB)


def test_the_first_parameters_come_from_the_seed(short):
    first = names_mlp.train()[0]
    torch.manual_seed(99)  # whatever was drawn before
    torch.rand(3)
    assert torch.equal(first["hidden.weight"], names_mlp.train()[0]["hidden.weight"])


def test_the_recipe_is_the_chapters_network():
    model = MLP(names_mlp.CONFIG)
    assert sum(parameter.numel() for parameter in model.parameters()) == 5289
    assert names_mlp.CONFIG.vocab_size == len(names_mlp.VOCAB) and names_mlp.DATA == ["names"]
