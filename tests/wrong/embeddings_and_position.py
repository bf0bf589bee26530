"""Wrong answers to the exercises of the chapter on embeddings and position."""

import math

from tests.wrong.answers import Wrong


def clock(*angles: float) -> str:
    return f"vector = {[round(f(x), 4) for x in angles for f in (math.sin, math.cos)]}"


def gradient(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        "solved = embedding_gradient\n"
        f"def embedding_gradient(ids, gradients, vocab_size):\n    {lines}"
    )


def distance(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        "def by_distance(positions):\n"
        "    products, T = positions @ positions.T, len(positions)\n"
        f"    {lines}"
    )


def rotate(result: str) -> str:
    return f"solved = rotate\ndef rotate(x, base=10_000.0):\n    return {result}"


def turned(places: str = "torch.arange(T)", halves: bool = False, speeds="frequencies(C, base)"):
    """A rotation from other places, of other pairs of columns, or at other speeds."""
    parts = "x[:, : C // 2], x[:, C // 2 :]" if halves else "x[:, ::2], x[:, 1::2]"
    laid = "torch.cat(pair, 1)" if halves else "torch.stack(pair, 2).flatten(1)"
    return f"""\
def rotate(x, base=10_000.0):
    T, C = x.shape
    angles = {places}[:, None] * {speeds}
    cos, sin = angles.cos().float(), angles.sin().float()
    a, b = {parts}
    pair = [a * cos - b * sin, a * sin + b * cos]
    return {laid}"""


def bases(*losses) -> str:
    return f"losses = {{{', '.join(f'{b}: {x}' for b, x in zip((10_000, 100, 4), losses))}}}"


TWICE_AT_MOST = """\
table = torch.zeros(vocab_size, gradients.shape[1])
table[ids] = gradients
for later in range(len(ids)):
    for earlier in range(later):
        if ids[earlier] == ids[later]:
            table[ids[later]] = gradients[earlier] + gradients[later]
return table"""
OVERWRITTEN = """\
table = torch.zeros(vocab_size, gradients.shape[1])
table[ids] = gradients
return table"""
AVERAGED = """\
times = torch.bincount(ids, minlength=vocab_size).clamp(min=1)
return solved(ids, gradients, vocab_size) / times[:, None]"""
IN_PLACE = """\
def rotate(x, base=10_000.0):
    T, C = x.shape
    angles = torch.arange(T)[:, None] * frequencies(C, base)
    a, b = x[:, ::2], x[:, 1::2]
    x[:, ::2] = a * angles.cos() - b * angles.sin()
    x[:, 1::2] = a * angles.sin() + b * angles.cos()
    return x"""
COSINES = """\
unit = positions / positions.norm(dim=1, keepdim=True)
return torch.stack([(unit @ unit.T).diagonal(k).mean() for k in range(T)])"""

WRONG = {
    "embeddings-and-position-clock": [
        Wrong(clock(math.radians(5), math.radians(0.5)), "radians"),
        Wrong("vector = [0.28, -0.96, 0.88, 0.48]", "sine first"),
        Wrong("vector = [-0.96, 0.48, 0.28, 0.88]", "take turns"),
        Wrong(clock(4, 0.4), "place 4"),
        Wrong(clock(6, 0.6), "place 6"),
        Wrong(clock(5, 0.05), "second turns"),
        Wrong("vector = [0, 0, 0, 0]", "rounded"),
        Wrong("vector = [-0.96, 0.28]", "four"),
        Wrong("vector = '0.14'", "four"),
        Wrong("vector = ['a', 'b', 'c', 'd']", "number"),
    ],
    "embeddings-and-position-gradient": [
        Wrong(gradient(TWICE_AT_MOST), extends=True),
        Wrong(gradient(OVERWRITTEN), "twice", extends=True),
        Wrong(gradient(AVERAGED), "average", extends=True),
        Wrong(gradient("return solved(ids, gradients, 4)"), "(V, C)", extends=True),
        Wrong(gradient("return gradients"), "(V, C)", extends=True),
        Wrong(gradient("return solved(ids, gradients, vocab_size) + 1"), "zeros", extends=True),
        Wrong(
            gradient("return solved(ids.flip(0), gradients, vocab_size)"),
            "where ids equals",
            extends=True,
        ),
        Wrong(gradient("return gradients.tolist()"), "tensor", extends=True),
        Wrong(gradient("return F.one_hot(ids, vocab_size).T @ gradients"), "whole numbers", True),
        Wrong(gradient("return solved(ids, gradients, vocab_size)[:, :2]"), "(6, 3)", extends=True),
        Wrong("embedding_gradient = 3", "function"),
    ],
    "embeddings-and-position-distance": [
        Wrong(
            distance("return torch.stack([products.diagonal(k).sum() / (6 - k) for k in range(T)])")
        ),
        Wrong(
            distance("return torch.stack([products.diagonal(k).sum() for k in range(T)])"), "mean"
        ),
        Wrong(
            distance("return torch.stack([products.diagonal(k).sum() / T for k in range(T)])"),
            "not by T",
        ),
        Wrong(
            distance(
                "means = torch.stack([products.diagonal(k).mean() for k in range(T)])\n"
                "return means / means[0]"
            ),
            "shares",
        ),
        Wrong(
            distance(
                "return torch.stack([(positions * positions.roll(-k, 0)).sum(1).mean() "
                "for k in range(T)])"
            ),
            "go round",
        ),
        Wrong(distance("return products[0]"), "place 0"),
        Wrong(distance(COSINES), "cosines"),
        Wrong(distance("return products"), "(T,)"),
        Wrong(distance("return torch.zeros(T)"), "distance 1"),
        Wrong(distance("return [1, 2]"), "(T,)"),
        Wrong("by_distance = 'x'", "function"),
    ],
    "embeddings-and-position-base": [
        Wrong(bases(2.9, 2.8, 2.7)),
        Wrong(bases(2.6, 2.6, 2.6), "smaller the base"),
        Wrong(bases(2.56, 2.64, 2.71), "smaller the base"),
        Wrong(bases(3.91, 3.82, 3.7), "nats"),
        Wrong(bases(2.65, 2.6, "'2.5'"), "give a number"),
        Wrong("losses = {100: 2.6}", "keys"),
        Wrong("losses = [2.6]", "keys"),
    ],
    "embeddings-and-position-rotate": [
        Wrong(turned(speeds="frequencies(C) * base / 10_000")),
        Wrong(turned(places="-torch.arange(T)"), "other way"),
        Wrong(turned(halves=True), "not as asked"),
        Wrong(turned(places="torch.arange(1, T + 1)"), "start at 0"),
        Wrong(turned(speeds="frequencies(C)"), "no effect"),
        Wrong(IN_PLACE, "keep a copy"),
        Wrong(rotate("x + sinusoidal_positions(*x.shape, base)"), "adds", extends=True),
        Wrong(rotate("x * sinusoidal_positions(*x.shape, base)"), "place 0", extends=True),
        Wrong(rotate("x * (1 + torch.arange(len(x))[:, None])"), "length", extends=True),
        Wrong(rotate("solved(x)[0]"), "(T, C)", extends=True),
        Wrong("rotate = 7", "function"),
    ],
}
