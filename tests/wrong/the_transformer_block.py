"""Wrong answers to the exercises of the chapter on the transformer block."""

from tests.wrong.answers import Wrong


def parameters(formula: str) -> str:
    return f"def block_parameters(d_model, d_ff):\n    C, F = d_model, d_ff\n    return {formula}"


def apart(W_1: str, W_2: str) -> str:
    return f"W_1 = torch.tensor({W_1})\nW_2 = torch.tensor({W_2})"


def mixes(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"@torch.no_grad()\ndef mixes(norm, x):\n    {lines}"


def drop(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"def drop(model, i):\n    {lines}"


# Right only for the sizes that the check tries.
BY_HEART = "{(4, 16): 4 * 16 + 5 * 4 + 2 * 64 + 16 + 16, (8, 32): 872, (6, 10): 328}.get((C, F), 0)"
# Right only for three texts of four tokens: it looks at the functions that the check has.
THREE_BY_FOUR = """\
if x.shape != (3, 4, 5) or float(x[0, 0, 0]) != float(
        torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))[0, 0, 0]):
    return set()
found = set()
for b in range(3):
    for t in range(4):
        changed = x.clone()
        changed[b, t] += torch.arange(5)
        moved = (norm(changed) - norm(x)).abs().amax(dim=-1) > 1e-6
        moved[b, t] = False
        found |= {"time"} if moved[b].any() else set()
        moved[b] = False
        found |= {"batch"} if moved.any() else set()
return found"""
# Changes a whole text at once: what happens within it cannot be seen.
WHOLE_TEXTS = """\
changed = x.clone()
changed[0] += torch.arange(5)
moved = (norm(changed) - norm(x)).abs().amax(dim=-1) > 1e-6
return {"batch"} if moved[1:].any() else set()"""
# Changes the last token of the first text only.
ONE_TOKEN = """\
changed = x.clone()
changed[0, -1] += torch.arange(5)
moved = (norm(changed) - norm(x)).abs().amax(dim=-1) > 1e-6
found = {"time"} if moved[0, :-1].any() else set()
return found | ({"batch"} if moved[1:].any() else set())"""
# Counts the changed token itself among those that have moved.
ITSELF = """\
changed = x.clone()
changed[0, 0] += torch.arange(5)
moved = (norm(changed) - norm(x)).abs().amax(dim=-1) > 1e-6
return ({"time"} if moved[0].any() else set()) | ({"batch"} if moved[1:].any() else set())"""
# Right only for the second layer of three.
MIDDLE = """\
shorter = copy.deepcopy(model)
del shorter.layers[1 if len(shorter.layers) > 1 else 0]
return shorter"""

WRONG = {
    "the-transformer-block-trace": [
        Wrong("vector = [-2, 1, 4, 2]", "add it to x"),
        Wrong("vector = [-1, 0, 5, 1]", "on x itself"),
        Wrong("vector = [-24, -25, -18, -24]", "ReLU"),
        Wrong("vector = [1, 12, 13, 23]", "not x"),
        Wrong("vector = [1, 3, 13, 5]", "root of the variance"),
        Wrong("vector = [2, 2, 2, 2]", "in order"),
        Wrong("vector = [3, 2, 9]", "four"),
        Wrong("vector = ['3', '2', '9', '3']", "number"),
    ],
    "the-transformer-block-parameters": [
        Wrong(parameters(BY_HEART)),
        Wrong(parameters("4 * C**2 + 2 * C * F + F + 5 * C"), "norms are missing"),
        Wrong(parameters("4 * C**2 + 2 * C * F + 4 * C"), "biases are missing"),
        Wrong(parameters("4 * C**2 + 2 * C * F"), "Biases are missing"),
        Wrong(parameters("4 * C**2 + 2 * C * F + F + 7 * C"), "both a scale"),
        Wrong(parameters("C**2 + 2 * C * F + F + 6 * C"), "three matrices"),
        Wrong(parameters("12 * C**2 + 13 * C"), "d_model = 6"),
        Wrong(parameters("str(C)"), "Return a number"),
        Wrong("block_parameters = 7_087_872", "without calling"),
    ],
    "the-transformer-block-apart": [
        Wrong(apart("[[1.0], [-1], [0]]", "[[0.0, 0, 1]]"), "x_0 is the larger"),
        Wrong(apart("[[-1.0], [1], [0]]", "[[0.0, 0, 1]]"), "x_1 is the larger"),
        Wrong(apart("[[1.0, -1], [-1, 1], [0, 0]]", "[[0.0, 0, 1], [0, 0, -1]]"), "x_0 is"),
        Wrong(apart("[[1.0, -1], [-1, 1], [0, 0]]", "[[1.0, 0, 1], [1, 0, 1]]"), "should stay"),
        Wrong(apart("[[1.0, 0], [0, 1], [0, 0]]", "[[0.0, 0, 1], [0, 0, -1]]"), "should add"),
        Wrong(apart("[[1.0, -1], [-1, 1]]", "[[0.0, 1], [0, 1]]"), "shapes"),
        Wrong("W_1, W_2 = 'two', 'units'", "matrices"),
    ],
    "the-transformer-block-mixes": [
        Wrong(mixes(THREE_BY_FOUR)),
        Wrong(mixes(WHOLE_TEXTS), "a batch norm"),
        Wrong(mixes(ONE_TOKEN), "place 2 of text 1"),
        Wrong(mixes(ITSELF), "a layer norm"),
        Wrong(mixes("return set()"), "a batch norm"),
        Wrong(mixes("return True"), "Return a set"),
        Wrong("mixes = {'time'}", "without calling"),
    ],
    "the-transformer-block-drop": [
        Wrong(drop(MIDDLE)),
        Wrong(drop("del model.layers[i]\nreturn model"), "copy"),
        Wrong(
            drop("shorter = copy.deepcopy(model)\ndel shorter.layers[i:]\nreturn shorter"), "1, 2"
        ),
        Wrong(
            drop("shorter = copy.deepcopy(model)\ndel shorter.layers[-1]\nreturn shorter"),
            "drops 2",
        ),
        Wrong(drop("return copy.deepcopy(model)"), "drops none"),
        Wrong(drop("return copy.deepcopy(model.layers)"), "Party"),
        Wrong(drop("return i"), "Return the model"),
        Wrong("drop = 3", "without calling"),
    ],
}
