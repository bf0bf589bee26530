"""Checks of the exercises in the chapter *What is a language model?*"""

import math
from collections import Counter, defaultdict

import torch

from scratchlm import data
from scratchlm.ngram import InterpolatedNGram, NGram, cross_entropy

CORPUS = "to be or not to be"
CHANGED = (
    "Your class changes the counts that use() is given, and other models share them: fill rows of "
    "your own, and look rows up with .get, since rows[h] adds an empty row."
)


def language_models_chain_rule(probability, perplexity_per_character) -> str | None:
    """P("or to") under the bigram counts of the corpus is 1/135, the perplexity 135^(1/5)."""
    answers = {"probability": probability, "perplexity": perplexity_per_character}
    for name, value in answers.items():
        if _number(value) is None:
            return f"The {name} should be a number, but it is {value!r}."
    p, per_character = map(_number, answers.values())
    mistakes = {
        1 / 30: "You left out the first character: it has no context, so it costs 4/18.",
        1 / 127.5: "The first factor is 4/18, not 4/17: how often 'o' stands among all 18 "
        "characters, not among the 17 pairs.",
        0: "None of the five steps is impossible: look again for 't' after the space in 'not to'.",
    }
    if not math.isclose(p, 1 / 135, rel_tol=1e-3):
        return _known(mistakes, p) or (
            f"The probability is not {p:.4g}: multiply P(o) P(r|o) P(space|r) P(t|space) P(o|t), "
            "each a fraction that you count in the corpus."
        )
    if not math.isclose(per_character, 135 ** (1 / 5), rel_tol=5e-3):
        return _wrong_perplexity(per_character)
    return None


def _wrong_perplexity(value: float) -> str:
    nats = math.log(135) / 5
    mistakes = {
        135: "135 is the perplexity of the whole text: per character, take its fifth root.",
        135 ** (1 / 4): "You took the fourth root of 135: five characters are predicted, the "
        "first one too.",
        nats: "That is the loss in nats per character: the perplexity is e to its power.",
        nats / math.log(2): "That is the loss in bits per character: the perplexity is 2 to its "
        "power.",
    }
    return _known(mistakes, value) or (
        "The probability is right, the perplexity is not: it is 1 over the geometric mean "
        "of the five factors."
    )


def language_models_shannon(shannon_next) -> str | None:
    """The character after the first place of a context at or after `start`, else from the top."""
    if not callable(shannon_next):
        return "Pass the function itself, without calling it: shannon_next, not shannon_next(...)."
    cases = [
        ("banana bread", "an", 0, "a", "the first place of the context"),
        ("banana bread", "na", 3, " ", "the first place at or after `start`"),
        ("banana bread", "na", 2, "n", "a context that stands exactly at `start`"),
        ("banana bread", "an", 6, "a", "going on from the beginning when the end is reached"),
        ("banana", "na", 3, "n", "a context at the very end, which nothing follows"),
        ("banana", "x", 0, "", "a context that does not occur"),
        ("abc", "c", 0, "", "a context that occurs only at the very end"),
    ]
    for text, context, start, expected, what in cases:
        try:
            answer = shannon_next(text, context, start)
            found = f"not {answer!r}"
        except Exception as error:
            answer, found = None, f"but it raises {type(error).__name__} ({error})"
        if answer != expected:
            return (
                f"shannon_next({text!r}, {context!r}, {start}) should return {expected!r}, "
                f"{found}: think of {what}."
            )
    return None


def language_models_temperature(temperature_for) -> str | None:
    """The temperature at which softmax(logits / temperature) has the entropy asked for."""
    if not callable(temperature_for):
        return "Pass the function itself, without calling it: temperature_for."
    generator = torch.Generator().manual_seed(1)
    for size, scale in [(3, 1.0), (10, 0.2), (64, 5.0)]:
        logits = scale * torch.randn(size, generator=generator, dtype=torch.float64)
        for share in (0.1, 0.5, 0.9):
            bits = share * math.log2(size)
            answer = temperature_for(logits, bits)
            temperature = _number(answer)
            if temperature is None or not temperature > 0:
                return f"The temperature should be a positive number, but it is {answer!r}."
            entropy = _entropy_in_bits(logits, temperature)
            if math.isclose(entropy * math.log(2), bits, abs_tol=2e-3):
                return "You work in nats: divide the entropy by ln 2 to have it in bits."
            if not math.isclose(entropy, bits, abs_tol=2e-3):
                return (
                    f"For {size} logits and {bits:.3f} bits your temperature {temperature:.4g} "
                    f"gives {entropy:.3f} bits: it should be "
                    f"{'higher' if entropy < bits else 'lower'}."
                )
    return None


def language_models_small_library(best_n, loss) -> str | None:
    """The best order and its validation loss with 30,000 characters of training text."""
    nats = _number(loss)
    if not isinstance(best_n, int) or nats is None:
        return f"Give the best n, a whole number, and its loss in nats, not {best_n!r}, {loss!r}."
    if best_n not in range(1, 7):
        return f"n goes from 1 to 6, and {best_n} does not lie there."
    train, validation = data.split_text(data.load("tiny-shakespeare"))
    losses = _small_losses(train[-30_000:], train, validation)
    right = min(losses, key=losses.get)
    if best_n != right:
        return (
            f"n = {best_n} is not the best: did you use InterpolatedNGram, train it on "
            "train[-30_000:] and measure on validation[:20_000]?"
        )
    if not math.isclose(nats, losses[right], abs_tol=0.005):
        return _wrong_small_loss(nats, right, losses[right])
    return None


def _wrong_small_loss(nats: float, n: int, expected: float) -> str:
    if math.isclose(nats * math.log(2), expected, abs_tol=0.005):
        return "The loss is right in bits: give it in nats, as cross_entropy returns it."
    train, validation = data.split_text(data.load("tiny-shakespeare"))
    others = {"train[:30_000]": train[:30_000], "text[-30_000:]": validation[-30_000:]}
    for name, part in others.items():
        if math.isclose(nats, _small_losses(part, train, validation, [n])[n], abs_tol=0.005):
            return f"You trained on {name}: take train[-30_000:], the end of the training text."
    return (
        f"n = {n} is right, but its loss is not {nats:.3f}: train on train[-30_000:] and "
        "measure with cross_entropy on validation[:20_000]."
    )


def language_models_kneser_ney(model_class) -> str | None:
    """Kneser-Ney probabilities on the little corpus, against counts made in another way."""
    if not isinstance(model_class, type):
        return "Pass the class itself, without calling it: KneserNey."
    vocab = " benort"
    untouched = NGram(4, vocab).fit([CORPUS]).rows
    for n, discount in [(1, 0.75), (2, 0.75), (3, 0.75), (3, 0.4)]:
        counts = NGram(4, vocab).fit([CORPUS])
        model = model_class(n, vocab, discount).use(counts)
        if not hasattr(model, "probability"):
            return "use(counts) should return the object itself: end it with `return self`."
        for context in ["", "o", "e", " b", "to", "xx", "not"]:
            row = [model.probability(c, context) for c in vocab]
            expected = [_kneser_ney(n, len(vocab), discount, c, context) for c in vocab]
            wrong = [i for i, (p, q) in enumerate(zip(row, expected)) if abs(p - q) > 1e-9]
            if wrong:
                i = wrong[0]
                return (
                    f"With n = {n} and D = {discount}, P({vocab[i]!r} | {context!r}) on "
                    f"{CORPUS!r} should be {expected[i]:.4f}, not {row[i]:.4f} (your row sums to "
                    f"{sum(row):.3f})."
                )
        if counts.rows != untouched:
            return CHANGED
    return None


def _number(value) -> float | None:
    """The value as a float, also of a Fraction or a tensor of one number; None if it is none."""
    if isinstance(value, str | bytes):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _known(mistakes: dict[float, str], value: float) -> str | None:
    """The sentence for the known mistake that leads to this value, if there is one."""
    for wrong, sentence in mistakes.items():
        if math.isclose(value, wrong, rel_tol=5e-3, abs_tol=1e-12):
            return sentence
    return None


def _small_losses(part: str, train: str, validation: str, orders=range(1, 7)) -> dict[int, float]:
    """The interpolated model's validation loss for every order, counted on `part`."""
    vocab = "".join(sorted(set(train + validation)))
    counts = NGram(max(orders), vocab).fit([part])
    return {
        n: cross_entropy(InterpolatedNGram(n, vocab).use(counts), [validation[:20_000]])
        for n in orders
    }


def _entropy_in_bits(logits: torch.Tensor, temperature: float) -> float:
    p = torch.softmax((logits - logits.max()) / temperature, dim=0)
    return float(torch.special.entr(p).sum()) / math.log(2)


def _kneser_ney(n: int, vocab_size: int, discount: float, target: str, context: str) -> float:
    """P(target | context) from the definition, its rows counted in the text at each call."""
    window = context[len(context) - (n - 1) :] if len(context) > n - 1 else context
    p = 1 / vocab_size
    for length in range(len(window) + 1):
        history = window[len(window) - length :]
        row = _row(history, full=length == n - 1)
        if not row:
            break
        kept = max(row[target] - discount, 0)
        p = (kept + discount * len(row) * p) / sum(row.values())
    return p


def _row(history: str, full: bool) -> Counter:
    """Count what follows `history`: every time if `full`, else once for each character before."""
    places = [i for i in range(len(CORPUS) - len(history)) if CORPUS.startswith(history, i)]
    if full:
        return Counter(CORPUS[i + len(history)] for i in places)
    before = defaultdict(set)
    for i in places:
        if i > 0:
            before[CORPUS[i + len(history)]].add(CORPUS[i - 1])
    return Counter({c: len(kinds) for c, kinds in before.items()})
