"""The recipe of the chapter on compression: equal compute, and what a checkpoint rebuilds."""

import pytest
import torch

from scratchlm import data, training
from scratchlm.compression import multiply_adds, total_nats
from scratchlm.mlp import MLP, MLPConfig
from scratchlm.recipes import compression_mlp


@pytest.fixture
def short(monkeypatch):
    """The recipe with small networks, a short text and a few steps."""
    text = "the cat and the hat and the bat that sat on the mat. " * 20
    monkeypatch.setattr(data, "load", lambda name: {"tiny-shakespeare": text}[name])
    monkeypatch.setattr(compression_mlp, "LEAN", 262)
    settings = training.TrainingConfig(steps=6, batch_size=4, seed=5)
    monkeypatch.setattr(compression_mlp, "TRAINING", settings)
    sizes = {"characters, 3": (20, 3), "BPE, 2": (300, 2), "lean BPE, 2": (30, 2)}
    configs = {name: MLPConfig(V, T, 4, 6, dropout=0.1) for name, (V, T) in sizes.items()}
    monkeypatch.setattr(compression_mlp, "CONFIGS", configs)


def test_two_runs_are_the_same_and_a_checkpoint_rebuilds_the_models(short):
    (tensors, metadata), (again, _) = compression_mlp.train(), compression_mlp.train()
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    models = compression_mlp.build(tensors, metadata)
    assert list(models) == list(compression_mlp.CONFIGS)
    for name, model in models.items():
        assert model.config == compression_mlp.CONFIGS[name] and not model.training
        assert isinstance(model.activation, torch.nn.ReLU)
        assert torch.equal(model.output.bias, tensors[f"{name}/output.bias"])
        assert total_nats(model, [0] * 3, [1, 2, 3]) > 0


def test_the_runs_are_equal_in_parameters_and_compute():
    costs = []
    for name, config in compression_mlp.CONFIGS.items():
        parameters = sum(p.numel() for p in MLP(config).parameters())
        assert 98_000 < parameters < 100_100, name
        costs.append(compression_mlp.steps(config) * multiply_adds(config))
    assert max(costs) < 1.001 * min(costs)
    assert {c.vocab_size for c in compression_mlp.CONFIGS.values()} == {64, 300}


def test_the_tokenizers_have_the_sizes_of_the_networks():
    text, _ = data.split_text(data.load("tiny-shakespeare"))
    for name, tokenizer in compression_mlp.tokenizers(text).items():
        sizes = {c.vocab_size for n, c in compression_mlp.CONFIGS.items() if n.startswith(name)}
        assert sizes == {len(tokenizer)}
        assert tokenizer.decode(tokenizer.encode(text[:500])) == text[:500]
