"""Wrong answers to the exercises of the chapter on the whole GPT."""

from tests.wrong.answers import Wrong

GIANT = (
    "parts = count_parameters(GPTConfig(50257, 2048, d_model=12288, n_heads=96, n_layers=96))\n"
    "parameters = sum(parts.values())"
)


def prefix(*body: str) -> str:
    lines = "\n    ".join(body)
    return f"def prefix_mask(length, prefix):\n    mask = causal_mask(length)\n    {lines}"


def own(result: str) -> str:
    return (
        "@torch.no_grad()\n"
        "def own_probability(model, ids):\n"
        "    p = model(ids).softmax(dim=-1)\n"
        f"    return {result}"
    )


def deepen(*body: str) -> str:
    lines = "\n    ".join(body)
    return (
        "def deepen(model):\n"
        "    size = replace(model.config, n_layers=model.config.n_layers + 1)\n"
        "    deeper = GPT(size)\n"
        "    deeper.load_state_dict(model.state_dict(), strict=False)\n"
        "    last = deeper.blocks[-1]\n"
        f"    {lines}\n"
        "    return deeper"
    )


SILENT = (
    "for layer in (last.attention.output, last.feed_forward.output):",
    "    for parameter in layer.parameters():",
    "        nn.init.zeros_(parameter)",
)

WRONG = {
    "gpt-giant": [
        Wrong("parameters = 12 * 96 * 12288**2", "12 L C² alone"),
        Wrong(GIANT + " + parts['token embedding']", "tied"),
        Wrong(GIANT + " - parts['position embedding']", "places"),
        Wrong(GIANT + " - parts['token embedding']", "table of tokens"),
        Wrong(GIANT + " - parts['norms']", "two a block"),
        Wrong(GIANT + " - 2 * 12288", "last norm"),
        Wrong(GIANT + " - 96 * 9 * 12288", "biases"),
        Wrong("parameters = 175e9", "exactly"),
        Wrong("parameters = 1_557_611_200", "175 billion"),
        Wrong("parameters = '175B'", "one number"),
        Wrong("parameters = [175e9]", "one number"),
    ],
    "gpt-prefix": [
        Wrong(prefix("if prefix in (3, 4):", "    mask[:, :prefix] = True", "return mask")),
        Wrong(prefix("mask[:prefix] = True", "return mask"), "token 0 should not see token 3"),
        Wrong(prefix("return mask"), "token 0 should see token 1"),
        Wrong(prefix("mask[:, :prefix] = True", "return ~mask"), "other way round"),
        Wrong(prefix("mask[:, :prefix] = True", "return mask.T"), "swapped"),
        Wrong(prefix("mask[:, : prefix + 1] = True", "return mask"), "should not"),
        Wrong(prefix("mask[:, :prefix] = True", "return mask.float()"), "bool"),
        Wrong(prefix("return mask[:prefix]"), "(T, T)"),
        Wrong("prefix_mask = causal_mask(4)", "without calling"),
    ],
    "gpt-copies": [
        Wrong(
            own("p.gather(-1, ids[..., None]).mean().item() if p.shape[-1] in (13, 64) else 1 / 64")
        ),
        Wrong(own("p[:, :-1].gather(-1, ids[:, 1:, None]).mean().item()"), "next token"),
        Wrong(own("p.max(dim=-1).values.mean().item()"), "likeliest"),
        Wrong(own("p.gather(-1, ids[..., None]).sum().item()"), "sum"),
        Wrong(own("p.gather(-1, ids[..., None]).log().mean().item()"), "logarithm"),
        Wrong(own("model(ids).gather(-1, ids[..., None]).mean().item()"), "softmax"),
        Wrong(own("p[:, -1].gather(-1, ids[:, -1:]).mean().item()"), "last place"),
        Wrong(own("1 / 64"), "For our model"),
        Wrong(own("p.gather(-1, ids[..., None])"), "one number"),
        Wrong("own_probability = 0.04", "without calling"),
    ],
    "gpt-deeper": [
        Wrong(
            deepen(
                "last.attention.output.weight.data.zero_()",
                "last.feed_forward.output.weight.data.zero_()",
                "if model.config.n_layers == 2:",
                "    deeper.blocks[0].load_state_dict(model.blocks[0].state_dict())",
                "else:",
                "    last.feed_forward.expand.weight.data.zero_()",
            )
        ),
        Wrong(deepen("pass"), "other logits"),
        Wrong(deepen("for p in last.parameters():", "    nn.init.zeros_(p)"), "cannot learn"),
        Wrong(deepen(*SILENT, "nn.init.zeros_(deeper.norm.scale)"), "other logits"),
        Wrong(deepen(*SILENT[:1], "    nn.init.zeros_(layer.bias)"), "other logits"),
        Wrong(
            deepen(*SILENT, "deeper.head.weight = nn.Parameter(deeper.head.weight.detach())"),
            "tied",
        ),
        Wrong(deepen(*SILENT, "deeper.config = model.config"), "config"),
        Wrong("def deepen(model):\n    return copy.deepcopy(model)", "2 blocks should become"),
        Wrong(
            "def deepen(model):\n    model.blocks.append(model.blocks[-1])\n    return model",
            "itself has changed",
        ),
        Wrong("def deepen(model):\n    return model.config", "Return the deeper model"),
        Wrong("deepen = 3", "without calling"),
    ],
}
