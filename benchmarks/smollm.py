"""What the comparisons of writing share: SmolLM2-135M on both sides, a question, greedy choice.

PyTorch's default number of threads and the same float32 weights on both sides, 64 tokens after a
question of 37. The peer is `generate` of `transformers` as it comes, but for the end token, which
stops neither side.
"""

import torch
import transformers

from scratchlm.llama import Llama, LlamaConfig
from scratchlm.smollm import chat_ids, continue_ids, llama_places, load_smollm2

COUNT, UNIT = 64, "token"
PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
}

ids: list[int] = []


def load() -> Llama:
    """Return our model, and set the question, outside of any measurement."""
    global ids
    model, tokenizer = load_smollm2()
    ids = chat_ids(tokenizer, [("user", "Why is the sky blue?")])
    return model


def their_config(config: LlamaConfig, **options) -> transformers.LlamaConfig:
    """Return the size of one of our models in transformers' words."""
    return transformers.LlamaConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.d_model,
        intermediate_size=config.d_ff,
        num_hidden_layers=config.n_layers,
        num_attention_heads=config.n_heads,
        num_key_value_heads=config.n_kv_heads,
        max_position_embeddings=config.context_length,
        rms_norm_eps=config.epsilon,
        rope_parameters={"rope_type": "default", "rope_theta": config.rope_base},
        tie_word_embeddings=True,
        **options,
    )


def their_model(model: Llama) -> transformers.LlamaForCausalLM:
    """Return transformers' model with the weights of ours."""
    theirs = transformers.LlamaForCausalLM(their_config(model.config)).eval()
    theirs.generation_config.eos_token_id = None
    parameters = dict(theirs.named_parameters())
    for name, place in llama_places(model).items():
        *layer, part, _ = name.split(".")
        prefix = f"model.layers.{layer[1]}." if layer else ""
        parameters[f"{prefix}{PARTS[part]}.weight"].data.copy_(place)
    return theirs


def write(model: Llama) -> list[int]:
    return list(continue_ids(model, ids, COUNT))


def generate(theirs: transformers.LlamaForCausalLM) -> list[int]:
    found = theirs.generate(torch.tensor([ids]), max_new_tokens=COUNT, do_sample=False)
    return found[0, len(ids) :].tolist()


def agree(ours: list[int], peer: list[int]) -> None:
    """Stop if the two sides choose different tokens."""
    if ours != peer:
        raise RuntimeError("The two sides write different tokens.")
