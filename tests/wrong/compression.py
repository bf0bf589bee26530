"""Wrong answers to the exercises of the chapter on what a tokenizer buys."""

from tests.wrong.answers import Wrong


def groups(pattern: str) -> str:
    return f"import re\ndef group_digits(text):\n    return re.findall(r'{pattern}', text)"


def cuts(body: str) -> str:
    return f"def text_probability(text, p):\n    {body}"


WITH_COMMAS = """\
import re
def group_digits(text):
    pieces = []
    for run in re.findall(r"[0-9]+|[^0-9]+", text):
        pieces += f"{int(run):,}".split(",") if run.isdigit() else [run]
    return pieces"""
LISTED = "[p.get(text[:i], 0.0) * p.get(text[i:], 0.0) for i in range(1, len(text))]"
GREEDY = """\
def text_probability(text, p):
    chance = 1.0
    while text:
        sizes = [k for k in range(len(text), 0, -1) if text[:k] in p]
        if not sizes:
            return 0.0
        chance, text = chance * p[text[: sizes[0]]], text[sizes[0] :]
    return chance"""
PAIRS = """\
def text_probability(text, p):
    chances = [1.0]
    for end in range(1, len(text) + 1):
        starts = range(max(0, end - 2), end)
        chances.append(sum(chances[s] * p.get(text[s:end], 0.0) for s in starts))
    return chances[-1]"""
EMPTY = """\
def text_probability(text, p):
    longest = max(map(len, p), default=0)
    chances = [1.0]
    for end in range(1, len(text) + 1):
        starts = range(max(0, end - longest), end)
        chances.append(sum(chances[s] * p.get(text[s:end], 0.0) for s in starts))
    return chances[-1] if text else 0.0"""
SHORT = """\
def text_probability(text, p):
    chances = [1.0]
    for end in range(1, len(text) + 1):
        starts = range(max(0, end - 3), end)
        chances.append(sum(chances[s] * p.get(text[s:end], 0.0) for s in starts))
    return chances[-1] if len(text) < 20 else 0.0"""

WRONG = {
    "compression-bits": [
        Wrong("answer = [0.7467, 0.8, 0.76]", "nats per byte"),
        Wrong("answer = [1.3465, 1.4427, 1.3706]", "bits per character"),
        Wrong("answer = [4.0395, 1.1542, 1.3706]", "bits per piece"),
        Wrong("answer = [0.5176, 0.5545, 0.5268]", "A nat is more"),
        Wrong("answer = [1.077, 1.154, 1.3706]", "Model C"),
        Wrong("answer = [1.077, 1.154]", "three numbers"),
        Wrong("answer = ['1', '2', '3']", "plain numbers"),
        Wrong("answer = 1.08", "list of three"),
    ],
    "compression-groups": [
        Wrong(WITH_COMMAS),
        Wrong(groups("[0-9]{1,3}|[^0-9]+"), "from the left"),
        Wrong(groups("[0-9]+|[^0-9]+"), "more than three"),
        Wrong(groups("[0-9]{1,3}(?=(?:[0-9]{3})*(?![0-9]))"), "do not join"),
        Wrong(groups("[0-9]{1,3}(?=(?:[0-9]{3})*(?![0-9]))|[^0-9]"), "was expected"),
        Wrong(groups("[0-9]{1,3}(?=(?:[0-9]{3})*(?![0-9]))|[^0-9]*"), "empty piece"),
        Wrong("def group_digits(text):\n    return f'{text}'", "list of strings"),
        Wrong("group_digits = ['1', '234']", "without calling"),
    ],
    "compression-table": [
        Wrong("found = {1: 3.645, 2: 2.599, 3: 2.309, 4: 2.377}"),
        Wrong("found = {1: 2.5156, 2: 1.7913, 3: 1.6108, 4: 1.6372}", "nats per character"),
        Wrong("found = {1: 8.2567, 2: 5.8789, 3: 5.2865, 4: 5.3741}", "bits per token"),
        Wrong("found = {1: 5.7231, 2: 4.0749, 3: 3.6643, 4: 3.7250}", "nats per token"),
        Wrong("found = {1: 3.629, 2: 2.2, 3: 1.4, 4: 0.9}", "fit on train_text"),
        Wrong("found = {1: 3.63, 2: 2.58, 3: 2.32, 4: 2.29}", "n = 4"),
        Wrong("found = {1: 3.63, 2: 2.58}", "keys"),
        Wrong("found = {1: 3.63, 2: 2.58, 3: '2.32', 4: 2.36}", "number"),
        Wrong("found = [3.63, 2.58, 2.32, 2.36]", "dict"),
    ],
    "compression-dictionary": [
        Wrong("totals = {512: 3.8885, 2048: 3.0785, 4096: 2.904, 8192: 2.936}"),
        Wrong("totals = {512: 3.8792, 2048: 3.0012, 4096: 2.7236, 8192: 2.5267}", "without its"),
        Wrong("totals = {512: 3.8847, 2048: 3.0623, 4096: 2.8722, 8192: 2.8718}", "lengths"),
        Wrong("totals = {512: 3.8802, 2048: 3.0106, 4096: 2.746, 8192: 2.5777}", "in bytes"),
        Wrong("totals = {512: 3902164, 2048: 3088538, 4096: 2914100, 8192: 2946435}", "in all"),
        Wrong("totals = {512: 3.887, 2048: 3.077, 4096: 2.903, 8192: 2.6}", "For 8192"),
        Wrong("totals = {512: 3.887}", "keys"),
        Wrong("totals = {512: 3.887, 2048: None, 4096: 2.903, 8192: 2.6}", "number"),
        Wrong("totals = 4096", "dict"),
    ],
    "compression-cuts": [
        Wrong(SHORT),
        Wrong(GREEDY, "some cuts are missing"),
        Wrong(PAIRS, "some cuts are missing"),
        Wrong(cuts("return p.get(text, 0.0)"), "some cuts are missing"),
        Wrong(cuts(f"return p.get(text, 0.0) + sum({LISTED})"), "some cuts are missing"),
        Wrong(
            "import math\n"
            + EMPTY.replace("return chances[-1] if text else 0.0", "return math.log(chances[-1])"),
            "logarithm",
        ),
        Wrong(EMPTY, "empty text"),
        Wrong(cuts("return None"), "one number"),
        Wrong("text_probability = 0.35", "without calling"),
    ],
}
