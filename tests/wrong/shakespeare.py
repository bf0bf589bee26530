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


LOG_SPACE = """\
def mixture_loss(network, table, weight):
    one, other = math.log(weight) - network, math.log(1 - weight) - table
    return -torch.logaddexp(one, other).mean()"""
IN_PLACE = """\
def mixture_loss(network, table, weight):
    network.neg_().exp_().mul_(weight)
    return -(network + (1 - weight) * torch.exp(-table)).log().mean()"""
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


def low(levels: int) -> str:
    """A tree that joins neighbours up to some level, and averages what is left."""
    return (
        "class Tree(Tree):\n    def forward(self, contexts):\n"
        "        x = self.embedding(contexts)\n"
        f"        for level in self.levels[:{levels}]:\n"
        f"            x = torch.tanh(level({NEIGHBOURS}))\n"
        "        return self.output(x.mean(dim=1))"
    )


LAST_FLAT = "(torch.tanh if x.shape[1] > 2 else torch.clone)({})"
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
        Wrong(wider(PARAMETERS, PRODUCTS + 85 + 64), "biases are added"),
        Wrong(wider(PARAMETERS, PRODUCTS + 85), "biases are added"),
        Wrong(wider(PARAMETERS, PRODUCTS + 64 * 16), "looked up"),
        Wrong(wider(PARAMETERS, PRODUCTS + 256 * 16), "looked up"),
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
        Wrong(packed(f"int({TOTAL}) + 1"), "no byte"),
        Wrong(packed(f"torch.ceil(losses.double().sum() / {LN2} / 8)"), "an int"),
        Wrong(packed("str(losses)"), "an int"),
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
        Wrong(LOG_SPACE, "no logarithm"),
        Wrong(IN_PLACE, "changes the tensors"),
        Wrong("mixture_loss = 1.57", "function"),
    ],
    "shakespeare-cold": [
        Wrong(cold("(0.451, 385)", "(0.593, 353)", "(0.702, 295)", "(0.817, 221)")),
        Wrong(cold("(0.46, 726)", "(0.59, 641)", "(0.71, 525)", "(0.81, 359)"), "3,000"),
        Wrong(cold("(0.29, 417)", "(0.44, 387)", "(0.57, 328)", "(0.7, 247)"), "words_of"),
        Wrong(cold(*4 * ["(0.6, 400)"]), "temperature"),
        Wrong(cold("(387, 0.46)", "(350, 0.55)", "(300, 0.65)", "(224, 0.81)"), "share first"),
        Wrong(cold("(0.46, 300)", "(0.55, 300)", "(0.65, 300)", "(0.81, 300)"), "set(...)"),
        Wrong(cold("(0.46, 4000)", "(0.55, 350)", "(0.65, 300)", "(0.81, 224)"), "once"),
        Wrong(
            cold("(0.75, 387)", "(0.76, 350)", "(0.77, 300)", "(0.78, 224)"), "not this network's"
        ),
        Wrong(cold("(0.46, 387)", "(0.55, 350)", "(0.65, 300)", "0.81"), "pair"),
        Wrong(cold("(0.46, 387)", "(0.55, 350)", "(0.65, 300)", "('a', 3)"), "pair"),
        Wrong(cold("(0.46, 387)"), "keys"),
        Wrong("pages_by_heat = [0.5, 0.6]", "keys"),
    ],
    "shakespeare-tree": [
        Wrong(low(3), extends=True),
        Wrong(low(1), "gets no gradient", extends=True),
        Wrong(tree(FIRST_LEVEL_ONLY), "distance", extends=True),
        Wrong(tree(HALVES), "distance", extends=True),
        Wrong(tree(NEIGHBOURS, bend="{}"), "tanh", extends=True),
        Wrong("class Tree(MLP):\n    pass", "expected"),
        Wrong(tree(NEIGHBOURS, bend="torch.relu({})"), "ReLU", extends=True),
        Wrong(tree(NEIGHBOURS, bend=LAST_FLAT), "last level", extends=True),
        Wrong(tree(NEIGHBOURS, bend="torch.sigmoid({})"), "not those of a tree", extends=True),
        Wrong(tree(joined(ODD, EVEN)), "earlier", extends=True),
        Wrong(tree(joined(EVEN, EVEN)), "second of each pair", extends=True),
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
