"""The plain recipe: its sizes, and what it notes on the way (the chapter shows its training)."""

from dataclasses import replace

import pytest
import torch

from scratchlm.gpt import GPT
from scratchlm.recipes import shakespeare_gpt_plain as plain


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return GPT(replace(plain.CONFIG, d_model=16, n_layers=2, context_length=24))


def test_it_is_the_plain_recipe():
    sizes = plain.CONFIG
    assert (sizes.n_layers, sizes.n_heads, sizes.d_model, sizes.context_length) == (4, 4, 128, 64)
    how = plain.TRAINING
    assert (how.steps, how.batch_size, how.warm_up) == (2_000, 12, 100)
    assert (how.learning_rate, how.final_rate, sizes.dropout) == (1e-3, 1e-4, 0)
    assert 0.78e6 < sum(p.numel() for p in GPT(sizes).parameters()) < 0.82e6


def test_the_texts():
    tokenizer, ids, val_ids = plain.texts()
    assert len(tokenizer) == plain.CONFIG.vocab_size
    assert len(val_ids) / (len(ids) + len(val_ids)) == pytest.approx(0.1, abs=1e-4)
    assert plain.LINE in tokenizer.decode(val_ids)


def test_maps_are_weights_of_every_head(model):
    ids = torch.arange(10)
    maps = plain.attention_maps(model, ids)
    assert maps.shape == (2, 4, 10, 10)
    assert torch.allclose(maps.sum(-1), torch.ones(2, 4, 10), atol=1e-5)
    assert not maps.triu(1).any()
    x = model.token_embedding(ids) + model.position_embedding(torch.arange(10))
    with torch.no_grad():
        first = model.blocks[0]
        assert torch.allclose(maps[0], first.attention.look(first.norm_1(x)[None])[1][0])


def test_a_map_as_text():
    weights = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0, 1 / 63, 62 / 63]])
    assert plain.as_text(weights) == "/ggAB+"
    assert len(set(plain.LEVELS)) == len(plain.LEVELS) == 64


def test_writing_sees_the_window_and_repeats_itself(model):
    start = torch.arange(40)
    one, two = plain.write(model, start, 5), plain.write(model, start[-24:], 5)
    assert len(one) == 45 and torch.equal(one[-5:], two[-5:])
    assert torch.equal(one[:40], start) and torch.equal(one, plain.write(model, start, 5))
    assert not torch.equal(plain.write(model, start, 30), plain.write(model, start, 30, seed=1))
