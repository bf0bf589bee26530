"""The recipes of the chapter: what they train, and that a checkpoint rebuilds the model."""

import pytest
import torch

from scratchlm import data, training
from scratchlm.mlp import MLP, MLPConfig
from scratchlm.recipes import shakespeare_grid, shakespeare_mlp

TEXT = "To be, or not to be: that is the question. " * 60


@pytest.fixture
def short(monkeypatch):
    """Both recipes with other settings than their own, a short text and a few steps."""
    V = len(set(TEXT))
    monkeypatch.setattr(data, "load", lambda name: {"tiny-shakespeare": TEXT}[name])
    monkeypatch.setattr(shakespeare_mlp, "CONFIG", MLPConfig(V, 3, 4, 6, dropout=0.1))
    monkeypatch.setattr(shakespeare_mlp, "TRAINING", training.TrainingConfig(steps=30, seed=5))
    how = training.TrainingConfig(steps=5)
    runs = [("size", True, MLPConfig(V, 4, 2, 3), how), ("size", False, MLPConfig(V, 4, 2, 3), how)]
    monkeypatch.setattr(shakespeare_grid, "runs", lambda: iter(runs))
    monkeypatch.setattr(shakespeare_grid, "BLOCK", 100)


def test_two_runs_are_the_same_and_a_checkpoint_rebuilds_the_model(short):
    (tensors, metadata), (again, _) = shakespeare_mlp.train(), shakespeare_mlp.train()
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    model, tokenizer = shakespeare_mlp.build(tensors, metadata)
    assert not model.training and tokenizer.decode(tokenizer.encode("not to be")) == "not to be"
    assert metadata["history"]["val"][-1] < metadata["history"]["val"][0]
    assert metadata["history"]["step"][-1] == 30


def test_a_tenth_comes_from_everywhere():
    text = "".join(chr(ord("a") + i // 1_000 % 26) * 1 for i in range(30_000))
    assert shakespeare_grid.thin(text) == "a" * 1_000 + "k" * 1_000 + "u" * 1_000
    assert shakespeare_grid.thin("short") == "short"


def test_the_grid_says_what_it_trained(short):
    tensors, metadata = shakespeare_grid.train()
    first, second = metadata["runs"]
    assert tensors == {} and first["characters"] > 5 * second["characters"]
    assert first["parameters"] == sum(
        p.numel() for p in MLP(MLPConfig(len(set(TEXT)), 4, 2, 3)).parameters()
    )
    assert first["steps"] == 5 and first["val"] > 0


def test_the_runs_differ_in_one_thing_at_a_time():
    size = [run for run in shakespeare_grid.runs() if run[0] == "size"]
    window = [run[2] for run in shakespeare_grid.runs() if run[0] == "window"]
    assert len(size) == 12 and {how.batch_size for *_, how in size} == {64}
    counts = [sum(p.numel() for p in MLP(config).parameters()) for config in window]
    assert max(counts) - min(counts) < 800 and len({config.d_model for config in window}) == 1
