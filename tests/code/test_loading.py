"""Weights into models: whole files, broken ones, and the places of GPT-2's tensors."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.gpt2_weights import GPT2_SMALL, gpt2_names, gpt2_places, load_gpt2
from scratchlm.loading import check_places, check_shapes, fill, hollow
from scratchlm.weight_files import check_whole, refuse_pickle

CONFIG = GPTConfig(vocab_size=60, context_length=16, d_model=24, n_heads=3, n_layers=2)


def reference(config: GPTConfig) -> GPT2LMHeadModel:
    """Return transformers' GPT-2 with random weights, biases and norms as well."""
    sizes = {"n_positions": config.context_length, "n_embd": config.d_model}
    layers = {"n_layer": config.n_layers, "n_head": config.n_heads}
    special = {"bos_token_id": 0, "eos_token_id": 0}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GPT2LMHeadModel(
            GPT2Config(vocab_size=config.vocab_size, **sizes, **layers, **special)
        )
        for parameter in model.parameters():
            parameter.data.add_(0.02 * torch.randn_like(parameter))
    return model.eval()


def difference(ours: GPT, theirs: GPT2LMHeadModel, length: int) -> float:
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(ours.config.vocab_size, (2, length), generator=draw)
    with torch.inference_mode():
        return (ours(ids) - theirs(ids).logits).abs().max().item()


@pytest.fixture
def checkpoint(tmp_path):
    theirs = reference(CONFIG)
    theirs.save_pretrained(tmp_path)
    return tmp_path / "model.safetensors", theirs


def test_gpt2_as_transformers_writes_it(checkpoint):
    path, theirs = checkpoint
    assert difference(load_gpt2(path, CONFIG), theirs, 16) < 1e-5


def test_gpt2_with_masks_and_other_prefixes(tmp_path):
    theirs, path = reference(CONFIG), tmp_path / "model.safetensors"
    tensors = dict(theirs.transformer.state_dict())
    tensors |= {"h.0.attn.bias": torch.ones(1, 1, 16, 16), "h.0.attn.masked_bias": torch.ones(1)}
    tensors["lm_head.weight"] = tensors["wte.weight"].clone()
    save_file(tensors, path)
    assert difference(load_gpt2(path, CONFIG), theirs, 16) < 1e-5


def test_gpt2_at_full_size(tmp_path):
    theirs, path = reference(GPT2_SMALL), tmp_path / "model.safetensors"
    save_file(dict(theirs.transformer.state_dict()), path)
    ours = load_gpt2(path)
    assert sum(p.numel() for p in ours.parameters()) == 124_439_808
    assert difference(ours, theirs, 40) < 1e-4


def test_what_is_loaded_can_be_trained_and_stays_tied(checkpoint):
    model = load_gpt2(checkpoint[0], CONFIG)
    assert model.head.weight is model.token_embedding.weight
    model(torch.zeros(1, 4, dtype=torch.long)).sum().backward()
    assert all(p.grad is not None and p.is_leaf for p in model.parameters())


def test_every_parameter_has_one_place():
    model = GPT(CONFIG)
    places = gpt2_places(model)
    fill(
        model,
        places,
        {n: tuple(p.shape) for n, p in places.items()},
        lambda n: torch.ones(places[n].shape),
    )
    assert all((p == 1).all() for p in model.parameters())
    assert sum(p.numel() for p in places.values()) == sum(p.numel() for p in model.parameters())


def test_names():
    names = ["transformer.wte.weight", "h.3.attn.bias", "h.3.attn.c_attn.bias", "lm_head.weight"]
    assert gpt2_names(names) == {
        "wte.weight": "transformer.wte.weight",
        "h.3.attn.c_attn.bias": "h.3.attn.c_attn.bias",
    }


def test_a_hollow_model_draws_nothing():
    state = torch.get_rng_state()
    model = hollow(GPT, CONFIG)
    assert torch.equal(state, torch.get_rng_state())
    assert isinstance(model.norm.scale, nn.Parameter) and model.norm.scale.device.type == "cpu"


def one_sentence(error) -> str:
    text = str(error.value)
    assert "\n" not in text and text[-1] in ".?"
    return text


def rewritten(path, change):
    """Write the file again with its tensors changed; return the error that loading raises."""
    from safetensors.torch import load_file

    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)
    with pytest.raises(ValueError) as error:
        load_gpt2(path, CONFIG)
    return one_sentence(error)


def test_a_renamed_tensor(checkpoint):
    name = "transformer.h.1.mlp.c_fc.weight"
    said = rewritten(checkpoint[0], lambda t: t.update({"h.1.mlp.up.weight": t.pop(name)}))
    assert "lacks h.1.mlp.c_fc.weight (24, 96)" in said and "h.1.mlp.up.weight (24, 96)" in said


def test_a_tensor_of_another_shape(checkpoint):
    name = "transformer.h.1.mlp.c_fc.weight"
    said = rewritten(checkpoint[0], lambda t: t.update({name: t[name].T.contiguous()}))
    assert "h.1.mlp.c_fc.weight has the shape (96, 24)" in said and "(24, 96)" in said


def test_a_tensor_too_many_and_one_too_few(checkpoint):
    said = rewritten(checkpoint[0], lambda t: t.update({"h.2.ln_1.bias": torch.zeros(24)}))
    assert "h.2.ln_1.bias (24,)" in said and "no place" in said
    with pytest.raises(ValueError, match=r"lacks b \(2,\); what it has instead is no other"):
        check_shapes({"a": torch.zeros(1), "b": torch.zeros(2)}, {"a": (1,)})


def test_another_architecture(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"model.embed_tokens.weight": torch.zeros(60, 24)}, path)
    with pytest.raises(ValueError) as error:
        load_gpt2(path, CONFIG)
    assert "lacks wte.weight (60, 24)" in one_sentence(error)
    assert "model.embed_tokens.weight (60, 24)" in str(error.value)


def test_nothing_is_loaded_if_one_does_not_fit():
    model = nn.Linear(3, 2).requires_grad_(False)
    places = {"a": model.bias.fill_(0), "b": model.weight}
    with pytest.raises(ValueError, match="b has the shape"):
        fill(model, places, {"a": (2,), "b": (4, 3)}, lambda name: torch.ones(2))
    assert model.bias.sum() == 0


def test_places_are_the_whole_model_and_each_is_another():
    model = GPT(CONFIG)
    places = gpt2_places(model)
    check_places(places, model)
    twice = places | {"h.0.ln_2.bias": model.blocks[0].norm_1.shift}
    with pytest.raises(ValueError, match="have the same place") as error:
        check_places(twice, model)
    assert "h.0.ln_1.bias" in one_sentence(error) and "h.0.ln_2.bias" in str(error.value)
    del places["h.1.ln_1.bias"]
    with pytest.raises(ValueError, match="The places hold") as error:
        check_places(places, model)
    one_sentence(error)


def test_files_that_end_too_early(checkpoint, tmp_path):
    path = checkpoint[0]
    whole = path.read_bytes()
    check_whole(path)
    for length in [0, 5, 8, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="ends within") as error:
            load_gpt2(path, CONFIG)
        one_sentence(error)
    header = json.loads(whole[8 : 8 + int.from_bytes(whole[:8], "little")])
    assert "its shape is" in str(error.value) and any(name in str(error.value) for name in header)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "x.pth", "m.pkl", "a.ckpt"])
def test_pickles_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"wte.weight": 1}))
    with pytest.raises(ValueError, match="is a pickle") as error:
        load_gpt2(path)
    one_sentence(error)
    refuse_pickle(tmp_path / "model.safetensors")
