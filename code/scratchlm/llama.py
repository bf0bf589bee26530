"""A Llama-style model: what changed since GPT-2, and a cache that makes writing fast.

Norms that only scale, places as rotations, a gated feed-forward network, fewer keys than queries,
and no biases: Touvron et al. (2023). The numbers are those of transformers' LlamaForCausalLM.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class LlamaConfig:
    """The size of a Llama-style model. ValueError for a size that cannot be built."""

    vocab_size: int  # V
    context_length: int  # most tokens that it sees at once
    d_model: int  # C, width of the residual stream
    n_heads: int  # H, heads that ask
    n_kv_heads: int  # heads that answer, each to n_heads / n_kv_heads of those that ask
    n_layers: int
    d_ff: int  # width within the feed-forward network
    rope_base: float = 10_000.0
    epsilon: float = 1e-5

    def __post_init__(self):
        for name in ("vocab_size", "context_length", "n_heads", "n_kv_heads", "n_layers", "d_ff"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give 1 or more.")
        if self.d_model < 1 or self.d_model % (2 * self.n_heads):
            raise ValueError(
                f"d_model is {self.d_model}: give a multiple of {2 * self.n_heads}, "
                f"an even number of columns for each of {self.n_heads} heads."
            )
        if self.n_heads % self.n_kv_heads:
            raise ValueError(
                f"n_kv_heads is {self.n_kv_heads}: give a divisor of n_heads = {self.n_heads}."
            )

    @property
    def d_head(self) -> int:
        """D, the width of a head."""
        return self.d_model // self.n_heads


class RMSNorm(nn.Module):
    """Divide every token's features by their root mean square, then a learned scale.

    Works on (…, C), each token alone. Zhang and Sennrich (2019).
    """

    def __init__(self, d_model: int, epsilon: float = 1e-5):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(d_model))
        self.epsilon = epsilon  # keeps the division away from 0

    def forward(self, x: Tensor) -> Tensor:
        """Return x (…, C) rescaled over its last dimension."""
        mean_square = x.square().mean(dim=-1, keepdim=True)  # (…, 1)
        return x * torch.rsqrt(mean_square + self.epsilon) * self.scale


def rotations(length: int, d_head: int, base: float) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (length, D) of the angles by which places turn a head's pairs.

    Column i is paired with column i + D/2; place t turns the pair by t / base^(2i/D).
    After Su et al. (2021), equation 15, which pairs neighbours.
    """
    speed = base ** -(torch.arange(0, d_head, 2).float() / d_head)  # (D/2,)
    angles = torch.arange(length).float()[:, None] * speed  # (length, D/2)
    angles = torch.cat([angles, angles], dim=-1)  # (length, D)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn each pair (x[i], x[i + D/2]) of x (…, T, D) by the angle of its place."""
    first, second = x.chunk(2, dim=-1)  # (…, T, D/2) each
    return x * cosine + torch.cat([-second, first], dim=-1) * sine


class KVCache:
    """The keys and values of the tokens that a model has read, layer by layer.

    Room for `length` tokens is set aside at once, so that no step copies the earlier ones.
    """

    def __init__(self, config: LlamaConfig, length: int, batch_size: int = 1):
        size = (config.n_layers, batch_size, config.n_kv_heads, length, config.d_head)
        self.keys, self.values = torch.zeros(size), torch.zeros(size)
        self.used = 0  # tokens read; the model moves it on when all of its layers have read

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keep a layer's new k and v (B, heads, T, D); return all (B, heads, S, D)."""
        end, room = self.used + k.shape[-2], self.keys.shape[-2]
        if end > room:
            raise ValueError(f"The cache has room for {room} tokens, and is to hold {end}.")
        self.keys[layer, :, :, self.used : end] = k
        self.values[layer, :, :, self.used : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class GroupedAttention(nn.Module):
    """Causal attention in which groups of heads share keys and values: (B, T, C) to (B, T, C).

    Queries and keys are turned by their places. Ainslie et al. (2023).
    """

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.n_heads, self.n_kv_heads = config.n_heads, config.n_kv_heads
        self.d_head, columns = config.d_head, config.n_heads + 2 * config.n_kv_heads
        self.qkv = nn.Linear(config.d_model, columns * self.d_head, bias=False)
        self.output = nn.Linear(config.d_model, config.d_model, bias=False)

    def forward(self, x: Tensor, turns, mask=None, cache=None, layer: int = 0) -> Tensor:
        """Return what to add to x (B, T, C).

        `turns` are cosines and sines (T, D); `mask` (T, S) is True where a token may look.
        """
        heads = self.qkv(x).unflatten(-1, (-1, self.d_head)).transpose(1, 2)  # (B, heads, T, D)
        asked = self.n_heads + self.n_kv_heads
        qk, v = heads[:, :asked], heads[:, asked:]
        q, k = rotate(qk, *turns).split([self.n_heads, self.n_kv_heads], dim=1)
        if cache is not None:
            k, v = cache.extend(layer, k, v)  # (B, H_kv, S, D)
        if q.shape[-2] == 1:  # a group's questions go together to the keys that they share
            q = q.unflatten(1, (self.n_kv_heads, -1)).flatten(2, 3)  # (B, H_kv, H / H_kv, D)
            found = F.scaled_dot_product_attention(q, k, v).flatten(1, 2)[:, :, None]
        else:
            found = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
        return self.output(found.transpose(1, 2).flatten(-2))  # (B, T, C)


class SwiGLU(nn.Module):
    """A feed-forward network with a gate: (B, T, C) to (B, T, C). Shazeer (2020)."""

    def __init__(self, d_model: int, d_ff: int):
        super().__init__()
        self.gate_up = nn.Linear(d_model, 2 * d_ff, bias=False)  # two matrices in one product
        self.output = nn.Linear(d_ff, d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what to add to x (B, T, C), of the same shape."""
        gate, up = self.gate_up(x).chunk(2, dim=-1)  # (B, T, d_ff) each
        return self.output(F.silu(gate) * up)


class LlamaBlock(nn.Module):
    """A pre-norm block like GPT's, made of other parts: (B, T, C) to (B, T, C)."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.norm_1 = RMSNorm(config.d_model, config.epsilon)
        self.attention = GroupedAttention(config)
        self.norm_2 = RMSNorm(config.d_model, config.epsilon)
        self.feed_forward = SwiGLU(config.d_model, config.d_ff)

    def forward(self, x: Tensor, turns, mask=None, cache=None, layer: int = 0) -> Tensor:
        """Return the stream x (B, T, C) with what attention read and the network wrote."""
        x = x + self.attention(self.norm_1(x), turns, mask, cache, layer)
        return x + self.feed_forward(self.norm_2(x))


class Llama(nn.Module):
    """A decoder-only transformer of the Llama family: ids (B, T) to logits (B, T, V)."""

    def __init__(self, config: LlamaConfig):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.blocks = nn.ModuleList(LlamaBlock(config) for _ in range(config.n_layers))
        self.norm = RMSNorm(config.d_model, config.epsilon)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.head.weight = self.token_embedding.weight  # tied: one table reads and writes tokens
        for parameter in self.parameters():
            if parameter.dim() == 2:  # not the norms' scales
                nn.init.normal_(parameter, std=0.02)

    def hidden(self, ids: Tensor, cache: KVCache | None = None) -> Tensor:
        """Return the normalised stream (B, T, C) at ids (B, T), which continue the cache's."""
        start = 0 if cache is None else cache.used
        end, most = start + ids.shape[-1], self.config.context_length
        if end > most:
            raise ValueError(f"Got {end} tokens: this model sees at most {most} at once.")
        turns = rotations(end, self.config.d_head, self.config.rope_base)  # (S, D) each
        turns = [part[start:].to(ids.device) for part in turns]  # (T, D) each
        mask = None  # one token may look at everything that came before
        if end - start > 1:
            mask = torch.ones(end - start, end, dtype=torch.bool, device=ids.device).tril(start)
        x = self.token_embedding(ids)  # (B, T, C)
        for layer, block in enumerate(self.blocks):
            x = block(x, turns, mask, cache, layer)
        if cache is not None:
            cache.used = end
        return self.norm(x)

    def forward(self, ids: Tensor, cache: KVCache | None = None) -> Tensor:
        """Return the logits (B, T, V) of the token after each of ids (B, T)."""
        return self.head(self.hidden(ids, cache))
