"""The recipe of a small GPT: what it trains, and that a checkpoint rebuilds the model."""

import pytest
import torch

from scratchlm import data
from scratchlm.gpt import GPTConfig
from scratchlm.recipes import shakespeare_gpt

TEXT = "To be, or not to be: that is the question. " * 60


@pytest.fixture
def short(monkeypatch):
    """The recipe with other settings than its own, a short text and a few steps."""
    config = GPTConfig(len(set(TEXT)), 16, 12, 3, 2, d_ff=10)
    monkeypatch.setattr(data, "load", lambda name: {"tiny-shakespeare": TEXT}[name])
    monkeypatch.setattr(shakespeare_gpt, "CONFIG", config)
    monkeypatch.setattr(shakespeare_gpt, "STEPS", 60)


def test_two_runs_are_the_same_and_a_checkpoint_rebuilds_the_model(short):
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        runs.append(shakespeare_gpt.train())
    (tensors, metadata), (again, _) = runs
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    model, tokenizer = shakespeare_gpt.build(tensors, metadata)
    assert not model.training and tokenizer.decode(tokenizer.encode("not to be")) == "not to be"
    ids = torch.tensor(tokenizer.encode(TEXT[-300:]))
    assert shakespeare_gpt.loss(model, shakespeare_gpt.excerpts(ids, 17)) < 2.6
    assert metadata["val_loss"] < 2.6 and metadata["config"]["d_ff"] == 10


def test_only_matrices_start_larger():
    torch.manual_seed(0)
    model = shakespeare_gpt.start()
    assert 0.08 < model.token_embedding.weight.std() < 0.12
    assert model.head.weight is model.token_embedding.weight
    assert torch.equal(model.norm.scale, torch.ones(96)) and not model.norm.shift.any()


def test_excerpts_do_not_overlap():
    assert shakespeare_gpt.excerpts(torch.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]
