"""Wrong answers to the exercises of the chapter on efficiency."""

from tests.wrong.answers import Wrong

ACCUMULATE = """\
def accumulate(model, pieces):
    count = sum((targets != -100).sum().item() for _, targets in pieces)
    total = 0.0
    for inputs, targets in pieces:
        logits = model(inputs).flatten(0, 1)
        loss = F.cross_entropy(logits, targets.flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total
"""
SEGMENTS = """\
def best_segments(n_layers, inside, edge):
    sizes = {k: math.ceil(n_layers / k) * edge + k * inside for k in range(1, n_layers + 1)}
    best = min(sizes, key=lambda k: (sizes[k], k))
    return best, sizes[best]
"""
CUBIC = """\
def cubic(matrix, rounds):
    x = matrix / matrix.norm()
    for _ in range(rounds):
        x = 1.5 * x - 0.5 * x @ x.T @ x
    return x
"""


def changed(code: str, old: str, new: str) -> str:
    assert old in code
    return code.replace(old, new)


def sixteen(**changes) -> str:
    right = {"a": 2048.0, "b": 1.0, "c": 0.0, "d": float("inf"), "e": 300.0} | changes
    return f"left = {right}".replace("inf", "float('inf')")


WRONG = {
    "efficiency-sixteen": [
        Wrong(sixteen(a=2049), "half way"),
        Wrong(sixteen(b=1.0078125), "even"),
        Wrong(sixteen(c=2e-8), "6e-8"),
        Wrong(sixteen(d=65504.0), "65,504"),
        Wrong(sixteen(e=302.0), "150"),
        Wrong(sixteen(e="300"), "number"),
        Wrong("left = [2048, 1, 0, 65504, 300]", "dict"),
    ],
    "efficiency-accumulate": [
        Wrong(
            changed(
                ACCUMULATE,
                "count = sum((targets != -100).sum().item() for _, targets in pieces)",
                "count = 12",
            )
        ),
        Wrong(changed(ACCUMULATE, ', reduction="sum") / count', ") / len(pieces)"), "means"),
        Wrong(changed(ACCUMULATE, ', reduction="sum") / count', ")"), "sum of the pieces"),
        Wrong(changed(ACCUMULATE, "(targets != -100).sum().item()", "targets.numel()"), "not that"),
        Wrong(changed(ACCUMULATE, "loss.backward()", "pass"), "no gradient"),
        Wrong(changed(ACCUMULATE, "total += loss.item()", "total += loss"), "Python number"),
        Wrong(changed(ACCUMULATE, "total += loss.item()", "total = loss.item()"), "should be"),
        Wrong(
            "def accumulate(model, pieces):\n"
            "    logits = torch.cat([model(inputs).flatten(0, 1) for inputs, _ in pieces])\n"
            "    targets = torch.cat([targets.flatten() for _, targets in pieces])\n"
            "    loss = F.cross_entropy(logits, targets)\n"
            "    loss.backward()\n"
            "    return loss.item()\n",
            "at once",
        ),
        Wrong(
            changed(
                ACCUMULATE,
                'targets.flatten(), reduction="sum") / count',
                "targets.flatten()) * (targets != -100).sum() / count",
            ),
            "padding alone",
        ),
        Wrong("accumulate = 4", "function"),
    ],
    "efficiency-segments": [
        Wrong(
            "def best_segments(n_layers, inside, edge):\n"
            "    return {12: (2, 32), 16: (4, 8), 4: (2, 12), 7: (7, 31)}[n_layers]\n"
        ),
        Wrong(changed(SEGMENTS, "(sizes[k], k)", "(sizes[k], -k)"), "smaller"),
        Wrong(changed(SEGMENTS, "math.ceil(n_layers / k)", "n_layers / k"), "should be"),
        Wrong(
            changed(SEGMENTS, "best = min(sizes, key=lambda k: (sizes[k], k))", "best = 1"),
            "better",
        ),
        Wrong(changed(SEGMENTS, "return best, sizes[best]", "return best"), "two numbers"),
        Wrong("best_segments = (4, 8)", "function"),
    ],
    "efficiency-cubic": [
        Wrong(
            changed(
                CUBIC,
                "x = matrix / matrix.norm()",
                "x = matrix / matrix.norm()\n    assert len(x) < 7",
            )
        ),
        Wrong(changed(CUBIC, "matrix / matrix.norm()", "matrix"), "divided by its norm"),
        Wrong(changed(CUBIC, "1.5 * x - 0.5", "2.0 * x - 1.0"), "1.5 s"),
        Wrong(changed(CUBIC, "x @ x.T @ x", "x**3"), "1.5 s"),
        Wrong(changed(CUBIC, "return x", "return x.T"), "same shape"),
        Wrong(changed(CUBIC, "range(rounds)", "range(min(rounds, 2))"), "30 rounds"),
        Wrong("cubic = 1.5", "function"),
    ],
}
