"""Checks of the exercises in the chapter that reads Shakespeare with the names network."""

import math
from dataclasses import replace
from itertools import pairwise, product
from numbers import Real

import torch
from torch import nn

from scratchlm.mlp import MLPConfig

V, T, C, WIDTH = 64, 256, 16, 85
BYTES = {  # what a hundred coins take, if one goes about it in a wrong way
    100: "That is in bits: eight of them are a byte.",
    1: "That is the cost of one character: the text takes the sum of all.",
    9: "That is in nats, not bits: divide by ln 2 first.",
    8: "That is in nats, not bits: divide by ln 2 first.",
    12: "Twelve bytes hold 96 bits, and there are 100: round up.",
    12.5: "There are no half bytes: round up.",
}
HEATS = {1.0: (0.46, 387), 0.8: (0.6, 355), 0.6: (0.7, 299), 0.4: (0.81, 224)}  # about


def shakespeare_wider(parameters, products) -> str | None:
    """Parameters and multiply-adds of a network with a wider window."""
    for count in (parameters, products):
        if isinstance(count, bool) or not isinstance(count, Real) or count != int(count):
            return f"{count!r} is not a count: give two whole numbers, parameters and products."
    weights = T * C * WIDTH + WIDTH * V
    right = V * C + weights + WIDTH + V
    if (parameters, products) == (weights, right):
        return "These are the right two numbers in the other order: parameters first."
    if parameters in (right - WIDTH, right - V, right - WIDTH - V):
        return "Biases are missing: one for each hidden unit and one for each character."
    if parameters == right - V * C:
        return "The embedding table is missing from the parameters."
    if parameters != right:
        return f"{parameters:,} parameters are not right: the hidden layer has T · C inputs."
    biases, looked_up = (0, WIDTH, V, WIDTH + V), (0, T, T * C, V * C)
    if products - weights in {a + b for a, b in product(biases, looked_up)} - {0}:
        return "Not every parameter multiplies: embeddings are looked up, biases are added."
    if products == 3 * weights:
        return "That is a step of training; asked is one prediction."
    if products != weights:
        return f"{products:,} products are not right: count the entries of the two matrices."
    return None


def shakespeare_suitcase(function) -> str | None:
    """Bytes that an arithmetic coder needs for a text of given surprisals."""
    if not callable(function):
        return "Give the function compressed_bytes itself, without calling it."
    eighths = torch.full((100,), math.log(2))  # a hundred coins
    found = function(eighths)
    if isinstance(found, bool) or not isinstance(found, Real):
        return f"It returned {found!r}: give an int, as math.ceil does (torch.ceil gives a tensor)."
    if found in BYTES:
        return BYTES[found]
    if found != 13:
        return f"A hundred characters of one bit each take 13 bytes; it returned {found}."
    thirds = torch.full((798,), math.log(2) / 4)
    if (found := function(thirds)) != 25:
        return (
            f"798 characters of a quarter of a bit take 25 bytes; it returned {found}: round "
            "once, at the end."
        )
    if (found := function(torch.zeros(5))) != 0:
        return (
            f"Five characters that are certain take no bit, and no byte; it returned {found}: "
            "round up with math.ceil, which leaves whole numbers as they are."
        )
    return None


def shakespeare_mixture(function) -> str | None:
    """The loss of two models that vote."""
    if not callable(function):
        return "Give the function mixture_loss itself, without calling it."
    p, q = torch.tensor([0.5, 0.1, 0.25]), torch.tensor([0.1, 0.8, 0.25])
    given = network, table = -p.log(), -q.log()
    found = function(*given, 0.25)
    if not (torch.equal(network, -p.log()) and torch.equal(table, -q.log())):
        return "It changes the tensors that it is given: compute new ones instead."
    if not isinstance(found, (torch.Tensor, Real)) or getattr(found, "numel", lambda: 1)() != 1:
        return "The result should be one number, the mean over all characters."
    found, right = float(found), -(0.25 * p + 0.75 * q).log().mean().item()
    if hint := _wrong_mixture(found, p, q):
        return hint
    if not math.isclose(found, right, rel_tol=1e-4):
        return f"For three characters it returned {found:.4f}; it should be {right:.4f}."
    for weight, alone in ((0, table), (1, network)):
        try:
            found = float(function(network, table, weight))
        except (ValueError, ZeroDivisionError):
            return f"The weight was {weight}, and of 0 there is no logarithm: mix probabilities."
        if not math.isclose(found, alone.mean(), rel_tol=1e-4):
            return f"With a weight of {weight} it should be the loss of one of the two alone."
    return None


def _wrong_mixture(found: float, p: torch.Tensor, q: torch.Tensor) -> str | None:
    """Recognise the usual mistakes by the number that they give; p is the network's."""
    mixed = 0.25 * p + 0.75 * q
    for wrong, hint in [
        (-(0.25 * p.log() + 0.75 * q.log()).mean(), "Mix the probabilities, not the losses."),
        (-(0.75 * p + 0.25 * q).log().mean(), "The weight belongs to the network."),
        (-mixed.log().sum(), "That is the sum: take the mean."),
        (-mixed.log2().mean(), "That is in bits: take the natural logarithm."),
        (-mixed.mean().log(), "Take the logarithm first, then the mean."),
        (mixed.log().mean(), "The sign is wrong: a loss is minus a logarithm."),
    ]:
        if math.isclose(found, float(wrong), rel_tol=1e-4):
            return hint
    return None


def shakespeare_cold(pages) -> str | None:
    """Share of known words and number of different ones, at four temperatures."""
    if not isinstance(pages, dict) or set(pages) != set(HEATS):
        return f"Give a dict with the keys {list(HEATS)}."
    for tau, pair in pages.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not all(map(_number, pair)):
            return f"The value at {tau} should be a pair (share, number of different words)."
        if not 0 <= pair[0] <= 1:
            return f"The share at {tau} is {pair[0]}: give the share first, from 0 to 1."
        if not 5 <= pair[1] <= 1_500:
            return f"{pair[1]} different words at {tau}: count each word of the page once."
    shares, kinds = ([pages[tau][i] for tau in HEATS] for i in (0, 1))
    if not all(a < b for a, b in pairwise(shares)):
        return "The share of known words should rise as it gets colder: pass temperature on."
    if not all(a > b for a, b in pairwise(kinds)):
        return "The number of different words should fall as it gets colder: use set(...)."
    for tau, (share, different) in pages.items():
        usual, many = HEATS[tau]
        if abs(share - usual) > 0.1:
            return (
                f"{share:.0%} at {tau} is not this network's: use words_of, known, and no prompt."
            )
        if not 0.75 < different / many < 1.25:
            return f"{different} different words at {tau} do not fit 3,000 characters."
    return None


def _number(value) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def shakespeare_tree(module) -> str | None:
    """A network that joins neighbours two by two."""
    if not (isinstance(module, type) and issubclass(module, nn.Module)):
        return "Give the class Tree itself, a subclass of nn.Module."
    config = MLPConfig(vocab_size=11, context_length=8, d_model=6, d_ff=9)
    torch.manual_seed(0)
    tree = module(config).eval()
    contexts = torch.randint(11, (5, 8), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = tree(contexts)
    if tuple(logits.shape) != (5, 11):
        return f"Contexts (5, 8) gave {tuple(logits.shape)}; logits (5, 11) were expected."
    if torch.allclose(logits.sum(dim=1), torch.ones(5), atol=1e-4):
        return "It returns probabilities: return the logits, without a softmax."
    for length in (8, 2):
        found = sum(p.numel() for p in module(replace(config, context_length=length)).parameters())
        levels = length.bit_length() - 1
        right = 11 * 6 + (2 * 6 + 1) * 9 + (levels - 1) * (2 * 9 + 1) * 9 + (9 + 1) * 11
        if found != right:
            return (
                f"With a window of {length} it has {found} parameters where {right} were "
                f"expected: {levels} level(s), each with one layer that all pairs share, held "
                "in an nn.ModuleList."
            )
    return _problem_inside(tree, contexts)


def _problem_inside(tree: nn.Module, contexts: torch.Tensor) -> str | None:
    """Compare a tree over eight places with a plain computation from its own weights."""
    found = tree(contexts)
    found.square().sum().backward()
    for name, parameter in tree.named_parameters():
        if parameter.grad is None or not parameter.grad.any():
            return f"{name} gets no gradient, so it cannot learn: every level uses its own layer."
    table = [m for m in tree.modules() if isinstance(m, nn.Embedding)]
    layers = [m for m in tree.modules() if isinstance(m, nn.Linear)]
    layers.sort(key=lambda m: (m.out_features, m.in_features))  # levels first, then the output
    if len(table) != 1 or [m.in_features for m in layers] != [12, 18, 18, 9]:
        return "Use one nn.Embedding, one nn.Linear for each level, and one for the output."
    first, *middle, last = layers
    for hint, joins, bends in WAYS:
        for levels in ([first, *middle], [first, *middle[::-1]]):  # kept in any order
            root = _climb(table[0](contexts), levels, joins, bends)
            if torch.allclose(found, last(root), atol=1e-4):
                return hint
    return "Its logits are not those of a tree: neighbours, layer, tanh, until one vector is left."


def _climb(x: torch.Tensor, levels, joins, bends) -> torch.Tensor:
    """Return what (B, T, C) gives at the root (B, d_ff), joined and bent in some way."""
    for level, join, bend in zip(levels, joins, bends):
        x = bend(level(torch.cat(join(x), dim=2)))  # (B, T / 2, d_ff)
    return x[:, 0]


def _neighbours(x):
    return [x[:, ::2], x[:, 1::2]]


def _halves(x):
    return x.chunk(2, dim=1)


ONCE, TANH = [_neighbours] * 3, [torch.tanh] * 3
FAR = "Places are joined over a distance: neighbours are 0 and 1, 2 and 3, at every level."
WAYS = [  # what a tree does at its three levels, and what there is to say to it
    (None, ONCE, TANH),
    (FAR, [_halves] * 3, TANH),
    (FAR, [_neighbours, _halves, _halves], TANH),
    ("In each pair the earlier character comes first.", [lambda x: _neighbours(x)[::-1]] * 3, TANH),
    ("It leaves out the second of each pair: join both.", [lambda x: [x[:, ::2]] * 2] * 3, TANH),
    ("Without a tanh levels only add up: put one behind each.", ONCE, [torch.clone] * 3),
    ("Put a tanh behind the last level, too.", ONCE, [torch.tanh, torch.tanh, torch.clone]),
    ("Bend with a tanh, not with a ReLU.", ONCE, [torch.relu] * 3),
]
