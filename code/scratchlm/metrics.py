"""How well a model predicts: perplexity and bits per character, two ways to say a cross-entropy."""

import math


def perplexity(nats: float) -> float:
    """Return e^nats: how many equally likely characters would be as hard to guess."""
    return math.exp(nats)


def bits_per_character(nats_per_character: float) -> float:
    """Return the mean cost of a character in yes-or-no answers: nats / ln 2."""
    return nats_per_character / math.log(2)
