"""The network: by hand, against NumPy and one-hot arithmetic, reloading, generation."""

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from scratchlm import sampling
from scratchlm.mlp import MLP, MLPConfig, generate

CHAPTER = MLPConfig(vocab_size=27, context_length=5, d_model=10, d_ff=64)
ODD = MLPConfig(vocab_size=7, context_length=3, d_model=4, d_ff=6, dropout=0.25)


def build(config, seed=0):
    torch.manual_seed(seed)
    return MLP(config)


def contexts_for(config, batch=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(config.vocab_size, (batch, config.context_length), generator=generator)


def test_one_number_by_hand():
    model = build(MLPConfig(vocab_size=2, context_length=2, d_model=1, d_ff=1))
    with torch.no_grad():
        model.embedding.weight.copy_(torch.tensor([[0.5], [2.0]]))
        model.hidden.weight.copy_(torch.tensor([[1.0, -1.0]]))
        model.hidden.bias.fill_(0.25)
        model.output.weight.copy_(torch.tensor([[3.0], [-1.0]]))
        model.output.bias.copy_(torch.tensor([0.0, 0.5]))
    h = math.tanh(2.0 - 0.5 + 0.25)  # token 1, then token 0
    assert model(torch.tensor([[1, 0]]))[0].tolist() == pytest.approx([3 * h, 0.5 - h])


@pytest.mark.parametrize("config", [CHAPTER, ODD])
def test_numpy_computes_the_same(config):
    model = build(config).eval()
    contexts = contexts_for(config)
    p = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    x = p["embedding.weight"][contexts.numpy()].reshape(len(contexts), -1)
    h = np.tanh(x @ p["hidden.weight"].T + p["hidden.bias"])
    expected = h @ p["output.weight"].T + p["output.bias"]
    assert np.allclose(model(contexts).detach().numpy(), expected, atol=1e-5)


def test_looking_up_is_multiplying_with_one_hot_vectors():
    model, contexts = build(CHAPTER), contexts_for(CHAPTER)
    one_hot = F.one_hot(contexts, CHAPTER.vocab_size).float()  # (B, T, V)
    x = (one_hot @ model.embedding.weight).flatten(start_dim=1)
    assert torch.allclose(model.output(torch.tanh(model.hidden(x))), model(contexts), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(*[st.integers(1, 12)] * 4)
def test_parameters_by_formula(V, T, C, d_ff):
    model = MLP(MLPConfig(V, T, C, d_ff))
    found = sum(parameter.numel() for parameter in model.parameters())
    assert found == V * C + (T * C + 1) * d_ff + (d_ff + 1) * V
    assert model(torch.zeros(2, T, dtype=torch.int64)).shape == (2, V)


def test_the_chapters_network_has_5289_parameters_and_starts_without_opinions():
    model = build(CHAPTER)
    assert sum(parameter.numel() for parameter in model.parameters()) == 5289
    contexts = contexts_for(CHAPTER, batch=500)
    loss = F.cross_entropy(model(contexts), contexts[:, 0])
    assert loss.item() == pytest.approx(math.log(27), abs=0.06)
    assert model.embedding.weight.std().item() == pytest.approx(0.2, abs=0.03)


def test_rows_of_a_batch_do_not_mix():
    model, contexts = build(ODD).eval(), contexts_for(ODD)
    alone = torch.cat([model(context[None]) for context in contexts])
    assert torch.allclose(model(contexts), alone, atol=1e-6)


def test_dropout_is_on_in_training_only():
    model, contexts = build(ODD), contexts_for(ODD, batch=50)
    assert not torch.equal(model.train()(contexts), model(contexts))
    assert torch.equal(model.eval()(contexts), model(contexts))


def test_reload_with_other_settings_than_the_default(tmp_path):
    model = build(ODD)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    again = build(MLPConfig(**asdict(ODD)), seed=9)
    again.load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    contexts = contexts_for(ODD)
    assert torch.equal(model.eval()(contexts), again.eval()(contexts))
    assert again.config == ODD and again.dropout.p == 0.25


def test_another_activation_takes_effect():
    model, contexts = build(CHAPTER), contexts_for(CHAPTER)
    before = model(contexts)
    model.activation = nn.Identity()
    x = model.embedding(contexts).flatten(1)
    assert torch.allclose(model(contexts), model.output(model.hidden(x)))
    assert not torch.equal(before, model(contexts))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"d_model": 0}, "d_model is 0"), ({"dropout": 1.0}, "dropout is 1.0")],
)
def test_impossible_sizes(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        MLPConfig(**{**asdict(CHAPTER), **wrong})


@pytest.mark.parametrize("shape", [(5,), (2, 4), (2, 5, 1)])
def test_contexts_of_another_shape(shape):
    with pytest.raises(ValueError, match=r"give ids \(B, 5\)"):
        build(CHAPTER)(torch.zeros(shape, dtype=torch.int64))


def favouring(token, config=ODD):
    """A model that always gives one token nearly all of the probability."""
    model = build(config)
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.zero_()[token] = 30.0
    return model


def test_generation_goes_on_until_the_limit_or_the_stop():
    generator = torch.Generator().manual_seed(0)
    assert generate(favouring(3), [0, 0, 0], 4, generator=generator) == [0, 0, 0, 3, 3, 3, 3]
    assert generate(favouring(3), [0, 0, 0], 4, stop=3, generator=generator) == [0, 0, 0]


def test_generation_sees_the_last_tokens_and_leaves_its_input_alone():
    model = build(ODD)
    ids, other = [1, 2, 3, 4, 5], [6, 6, 3, 4, 5]
    a = generate(model, ids, 6, generator=torch.Generator().manual_seed(1))
    b = generate(model, other, 6, generator=torch.Generator().manual_seed(1))
    assert a[5:] == b[5:] and len(a) == 11 and ids == [1, 2, 3, 4, 5]


def test_generation_is_the_bare_loop():
    model = build(CHAPTER).eval()
    written = generate(model, [0] * 5, 12, generator=torch.Generator().manual_seed(3))
    ids, generator = [0] * 5, torch.Generator().manual_seed(3)
    for _ in range(12):
        ids.append(sampling.sample(model(torch.tensor([ids[-5:]]))[0].detach(), generator))
    assert written == ids


def test_the_knobs_reach_the_die():
    model = build(CHAPTER)
    greedy = generate(model, [0] * 5, 8, temperature=0)
    assert greedy == generate(model, [0] * 5, 8, top_p=1e-6)  # only the likeliest is left
    best = model(torch.tensor([[0] * 5]))[0].argmax().item()
    assert greedy[5] == best


def test_generation_needs_a_whole_window():
    with pytest.raises(ValueError, match="reads 3 ids and got 1"):
        generate(build(ODD), [0], 4)
