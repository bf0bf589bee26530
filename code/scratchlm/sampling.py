"""From scores to a choice: softmax, temperature, and cutting off the tail.

Every function takes the *logits* of one next token: a tensor (V,) of real scores whose softmax is
the distribution. The logarithm of a distribution is such a tensor; minus infinity means "never".
"""

import torch
from torch import Tensor


def sample(logits: Tensor, generator: torch.Generator | None = None) -> int:
    """Draw the index of one token from softmax(logits).

    Args: logits (V,), real or minus infinity; generator, for draws that can be repeated.
    Raises ValueError if nothing can be drawn: every logit is minus infinity, or one is not a number.
    """
    _check(logits)
    probabilities = torch.softmax(logits, dim=0)  # (V,)
    return int(torch.multinomial(probabilities, num_samples=1, generator=generator))


def apply_temperature(logits: Tensor, temperature: float) -> Tensor:
    """Return logits / temperature (V,): below 1 the favourites gain, above 1 the outsiders do.

    Temperature 0 is the limit: only the largest logit (the first, if several tie) survives.
    Raises ValueError for a negative temperature.
    """
    if not temperature >= 0:
        raise ValueError(f"The temperature is {temperature}: give a number that is 0 or more.")
    if temperature == 0:
        return top_k_filter(logits, k=1)
    return logits / temperature


def top_k_filter(logits: Tensor, k: int) -> Tensor:
    """Keep the k largest logits (V,) and set the others to minus infinity.

    Exactly k survive: among equals, those with the smaller index. Raises ValueError if k < 1.
    """
    if k < 1:
        raise ValueError(f"top-k got k = {k}: at least 1 token must be kept.")
    _check(logits)
    best = logits.argsort(descending=True, stable=True)[:k]  # (k,)
    filtered = torch.full_like(logits, -torch.inf)
    filtered[best] = logits[best]
    return filtered


def top_p_filter(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of most likely tokens whose probability reaches p; others to -inf.

    Also called nucleus sampling (Holtzman et al., 2020). The likeliest token always stays.
    Args: logits (V,); p between 0 (excluded) and 1. Raises ValueError for another p.
    """
    if not 0 < p <= 1:
        raise ValueError(f"top-p got p = {p}: give a number above 0 and at most 1.")
    _check(logits)
    order = logits.argsort(descending=True, stable=True)  # (V,)
    probabilities = torch.softmax(logits, dim=0)[order]  # (V,), from likely to unlikely
    before = probabilities.cumsum(dim=0) - probabilities  # what the likelier tokens already hold
    nucleus = order[before < p]
    filtered = torch.full_like(logits, -torch.inf)
    filtered[nucleus] = logits[nucleus]
    return filtered


def _check(logits: Tensor) -> None:
    if logits.ndim != 1:
        raise ValueError(
            f"The logits have shape {tuple(logits.shape)}: give those of one token, shape (V,)."
        )
    if logits.isnan().any() or logits.max() == -torch.inf or logits.max() == torch.inf:
        raise ValueError(
            "There is no distribution in these logits: at least one must be finite, the others "
            "finite or minus infinity. Did the model ever see this context?"
        )
