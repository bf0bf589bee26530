"""How well a model predicts: perplexity and bits per character, two ways to say a cross-entropy."""

import math


def perplexity(nats: float) -> float:
    """Return e^nats: how many equally likely characters would be as hard to guess."""
    return math.exp(nats)


def bits_per_character(nats: float) -> float:
    """Return nats / ln 2: the yes-or-no answers that one character costs on average."""
    return nats / math.log(2)
