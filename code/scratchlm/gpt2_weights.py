"""GPT-2's checkpoint in the book's GPT: where each of its tensors belongs.

model = load_gpt2("model.safetensors")
"""

from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from scratchlm.gpt import GPT, GPTConfig
from scratchlm.loading import fill, hollow
from scratchlm.weight_files import check_whole, refuse_pickle

GPT2_SMALL = GPTConfig(50_257, context_length=1024, d_model=768, n_heads=12, n_layers=12)


def gpt2_places(model: GPT) -> dict[str, Tensor]:
    """Return where GPT-2's tensors belong: name in its file → view of a parameter of `model`.

    Its layers keep matrices as (inputs, outputs), ours as (outputs, inputs): hence the `.T`.
    """
    places = {"wte.weight": model.token_embedding.weight}
    places["wpe.weight"] = model.position_embedding.weight
    norms = {"ln_f": model.norm}
    for i, block in enumerate(model.blocks):
        norms |= {f"h.{i}.ln_1": block.norm_1, f"h.{i}.ln_2": block.norm_2}
        layers = {
            "attn.c_attn": block.attention.qkv,  # queries, keys, values side by side, as ours
            "attn.c_proj": block.attention.output,
            "mlp.c_fc": block.feed_forward.expand,
            "mlp.c_proj": block.feed_forward.output,
        }
        for name, layer in layers.items():
            places[f"h.{i}.{name}.weight"] = layer.weight.T
            places[f"h.{i}.{name}.bias"] = layer.bias
    for name, norm in norms.items():
        places |= {f"{name}.weight": norm.scale, f"{name}.bias": norm.shift}
    return places


def gpt2_names(names) -> dict[str, str]:
    """Return the tensors to load: name without the prefix `transformer.` → name in the file.

    Left out are the masks that old files keep, and a head, which is the embedding again.
    """
    masks = (".attn.bias", ".attn.masked_bias")
    return {
        name.removeprefix("transformer."): name
        for name in names
        if not name.endswith(masks) and name != "lm_head.weight"
    }


def load_gpt2(path: str | Path, config: GPTConfig = GPT2_SMALL) -> GPT:
    """Return a GPT with the weights of a safetensors file in GPT-2's layout.

    ValueError, in one sentence, for a pickle, a damaged file, or one that does not fit `config`.
    """
    refuse_pickle(path)
    check_whole(path)
    model = hollow(GPT, config)
    with safe_open(path, framework="pt") as file:
        names = gpt2_names(file.keys())
        shapes = {name: tuple(file.get_slice(long).get_shape()) for name, long in names.items()}
        fill(model, gpt2_places(model), shapes, lambda name: file.get_tensor(names[name]))
    return model.eval()
