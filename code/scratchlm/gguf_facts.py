"""What the facts of a GGUF file say: the size of a Llama-style model, and its tokenizer."""

from scratchlm.llama import LlamaConfig
from scratchlm.tokenizer import BPETokenizer
from scratchlm.tokenizer_files import stand_ins

SMOLLM_PATTERN = (
    r"'(?:s|t|re|ve|m|ll|d)"  # the endings of contractions, in lower case
    r"| ?\p{L}+"  # letters, with the space before them
    r"|\p{N}"  # digits one by one, without a space
    r"| ?[^\s\p{L}\p{N}]+"  # all other signs, with the space before them
    r"|\s+(?![^\s\p{N}])|\s+"  # whitespace, except a last blank that the next word takes
)


def llama_config(facts: dict) -> LlamaConfig:
    """Return the size of the model in a GGUF file; ValueError if it is none of our family."""
    if (family := facts.get("general.architecture")) != "llama":
        raise ValueError(f"The file holds a model of the kind {family!r}: Llama reads 'llama'.")
    sizes = {
        "context_length": "context_length",
        "d_model": "embedding_length",
        "n_heads": "attention.head_count",
        "n_kv_heads": "attention.head_count_kv",
        "n_layers": "block_count",
        "d_ff": "feed_forward_length",
        "rope_base": "rope.freq_base",
        "epsilon": "attention.layer_norm_rms_epsilon",
    }
    if missing := [fact for fact in sizes.values() if f"llama.{fact}" not in facts]:
        raise ValueError(f"The file does not state llama.{missing[0]}, a size of the model.")
    given = {name: facts[f"llama.{fact}"] for name, fact in sizes.items()}
    return LlamaConfig(vocab_size=len(facts["tokenizer.ggml.tokens"]), **given)


def read_tokenizer(facts: dict) -> BPETokenizer:
    """Return the tokenizer that a GGUF file describes.

    Bytes without a token, which occur in no common text, get ids behind the vocabulary.
    """
    if facts.get("tokenizer.ggml.pre") != "smollm":
        raise ValueError(
            f"The file's text is cut by {facts.get('tokenizer.ggml.pre')!r}, not 'smollm'."
        )
    names, kinds = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    byte_of = stand_ins()
    ranks, specials = {}, {}
    for i, (name, kind) in enumerate(zip(names, kinds)):
        if kind == 3:  # one that controls
            specials[name] = i
        else:
            ranks[bytes(map(byte_of.get, name))] = i
    lacking = [bytes([b]) for b in range(256) if bytes([b]) not in ranks]
    ranks |= {byte: len(names) + i for i, byte in enumerate(lacking)}
    return BPETokenizer(ranks, SMOLLM_PATTERN, specials)
