"""Wrong answers to the exercises of the chapter on names."""

from tests.wrong.answers import Wrong


def loss(body: str) -> str:
    return f"def mean_surprisal(logits, targets):\n    {body}"


LOG_P = "torch.log_softmax(logits, 1)[torch.arange(len(targets)), targets]"
P = "torch.softmax(logits, 1)[torch.arange(len(targets)), targets]"
NAIVE = """\
def mean_surprisal(logits, targets):
    logits = logits - {}
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -p[torch.arange(len(targets)), targets].log().mean()"""


def bag(forward: str, base: str = "Bag") -> str:
    return f"class Bag({base}):\n    def forward(self, contexts):\n        return {forward}"


AVERAGE = "self.embedding(contexts).mean(dim=1)"

WRONG = {
    "names-windows": [
        Wrong('pairs = [("...", "a"), ("..a", "n"), (".an", "u")]', "end"),
        Wrong(
            'pairs = [("...", "a"), ("..a", "n"), (".an", "u"), ("anu", "."), ("nu.", ".")]', "k"
        ),
        Wrong('pairs = [("...", "a")] + 4 * [("anu", ".")]', "k + 1"),
        Wrong('pairs = [("...", "a"), ("...", "n"), (".an", "u"), ("anu", ".")]', "Pair 2"),
        Wrong('pairs = [("a", "n"), ("an", "u"), ("anu", ".")]', "3 characters"),
        Wrong("pairs = '...a'", "list of pairs"),
    ],
    "names-loss": [
        Wrong(loss("return F.cross_entropy(logits[:7], targets[:7])")),
        Wrong(NAIVE.format(0), "added to all logits"),
        Wrong(NAIVE.format("logits.max()"), "its own largest"),
        Wrong(loss(f"return {LOG_P}.mean()"), "sign"),
        Wrong(loss(f"return -{LOG_P}.sum()"), "sum over the batch"),
        Wrong(loss(f"return -{LOG_P}.mean() / torch.tensor(2.0).log()"), "bits"),
        Wrong(loss(f"return -{LOG_P}"), "one number"),
        Wrong(loss("return logits.mean()"), "should be"),
        Wrong(loss(f"return -{P}.log().mean()"), "never take its logarithm"),
        Wrong(loss(f"return -({P} + 1e-9).log().mean()"), "never take its logarithm"),
        Wrong("mean_surprisal = 1.4", "function"),
    ],
    "names-context": [
        Wrong("losses = {3: 2.5, 5: 2.4, 8: 2.4}"),
        Wrong("losses = {3: 2.137, 5: 2.062, 8: 2.035}", "history.val"),
        Wrong("losses = {3: 2.15, 5: 2.15, 8: 2.14}", "clearly worse"),
        Wrong("losses = {3: 2.21, 5: 2.15, 8: 2.4}", "close to 5"),
        Wrong("losses = {3: 2.21, 5: 2.15, 8: 1.9}", "no such run"),
        Wrong("losses = {3: 2.2, 5: 2.1}", "keys"),
        Wrong("losses = [2.2, 2.1, 2.1]", "keys"),
        Wrong("losses = {3: 2.21, 5: 2.15, 8: '2.1'}", "give a number"),
    ],
    "names-activation": [
        Wrong("losses = {'tanh': 2.5, 'relu': 2.4, 'gelu': 2.4, 'identity': 2.6}"),
        Wrong("losses = dict.fromkeys(['tanh', 'relu', 'gelu', 'identity'], 2.15)", "new MLP"),
        Wrong(
            "losses = {'tanh': 2.15, 'relu': 2.11, 'gelu': 2.12, 'identity': 2.11}",
            "Without an activation",
        ),
        Wrong("losses = {'tanh': 2.1}", "keys"),
        Wrong("losses = 2.1", "keys"),
    ],
    "names-width": [
        Wrong(
            "losses = {(16, 0.0): (2.4, 2.5), (64, 0.0): (2.2, 2.4), (256, 0.0): (1.9, 2.4), "
            "(256, 0.5): (2.2, 2.4)}"
        ),
        Wrong(
            "losses = {(16, 0.0): (2.16, 2.07), (64, 0.0): (2.11, 1.92), "
            "(256, 0.0): (2.10, 1.69), (256, 0.5): (2.09, 1.90)}",
            "in this order",
        ),
        Wrong(
            "losses = {(16, 0.0): (2.07, 2.16), (64, 0.0): (1.92, 2.11), "
            "(256, 0.0): (1.69, 2.10), (256, 0.5): (1.69, 2.10)}",
            "narrow the gap",
        ),
        Wrong(
            "losses = {(16, 0.0): (2.07, 2.16), (64, 0.0): (1.92, 2.11), "
            "(256, 0.0): (2.05, 2.16), (256, 0.5): (1.90, 2.09)}",
            "nn.ReLU",
        ),
        Wrong(
            "losses = {(16, 0.0): 2.16, (64, 0.0): 2.11, (256, 0.0): 2.10, (256, 0.5): 2.09}",
            "pair",
        ),
    ],
    "names-bag": [
        Wrong(
            "class Bag(Bag):\n    def __init__(self, config):\n        super().__init__(config)\n"
            "        self.embedding.weight.requires_grad = False",
            extends=True,
        ),
        Wrong("class Bag(MLP):\n    pass", "order"),
        Wrong(
            bag("self.output(torch.tanh(self.hidden(self.embedding(contexts).sum(dim=1))))"),
            "not the sum",
            extends=True,
        ),
        Wrong(bag("super().forward(contexts).softmax(dim=1)"), "without a softmax", extends=True),
        Wrong(bag(f"self.output(self.hidden({AVERAGE}))"), "Nothing bends", extends=True),
        Wrong(
            bag("self.output(torch.tanh(self.hidden(self.embedding(contexts))).mean(dim=1))"),
            "Nothing bends",
            extends=True,
        ),
        Wrong(bag("self.embedding(contexts)"), "were expected", extends=True),
        Wrong("Bag = 3", "class Bag"),
    ],
}
