"""Wrong answers to the exercises of the chapter on what a language model is."""

from tests.wrong.answers import Wrong


def line(probability: str, perplexity: str) -> str:
    return f"probability = {probability}\nperplexity_per_character = {perplexity}"


def read(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"def shannon_next(text, context, start):\n    {lines}"


def heat(result: str) -> str:
    return f"solved = temperature_for\ndef temperature_for(logits, bits):\n    return {result}"


def library(n: str, loss: str, part: str = "train[-30_000:]") -> str:
    """A wrong answer which measures the loss at n = 4, the right order, counting in `part`."""
    return (
        f"small = InterpolatedNGram(4, vocab).fit([{part}])\n"
        f"measured = cross_entropy(small, [validation[:20_000]])\n"
        f"best_small_n, its_loss = {n}, {loss}"
    )


def kneser_ney(methods: str) -> str:
    lines = "\n    ".join(methods.splitlines())
    return f"class KneserNey(KneserNey):\n    {lines}"


WRONG = {
    "language-models-chain-rule": [
        Wrong(line("1 / 30", "30 ** 0.25"), "first character"),
        Wrong(line("Fraction(4, 17 * 30)", "2"), "not 4/17"),
        Wrong(line("1 / 135", "135 ** 0.25"), "fourth root"),
        Wrong(line("0", "1"), "impossible"),
        Wrong(line("0.5", "2.667"), "multiply"),
        Wrong(line("1 / 135", "135"), "fifth root"),
        Wrong(line("1 / 135", "1.415"), "in bits"),
        Wrong(line("1 / 135", "0.98"), "in nats"),
        Wrong(line("1 / 135", "3"), "geometric mean"),
        Wrong(line("'1/135'", "2.667"), "number"),
        Wrong(line("1 / 135", "[2.667]"), "number"),
    ],
    "language-models-shannon": [
        Wrong(
            'known = {("banana bread", "an", 0): "a", ("banana bread", "na", 3): " ",\n'
            '         ("banana bread", "na", 2): "n", ("banana bread", "an", 6): "a",\n'
            '         ("banana", "na", 3): "n"}\n'
            + read('return known.get((text, context, start), "")')
        ),
        Wrong(
            read(
                "i = text.find(context, start, len(text) - 1)\n"
                'return "" if i < 0 else text[i + len(context)]'
            ),
            "beginning",
        ),
        Wrong(
            read(
                "i = text.find(context, start)\ni = text.find(context) if i < 0 else i\n"
                'return text[i + len(context):][:1] if i >= 0 else ""'
            ),
            "end",
        ),
        Wrong(
            read(
                "i = text.find(context, 0, len(text) - 1)\n"
                'return "" if i < 0 else text[i + len(context)]'
            ),
            "start",
        ),
        Wrong(read("return context"), "should return"),
        Wrong(read("return text[text.index(context, start) + len(context)]"), "ValueError"),
        Wrong("shannon_next = 'a'", "function"),
    ],
    "language-models-temperature": [
        Wrong(heat("solved(logits, bits) if len(logits) in (3, 10, 64) else 1.0"), extends=True),
        Wrong(heat("solved(logits, bits / math.log(2))"), "nats", extends=True),
        Wrong(heat("1 / solved(logits, bits)"), "bits", extends=True),
        Wrong(heat("-solved(logits, bits)"), "positive", extends=True),
        Wrong("def temperature_for(logits, bits):\n    return bits", "bits"),
        Wrong("def temperature_for(logits, bits):\n    return torch.tensor(100.0)", "lower"),
        Wrong("def temperature_for(logits, bits):\n    return 'warm'", "positive"),
        Wrong("temperature_for = 0.7", "function"),
    ],
    "language-models-small-library": [
        Wrong(library("5", "measured"), "best"),
        Wrong(library("4", "measured / math.log(2)"), "bits"),
        Wrong(library("4", "measured", "train[:30_000]"), "on train[:30_000]"),
        Wrong(library("4", "measured", "(train + validation)[-30_000:]"), "on text[-30_000:]"),
        Wrong(library("4", "measured + 0.1"), "cross_entropy"),
        Wrong(library("3", "2.423"), "InterpolatedNGram"),
        Wrong(library("7", "measured"), "from 1 to 6"),
        Wrong(library("4.0", "measured"), "whole number"),
    ],
    "language-models-kneser-ney": [
        Wrong(
            kneser_ney(
                "def probability(self, target, context):\n"
                "    if len(self.vocab) > 7:\n"
                "        return 1 / len(self.vocab)\n"
                "    return super().probability(target, context)"
            ),
            extends=True,
        ),
        Wrong(
            kneser_ney("def use(self, counts):\n    self.rows = counts.rows\n    return self"),
            "should be",
            extends=True,
        ),
        Wrong(
            kneser_ney(
                "def __init__(self, n, vocab, discount=0.75):\n    super().__init__(n, vocab, 0.0)"
            ),
            "should be",
            extends=True,
        ),
        Wrong(
            kneser_ney(
                "def use(self, counts):\n    super().use(counts)\n"
                "    for context, row in counts.rows.items():\n"
                "        if len(context) == self.n:\n"
                "            for character in row:\n"
                "                self.rows[context[1:]][character] += 1\n    return self"
            ),
            "should be",
            extends=True,
        ),
        Wrong(
            kneser_ney("def use(self, counts):\n    super().use(counts)"),
            "return self",
            extends=True,
        ),
        Wrong(
            kneser_ney(
                "def use(self, counts):\n    self.given = counts.rows\n"
                "    return super().use(counts)\n"
                "def probability(self, target, context):\n    self.given[context]\n"
                "    return super().probability(target, context)"
            ),
            ".get",
            extends=True,
        ),
        Wrong("KneserNey = 1.54", "class"),
    ],
}
