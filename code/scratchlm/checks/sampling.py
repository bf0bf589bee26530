"""Checks of the exercises in the chapter on sampling."""

import math
from numbers import Real
from types import SimpleNamespace

import torch

from scratchlm.decoding import generate

KEPT = {"top-k": "ABCD", "top-p": "AB", "min-p": "ABC", "cool min-p": "AB"}
HINTS = {
    "top-k": "count the four largest.",
    "top-p": "a token stays if the sum of all before it is below 0.6.",
    "min-p": "the bar stands at 0.3 times the largest probability.",
    "cool min-p": "temperature 0.5 squares each token's ratio to A; then compare it with 0.3.",
}


def sampling_filters(answer) -> str | None:
    """Which of five tokens survive four filters."""
    if not isinstance(answer, dict) or set(answer) != set(KEPT):
        return f"Give a dict with the keys {', '.join(map(repr, KEPT))}."
    for name, right in KEPT.items():
        letters = answer[name]
        if not isinstance(letters, str) or set(letters.upper()) - set("ABCDE"):
            return f"For {name!r} give the letters of the survivors, such as 'ABC'."
        if set(letters.upper()) != set(right):
            return f"For {name!r} it is not {letters}: {HINTS[name]}"
    return None


def sampling_heat(function) -> str | None:
    """The ratio of min-p before the temperature that does what another does after it."""
    if not callable(function):
        return "Give the function cold_ratio itself, without calling it."
    for r, tau in [(0.1, 1.0), (0.1, 2.0), (0.25, 0.5), (0.5, 3.0)]:
        said = function(r, tau)
        if not isinstance(said, (Real, torch.Tensor)) or not math.isfinite(said):
            return f"For r = {r} and τ = {tau}, return a number."
        if abs(said - r**tau) > 1e-6:
            if abs(said - r ** (1 / tau)) < 1e-6:
                return "That is the way back: you have gone from before to after the temperature."
            return (
                f"For r = {r} and τ = {tau} it is not {said:.3g}: multiply the condition "
                "on the heated logits by τ and see what stands in the place of log r."
            )
    return None


def sampling_race(function) -> str | None:
    """A draw from a softmax without the softmax."""
    if not callable(function):
        return "Give the function race itself, without calling it."
    dice, n = torch.Generator().manual_seed(0), 2000
    for logits in ([1.0, 0.0, -1.0, 0.5], [1001.0, 1000.0, -math.inf, 1002.0]):
        z = torch.tensor(logits)
        drawn = [function(z.clone(), dice) for _ in range(n)]
        if not all(type(token) is int and 0 <= token < len(logits) for token in drawn):
            return "Return the index of the winner as an int, for logits of 1000 too."
        counts, p = torch.bincount(torch.tensor(drawn), minlength=len(logits)), z.softmax(dim=0)
        if counts[p == 0].any():
            return "A token with the logit minus infinity has won."
        if ((counts - n * p).abs() > 4.5 * (n * p * (1 - p)).sqrt() + 1).any():
            shares = ", ".join(f"{share:.2f}" for share in (counts / n).tolist())
            wanted = ", ".join(f"{share:.2f}" for share in p.tolist())
            return f"For logits {logits} the winners have the shares {shares}, not {wanted}."
    again = [function(torch.zeros(50), torch.Generator().manual_seed(3)) for _ in range(3)]
    if len(set(again)) > 1:
        return "The same generator gave different winners: draw from the one that is passed."
    return None


def _blocked(logits: torch.Tensor, ids: list[int], n: int) -> list[float]:
    runs = {tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)}
    tail = ids[len(ids) - n + 1 :] if n > 1 else []
    return [-math.inf if (*tail, i) in runs else z for i, z in enumerate(logits.tolist())]


def sampling_block(function) -> str | None:
    """Minus infinity for what would complete an n-gram of the text."""
    if not callable(function):
        return "Give the function block itself, without calling it."
    logits = torch.tensor([0.5, -1.0, 2.0, 1.0, 0.0, 3.0])
    for ids, n in [
        ([1, 2, 5, 1, 2], 3),
        ([1, 2, 5, 1, 2, 3, 1, 2], 3),
        ([0, 1, 0, 2, 0], 2),
        ([4, 4, 1], 1),
        ([1, 2, 3], 3),
        ([1], 3),
    ]:
        given = logits.clone()
        found = function(given, list(ids), n)
        if not isinstance(found, torch.Tensor) or found.shape != logits.shape:
            return "Return a tensor of logits, of the shape of those that were given."
        if not torch.equal(given, logits):
            return "The logits that were given have changed: work on a copy, logits.clone()."
        if (wanted := _blocked(logits, ids, n)) != found.tolist():
            names = [i for i, z in enumerate(wanted) if z == -math.inf]
            return f"For ids {ids} and n = {n}, the forbidden tokens are {names}, and no others."
    return None


def _tiny(ids: torch.Tensor) -> torch.Tensor:
    """Return the logits of a model that looks at the last of three tokens."""
    return torch.tensor([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.3, 0.3, 0.4]]).log()[ids]


_tiny.config = SimpleNamespace(context_length=5)


def sampling_best_of(function) -> str | None:
    """The likeliest of n texts that were drawn."""
    if not callable(function):
        return "Give the function best_of itself, without calling it."
    for length, n in [(6, 1), (6, 5), (4, 40)]:
        dice = torch.Generator().manual_seed(n)
        drawn = [generate(_tiny, [0], length, generator=dice) for _ in range(n)]
        sums = [sum(found.log_probs) for found in drawn]
        found = function(_tiny, [0], length, n, torch.Generator().manual_seed(n))
        if not isinstance(found, (list, tuple)) or len(found) != length:
            return f"Return the {length} ids of the best continuation, a list without the prompt."
        if list(found) not in [one.ids for one in drawn]:
            return "That text was not among those drawn: use generate as it is, n times, in a row."
        if list(found) != drawn[sums.index(max(sums))].ids:
            return f"Of {n} texts that is not the likeliest: compare the sums of their log_probs."
    return None
