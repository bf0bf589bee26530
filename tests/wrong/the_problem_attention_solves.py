"""Wrong answers to the exercises of the chapter on the problem attention solves."""

from tests.wrong.answers import Wrong


def others(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"def others(x):\n    C, T = x.shape[-1], x.shape[-2]\n    {lines}"


def masked(scores: str, rest: str = "return w @ x, w") -> str:
    return others(
        f"scores = {scores}\n"
        "itself = torch.eye(T, dtype=torch.bool)\n"
        "w = scores.masked_fill(itself, -math.inf).softmax(-1)\n"
        f"{rest}"
    )


AFTERWARDS = """\
w = (x @ x.mT / math.sqrt(C)).softmax(-1) * (1 - torch.eye(T))
return w @ x, w"""
ZEROED = """\
scores = (x @ x.mT / math.sqrt(C)) * (1 - torch.eye(T))
w = scores.softmax(-1)
return w @ x, w"""
ALL_ONES = """\
scores = x @ x.mT / math.sqrt(C)
w = scores.masked_fill(torch.ones(T, T, dtype=torch.bool), -math.inf).softmax(-1)
return w @ x, w"""
SCALED = "x @ x.mT / math.sqrt(C)"
PAIRS = "{2: (0.5, 1.0), 4: (0.25, 1.0), 6: (0.17, 0.99)}"
ROUNDS = """\
spread, x = {{}}, X
for done in range(12):
    {0}
    if done in (0, 1, 2, 5, 10):
        spread[done] = {2}
    {1}"""
FAR = "torch.cdist(x, x).max().item()"
STEP = "x = (x @ x.T / 3**0.5).softmax(1) @ x"

WRONG = {
    "the-problem-attention-solves-river": [
        Wrong("output_river = (X @ X.T).softmax(dim=1)[1] @ X", "before the exponential"),
        Wrong("output_river = (X @ X.T / 3).softmax(dim=1)[1] @ X", "not by 3"),
        Wrong("output_river = (X @ X.T)[1] / 21 @ X", "exponentials"),
        Wrong("output_river = [1.75, 0.25, 1.0]", "average"),
        Wrong("output_river = [2.15, 1.69, -0.83]", "'bank'"),
        Wrong("output_river = [0.0, 0.0, 0.0]", "0.736"),
        Wrong("output_river = [2.73, 0.13]", "three"),
        Wrong("output_river = '2.73'", "three"),
        Wrong("output_river = ['a', 'b', 'c']", "number"),
    ],
    "the-problem-attention-solves-long": [
        Wrong("row = [6, 6, 6]", "no longer"),
        Wrong("row = [3, 3, 0]", "'river'"),
        Wrong("row = [4, 0.5, 1.5]", "'bank'"),
        Wrong("row = [4, 1.5, 0.5]", "'flooded'"),
        Wrong("row = 4", "three"),
        Wrong("row = [None, 1, 1]", "number"),
    ],
    "the-problem-attention-solves-others": [
        Wrong(masked("x @ x.mT / (2 if C == 4 else C)")),
        Wrong(others(AFTERWARDS), "before the softmax"),
        Wrong(others(ZEROED), "not zero"),
        Wrong(others(ALL_ONES), "nan"),
        Wrong(masked("x @ x.mT"), "root of C"),
        Wrong(masked("x @ x.mT / C"), "weight of"),
        Wrong(masked(SCALED, "return x, w"), "weights times x"),
        Wrong(masked(SCALED, "return w, w @ x"), "in this order"),
        Wrong(masked(SCALED, "return w @ x"), "pair"),
        Wrong(masked(SCALED, "return (w @ x).tolist(), w"), "two tensors"),
        Wrong(masked("x @ x.transpose(0, 1) / math.sqrt(C)"), "batch"),
        Wrong(
            masked(SCALED, "return (w @ x) if x.ndim == 2 else (w @ x) * 2, w"), "another result"
        ),
        Wrong("others = 3", "function"),
    ],
    "the-problem-attention-solves-guests": [
        Wrong("reached = {2: (1.0, 0.5), 4: (1.0, 0.25), 6: (1.0, 0.17)}", "swapped"),
        Wrong("reached = {2: (0.5, 1.0), 4: (0.25, 0.3), 6: (0.17, 0.2)}", "nearly all"),
        Wrong("reached = {2: (0.33, 1.0), 4: (0.33, 1.0), 6: (0.33, 1.0)}", "with 2 guests"),
        Wrong("reached = {2: (50, 100), 4: (25, 100), 6: (17, 99)}", "from 0 to 1"),
        Wrong("reached = {2: 1.0, 4: 1.0, 6: 1.0}", "pair"),
        Wrong("reached = {2: (0.5, 1.0)}", "keys"),
        Wrong("reached = [0.5, 1.0]", "keys"),
    ],
    "the-problem-attention-solves-rounds": [
        Wrong(ROUNDS.format(STEP, "", FAR), "one round ahead"),
        Wrong(
            ROUNDS.format("if done: x = (X @ X.T / 3**0.5).softmax(1) @ X", "", FAR),
            "round before",
        ),
        Wrong(ROUNDS.format("", STEP, "torch.cdist(x, x).mean().item()"), "largest distance"),
        Wrong(ROUNDS.format("", STEP.replace("3**0.5", "3"), FAR), "in between"),
        Wrong(ROUNDS.format("", STEP, "torch.cdist(x, x).max()"), ".item()"),
        Wrong("spread = {0: 4.9}", "keys"),
        Wrong("spread = [4.9]", "keys"),
    ],
}
