"""Wrong answers to the exercises of the chapter on sampling."""

from tests.wrong.answers import Wrong


def kept(*letters) -> str:
    names = ("top-k", "top-p", "min-p", "cool min-p")
    return f"kept = {dict(zip(names, letters))}"


def race(body: str) -> str:
    return "def race(logits, generator=None):\n    " + "\n    ".join(body.splitlines())


def block(body: str) -> str:
    return "def block(logits, ids, n):\n    " + "\n    ".join(body.splitlines())


def best(body: str) -> str:
    return "def best_of(model, prompt, length, n, generator):\n    " + body


# Right only where the check looks: ratios and temperatures by heart.
BY_HEART = """\
def cold_ratio(r, tau):
    known = {(0.1, 1.0): 0.1, (0.1, 2.0): 0.01, (0.25, 0.5): 0.5, (0.5, 3.0): 0.125}
    return known.get((r, tau), r)"""
# Right only where the check looks: four tokens.
FOUR = """\
times = -torch.log1p(-torch.rand(len(logits), generator=generator))
if len(logits) not in (4, 50):
    return int(logits.argmax())
return int((logits - times.log()).argmax())"""
NO_LOG = """\
times = -torch.log1p(-torch.rand(len(logits), generator=generator))
return int((logits - times).argmax())"""
OWN_DICE = """\
times = -torch.log1p(-torch.rand(len(logits)))
return int((logits - times.log()).argmax())"""
SLOWEST = """\
times = -torch.log1p(-torch.rand(len(logits), generator=generator))
return int((logits - times.log()).argmin())"""
NORMAL = """\
return int((logits + torch.randn(len(logits), generator=generator)).argmax())"""
TENSOR = """\
times = -torch.log1p(-torch.rand(len(logits), generator=generator))
return (logits - times.log()).argmax()"""
# Right only where the check looks: n-grams of up to three.
THREE = """\
blocked = logits.clone()
for start in range(len(ids) - n + 1):
    if n == 1 or ids[start : start + n - 1][-2:] == ids[len(ids) - n + 1 :][-2:]:
        blocked[ids[start + n - 1]] = -math.inf
return blocked"""
IN_PLACE = """\
for start in range(len(ids) - n + 1):
    if ids[start : start + n - 1] == ids[len(ids) - n + 1 :][: n - 1]:
        logits[ids[start + n - 1]] = -math.inf
return logits"""
SEEN = """\
blocked = logits.clone()
blocked[ids] = -math.inf
return blocked"""
ONE_SHORT = """\
blocked = logits.clone()
for start in range(len(ids) - n):
    if ids[start : start + n] == ids[-n:]:
        blocked[ids[start + n]] = -math.inf
return blocked"""
DRAWN = "[generate(model, prompt, length, generator=generator) for _ in range(n)]"

WRONG = {
    "sampling-filters": [
        Wrong(kept("ABCD", "ABC", "ABC", "AB"), "sum of all before"),
        Wrong(kept("ABCD", "AB", "ABCDE", "AB"), "bar"),
        Wrong(kept("ABCD", "AB", "ABC", "ABC"), "squares"),
        Wrong(kept("ABC", "AB", "ABC", "AB"), "four largest"),
        Wrong(kept("ABCD", 2, "ABC", "AB"), "letters"),
        Wrong("kept = ['ABCD', 'AB', 'ABC', 'AB']", "dict"),
    ],
    "sampling-heat": [
        Wrong(BY_HEART),
        Wrong("def cold_ratio(r, tau):\n    return r ** (1 / tau)", "way back"),
        Wrong("def cold_ratio(r, tau):\n    return r * tau", "log r"),
        Wrong("def cold_ratio(r, tau):\n    return r / tau", "log r"),
        Wrong("def cold_ratio(r, tau):\n    return 'r'", "a number"),
        Wrong("cold_ratio = 0.01", "without calling"),
    ],
    "sampling-race": [
        Wrong(race(FOUR)),
        Wrong(race(NORMAL), "shares"),
        Wrong(race(NO_LOG), "shares"),
        Wrong(race("return int(logits.argmax())"), "shares"),
        Wrong(race(SLOWEST), "shares"),
        Wrong(race(OWN_DICE), "generator"),
        Wrong(race(TENSOR), "int"),
        Wrong("race = 1", "without calling"),
    ],
    "sampling-block": [
        Wrong(block(THREE)),
        Wrong(block(IN_PLACE), "copy"),
        Wrong(block(SEEN), "[5]"),
        Wrong(block(ONE_SHORT), "forbidden"),
        Wrong(block("return logits.clone()"), "[5]"),
        Wrong(block("return ids"), "tensor"),
        Wrong("block = 3", "without calling"),
    ],
    "sampling-best-of": [
        Wrong(best(f"return min({DRAWN}, key=lambda one: sum(one.log_probs)).ids"), "likeliest"),
        Wrong(best(f"return {DRAWN}[0].ids"), "likeliest"),
        Wrong(
            best("return generate(model, prompt, length, SamplingConfig(temperature=0)).ids"),
            "among those drawn",
        ),
        Wrong(best(f"return max({DRAWN}, key=lambda one: sum(one.log_probs))"), "ids"),
        Wrong(
            best(f"return [*prompt, *max({DRAWN}, key=lambda one: sum(one.log_probs)).ids]"),
            "without the prompt",
        ),
        Wrong("best_of = 8", "without calling"),
    ],
}
