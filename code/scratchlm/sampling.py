"""From scores to a choice: softmax, temperature, and cutting off the tail.

Every function takes the *logits* of one next token: a tensor (V,) of real scores whose softmax is
the distribution. The logarithm of a distribution is such a tensor; minus infinity means "never".
"""

import torch
from torch import Tensor


def sample(logits: Tensor, generator: torch.Generator | None = None) -> int:
    """Draw the index of one token from softmax(logits).

    Args: logits (V,), finite or minus infinity; generator, for repeatable draws.
    Raises ValueError if they describe no distribution: all minus infinity, or NaN.
    """
    if logits.ndim != 1 or not logits.max().isfinite():
        raise ValueError(
            f"Nothing can be drawn from these logits of shape {tuple(logits.shape)}: "
            "give one row (V,), finite or minus infinity, at least one of them finite."
        )
    probabilities = torch.softmax(logits, dim=0)  # (V,)
    return int(torch.multinomial(probabilities, num_samples=1, generator=generator))


def top_k_filter(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits (V,) and set the others to minus infinity.

    Exactly k survive; of equals, the first. Raises ValueError if k < 1.
    """
    if k < 1:
        raise ValueError(f"k is {k}: at least 1 token must stay.")
    best = logits.argsort(descending=True, stable=True)[:k]  # (k,)
    filtered = torch.full_like(logits, -torch.inf)
    filtered[best] = logits[best]
    return filtered


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Return logits / temperature (V,): below 1 favourites gain, above 1 outsiders do.

    Temperature 0 is the limit: only the largest logit (of equals, the first) survives.
    Raises ValueError for a negative temperature.
    """
    if not temperature >= 0:
        raise ValueError(f"The temperature is {temperature}: give 0 or more.")
    if temperature == 0:
        return top_k_filter(logits, k=1)
    return logits / temperature


def top_p_filter(logits: Tensor, p: float) -> Tensor:
    """Keep the fewest tokens whose probabilities reach p; the others get minus infinity.

    Nucleus sampling (Holtzman et al., 2020). The likeliest token always stays.
    Args: logits (V,); p, above 0 and at most 1. Raises ValueError for another p.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}: give a number above 0 and at most 1.")
    order = logits.argsort(descending=True, stable=True)  # (V,), from likely to unlikely
    probabilities = torch.softmax(logits, dim=0)[order]  # (V,)
    held_before = probabilities.cumsum(dim=0) - probabilities  # by the likelier tokens
    nucleus = order[held_before < p]
    filtered = torch.full_like(logits, -torch.inf)
    filtered[nucleus] = logits[nucleus]
    return filtered
