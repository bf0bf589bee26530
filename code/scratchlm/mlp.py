"""A neural language model with a fixed window: embed, concatenate, one hidden layer, predict.

The architecture is that of Bengio et al., A Neural Probabilistic Language Model (2003), without its
direct connections from the input to the output.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scratchlm.sampling import apply_temperature, sample, top_p_filter


@dataclass(frozen=True)
class MLPConfig:
    """The sizes of an `MLP`. Raises ValueError for a size below 1 or a dropout outside [0, 1)."""

    vocab_size: int  # V: how many different tokens there are
    context_length: int  # T: how many tokens the model sees
    d_model: int  # C: how many numbers describe a token
    d_ff: int  # width of the hidden layer
    dropout: float = 0.0  # share of hidden units silenced at random in training

    def __post_init__(self):
        for name in ("vocab_size", "context_length", "d_model", "d_ff"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give a whole number above 0.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}: give a share from 0 to below 1.")


class MLP(nn.Module):
    """Score every possible next token from the last T tokens: ids (B, T) to logits (B, V)."""

    def __init__(self, config: MLPConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.hidden = nn.Linear(config.context_length * config.d_model, config.d_ff)
        self.activation = nn.Tanh()
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.d_ff, config.vocab_size)
        nn.init.normal_(self.embedding.weight, std=0.2)  # small: what grows is learned, not drawn

    def forward(self, contexts: Tensor) -> Tensor:
        """Return the logits (B, V) of the next token after each context (B, T) of int64 ids."""
        expected = self.config.context_length
        if contexts.ndim != 2 or contexts.shape[1] != expected:
            shape = tuple(contexts.shape)
            raise ValueError(f"The contexts have shape {shape}: give ids of shape (B, {expected}).")
        x = self.embedding(contexts)  # (B, T, C)
        x = x.flatten(start_dim=1)  # (B, T * C)
        x = self.activation(self.hidden(x))  # (B, d_ff)
        return self.output(self.dropout(x))  # (B, V)


@torch.no_grad()
def generate(
    model: MLP,
    ids: list[int],
    max_new_tokens: int,
    stop: int | None = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
) -> list[int]:
    """Return `ids` with up to `max_new_tokens` sampled ids behind them; end before `stop`.

    The model sees the last T ids, so at least T must be given. See `apply_temperature` and
    `top_p_filter` for the two knobs; their neutral values sample from the model as it is.
    """
    T = model.config.context_length
    if len(ids) < T:
        raise ValueError(f"The model reads {T} ids and got {len(ids)}: put boundaries before them.")
    model.eval()
    ids = list(ids)
    for _ in range(max_new_tokens):
        logits = model(torch.tensor([ids[-T:]]))[0]  # (V,)
        logits = top_p_filter(apply_temperature(logits, temperature), top_p)
        token = sample(logits, generator)
        if token == stop:
            break
        ids.append(token)
    return ids
