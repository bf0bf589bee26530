"""A GPT packed for a page: what quantizing keeps, what it costs, and what the bytes hold."""

import base64
import json

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.page_model import dequantize, export, quantize

VOCABULARY = "abcdefghijklm"
CONFIG = GPTConfig(vocab_size=13, context_length=8, d_model=24, n_heads=3, n_layers=2, d_ff=40)


def model(config=CONFIG, seed=0):
    """A model in which every parameter matters."""
    torch.manual_seed(seed)
    made = GPT(config).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return made


def test_quantize_by_hand():
    rows, scales = quantize(torch.tensor([[1.0, -2.54, 0.011], [0.0, 0.0, 0.0]]))
    assert rows.dtype == torch.int8
    assert rows.tolist() == [[50, -127, 1], [0, 0, 0]]
    torch.testing.assert_close(scales, torch.tensor([[0.02], [1.0]]))


@given(st.integers(0, 10_000), st.floats(1e-6, 1e6))
def test_no_number_moves_by_more_than_half_a_scale(seed, size):
    weight = torch.randn(5, 7, generator=torch.Generator().manual_seed(seed)) * size
    rows, scales = quantize(weight)
    assert int(rows.min()) >= -127
    assert torch.all(rows.abs().amax(dim=1) == 127)
    assert torch.all((rows * scales - weight).abs() <= 0.5001 * scales)
    assert torch.equal(quantize(rows * scales)[0], rows)  # a second time changes nothing


@pytest.mark.parametrize("bias", [True, False])
def test_what_comes_back_is_the_model_with_rounded_matrices(bias):
    before = model(GPTConfig(13, 8, 24, 3, 2, 40, dropout=0.1, bias=bias))
    after = dequantize(json.loads(json.dumps(export(before, VOCABULARY))))
    assert after.config == before.config and not after.training
    assert after.head.weight is after.token_embedding.weight
    pairs = zip(before.named_parameters(), after.named_parameters(), strict=True)
    for (name, ours), (same_name, theirs) in pairs:
        assert name == same_name
        rows, scales = quantize(ours.detach()) if ours.dim() == 2 else (ours.detach(), 1)
        assert torch.equal(theirs, rows * scales)


def test_packing_twice_is_packing_once():
    once = export(model(), VOCABULARY)
    again = export(dequantize(once), VOCABULARY)
    assert again["layout"] == once["layout"]
    rows = min(entry["at"] for entry in once["layout"] if entry["type"] == "int8")
    first, second = (base64.b64decode(exported["weights"]) for exported in (once, again))
    assert first[rows:] == second[rows:]


def test_every_byte_has_one_place():
    exported = export(model(), VOCABULARY)
    at = 0
    for entry in exported["layout"]:
        width = {"float32": 4, "int8": 1}[entry["type"]]
        assert entry["at"] == at and at % width == 0
        at += width * torch.Size(entry["shape"]).numel()
    assert at == len(base64.b64decode(exported["weights"]))
    kinds = [entry["type"] for entry in exported["layout"]]
    assert kinds == sorted(kinds)


def test_the_model_of_the_book_fits_a_page():
    exported = export(GPT(GPTConfig(64, 64, 128, 4, 4)), "".join(map(chr, range(64))))
    assert len(base64.b64decode(exported["weights"])) < 860_000
    assert len(json.dumps(exported)) < 1_200_000


def test_quantizing_costs_little():
    before = model()
    ids = torch.randint(13, (64, 8), generator=torch.Generator().manual_seed(1))
    after = dequantize(export(before, VOCABULARY))
    with torch.inference_mode():
        logits, rounded = before(ids), after(ids)
    assert 0 < (logits - rounded).abs().max() < 0.05 * logits.abs().max()
    costs = [
        F.cross_entropy(z[:, :-1].flatten(0, 1), ids[:, 1:].flatten()) for z in (logits, rounded)
    ]
    assert abs(costs[0] - costs[1]) < 0.02


def test_reading_a_model_draws_nothing_from_the_callers_generator():
    exported = export(model(), VOCABULARY)
    torch.manual_seed(3)
    dequantize(exported)
    drawn = torch.rand(3)
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(3))


@pytest.mark.parametrize("vocabulary", ["abc", "a" * 13, VOCABULARY + "n"])
def test_a_vocabulary_of_another_size_gets_a_sentence(vocabulary):
    with pytest.raises(ValueError, match="and the model 13: give each of the model's characters"):
        export(model(), vocabulary)
