"""Wrong answers to the exercises of the chapter on PyTorch."""

from tests.wrong.answers import Wrong


def trace(**changed) -> str:
    return f"gradients = { ({'s': -8, 'm': -8, 'a': 16, 'b': -16} | changed)!r}"


def shapes(**changed) -> str:
    right = {"sum": (4, 5, 3), "reduced": (5, 3), "centred": "error", "kept": (5, 3)}
    right |= {"turned": (1, 3), "stretched": (3, 0, 1)}
    return f"shapes = {right | changed!r}"


def loss(*lines: str) -> str:
    return "\n    ".join(["def value_loss(logits, target):", *lines])


def dual(*lines: str) -> str:
    return "\n    ".join(["class Dual(Dual):", *lines])


def product(slope: str) -> str:
    return dual(
        "def __mul__(self, other):",
        "    other = other if isinstance(other, Dual) else Dual(other)",
        f"    return Dual(self.data * other.data, {slope})",
    )


EPOCH = """\
def epoch(model, loader, held_out, optimizer):
    model.train()
    total = 0
    for inputs, targets in loader:
        logits = model(inputs)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    model.eval()
    inputs, targets = held_out
    with torch.no_grad():
        logits = model(inputs)
        measured = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    return total / len(loader), measured.item()"""


def epoch(**changed: str) -> str:
    """An epoch with some of its pieces, by the names of `PIECES`, turned into mistakes."""
    code = EPOCH
    for name, mistake in changed.items():
        assert PIECES[name] in code
        code = code.replace(PIECES[name], mistake)
    return code


PIECES = {
    "train": "    model.train()\n",
    "evaluate": "    model.eval()\n",
    "zero": "        optimizer.zero_grad()\n",
    "step": "        optimizer.step()\n",
    "backward": "        loss.backward()\n",
    "loss": "loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
    "measured": "measured = F.cross_entropy(logits.flatten(0, 1), targets.flatten())",
    "add": "total += loss.item()",
    "recording": "with torch.no_grad():",
    "number": "measured.item()",
    "mean": "total / len(loader)",
    "both": "total / len(loader), measured.item()",
}
LARGEST = "largest = max(z.data for z in logits)"
CHANCE = (  # of the target, which may be too small for a computer
    "powers = [(z - largest).exp() for z in logits]",
    "chance = powers[target] / sum(powers)",
)
TOTAL = "math.log(sum(math.exp(z.data - largest) for z in logits)) + largest"

WRONG = {
    "pytorch-trace": [
        Wrong(trace(a=24), "two roads"),
        Wrong(trace(a=-8), "two roads"),
        Wrong(trace(s=-4), "gradient of 's'"),
        Wrong(trace(b=16), "gradient of 'b'"),
        Wrong("gradients = {'s': -8, 'm': -8}", "keys"),
        Wrong(trace(b="-16"), "number"),
        Wrong("gradients = [-8, -8, 16, -16]", "dict"),
    ],
    "pytorch-shapes": [
        Wrong(shapes(centred=(5, 3)), "does it fit"),
        Wrong(shapes(reduced=(1, 5, 3)), "keepdim"),
        Wrong(shapes(stretched=(15, 3, 1)), "again and again"),
        Wrong(shapes(sum=(4, 1, 3)), "align"),
        Wrong(shapes(sum="error"), "align"),
        Wrong(shapes(kept="error"), "(5, 1)"),
        Wrong(shapes(turned=(3, 1)), "swaps"),
        Wrong(shapes(stretched=0), "tuple"),
        Wrong("shapes = [(4, 5, 3)]", "keys"),
    ],
    "pytorch-loss": [
        Wrong(
            loss(
                "shifted = [z - logits[0].data for z in logits]",
                "return sum(z.exp() for z in shifted).log() - shifted[target]",
            )
        ),
        Wrong(loss("return sum(z.exp() for z in logits).log() - logits[target]"), "overflows"),
        Wrong(loss(LARGEST, *CHANCE, "return -chance.log()"), "logits (1000, 0)"),
        Wrong(loss(LARGEST, *CHANCE, "return (Value(1) / chance).log()"), "logits (1000, 0)"),
        Wrong(loss(LARGEST, *CHANCE, "return -(chance + 1e-12).log()"), "1000.0000 was expected"),
        Wrong(loss(LARGEST, f"return Value({TOTAL}) - logits[target].data"), "Value"),
        Wrong(
            loss("return sum(z.exp() for z in logits).log() - logits[target].data"),
            "graph reaches",
        ),
        Wrong(loss(LARGEST, f"return {TOTAL} - logits[target].data"), "return a Value"),
        Wrong(loss("return logits[target] - sum(z.exp() for z in logits).log()"), "sign"),
        Wrong(loss("return logits[target].exp() / sum(z.exp() for z in logits)"), "was expected"),
        Wrong(loss("return sum(z.exp() for z in logits).log() - logits[0]"), "was expected"),
        Wrong("value_loss = 3.0", "function"),
    ],
    "pytorch-dual": [
        Wrong(product("self.slope * other.data + other.data * other.slope"), extends=True),
        Wrong(product("self.slope * other.slope"), "x * x has slope", extends=True),
        Wrong(
            dual("def exp(self):", "    return Dual(math.exp(self.data), math.exp(self.data))"),
            "(x * x).exp()",
            extends=True,
        ),
        Wrong(product("self.slope"), "x * x has slope", extends=True),
        Wrong(
            dual("def log(self):", "    return Dual(math.log(self.data), 1 / self.data)"),
            "(x * x).log()",
            extends=True,
        ),
        Wrong(dual("def __rsub__(self, other):", "    return self - other"), "1 - x", extends=True),
        Wrong(
            dual(
                "def __add__(self, other):",
                "    return Dual(self.data + other.data, self.slope + other.slope)",
            ),
            "x + 2 does not work",
            extends=True,
        ),
        Wrong(dual("__radd__ = None"), "2 + x does not work", extends=True),
        Wrong(
            dual("def __init__(self, data, slope=1.0):", "    self.data, self.slope = data, slope"),
            "x + 2",
            extends=True,
        ),
        Wrong(
            dual("def exp(self):", "    return math.exp(self.data)"),
            "should be a Dual",
            extends=True,
        ),
        Wrong("Dual = Value", "slope"),
        Wrong("Dual = Dual(1.0)", "class Dual", extends=True),
        Wrong("Dual = 3", "class Dual"),
    ],
    "pytorch-mend": [
        Wrong(
            epoch(train="    model.training = True\n", evaluate="    model.training = False\n"),
        ),
        Wrong(epoch(zero=""), "forgotten before backward"),
        Wrong(epoch(evaluate=""), "eval mode"),
        Wrong(epoch(train=""), "train mode"),
        Wrong(epoch(loss="loss = F.cross_entropy(logits, targets)"), "(N, V)"),
        Wrong(epoch(measured="measured = F.cross_entropy(logits, targets)"), "mind its shape"),
        Wrong(epoch(add="total += loss"), "plain numbers"),
        Wrong(epoch(add="total += loss", mean="(total / len(loader)).item()"), "graphs of all"),
        Wrong(
            epoch(add="total = total + loss", mean="total.item() / len(loader)"), "graphs of all"
        ),
        Wrong(epoch(recording="if True:"), "no_grad"),
        Wrong(epoch(number="measured"), "plain numbers"),
        Wrong(epoch(step=""), "has not changed"),
        Wrong(epoch(mean="total"), "mean training loss"),
        Wrong(epoch(both="total / len(loader)"), "two numbers"),
        Wrong(epoch(backward="        loss.backward(); model(inputs)\n"), "called"),
        Wrong(epoch(zero="        optimizer.zero_grad\n"), "forgotten before backward"),
        Wrong("epoch = 3", "function"),
    ],
    "pytorch-squeeze": [
        Wrong("held_out_losses = {2: 2.87, 8: 2.61, 32: 2.475}"),
        Wrong("held_out_losses = {2: 2.816, 8: 2.49, 32: 2.495}", "new model"),
        Wrong("held_out_losses = {2: 4.062, 8: 3.685, 32: 3.599}", "in nats"),
        Wrong("held_out_losses = {2: 2.53, 8: 2.554, 32: 2.495}", "new model"),
        Wrong("held_out_losses = {2: 3.5, 8: 2.554, 32: 2.495}", "about 2.8"),
        Wrong("held_out_losses = {2: 2.8, 8: 2.5}", "keys"),
        Wrong("held_out_losses = [2.8, 2.55, 2.49]", "keys"),
        Wrong("held_out_losses = {2: 2.816, 8: 2.554, 32: torch.tensor(2.49)}", "give a number"),
        Wrong("held_out_losses = {2: 2.816, 8: 2.554, 32: math.nan}", "give a number"),
    ],
}
