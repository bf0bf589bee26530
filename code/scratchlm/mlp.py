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
    """The sizes of an `MLP`. ValueError for a size below 1, dropout outside [0, 1)."""

    vocab_size: int  # V: how many different tokens there are
    context_length: int  # T: how many tokens the model sees
    d_model: int  # C: how many numbers describe a token
    d_ff: int  # width of the hidden (feed-forward) layer
    dropout: float = 0.0  # share of hidden units silenced at random in training

    def __post_init__(self):
        for name in ("vocab_size", "context_length", "d_model", "d_ff"):
            if (size := getattr(self, name)) < 1:
                raise ValueError(f"{name} is {size}: give a whole number above 0.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}: give a share below 1.")


class MLP(nn.Module):
    """Score every next token from the last T tokens: ids (B, T) to logits (B, V)."""

    def __init__(self, config: MLPConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.hidden = nn.Linear(config.context_length * config.d_model, config.d_ff)
        self.activation = nn.Tanh()
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.d_ff, config.vocab_size)
        nn.init.normal_(self.embedding.weight, std=0.2)  # what grows was learned

    def forward(self, contexts: Tensor) -> Tensor:
        """Return the logits (B, V) of what follows each context (B, T) of int64 ids."""
        T, shape = self.config.context_length, tuple(contexts.shape)
        if len(shape) != 2 or shape[1] != T:
            raise ValueError(f"The contexts have shape {shape}: give ids (B, {T}).")
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
    """Return `ids` with up to `max_new_tokens` sampled ids behind; end before `stop`.

    The model sees the last T ids, so at least T must be given. The two knobs are those
    of `apply_temperature` and `top_p_filter`; at 1 they change nothing.
    """
    T = model.config.context_length
    if len(ids) < T:
        raise ValueError(f"The model reads {T} ids and got {len(ids)}: give more.")
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
