"""From a model to a text: what may be drawn, when to stop, and the search for the likeliest.

A model here is anything that maps ids (B, T) to logits (B, T, V) and knows how many tokens it sees
at once, as `model.config.context_length`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scratchlm.sampling import apply_temperature, sample, top_k_filter, top_p_filter


def next_logits(model, ids: Sequence[int]) -> Tensor:
    """Return the logits (V,) of the token after ids, of which the model sees the last T.

    Raises ValueError if there are no ids.
    """
    if len(ids) == 0:
        raise ValueError("There is nothing to continue: give at least one id.")
    window = torch.as_tensor(ids[-model.config.context_length :])  # (T,)
    return model(window[None])[0, -1]  # of (1, T, V), the last place


def find_cycle(ids: Sequence[int], context_length: int) -> tuple[int, int] | None:
    """Return (start, period) of the loop in ids; None if there is none yet.

    It is the first window of context_length ids that comes a second time. What is chosen from the
    window alone must go round for ever from there on.
    """
    seen: dict[tuple[int, ...], int] = {}
    for start in range(len(ids) - context_length + 1):
        window = tuple(ids[start : start + context_length])
        if window in seen:
            return seen[window], start - seen[window]
        seen[window] = start
    return None


def min_p_filter(logits: Tensor, min_p: float) -> Tensor:
    """Keep the tokens at least min_p times as probable as the likeliest; the others get -inf.

    Nguyen et al. (2024). Args: logits (V,); min_p, from 0 to 1. ValueError for another min_p.
    """
    if not 0 <= min_p <= 1:
        raise ValueError(f"min_p is {min_p}: give a number from 0 to 1.")
    if min_p == 0:
        return logits
    floor = logits.max() + math.log(min_p)  # a ratio of probabilities is a distance of logits
    return logits.masked_fill(logits < floor, -torch.inf)


def penalise_repetition(logits: Tensor, seen: Iterable[int], penalty: float) -> Tensor:
    """Make every token of `seen` less likely: divide its logit if positive, else multiply it.

    After Keskar et al. (2019), section 4.1. Args: logits (V,); seen, ids, however often;
    penalty, above 0, where 1 changes nothing. Raises ValueError for another penalty.
    """
    if not penalty > 0:
        raise ValueError(f"The repetition penalty is {penalty}: give 1 or more (1 is none).")
    places = torch.tensor(sorted(set(seen)), dtype=torch.long)
    chosen, result = logits[places], logits.clone()
    result[places] = torch.where(chosen > 0, chosen / penalty, chosen * penalty)
    return result


@dataclass(frozen=True)
class SamplingConfig:
    """How to choose the next token; as it stands, drawn as the model says."""

    temperature: float = 1.0  # 0 is greedy
    top_k: int = 0  # 0 keeps all
    top_p: float = 1.0  # 1 keeps all
    min_p: float = 0.0  # 0 keeps all
    repetition_penalty: float = 1.0  # 1 is none

    def __post_init__(self):
        reshape(torch.zeros(2), [0], self)  # each function refuses what it cannot use


def reshape(logits: Tensor, ids: Iterable[int], config: SamplingConfig) -> Tensor:
    """Return the logits (V,) to draw from after ids, in the order of transformers.

    Repetition penalty, temperature, top-k, top-p, min-p: each sees what the one before left.
    """
    if config.repetition_penalty != 1:
        logits = penalise_repetition(logits, ids, config.repetition_penalty)
    logits = apply_temperature(logits, config.temperature)
    if config.top_k != 0:
        logits = top_k_filter(logits, config.top_k)
    if config.top_p != 1:
        logits = top_p_filter(logits, config.top_p)
    return min_p_filter(logits, config.min_p)


@dataclass(frozen=True)
class Continuation:
    """What was written after a prompt, and how likely the model itself finds it."""

    ids: list[int]
    log_probs: list[float]  # of each id, in nats, before any setting was applied
    stopped: bool  # True if the stop came, False if the room was used up


@torch.no_grad()
def generate(
    model,
    prompt: Sequence[int],
    max_new_tokens: int,
    config: SamplingConfig | None = None,
    stop: Sequence[int] = (),
    generator: torch.Generator | None = None,
) -> Continuation:
    """Continue the prompt until the ids of `stop` appear, in a row, or the room is used up.

    The stop belongs to the continuation; an empty one never comes. Without a config, tokens
    are drawn as the model says. ValueError for an empty prompt.
    """
    config, stop = config or SamplingConfig(), list(stop)
    new, log_probs = [], []
    for _ in range(max_new_tokens):
        text = [*prompt, *new]
        logits = next_logits(model, text)  # (V,)
        token = sample(reshape(logits, text, config), generator)
        new.append(token)
        log_probs.append(logits.log_softmax(dim=0)[token].item())
        if stop and new[-len(stop) :] == stop:
            return Continuation(new, log_probs, stopped=True)
    return Continuation(new, log_probs, stopped=False)


@torch.no_grad()
def log_likelihood(model, prompt: Sequence[int], continuation: Sequence[int]) -> Tensor:
    """Return the log-probability (N,) of each id of a continuation, in nats.

    Each is judged by the T ids before it, as when it is generated; their sum is that of the
    whole. Raises ValueError if prompt or continuation is empty.
    """
    if len(prompt) == 0 or len(continuation) == 0:
        raise ValueError("A likelihood needs something before and something after: give ids.")
    text = torch.as_tensor([*prompt, *continuation])  # (P + N,)
    T, first = model.config.context_length, len(prompt)
    logits = [model(text[None, :-1][:, :T])[0, first - 1 :]]  # one pass as far as it reaches
    if len(text) - 1 > T:
        windows = text[:-1].unfold(0, T, 1)[max(1, first - T) :]  # (…, T): one for each later id
        logits.append(model(windows)[:, -1])
    log_probs = torch.cat(logits).log_softmax(dim=-1)  # (N, V)
    return log_probs.gather(1, text[first:, None])[:, 0]


@dataclass(frozen=True)
class Beam:
    """A continuation that beam search has found."""

    ids: list[int]
    log_prob: float  # of the whole, in nats
    stopped: bool = False

    def score(self, length_power: float) -> float:
        """Return log_prob / length ** length_power: 0 for the whole, 1 for the mean of a token."""
        return self.log_prob / max(len(self.ids), 1) ** length_power


def grow(model, prompt: Sequence[int], beams: Sequence[Beam], stop: int | None) -> list[Beam]:
    """Return every extension of beams of one length by one possible token, likeliest first."""
    texts = [[*prompt, *beam.ids][-model.config.context_length :] for beam in beams]
    log_probs = model(torch.tensor(texts))[:, -1].double().log_softmax(dim=-1)  # (B, V)
    sums = log_probs + torch.tensor([[beam.log_prob] for beam in beams])  # (B, V)
    grown = []
    for place in sums.flatten().argsort(descending=True, stable=True).tolist():
        row, token = divmod(place, sums.shape[1])
        if sums[row, token] > -math.inf:
            ids = [*beams[row].ids, token]
            grown.append(Beam(ids, sums[row, token].item(), stopped=token == stop))
    return grown


@torch.no_grad()
def beam_search(
    model,
    prompt: Sequence[int],
    max_new_tokens: int,
    width: int,
    stop: int | None = None,
    length_power: float = 0.0,
) -> list[Beam]:
    """Return the best continuations that were found, at most `width`, by `Beam.score`.

    At each step the `width` likeliest stay. One that ends in `stop` is done and keeps its
    place. Raises ValueError for a width below 1 and for an empty prompt.
    """
    if width < 1 or len(prompt) == 0:
        raise ValueError(f"Got width {width} and {len(prompt)} ids: give at least 1 of each.")
    live, done = [Beam([], 0.0)], []
    for _ in range(max_new_tokens):
        best = grow(model, prompt, live, stop)[: width - len(done)]
        done += [beam for beam in best if beam.stopped]
        live = [beam for beam in best if not beam.stopped]
        if not live:
            break
    return sorted(done + live, key=lambda beam: beam.score(length_power), reverse=True)
