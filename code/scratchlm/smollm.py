"""SmolLM2-135M-Instruct, from its file: model, tokenizer, chat, and text as it is written.

    model, tokenizer = load_smollm2()
    for piece in reply(model, tokenizer, "What is the capital of France?"):
        print(piece, end="", flush=True)

Any Llama-style GGUF file with a byte-level tokenizer and blocks that `gguf_blocks` knows loads so.
"""

import codecs
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from scratchlm import data
from scratchlm.gguf_facts import llama_config, read_tokenizer
from scratchlm.gguf_file import GGUFFile
from scratchlm.llama import KVCache, Llama
from scratchlm.loading import fill, hollow
from scratchlm.tokenizer import BPETokenizer
from scratchlm.weight_files import refuse_pickle

GREETING = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def llama_places(model: Llama) -> dict[str, Tensor]:
    """Return where a GGUF file's tensors belong: its name → view of a parameter of `model`.

    What we keep as one matrix, for one product, comes as several: each has its rows.
    """
    places = {"token_embd.weight": model.token_embedding.weight}
    places["output_norm.weight"] = model.norm.scale
    width, narrow = model.config.d_model, model.config.n_kv_heads * model.config.d_head
    for i, block in enumerate(model.blocks):
        q, k, v = block.attention.qkv.weight.split([width, narrow, narrow])
        gate, up = block.feed_forward.gate_up.weight.chunk(2)
        layer = {
            "attn_norm": block.norm_1.scale,
            **{"attn_q": q, "attn_k": k, "attn_v": v},
            "attn_output": block.attention.output.weight,
            "ffn_norm": block.norm_2.scale,
            **{"ffn_gate": gate, "ffn_up": up},
            "ffn_down": block.feed_forward.output.weight,
        }
        places |= {f"blk.{i}.{name}.weight": place for name, place in layer.items()}
    return places


def unpermute(rows: Tensor, d_head: int) -> Tensor:
    """Bring the rows (heads · D, C) of queries or keys from a GGUF file into our order.

    There the two rows of a pair that turns stand side by side; here they are D/2 apart.
    """
    pairs = rows.unflatten(0, (-1, d_head // 2, 2))  # (heads, D/2, 2, C)
    return pairs.transpose(1, 2).flatten(0, 2)


def weights_of(file: GGUFFile, name: str) -> Tensor:
    """Return a tensor of a file, decoded, with the rows of queries and keys in our order."""
    turned = name.endswith(("attn_q.weight", "attn_k.weight"))
    d_head = file.facts["llama.embedding_length"] // file.facts["llama.attention.head_count"]
    return unpermute(file.read(name), d_head) if turned else file.read(name)


def load_smollm2(path: str | Path | None = None) -> tuple[Llama, BPETokenizer]:
    """Return model and tokenizer from a GGUF file, by default SmolLM2-135M-Instruct.

    ValueError, in one sentence, for a pickle, a damaged file, or another kind of model.
    """
    path = data.load("smollm2-135m-instruct") if path is None else path
    refuse_pickle(path)
    file = GGUFFile(path)
    model = hollow(Llama, llama_config(file.facts))
    shapes = {name: entry.shape for name, entry in file.tensors.items()}
    fill(model, llama_places(model), shapes, lambda name: weights_of(file, name))
    return model.eval(), read_tokenizer(file.facts)


def chat_ids(tokenizer: BPETokenizer, messages: Iterable[tuple[str, str]]) -> list[int]:
    """Return the ids of a conversation, (role, text) each, up to where the answer begins.

    A greeting by "system" is added where there is none. What a text says is never taken for
    a special token.
    """
    begin, end = tokenizer.specials["<|im_start|>"], tokenizer.specials["<|im_end|>"]
    messages = list(messages)
    if not messages or messages[0][0] != "system":
        messages.insert(0, ("system", GREETING))
    ids = []
    for role, text in messages:
        ids += [begin, *tokenizer.encode_ordinary(f"{role}\n{text}")]
        ids += [end, *tokenizer.encode_ordinary("\n")]
    return [*ids, begin, *tokenizer.encode_ordinary("assistant\n")]


@torch.inference_mode()
def continue_ids(
    model: Llama,
    ids: list[int],
    max_tokens: int,
    choose: Callable[[Tensor], Tensor] = torch.argmax,
    stop: Collection[int] = (),
) -> Iterator[int]:
    """Yield the ids that a model writes after `ids`, until one in `stop`, which is not yielded.

    The text is read once; after that each step reads one token, the cache has the others.
    """
    cache = KVCache(model.config, len(ids) + max_tokens)
    unread = torch.tensor([ids])  # (1, T)
    for _ in range(max_tokens):
        last = model.hidden(unread, cache)[:, -1]  # (1, C)
        token = int(choose(model.head(last)[0]))
        if token in stop:
            return
        yield token
        unread = torch.tensor([[token]])  # (1, 1)


def text_of(tokenizer: BPETokenizer, ids: Iterable[int]) -> Iterator[str]:
    """Yield the text of ids as it becomes complete: a character may be spread over several."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for i in ids:
        if piece := decoder.decode(tokenizer.decode_bytes([i])):
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest


def reply(
    model: Llama,
    tokenizer: BPETokenizer,
    question: str,
    max_tokens: int = 200,
    choose: Callable[[Tensor], Tensor] = torch.argmax,
) -> Iterator[str]:
    """Yield the model's answer to one question, piece by piece."""
    ids = chat_ids(tokenizer, [("user", question)])
    stop = {tokenizer.specials["<|im_end|>"]}
    return text_of(tokenizer, continue_ids(model, ids, max_tokens, choose, stop))
