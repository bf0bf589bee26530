"""The Llama beside transformers' with the same weights; its cache, its places, its errors."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaForCausalLM

from benchmarks.smollm import their_config
from scratchlm.llama import KVCache, Llama, LlamaConfig, RMSNorm, rotate, rotations

SIZES = [
    LlamaConfig(50, 32, 24, 4, 2, 3, 40),
    LlamaConfig(31, 16, 18, 3, 1, 2, 20, rope_base=500.0, epsilon=1e-3),
    LlamaConfig(64, 40, 32, 2, 2, 1, 64),
    LlamaConfig(40, 12, 36, 9, 3, 2, 48, rope_base=100_000.0),
]


def reference(config: LlamaConfig) -> LlamaForCausalLM:
    """Return transformers' model of the same size."""
    return LlamaForCausalLM(their_config(config, attn_implementation="eager")).eval()


def pairs(ours: Llama, theirs: LlamaForCausalLM):
    """Yield a parameter of ours beside those of theirs that, row under row, are the same."""
    yield ours.token_embedding.weight, [theirs.model.embed_tokens.weight]
    yield ours.norm.scale, [theirs.model.norm.weight]
    for our, their in zip(ours.blocks, theirs.model.layers, strict=True):
        attention, mlp = their.self_attn, their.mlp
        yield our.norm_1.scale, [their.input_layernorm.weight]
        yield our.norm_2.scale, [their.post_attention_layernorm.weight]
        parts = attention.q_proj, attention.k_proj, attention.v_proj
        yield our.attention.qkv.weight, [part.weight for part in parts]
        yield our.attention.output.weight, [attention.o_proj.weight]
        yield our.feed_forward.gate_up.weight, [mlp.gate_proj.weight, mlp.up_proj.weight]
        yield our.feed_forward.output.weight, [mlp.down_proj.weight]


def drawn(config: LlamaConfig, seed: int = 0) -> Llama:
    """Return a model with random weights, large enough that all of them matter."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Llama(config).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("config", SIZES)
def test_outputs_and_gradients_are_those_of_transformers(config):
    ours, theirs = drawn(config), reference(config)
    with torch.no_grad():
        for our, parts in pairs(ours, theirs):
            for their, rows in zip(parts, our.split([len(part) for part in parts]), strict=True):
                their.copy_(rows)
    draw = torch.Generator().manual_seed(1)
    ids = torch.randint(config.vocab_size, (3, config.context_length), generator=draw)
    logits = [ours(ids), theirs(ids).logits]
    for found in logits:
        F.cross_entropy(found[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-5)
    for our, parts in pairs(ours, theirs):
        theirs_grad = torch.cat([part.grad for part in parts])
        torch.testing.assert_close(our.grad, theirs_grad, atol=1e-5, rtol=1e-4)


def test_norm_by_hand():
    norm = RMSNorm(2, epsilon=0.0)
    assert norm(torch.tensor([3.0, 4.0])).tolist() == pytest.approx([0.848528, 1.131371], abs=1e-5)
    norm.scale.data = torch.tensor([2.0, -1.0])
    assert norm(torch.tensor([[5.0, 5.0]])).tolist() == [pytest.approx([2, -1])]


def test_rotation_by_hand():
    cosine, sine = rotations(3, 4, base=100.0)  # speeds 1 and 1/10
    turned = rotate(torch.tensor([1.0, 0.0, 0.0, 2.0]), cosine[2], sine[2])
    # (1, 0) turned by 2, and (0, 2) by 0.2
    assert turned.tolist() == pytest.approx([-0.416147, -0.397339, 0.909297, 1.960133], abs=1e-5)
    assert torch.equal(rotate(torch.ones(4), cosine[0], sine[0]), torch.ones(4))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 10_000))
@settings(deadline=None)
def test_scores_depend_on_distances_alone(i, j, shift, seed):
    cosine, sine = rotations(121, 8, base=1000.0)
    q, k = torch.randn(2, 8, generator=torch.Generator().manual_seed(seed))
    here = rotate(q, cosine[i], sine[i]) @ rotate(k, cosine[j], sine[j])
    there = [i + shift, j + shift]
    (c1, c2), (s1, s2) = cosine[there], sine[there]
    assert here == pytest.approx((rotate(q, c1, s1) @ rotate(k, c2, s2)).item(), abs=1e-3)


@given(st.sampled_from(SIZES), st.lists(st.integers(1, 5), min_size=1, max_size=4))
@settings(deadline=None, max_examples=30)
def test_cache_changes_nothing(config, lengths):
    model, total = drawn(config), min(sum(lengths), config.context_length)
    draw = torch.Generator().manual_seed(2)
    ids = torch.randint(config.vocab_size, (2, total), generator=draw)
    cache = KVCache(config, total, batch_size=2)
    with torch.no_grad():
        pieces = [model(part, cache) for part in ids.split(lengths[0], dim=1)]
        torch.testing.assert_close(torch.cat(pieces, 1), model(ids), atol=2e-5, rtol=1e-4)
    assert cache.used == total


def test_cache_forgets():
    model, ids = drawn(SIZES[0]), torch.arange(10)[None]
    cache = KVCache(SIZES[0], 10)
    with torch.no_grad():
        model(torch.tensor([[0, 1, 2, 40, 41, 42]]), cache)
        cache.used = 3
        torch.testing.assert_close(
            model(ids[:, 3:], cache), model(ids)[:, 3:], atol=2e-5, rtol=1e-4
        )


def test_no_future_token_changes_a_logit():
    model, ids = drawn(SIZES[3]), torch.arange(12)[None]
    other = ids.clone()
    other[0, 7:] = 3
    with torch.no_grad():
        assert torch.equal(model(ids)[0, :7], model(other)[0, :7])


def test_head_is_the_embedding():
    model = Llama(SIZES[0])
    assert model.head.weight is model.token_embedding.weight
    assert SIZES[0].d_head == 6


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"n_layers": 0}, "n_layers is 0"),
        ({"d_model": 20}, "multiple of 8"),
        ({"d_model": 0}, "d_model is 0"),
        ({"n_kv_heads": 3}, "divisor of n_heads = 4"),
    ],
)
def test_sizes_that_cannot_be(change, hint):
    sizes = dict(
        vocab_size=9, context_length=8, d_model=16, n_heads=4, n_kv_heads=2, n_layers=1, d_ff=8
    )
    with pytest.raises(ValueError, match=hint):
        LlamaConfig(**(sizes | change))


def test_texts_that_are_too_long():
    model = Llama(SIZES[3])
    with pytest.raises(ValueError, match="13 tokens: this model sees at most 12"):
        model(torch.zeros(1, 13, dtype=torch.long))
    with pytest.raises(ValueError, match="room for 4 tokens"):
        model(torch.zeros(1, 5, dtype=torch.long), KVCache(SIZES[3], 4))
