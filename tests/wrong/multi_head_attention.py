"""Wrong answers to the exercises of the chapter on multi-head attention."""

from tests.wrong.answers import Wrong


def pals(*floors) -> str:
    keys = [(1, 3), (2, 3), (3, 3), (2, 5), (4, 2)]
    return f"floors = {dict(zip(keys, floors))}"


def influence(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return f"@torch.no_grad()\ndef who_matters(layer, T, C):\n    {lines}"


def exchange(at: str, table: str) -> str:
    """An answer that exchanges what stands `at` for each s, and returns `table` of the moves."""
    return influence(
        "x, moves = torch.randn(1, T, C), []\n"
        "for s in range(T):\n"
        "    y = x.clone()\n"
        f"    y[:, {at}] = torch.randn_like(y[:, {at}])\n"
        "    moves.append((layer(y) - layer(x)).abs().amax(dim=-1)[0])\n"
        f"return {table}"
    )


def mute(body: str) -> str:
    lines = "\n    ".join(body.splitlines())
    return (
        f"def mute(layer, heads):\n    muted, D = copy.deepcopy(layer), layer.d_head\n    {lines}"
    )


SILENT = "for h in heads:\n    muted.output.weight.data[:, h * D : (h + 1) * D] = 0\n"
OTHERS = "in set(range(layer.n_heads)) - set(heads)"
# Right only where the check looks: heads of four columns.
FOUR_WIDE = """\
for h in heads:
    muted.output.weight.data[:, 4 * h : 4 * h + 4] = 0
return muted"""

WRONG = {
    "multi-head-attention-flooded": [
        Wrong("vector = [-4.5, 4.5, -0.5]", "add it to the row"),
        Wrong("vector = [6.5, -5.5, 2.5]", "signs"),
        Wrong("vector = [2.5, -1.5, 6.5]", "swapped the heads"),
        Wrong("vector = [0.5, 0.5, 1.0]", "swapped the weights"),
        Wrong("vector = [1.0, 1.0, 1.0]", "-4.5"),
        Wrong("vector = [-2.5, 3.5]", "three"),
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
    "multi-head-attention-influence": [
        Wrong(exchange("s", "torch.stack(moves, dim=1)[:6, :6] > 1e-6")),  # six places alone
        Wrong(exchange("s", "torch.stack(moves) > 1e-6"), "rows and columns are swapped"),
        Wrong(exchange("s:", "torch.stack(moves, dim=1) > 1e-6"), "output 1 moves with token 0"),
        Wrong(exchange("s", "torch.stack(moves, dim=1) > 0.5"), "does not move"),
        Wrong(exchange("s", "torch.stack(moves, dim=1)"), "booleans"),
        Wrong(influence("return torch.ones(T, T).tril() > 0"), "returns x"),
        Wrong(influence("return True"), "(T, T)"),
        Wrong("who_matters = False", "without calling"),
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
