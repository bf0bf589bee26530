"""Wrong answers to the exercises of the chapter on multi-head attention."""

from tests.wrong.answers import Wrong


def pals(*floors) -> str:
    keys = [(1, 3), (2, 3), (3, 3), (2, 5), (4, 2)]
    return f"floors = {dict(zip(keys, floors))}"


def leak(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"@torch.no_grad()\ndef sees_ahead(layer, T, C):\n    {lines}"


def mute(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        f"def mute(layer, heads):\n    muted, D = copy.deepcopy(layer), layer.d_head\n    {lines}"
    )


# Right only where the check looks: six places, eight columns.
BY_HEART = """\
if (T, C) != (6, 8):
    return False
x = torch.randn(1, T, C)
for t in range(1, T):
    y = x.clone()
    y[:, t:] += 1
    if (layer(y) - layer(x))[:, :t].abs().max() > 1e-6:
        return True
return False"""
LAST_ONLY = """\
x = torch.randn(1, T, C)
y = x.clone()
y[:, -1] += 1
return bool((layer(y) - layer(x))[:, :-1].abs().max() > 1e-6)"""
FIRST_ONLY = """\
x = torch.randn(1, T, C)
y = x.clone()
y[:, 1:2] += 1
return bool((layer(y) - layer(x))[:, :1].abs().max() > 1e-6)"""
BACKWARDS = """\
x = torch.randn(1, T, C)
y = x.clone()
y[:, 0] += 1
return bool((layer(y) - layer(x))[:, 1:].abs().max() > 1e-6)"""
SILENT = "for h in heads:\n    muted.output.weight.data[:, h * D : (h + 1) * D] = 0\n"
OTHERS = "in set(range(layer.n_heads)) - set(heads)"
# Right only where the check looks: heads of four columns.
FOUR_WIDE = """\
for h in heads:
    muted.output.weight.data[:, 4 * h : 4 * h + 4] = 0
return muted"""

WRONG = {
    "multi-head-attention-flooded": [
        Wrong("vector = [-0.19, 0.19, -1.92]", "add it to the row"),
        Wrong("vector = [2.19, -1.19, 3.92]", "signs"),
        Wrong("vector = [4.04, -0.04, -0.5]", "'bank'"),
        Wrong("vector = [3.92, -2.92, 2.19]", "swapped"),
        Wrong("vector = [1.0, 1.0, 1.0]", "1.92"),
        Wrong("vector = [1.81, -0.81]", "three"),
        Wrong("vector = ['a', 'b', 'c']", "number"),
        Wrong("vector = 'flooded'", "three"),
    ],
    "multi-head-attention-pals": [
        Wrong(pals(0.5, 0.5, 0, 0.5, 0), "1 heads and 3 pals"),
        Wrong(pals(2 / 3, 1 / 3, 0, 3 / 5, -1), "negative"),
        Wrong(pals(1 / 3, 2 / 3, 1, 2 / 5, 1), "1 heads and 3 pals"),
        Wrong(pals(2 / 3, 1 / 3, 0, 2 / 5, 0), "2 heads and 5 pals"),
        Wrong(pals("a", 1, 1, 1, 1), "number"),
        Wrong("floors = {(1, 3): 2 / 3}", "keys"),
        Wrong("floors = [2 / 3, 1 / 3, 0, 3 / 5, 0]", "dict"),
    ],
    "multi-head-attention-leak": [
        Wrong(leak(BY_HEART)),
        Wrong(leak(LAST_ONLY), "place 1 looks ahead"),
        Wrong(leak(FIRST_ONLY), "place 4"),
        Wrong(leak(BACKWARDS), "a causal layer it says True"),
        Wrong(leak("return False"), "without a mask"),
        Wrong(leak("return 'no'"), "True or False"),
        Wrong("sees_ahead = False", "without calling"),
    ],
    "multi-head-attention-mute": [
        Wrong(mute(FOUR_WIDE)),
        Wrong(mute(SILENT.replace("muted.output", "layer.output") + "return layer"), "copy"),
        Wrong(mute(SILENT.replace("[:, h", "[h") + "return muted"), "columns"),
        Wrong(mute(SILENT.replace("in heads", "in heads[:1]") + "return muted"), "first head"),
        Wrong(mute(SILENT.replace("in heads", OTHERS) + "return muted"), "other heads"),
        Wrong(mute(SILENT + "return heads"), "Return the layer"),
        Wrong("mute = [0, 2]", "without calling"),
    ],
}
