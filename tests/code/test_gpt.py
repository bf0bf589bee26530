"""The whole GPT, its block and its attention beside transformers' GPT-2 with the same weights."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from scratchlm.gpt import GPT, GPT2_SIZES, GPTConfig, count_parameters

SIZES = [(64, 16, 32, 2, 2), (97, 12, 48, 4, 3), (50, 8, 24, 1, 5)]


def reference(config: GPTConfig) -> GPT2LMHeadModel:
    """Return transformers' GPT-2 of the same size, in evaluation."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.d_model,
            n_layer=config.n_layers,
            n_head=config.n_heads,
            n_inner=config.d_ff,
            bos_token_id=0,
            eos_token_id=0,
            attn_implementation="eager",
        )
    ).eval()


def pairs(ours: GPT, theirs: GPT2LMHeadModel):
    """Yield their parameters beside ours, and whether one is the other's transpose."""
    outer = theirs.transformer
    yield outer.wte.weight, ours.token_embedding.weight, False
    yield outer.wpe.weight, ours.position_embedding.weight, False
    norms = [(outer.ln_f, ours.norm)]
    for h, block in zip(outer.h, ours.blocks, strict=True):
        norms += [(h.ln_1, block.norm_1), (h.ln_2, block.norm_2)]
        for their, our in (
            (h.attn.c_attn, block.attention.qkv),
            (h.attn.c_proj, block.attention.output),
            (h.mlp.c_fc, block.feed_forward.expand),
            (h.mlp.c_proj, block.feed_forward.output),
        ):
            yield their.weight, our.weight, True
            yield their.bias, our.bias, False
    for their, our in norms:
        yield their.weight, our.scale, False
        yield their.bias, our.shift, False


def alike(size, fused: bool) -> tuple[GPT, GPT2LMHeadModel]:
    """Return both models with the same random weights, large enough that all of them matter."""
    torch.manual_seed(0)
    ours = GPT(GPTConfig(*size, fused=fused)).eval()
    theirs = reference(ours.config)
    with torch.no_grad():
        for their, our, transposed in pairs(ours, theirs):
            our.copy_(torch.randn_like(our) * 0.2)
            their.copy_(our.T if transposed else our)
    return ours, theirs


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_outputs_and_gradients_are_those_of_transformers(size, fused):
    ours, theirs = alike(size, fused)
    ids = torch.randint(size[0], (3, size[1]))
    for model, logits in ((ours, ours(ids)), (theirs, theirs(ids).logits)):
        model.logits = logits
        F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    torch.testing.assert_close(ours.logits, theirs.logits, atol=1e-5, rtol=1e-5)
    for their, our, transposed in pairs(ours, theirs):
        gradient = our.grad.T if transposed else our.grad
        torch.testing.assert_close(gradient, their.grad, atol=1e-5, rtol=1e-4)


def test_no_future_token_changes_a_logit():
    torch.manual_seed(0)
    model = GPT(GPTConfig(20, 10, 16, 2, 2)).eval()
    ids = torch.randint(20, (1, 10))
    changed = ids.clone()
    changed[0, 6:] = (ids[0, 6:] + 1) % 20
    before, after = model(ids), model(changed)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_the_batch_does_not_matter():
    torch.manual_seed(0)
    model = GPT(GPTConfig(20, 10, 16, 2, 2)).eval()
    ids = torch.randint(20, (5, 10))
    torch.testing.assert_close(model(ids)[2:3], model(ids[2:3]))


def test_untrained_it_knows_nothing():
    torch.manual_seed(0)
    model = GPT(GPTConfig(65, 32, 64, 4, 4))
    ids = torch.randint(65, (8, 33))
    loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
    assert abs(loss.item() - math.log(65)) < 0.1


@pytest.mark.parametrize(
    "change, hint",
    [
        ({"n_heads": 3}, "divisor"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"vocab_size": -1}, "vocab_size is -1"),
    ],
)
def test_sizes_that_cannot_be_built_are_told(change, hint):
    sizes = {"vocab_size": 9, "context_length": 4, "d_model": 8, "n_heads": 2, "n_layers": 1}
    with pytest.raises(ValueError, match=hint):
        GPTConfig(**{**sizes, **change})


def test_too_long_a_text_is_told():
    model = GPT(GPTConfig(9, 4, 8, 2, 1))
    with pytest.raises(ValueError, match="at most 4"):
        model(torch.zeros(1, 5, dtype=torch.long))


def test_a_model_of_a_few_parameters_by_hand():
    config = GPTConfig(vocab_size=5, context_length=3, d_model=2, n_heads=1, n_layers=1, d_ff=4)
    assert count_parameters(config) == {
        "token embedding": 10,
        "position embedding": 6,
        "attention": 2 * 6 + 6 + 2 * 2 + 2,
        "feed-forward": 2 * 4 + 4 + 4 * 2 + 2,
        "norms": 3 * 4,
    }


def sizes_of_models():
    """Configs of every kind, small enough to build."""
    small = st.integers(1, 9)
    return st.builds(
        lambda heads, width, **rest: GPTConfig(n_heads=heads, d_model=heads * width, **rest),
        heads=st.integers(1, 4),
        width=st.integers(1, 5),
        vocab_size=small,
        context_length=small,
        n_layers=st.integers(1, 4),
        d_ff=st.integers(0, 30),
        bias=st.booleans(),
    )


def parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@settings(deadline=None, max_examples=60)
@given(sizes_of_models())
def test_the_formula_counts_what_is_there(config):
    with torch.device("meta"):
        model = GPT(config)
    parts = count_parameters(config)
    assert sum(parts.values()) == parameters(model)
    assert parts["attention"] == sum(parameters(block.attention) for block in model.blocks)
    assert parts["feed-forward"] == sum(parameters(block.feed_forward) for block in model.blocks)


@pytest.mark.parametrize("name", list(GPT2_SIZES))
def test_the_sizes_of_gpt_2(name):
    config = GPT2_SIZES[name]
    with torch.device("meta"):
        counts = parameters(GPT(config)), parameters(reference(config))
    assert counts == (sum(count_parameters(config).values()),) * 2
    millions = counts[0] / 1e6
    assert name in (f"GPT-2 {millions:.0f}M", f"GPT-2 {millions // 100 / 10}B")  # 1.5, not 1.6


@pytest.mark.parametrize("n_layers", [1, 8])
def test_first_numbers(n_layers):
    torch.manual_seed(0)
    model = GPT(GPTConfig(200, 100, 64, 4, n_layers))
    for name, parameter in model.named_parameters():
        if name.endswith(("bias", "shift")):
            assert not parameter.any(), name
        elif name.endswith("scale"):
            assert (parameter == 1).all(), name
        else:
            writes = name.endswith("output.weight")
            deviation = 0.02 / math.sqrt(2 * n_layers) if writes else 0.02
            assert abs(parameter.std().item() / deviation - 1) < 0.05, name
            assert abs(parameter.mean().item()) < deviation / 10, name


@torch.no_grad()
def top_of_stream(n_layers: int) -> float:
    torch.manual_seed(0)
    model = GPT(GPTConfig(30, 16, 64, 4, n_layers))
    ids = torch.randint(30, (8, 16))
    x = model.token_embedding(ids) + model.position_embedding.weight
    for block in model.blocks:
        x = block(x)
    return x.std().item()


def test_depth_does_not_make_the_stream_grow():
    assert abs(top_of_stream(24) / top_of_stream(2) - 1) < 0.15


def test_the_head_is_the_table_of_tokens():
    model = GPT(GPTConfig(9, 4, 8, 2, 1))
    assert model.head.weight is model.token_embedding.weight
    assert [name for name, _ in model.named_parameters() if "head" in name] == []
    again = GPT(GPTConfig(9, 4, 8, 2, 1))
    again.load_state_dict(model.state_dict())
    assert again.head.weight is again.token_embedding.weight


@pytest.mark.parametrize("bias", [False, True])
def test_a_model_reloads_as_it_was(bias):
    torch.manual_seed(0)
    config = GPTConfig(11, 7, 12, 3, 2, d_ff=5, dropout=0.3, bias=bias, fused=False)
    model, again = GPT(config).eval(), GPT(config).eval()
    again.load_state_dict(model.state_dict())
    ids = torch.randint(11, (2, 7))
    assert torch.equal(model(ids), again(ids))
