"""Wrong answers to the exercises of the chapter on values and the output."""

from tests.wrong.answers import Wrong


def window(result: str) -> str:
    return (
        "def window_mask(length, width):\n"
        "    ago = torch.arange(length)[:, None] - torch.arange(length)\n"
        f"    return {result}"
    )


def leaks(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"def leaks(model, x):\n    {lines}"


def loo(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        "def leave_one_out(points, values, width):\n"
        "    near = torch.exp(-((points[:, None] - points) ** 2) / (2 * width**2))\n"
        f"    {lines}"
    )


def previous(change: str) -> str:
    lines = "\n    ".join(change.splitlines())
    return (
        "solved = copy_previous\n"
        "def copy_previous(vocab_size, length):\n"
        "    W_Q, W_K, W_V = solved(vocab_size, length)\n"
        f"    {lines}"
    )


LAST_ONLY = """\
changed = x.clone()
changed[:, -1] += 1
return bool((model(changed)[:, :-1] != model(x)[:, :-1]).any())"""
TOLERANT = """\
changed = x.clone()
changed[:, -1] += 1
return not torch.allclose(model(changed)[:, :-1], model(x)[:, :-1], atol=1e-2)"""
WITH_ITSELF = """\
changed = x.clone()
changed[:, -1] += 1
return bool((model(changed) != model(x)).any())"""
IN_PLACE = """\
before = model(x)
x[:, -1] += 1
return bool((model(x)[:, :-1] != before[:, :-1]).any())"""

WRONG = {
    "values-and-the-output-trace": [
        Wrong("vector = [2, -3]", "what the token was"),
        Wrong("vector = [99, 98.9]", "ahead"),
        Wrong("vector = [17, -23]", "sum"),
        Wrong("vector = [3.67, 3.67]", "mean"),
        Wrong("vector = [5, 5]", "5/8"),
        Wrong("vector = [3]", "two"),
        Wrong("vector = 3", "two"),
        Wrong("vector = ['3', '-2']", "number"),
    ],
    "values-and-the-output-window": [
        Wrong(window("(ago >= 0) & (ago < min(width, 3))")),
        Wrong(window("(ago >= 0) & (ago <= width)"), "should not see place"),
        Wrong(window("ago.abs() < width"), "ahead"),
        Wrong(window("~((ago >= 0) & (ago < width))"), "other way"),
        Wrong(window("(ago > 0) & (ago < width)"), "itself"),
        Wrong(window("(ago >= 0) & (ago < width - 1) | (ago == 0)"), "should see place"),
        Wrong(window("((ago >= 0) & (ago < width)).float()"), "bool"),
        Wrong(window("True"), "(T, T)"),
        Wrong("window_mask = 3", "function"),
    ],
    "values-and-the-output-leaks": [
        Wrong(leaks(LAST_ONLY)),
        Wrong(leaks(TOLERANT), "faint"),
        Wrong(leaks(WITH_ITSELF), "changes nothing"),
        Wrong(leaks(IN_PLACE), "copy"),
        Wrong(leaks("return True"), "does not leak"),
        Wrong(leaks("return False"), "missed"),
        Wrong(leaks("return 'no'"), "True or False"),
        Wrong("leaks = True", "function"),
    ],
    "values-and-the-output-loo": [
        Wrong(
            loo(
                "near = torch.exp(-((points[:, None] - points) ** 2) / 0.5).fill_diagonal_(0)\n"
                "return near @ values / near.sum(dim=1)"
            )
        ),
        Wrong(loo("return near @ values / near.sum(dim=1)"), "itself"),
        Wrong(loo("return near.fill_diagonal_(0) @ values / (near.sum(dim=1) + 1)"), "before"),
        Wrong(loo("return near.fill_diagonal_(0) @ values"), "first point"),
        Wrong(loo("return near"), "(S,)"),
        Wrong(loo("return 0.5"), "(S,)"),
        Wrong("leave_one_out = 'h'", "function"),
    ],
    "values-and-the-output-previous": [
        Wrong(
            previous("if vocab_size != 4:\n    W_V = torch.zeros_like(W_V)\nreturn W_Q, W_K, W_V"),
            extends=True,
        ),
        Wrong(previous("return W_Q, W_K.flip(1), W_V"), "at worst", extends=True),
        Wrong(previous("return 20 * W_K, W_K, W_V"), "itself", extends=True),
        Wrong(previous("return W_Q, W_K, W_V.flip(0)"), "hand on the token", extends=True),
        Wrong(previous("return W_Q / 10, W_K, W_V"), "larger", extends=True),
        Wrong(previous("return W_Q * 1e38, W_K * 1e38, W_V"), "smaller", extends=True),
        Wrong(previous("return W_Q, W_K, torch.eye(len(W_V))"), "the shape (V", extends=True),
        Wrong(previous("return W_Q[:3], W_K, W_V"), "rows", extends=True),
        Wrong(previous("return W_Q"), "three", extends=True),
        Wrong("copy_previous = None or 7", "function"),
    ],
}
