"""Wrong answers to the exercises of the chapter that reads Shakespeare with the names network."""

from tests.wrong.answers import Wrong

PARAMETERS = 64 * 16 + (256 * 16 + 1) * 85 + 86 * 64
PRODUCTS = 256 * 16 * 85 + 85 * 64
LN2 = "math.log(2)"
TOTAL = f"losses.double().sum().item() / {LN2} / 8"


def wider(parameters, products) -> str:
    return f"parameters, products = {parameters}, {products}"


def packed(size: str) -> str:
    return f"def compressed_bytes(losses):\n    return {size}"


def mixture(result: str) -> str:
    return (
        "def mixture_loss(network, table, weight):\n"
        "    p, q = torch.exp(-network), torch.exp(-table)\n"
        f"    return {result}"
    )


MIXED = "(weight * p + (1 - weight) * q)"


def cold(*pairs: str) -> str:
    entries = (f"{tau}: {pair}" for tau, pair in zip(("1.0", "0.8", "0.6", "0.4"), pairs))
    return f"pages_by_heat = {{{', '.join(entries)}}}"


def tree(join: str, bend: str = "torch.tanh({})") -> str:
    """A tree that joins the places (B, T, C) of a level in another way, or bends otherwise."""
    return (
        "class Tree(Tree):\n    def forward(self, contexts):\n"
        "        x = self.embedding(contexts)\n"
        "        for level in self.levels:\n"
        f"            x = {bend.format(f'level({join})')}\n"
        "        return self.output(x[:, 0])"
    )


def joined(first: str, second: str) -> str:
    return f"torch.cat([{first}, {second}], dim=2)"


EVEN, ODD = "x[:, ::2]", "x[:, 1::2]"
NEIGHBOURS = joined(EVEN, ODD)
HALVES = "torch.cat(x.chunk(2, dim=1), dim=2)"
FIRST_LEVEL_ONLY = f"{NEIGHBOURS} if x.shape[1] == contexts.shape[1] else {HALVES}"
PLAIN_LIST = """\
class Tree(Tree):
    def __init__(self, config):
        super().__init__(config)
        levels = [*self.levels]
        del self.levels
        self.levels = levels"""

WRONG = {
    "shakespeare-wider": [
        Wrong(wider(PRODUCTS, PARAMETERS), "other order"),
        Wrong(wider(PARAMETERS - 85, PRODUCTS), "Biases"),
        Wrong(wider(PARAMETERS, PARAMETERS), "looked up"),
        Wrong(wider(PARAMETERS - 85 - 64, PRODUCTS), "Biases"),
        Wrong(wider(PARAMETERS - 1024, PRODUCTS), "embedding table"),
        Wrong(wider(50_133 * 8, PRODUCTS), "T · C inputs"),
        Wrong(wider(PARAMETERS, 3 * PRODUCTS), "training"),
        Wrong(wider(PARAMETERS, 2 * PRODUCTS), "entries"),
        Wrong(wider("'many'", PRODUCTS), "not a count"),
        Wrong(wider(PARAMETERS, True), "not a count"),
    ],
    "shakespeare-suitcase": [
        Wrong(packed(f"math.ceil(len(losses) * losses[0].item() / {LN2} / 8)")),
        Wrong(packed("math.ceil(losses.sum().item() / 8)"), "in nats"),
        Wrong(
            packed(f"math.ceil(sum(math.ceil(v / {LN2} - 1e-6) for v in losses.tolist()) / 8)"),
            "once",
        ),
        Wrong(packed(f"math.ceil(losses.sum().item() / {LN2})"), "in bits"),
        Wrong(packed(f"int({TOTAL})"), "round up"),
        Wrong(packed(f"round({TOTAL}, 3)"), "half"),
        Wrong(packed(f"math.ceil(losses.mean().item() / {LN2} / 8)"), "sum of all"),
        Wrong(packed("str(losses)"), "one number"),
        Wrong(packed("77"), "it returned 77"),
        Wrong("compressed_bytes = 13", "function"),
    ],
    "shakespeare-mixture": [
        Wrong(mixture(f"-{MIXED}.log().sum().item() / 3")),
        Wrong(mixture("(weight * network + (1 - weight) * table).mean()"), "not the losses"),
        Wrong(mixture("-(weight * q + (1 - weight) * p).log().mean()"), "belongs to the network"),
        Wrong(mixture(f"-{MIXED}.log().sum()"), "take the mean"),
        Wrong(mixture(f"-{MIXED}.log2().mean()"), "bits"),
        Wrong(mixture(f"-{MIXED}.mean().log()"), "logarithm first"),
        Wrong(mixture(f"{MIXED}.log().mean()"), "sign"),
        Wrong(mixture(f"-{MIXED}.log()"), "one number"),
        Wrong(mixture("-(0.25 * p + 0.75 * q).log().mean()"), "alone"),
        Wrong(mixture("network.mean()"), "should be"),
        Wrong("mixture_loss = 1.57", "function"),
    ],
    "shakespeare-cold": [
        Wrong(cold("(0.5, 410)", "(0.6, 380)", "(0.7, 330)", "(0.75, 260)")),
        Wrong(cold(*4 * ["(0.6, 400)"]), "temperature"),
        Wrong(cold("(387, 0.46)", "(350, 0.55)", "(300, 0.65)", "(224, 0.81)"), "share first"),
        Wrong(cold("(0.46, 300)", "(0.55, 300)", "(0.65, 300)", "(0.81, 300)"), "set(...)"),
        Wrong(cold("(0.46, 4000)", "(0.55, 350)", "(0.65, 300)", "(0.81, 224)"), "once"),
        Wrong(cold("(0.75, 387)", "(0.76, 350)", "(0.77, 300)", "(0.78, 224)"), "not those"),
        Wrong(cold("(0.46, 387)", "(0.55, 350)", "(0.65, 300)", "0.81"), "pair"),
        Wrong(cold("(0.46, 387)", "(0.55, 350)", "(0.65, 300)", "('a', 3)"), "pair"),
        Wrong(cold("(0.46, 387)"), "keys"),
        Wrong("pages_by_heat = [0.5, 0.6]", "keys"),
    ],
    "shakespeare-tree": [
        Wrong(tree(FIRST_LEVEL_ONLY), extends=True),
        Wrong(tree(HALVES), "distance", extends=True),
        Wrong(tree(NEIGHBOURS, bend="{}"), "tanh", extends=True),
        Wrong("class Tree(MLP):\n    pass", "expected"),
        Wrong(tree(joined(ODD, EVEN)), "earlier", extends=True),
        Wrong(tree(joined(EVEN, EVEN)), "bend", extends=True),
        Wrong(PLAIN_LIST, "nn.ModuleList", extends=True),
        Wrong(
            "class Tree(Tree):\n    def forward(self, contexts):\n"
            "        return super().forward(contexts).softmax(dim=1)",
            "without a softmax",
            extends=True,
        ),
        Wrong(
            "class Tree(Tree):\n    def forward(self, contexts):\n"
            "        return super().forward(contexts)[:, None]",
            "logits (5, 11)",
            extends=True,
        ),
        Wrong("Tree = Tree.__init__", "class Tree", extends=True),
        Wrong("Tree = 3", "class Tree"),
    ],
}
