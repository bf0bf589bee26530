"""Checks of the exercises in the chapter on the whole GPT."""

import copy
from numbers import Real

import torch
import torch.nn.functional as F

from scratchlm.gpt import GPT, GPTConfig, count_parameters

GIANT = GPTConfig(50257, 2048, d_model=12288, n_heads=96, n_layers=96)


def gpt_giant(parameters) -> str | None:
    """The parameters of GPT-3."""
    if not isinstance(parameters, Real) or isinstance(parameters, bool):
        return "Give one number: how many parameters there are."
    if parameters == (right := sum(count_parameters(GIANT).values())):
        return None
    C, parts = GIANT.d_model, count_parameters(GIANT)
    blocks = 12 * GIANT.n_layers * C * C
    unbiased = right - GIANT.n_layers * (4 * C + GIANT.d_ff + C)
    for wrong, hint in [
        (blocks, "That is 12 L C² alone: add tables, biases and norms."),
        (right - parts["token embedding"], "The table of tokens is missing: V times C numbers."),
        (right + parts["token embedding"], "The head is tied: its table is already counted."),
        (right - parts["position embedding"], "The table of places is missing: 2,048 times C."),
        (right - parts["norms"], "The norms are missing: two a block and one at the end."),
        (right - 2 * C, "The last norm is missing: a scale and a shift of C numbers each."),
        (unbiased, "The biases are missing: of qkv, of expand and of both output layers."),
    ]:
        if parameters == wrong:
            return hint
    if abs(parameters - right) < 0.01 * right:
        return "That is close, but count exactly: an integer, down to the last bias."
    return "There are about 175 billion: check the width, 12,288, and the depth, 96."


def gpt_prefix(function) -> str | None:
    """A mask in which a prefix is read in both directions."""
    if not callable(function):
        return "Give the function prefix_mask itself, without calling it."
    for length, prefix in [(6, 3), (5, 0), (4, 4)]:
        found = function(length, prefix)
        if not isinstance(found, torch.Tensor) or tuple(found.shape) != (length, length):
            return "Return a tensor of shape (T, T)."
        if found.dtype != torch.bool:
            return f"The mask should be bool, and it is {found.dtype}: compare, or use .bool()."
        if problem := _prefix_problem(found, length, prefix):
            return problem
    return None


def _prefix_problem(found: torch.Tensor, length: int, prefix: int) -> str | None:
    """Say what is wrong with a mask, from the first wrong pair on."""
    t, s = torch.arange(length)[:, None], torch.arange(length)
    right = (s <= t) | (s < prefix) & (t < prefix)
    if torch.equal(found, right):
        return None
    if torch.equal(found, ~right):
        return "That is the other way round: True means that a token may look."
    if torch.equal(found, right.T):
        return "Rows and columns are swapped: a row is the token that looks."
    t, s = (found != right).nonzero()[0].tolist()
    seen = "should" if right[t, s] else "should not"
    return f"With a prefix of {prefix}, token {t} {seen} see token {s}."


def gpt_copies(function) -> str | None:
    """The mean probability of the token that was read."""
    if not callable(function):
        return "Give the function own_probability itself, without calling it."
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, ids = GPT(GPTConfig(13, 8, 16, 2, 2)), torch.randint(13, (3, 8))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
    with torch.no_grad():
        logits, found = model(ids), function(model, ids)
    if isinstance(found, torch.Tensor) and found.numel() == 1:
        found = found.item()
    if not isinstance(found, Real) or isinstance(found, bool):
        return f"Return one number; it returned {type(found).__name__}."
    right = logits.softmax(dim=-1).gather(-1, ids[..., None]).mean().item()
    if abs(found - right) < 1e-4:
        return None
    for wrong, hint in _other_means(logits, ids):
        if abs(found - wrong.item()) < 1e-4:
            return hint
    return f"For our model it is {right:.4f}, and yours says {found:.4f}."


def _other_means(logits: torch.Tensor, ids: torch.Tensor) -> list[tuple[torch.Tensor, str]]:
    """Return numbers that one may arrive at instead, each with a hint."""
    p = logits.softmax(dim=-1)  # (B, T, V)
    own, following = p.gather(-1, ids[..., None]), p[:, :-1].gather(-1, ids[:, 1:, None])
    return [
        (following.mean(), "That is the probability of the next token: take the one read there."),
        (own.log().mean(), "That is a logarithm: the probability itself is asked for."),
        (own.sum(), "That is the sum over all places: take the mean."),
        (own[:, -1].mean(), "That is the last place alone: take the mean over all of them."),
        (logits.gather(-1, ids[..., None]).mean(), "Those are logits: take their softmax first."),
        (p.max(dim=-1).values.mean(), "That is the likeliest token's: take the one read there."),
    ]


def gpt_deeper(function) -> str | None:
    """A model with one block more that gives the same logits and can learn."""
    if not callable(function):
        return "Give the function deepen itself, without calling it."
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, ids = GPT(GPTConfig(11, 6, 8, 2, 2)), torch.randint(11, (2, 7))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        before = copy.deepcopy(model.state_dict())
        deeper = function(model)
    if not isinstance(deeper, torch.nn.Module) or not hasattr(deeper, "blocks"):
        return "Return the deeper model, a GPT."
    after = model.state_dict()
    if set(after) != set(before) or any(not torch.equal(before[n], after[n]) for n in before):
        return "The model itself has changed: build a new one, and copy."
    if len(deeper.blocks) != 3:
        return f"A model of 2 blocks should become one of 3, and yours has {len(deeper.blocks)}."
    if getattr(deeper.config, "n_layers", None) != 3:
        return "Its config should say so, too: replace(model.config, n_layers=...)."
    return _deeper_problem(model, deeper, ids)


def _deeper_problem(model: GPT, deeper: GPT, ids: torch.Tensor) -> str | None:
    """Say whether the deeper model answers differently, or cannot learn."""
    with torch.no_grad():
        if not torch.allclose(model(ids[:, :-1]), deeper(ids[:, :-1]), atol=1e-5):
            return "It gives other logits: what the new block adds to the stream should be 0."
    if deeper.head.weight is not deeper.token_embedding.weight:
        return "The head is no longer tied to the table of tokens."
    deeper.zero_grad()
    logits = deeper(ids[:, :-1]).flatten(0, 1)
    F.cross_entropy(logits, ids[:, 1:].flatten()).backward()
    block = deeper.blocks[-1]
    for layer in (block.attention.output, block.feed_forward.output):
        if layer.weight.grad is None or not layer.weight.grad.abs().max() > 0:
            return (
                "The new block cannot learn: a matrix that writes gets no gradient, because what "
                "comes before it is zero as well."
            )
    return None
