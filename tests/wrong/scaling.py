"""Wrong answers to the exercises of the chapter on scaling laws."""

from tests.wrong.answers import Wrong


def bill(**changes) -> str:
    right = {"operations": 3.15e23, "days": 36.46, "tokens per parameter": 1.714}
    return f"bill = {right | changes}"


SERVED = """\
def best_to_serve(law, target, served):
    e, a, b = law[:3].exp()
    sizes = torch.logspace(4, 13, 5000, dtype=torch.float64)
    rest = (target - e - a / sizes ** law[3]).clamp(min=0)
    tokens = (b / rest) ** (1 / law[4])
    return sizes[(6 * sizes * tokens + 2 * sizes * served).argmin()].item()
"""

BACKTEST = """\
def backtest(runs, budget):
    cheap = 6 * runs[0] * runs[1] <= budget * 1.01
    law = fit_from_many(runs[:, cheap])
    said = predicted(law[None], *runs[:2, ~cheap])[0]
    return (said.log() - runs[2, ~cheap].log()).abs().mean().item()
"""


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


WRONG = {
    "scaling-bill": [
        Wrong(bill(operations=1.05e23), "forward alone"),
        Wrong(bill(operations=5.25e22), "6 N D"),
        Wrong(bill(days=875.0), "hours"),
        Wrong(bill(days=36458.0), "one machine"),
        Wrong(bill(days=3.65), "86,400"),
        Wrong(bill(**{"tokens per parameter": 0.583}), "other way round"),
        Wrong("bill = 3.15e23", "dict"),
        Wrong("bill = {'operations': 'many', 'days': 1, 'tokens per parameter': 1}", "number"),
    ],
    "scaling-served": [
        Wrong(
            changed(
                SERVED,
                "    e, a, b",
                "    law = torch.tensor([0.5306, 5.9915, 6.0162, 0.34, 0.28])\n    e, a, b",
            )
        ),
        Wrong(changed(SERVED, " + 2 * sizes * served", ""), "Serving changes nothing"),
        Wrong(changed(SERVED, "2 * sizes * served", "6 * sizes * served"), "too small"),
        Wrong(changed(SERVED, "2 * sizes * served", "sizes * served"), "too large"),
        Wrong(changed(SERVED, "6 * sizes * tokens", "6 * tokens"), "nothing to serve"),
        Wrong("best_to_serve = 1e9", "function"),
        Wrong("def best_to_serve(law, target, served):\n    return None", "number"),
    ],
    "scaling-backtest": [
        Wrong(
            changed(
                BACKTEST,
                "fit_from_many(runs[:, cheap])",
                "torch.tensor([math.log(1.5), math.log(60), math.log(300), 0.5, 0.5]).double()",
            )
        ),
        Wrong(changed(BACKTEST, ".abs().mean()", ".mean().abs()"), "cancel"),
        Wrong(changed(BACKTEST, "runs[:, cheap]", "runs"), "part in the fit"),
        Wrong(changed(BACKTEST, ".abs()", ""), "cancel"),
        Wrong(changed(BACKTEST, "(said", "-(said").replace(".abs()", ""), "cancel"),
        Wrong(changed(BACKTEST, ".abs().mean()", ".pow(2).mean()"), "not its square"),
        Wrong(changed(BACKTEST, ".abs().mean()", ".pow(2).mean().sqrt()"), "root"),
        Wrong(changed(BACKTEST, ".mean()", ".median()"), "median"),
        Wrong(changed(BACKTEST, ".mean()", ".max()"), "largest"),
        Wrong(changed(BACKTEST, "budget * 1.01", "budget"), "1.01"),
        Wrong(changed(BACKTEST, "said.log() - runs[2, ~cheap].log()", "said"), "should be 0"),
        Wrong("backtest = 0.01", "function"),
        Wrong("def backtest(runs, budget):\n    return 'none'", "number"),
    ],
}
