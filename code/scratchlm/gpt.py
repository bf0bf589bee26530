"""GPT, whole: embeddings, a stack of blocks, a last norm, and a head that shares the embedding."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scratchlm.transformer_block import Block, LayerNorm


@dataclass(frozen=True)
class GPTConfig:
    """The size of a GPT. ValueError for a size that cannot be built."""

    vocab_size: int  # V
    context_length: int  # most tokens that it sees at once
    d_model: int  # C, width of the residual stream
    n_heads: int  # H, heads in each block
    n_layers: int  # blocks
    d_ff: int = 0  # width within the feed-forward network; 0 means 4 · d_model
    dropout: float = 0.0
    bias: bool = True  # GPT-2 has biases
    fused: bool = True  # leave attention to PyTorch's kernel: same numbers

    def __post_init__(self):
        for name in ("vocab_size", "context_length", "d_model", "n_heads", "n_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give 1 or more.")
        C, H = self.d_model, self.n_heads
        if C % H:
            raise ValueError(f"{H} heads cannot share d_model = {C}: give a divisor.")
        if self.d_ff == 0:
            object.__setattr__(self, "d_ff", 4 * C)  # the way past `frozen`


class GPT(nn.Module):
    """A decoder-only transformer: ids (B, T) to logits (B, T, V).

    Radford et al. (2019).
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token_embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.position_embedding = nn.Embedding(config.context_length, config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        sizes = (config.d_model, config.n_heads, config.d_ff)
        options = (config.dropout, config.bias, config.fused)
        blocks = [Block(*sizes, *options) for _ in range(config.n_layers)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = LayerNorm(config.d_model)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.head.weight = self.token_embedding.weight  # tied: one table, two jobs
        initialise(self)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (B, T, V) of the token after each of ids (B, T)."""
        length, most = ids.shape[-1], self.config.context_length
        if length > most:
            raise ValueError(f"Got {length} tokens: this model sees at most {most}.")
        places = torch.arange(length, device=ids.device)  # (T,)
        x = self.token_embedding(ids) + self.position_embedding(places)  # (B, T, C)
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x)  # (B, T, C)
        return self.head(self.norm(x))  # (B, T, V)


def initialise(model: GPT) -> None:
    """Draw a GPT's first weights, as GPT-2's were, from torch's global generator.

    Matrices are normal with deviation 0.02; those that write into the stream are
    divided by the root of their number, so that the stream does not grow with depth.
    Biases are 0, and norms leave alone what they have normalised.
    Radford et al. (2019), section 2.3.
    """
    root = math.sqrt(2 * model.config.n_layers)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif parameter.dim() == 2:  # not the norms' scales and shifts
            writes = name.endswith("output.weight")
            nn.init.normal_(parameter, std=0.02 / root if writes else 0.02)


def count_parameters(config: GPTConfig) -> dict[str, int]:
    """Return how many numbers a GPT of this size learns, part by part.

    The head counts nothing: it is the token embedding once more.
    """
    V, C, L = config.vocab_size, config.d_model, config.n_layers
    attention = 4 * C * C + config.bias * 4 * C  # q, k, v; and the way out
    feed_forward = 2 * C * config.d_ff + config.bias * (config.d_ff + C)
    return {
        "token embedding": V * C,
        "position embedding": config.context_length * C,
        "attention": L * attention,
        "feed-forward": L * feed_forward,
        "norms": (2 * L + 1) * 2 * C,  # a scale and a shift each
    }


# The four sizes that Radford et al. (2019) trained.
GPT2_SIZES = {
    "GPT-2 124M": GPTConfig(50257, 1024, d_model=768, n_heads=12, n_layers=12),
    "GPT-2 355M": GPTConfig(50257, 1024, d_model=1024, n_heads=16, n_layers=24),
    "GPT-2 774M": GPTConfig(50257, 1024, d_model=1280, n_heads=20, n_layers=36),
    "GPT-2 1.5B": GPTConfig(50257, 1024, d_model=1600, n_heads=25, n_layers=48),
}
