"""A GPT for speed: the plain recipe's size, with parts that learn in fewer steps."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.llama import rotate, rotations


@dataclass(frozen=True)
class SwiftConfig:
    """The size of a SwiftGPT, and which of its parts are in. They are switched off to measure."""

    vocab_size: int  # V
    context_length: int  # most tokens that it sees at once
    d_model: int = 128  # C
    n_heads: int = 4  # H
    n_layers: int = 4
    look_back: int = 3  # tokens before its own that an embedding is mixed with
    even_keys: bool = True  # queries and keys normalised: QK-norm
    turned: bool = True  # places as rotations; otherwise a table of them
    squared: bool = True  # ReLU squared; otherwise GELU
    quiet: bool = True  # what writes into the stream starts at 0


def even(x: Tensor) -> Tensor:
    """Give features (…, C) mean 0 and variance 1, with nothing to learn."""
    return F.layer_norm(x, x.shape[-1:])


class SwiftAttention(nn.Module):
    """Causal heads whose queries and keys are normalised, then turned by their places."""

    def __init__(self, config: SwiftConfig):
        super().__init__()
        C, self.config = config.d_model, config
        self.qkv = nn.Linear(C, 3 * C, bias=False)
        self.output = nn.Linear(C, C, bias=False)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        """Return what to add to x (B, T, C); `turns` are cosines and sines (T, D)."""
        heads = self.qkv(x).unflatten(-1, (3 * self.config.n_heads, -1)).transpose(1, 2)
        q, k, v = heads.chunk(3, dim=1)  # (B, H, T, D) each
        if self.config.even_keys:
            q, k = even(q), even(k)
        if self.config.turned:
            q, k = rotate(q, *turns), rotate(k, *turns)
        found = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, H, T, D)
        return self.output(found.transpose(1, 2).flatten(-2))  # (B, T, C)


class SwiftBlock(nn.Module):
    """A pre-norm block without biases: (B, T, C) to (B, T, C)."""

    def __init__(self, config: SwiftConfig):
        super().__init__()
        C, self.squared = config.d_model, config.squared
        self.attention = SwiftAttention(config)
        self.expand = nn.Linear(C, 4 * C, bias=False)
        self.output = nn.Linear(4 * C, C, bias=False)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        """Return the stream x (B, T, C) with what attention read and the network wrote."""
        x = x + self.attention(even(x), turns)
        hidden = self.expand(even(x))  # (B, T, 4C)
        return x + self.output(F.relu(hidden).square() if self.squared else F.gelu(hidden))


class SwiftGPT(nn.Module):
    """A decoder-only transformer: ids (B, T) to logits (B, T, V)."""

    def __init__(self, config: SwiftConfig):
        super().__init__()
        self.config, C = config, config.d_model
        self.token_embedding = nn.Embedding(config.vocab_size, C)
        self.position_embedding = nn.Parameter(torch.zeros(config.context_length, C))
        self.before = nn.Parameter(torch.zeros(config.look_back, C))
        self.blocks = nn.ModuleList(SwiftBlock(config) for _ in range(config.n_layers))
        self.head = nn.Linear(C, config.vocab_size, bias=False)
        self.turns = rotations(config.context_length, C // config.n_heads, base=1_000.0)
        self.position_embedding.requires_grad = not config.turned
        self.initialise()

    def initialise(self) -> None:
        """Draw matrices that keep a vector's length, roughly; what is quiet starts at 0."""
        for name, parameter in self.named_parameters():
            if name.endswith("output.weight") and self.config.quiet:
                nn.init.zeros_(parameter)
            elif name.startswith("blocks"):
                nn.init.normal_(parameter, std=0.5 / math.sqrt(parameter.shape[1]))
        nn.init.normal_(self.token_embedding.weight, std=0.5)
        nn.init.normal_(self.head.weight, std=0.005)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the token after each of ids (B, T)."""
        length = ids.shape[-1]
        x = even(self.token_embedding(ids)) + self.position_embedding[:length]  # (B, T, C)
        earlier = x
        for share in self.before:
            earlier = F.pad(earlier, (0, 0, 1, -1))  # one token later; nothing before the first
            x = x + share * earlier
        turns = (self.turns[0][:length], self.turns[1][:length])
        for block in self.blocks:
            x = block(x, turns)
        return self.head(even(x))  # (B, T, V)
