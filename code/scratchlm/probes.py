"""Questions to a trained model: what a prediction costs, what it rests on, what was written."""

import re
from collections.abc import Set

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.mlp import MLPConfig


def multiply_adds(config: MLPConfig) -> int:
    """Return how many products an `MLP` forms and adds up to predict one token.

    Each entry of a weight matrix is used once. The embeddings are looked up, and cost
    none; biases and activations are left out.
    """
    inputs = config.context_length * config.d_model  # T * C
    return inputs * config.d_ff + config.d_ff * config.vocab_size


@torch.no_grad()
def window_losses(model: nn.Module, contexts: Tensor, targets: Tensor) -> Tensor:
    """Return the surprisal (N,) in nats of each target (N,) after its context (N, T)."""
    model.eval()
    parts = zip(contexts.split(8192), targets.split(8192))  # all at once may not fit
    return torch.cat([F.cross_entropy(model(x), y, reduction="none") for x, y in parts])


def shuffle_place(contexts: Tensor, distance: int, generator: torch.Generator) -> Tensor:
    """Return contexts (N, T) whose tokens `distance` places before the target are dealt anew.

    Each window gets that one token from another window, so the tokens stay as frequent
    as they were and say nothing any more. ValueError unless 1 <= distance <= T.
    """
    N, T = contexts.shape
    if not 1 <= distance <= T:
        raise ValueError(f"The distance is {distance}: these windows hold 1 to {T}.")
    shuffled = contexts.clone()  # not in place: windows may share their memory
    order = torch.randperm(N, generator=generator)  # (N,)
    shuffled[:, T - distance] = contexts[order, T - distance]
    return shuffled


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case: runs of letters, apostrophes among them.

    >>> words_of("Is't so? Ay.")
    ["is't", 'so', 'ay']
    """
    return re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower())


def share_known(text: str, known: Set[str]) -> float:
    """Return the share of a text's words that are in `known`; ValueError without words."""
    words = words_of(text)
    if not words:
        raise ValueError(f"There is no word in {text[:20]!r}: give a longer text.")
    return sum(word in known for word in words) / len(words)
