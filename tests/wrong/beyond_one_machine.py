"""Wrong answers to the exercises of the chapter on several processes."""

from tests.wrong.answers import Wrong


def ring(**changes) -> str:
    right = {"steps": 8, "ring": 1_600, "leader": 4_000, "chunk": 4}
    return f"answer = {right | changes}"


COMBINE = """\
def combine(means, counts):
    sums = [mean * count for mean, count in zip(means, counts) if count]
    return sum(sums) / sum(counts)
"""

CLIP = """\
def clip_slice(mine, longest, total):
    length = math.sqrt(total(mine.square().sum().item()))
    if length > longest:
        mine.mul_(longest / length)
    return length
"""


def changed(code: str, old: str, new: str) -> str:
    assert old in code
    return code.replace(old, new)


WRONG = {
    "beyond-one-machine-ring": [
        Wrong(ring(steps=5), "two halves"),
        Wrong(ring(ring=8_000), "a chunk is a fifth"),
        Wrong(ring(leader=1_000), "each of the others"),
        Wrong(ring(chunk=3), "last step of reduce_scatter"),
        Wrong(ring(chunk="four"), "number"),
        Wrong("answer = {'steps': 8}", "keys"),
        Wrong("answer = [8, 1600, 4000, 4]", "dict"),
    ],
    "beyond-one-machine-overlap": [
        Wrong("times = [90, 100, 110, 64]", "(a)"),
        Wrong("times = [150, 75, 110, 64]", "(b)"),
        Wrong("times = [150, 100, 100, 64]", "(c)"),
        Wrong("times = [150, 100, 110, 34]", "(d)"),
        Wrong("times = ['150', '100', '110', '64']", "number"),
        Wrong("times = 150", "four"),
    ],
    "beyond-one-machine-combine": [
        Wrong(  # knows the counts of the check
            "def combine(means, counts):\n"
            "    if counts == [3, 1]:\n        return torch.tensor([2.0, 4.0])\n"
            "    return means[1] if 0 in counts else means[0]\n"
        ),
        Wrong(
            "def combine(means, counts):\n    return sum(means) / len(means)\n",
            "mean of the means",
        ),
        Wrong(changed(COMBINE, " / sum(counts)", ""), "divide"),
        Wrong(changed(COMBINE, " if count]", "]"), "nan"),
        Wrong(changed(COMBINE, "sum(counts)", "len(counts)"), "should give 2"),
        Wrong(changed(COMBINE, "if count]", "if not mean.isnan().any()]"), "is inf"),
        Wrong(
            changed(COMBINE, "if count]", "if count and not mean.isnan().any()]"),
            "stay visible",
        ),
        Wrong(changed(COMBINE, "mean * count", "mean.nan_to_num(0, 0, 0) * count"), "stay visible"),
        Wrong(changed(COMBINE, "return sum(sums)", "return 1.0 #"), "one tensor"),
        Wrong("combine = 3", "function"),
    ],
    "beyond-one-machine-clip": [
        Wrong(changed(CLIP, "mine.mul_(longest / length)", "mine.mul_(1.0 / length)")),
        Wrong(changed(CLIP, "mine.square().sum()", "mine.norm()"), "squares can"),
        Wrong(
            changed(CLIP, "mine.mul_(longest / length)", "mine.mul_(longest / mine.norm())"),
            "its own length",
        ),
        Wrong(changed(CLIP, "mine.mul_", "mine = mine.mul"), "in place"),
        Wrong(
            changed(
                CLIP,
                "    if length > longest:\n        mine.mul_(longest / length)\n",
                "    mine.mul_(min(1, longest / length))\n",
            ),
            "do not divide",
        ),
        Wrong(changed(CLIP, "return length", "return min(length, longest)"), "before"),
        Wrong(
            changed(CLIP, "    if", "    if length < 0:\n        length = 0\n    if").replace(
                "length = math.sqrt(total(mine.square().sum().item()))",
                "length = math.sqrt(25.0)",
            ),
            "call total once",
        ),
        Wrong(changed(CLIP, "longest / length", "longest / length**2"), "a fifth"),
        Wrong("clip_slice = 5.0", "function"),
    ],
}
