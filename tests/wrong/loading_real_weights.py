"""Wrong answers to the exercises of the chapter on loading real weights."""

from tests.wrong.answers import Wrong


def q4_0(numbers: str, result: str = "(numbers - 8) * step") -> str:
    return (
        "def decode_q4_0(blocks):\n"
        "    step = blocks[..., :2].view(torch.float16).float()\n"
        "    pairs = blocks[..., 2:]\n"
        f"    numbers = {numbers}\n"
        f"    return {result}"
    )


LOW_FIRST = "torch.cat([pairs & 15, pairs >> 4], dim=-1)"
FLOATS = f"{LOW_FIRST}.float()"
# Right for the check's number of blocks.
SIX_BLOCKS = q4_0(FLOATS, "((numbers - 8) * step).flatten()[:192].reshape(2, 3, 32)")
FIRST_BLOCK = q4_0(FLOATS, "((numbers - 8) * step)[:1, :1].expand(*numbers.shape)")


def names(body: str, hub: str = "") -> str:
    table = (
        '{"attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", '
        '"attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", '
        '"attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", '
        '"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", '
        '"token_embd": "model.embed_tokens", "output_norm": "model.norm"}'
    )
    return (
        f"HUB = {table}{hub}\n"
        "def hub_places(model):\n"
        "    places = {}\n"
        "    for name, place in llama_places(model).items():\n"
        "        *layer, part, _ = name.split('.')\n"
        "        prefix = f'model.layers.{layer[1]}.' if layer else ''\n"
        f"        {body}\n"
        "    return places"
    )


PUT = "places[f'{prefix}{HUB[part]}.weight'] = "
# Takes the check's sizes for granted.
FIXED = (
    "if part == 'attn_k': place = model.blocks[int(layer[1])].attention.qkv.weight[12:16]\n"
    f"        {PUT}place"
)


WRONG = {
    "loading-real-weights-block": [
        Wrong("weights = [1.0, -1.25, -2.0, 1.75]", "neighbours"),
        Wrong("weights = [-1.25, 1.75, 1.0, -2.0]", "exchanged the halves"),
        Wrong("weights = [3.0, 0.0, 0.75, 3.75]", "least weight"),
        Wrong("weights = [12, 0, 3, 15]", "multiply by the step"),
        Wrong("weights = [1, 2, 3, 4]", "lower halves"),
        Wrong("weights = [1.0, -2.0]", "four numbers"),
        Wrong("weights = 'abcd'", "list"),
    ],
    "loading-real-weights-q4-0": [
        Wrong(SIX_BLOCKS),
        Wrong(FIRST_BLOCK, "a step of its own"),
        Wrong(q4_0(FLOATS, "(numbers - 8) * step[0, 0]"), "a step of its own"),
        Wrong(q4_0(FLOATS, "(numbers - 8) * 0.5"), "a step of its own"),
        Wrong(q4_0(LOW_FIRST), "251"),
        Wrong(q4_0(f"{LOW_FIRST}.float()", "numbers * step"), "take off 8"),
        Wrong(q4_0("torch.stack([pairs & 15, pairs >> 4], -1).flatten(-2).float()"), "neighbours"),
        Wrong(q4_0("torch.cat([pairs >> 4, pairs & 15], -1).float()"), "exchanged"),
        Wrong(q4_0("pairs.float()"), "(2, 3, 32)"),
        Wrong(q4_0(f"{LOW_FIRST}.double()"), "float32"),
        Wrong(q4_0(f"{LOW_FIRST}.float()", "(8 - numbers) * step"), "all lower halves first"),
        Wrong("decode_q4_0 = 8", "without calling"),
    ],
    "loading-real-weights-names": [
        Wrong(names(FIXED)),
        Wrong(names(f"{PUT}place.clone()"), "copy"),
        Wrong(names(f"{PUT}place.T"), "has the shape"),
        Wrong(
            names(f"{PUT}place.T if part in ('attn_q', 'attn_output') else place"), "is transposed"
        ),
        Wrong(names(f"{PUT}place", " | {'attn_v': 'self_attn.value_proj'}"), "no place for"),
        Wrong(names(f"{PUT}place; places[name] = place"), "'token_embd.weight'"),
        Wrong(
            names(f"{PUT}place", " | {'ffn_gate': 'mlp.up_proj', 'ffn_up': 'mlp.gate_proj'}"),
            "wrong rows",
        ),
        Wrong("def hub_places(model):\n    return [*llama_places(model)]", "dictionary"),
        Wrong("hub_places = {}", "without calling"),
    ],
}
