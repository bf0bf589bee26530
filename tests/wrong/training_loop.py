"""Wrong answers to the exercises of the chapter on training a GPT."""

from tests.wrong.answers import Wrong


def forget(**changes) -> str:
    right = {"weights": 1, "m": 2, "v": 2, "t": 2, "step": 1, "log": 0, "torch": 0}
    return f"first = {right | changes}"


MOMENTUM = """\
class Momentum:
    def __init__(self, groups, lr=0.1, momentum=0.9):
        self.param_groups = [{"lr": lr, "momentum": momentum, **group} for group in groups]
        self.parameters = [p for group in self.param_groups for p in group["params"]]
        self.velocity = [torch.zeros_like(p) for p in self.parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self):
        velocity = iter(self.velocity)
        for group in self.param_groups:
            for p, u in zip(group["params"], velocity):
                if p.grad is not None:
                    u.mul_(group["momentum"]).add_(p.grad)
                    p.sub_(group["lr"] * u)

    def state_dict(self):
        numbers = iter(range(len(self.parameters)))
        groups = [{**group, "params": [next(numbers) for _ in group["params"]]}
                  for group in self.param_groups]
        state = {i: {"velocity": u} for i, u in enumerate(self.velocity)}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, saved):
        for group, other in zip(self.param_groups, saved["param_groups"]):
            group.update({**other, "params": group["params"]})
        self.velocity = [saved["state"][i]["velocity"].clone() for i in range(len(self.parameters))]
"""


def momentum(old: str, new: str) -> str:
    assert old in MOMENTUM
    return MOMENTUM.replace(old, new)


AVERAGE = """\
import copy

class Average:
    def __init__(self, model, keep):
        self.model, self.keep = copy.deepcopy(model), keep

    @torch.no_grad()
    def __call__(self, trainer):
        for mean, p in zip(self.model.parameters(), trainer.model.parameters()):
            mean.mul_(self.keep).add_((1 - self.keep) * p)
"""


def average(old: str, new: str) -> str:
    assert old in AVERAGE
    return AVERAGE.replace(old, new)


WRONG = {
    "training-loop-schedule": [
        Wrong("rates = [0.0, 0.001, 0.004, 0.0022, 0.0004]", "first of the warm-up"),
        Wrong("rates = [0.00004, 0.00096, 0.00396, 0.0022, 0.0004]", "hundredths"),
        Wrong("rates = [0.00004, 0.001, 0.004, 0.002, 0.0004]", "not half the peak"),
        Wrong("rates = [0.00004, 0.001, 0.004, 0.0018, 0.0004]", "half a cosine"),
        Wrong("rates = [0.00004, 0.001, 0.004, 0.0022, 0.0]", "final rate is left"),
        Wrong("rates = [0.00004, 0.001]", "five"),
        Wrong("rates = ['a'] * 5", "number"),
        Wrong("rates = 0.001", "five"),
    ],
    "training-loop-forget": [
        Wrong(forget(m=1, v=1, t=1), "before it"),
        Wrong(forget(step=2), "excerpts are drawn"),
        Wrong(forget(t=0), "hats"),
        Wrong(forget(log=1), "never read"),
        Wrong(forget(torch=1), "Without dropout"),
        Wrong(forget(weights=2), "before any update"),
        Wrong(forget(m=3), "m: write"),
        Wrong("first = {'m': 2}", "keys"),
        Wrong("first = [1, 2, 2, 2, 1, 0, 0]", "dict"),
    ],
    "training-loop-momentum": [
        Wrong(momentum('group["momentum"]', "0.9")),  # one momentum for all groups
        Wrong(
            momentum(
                "for group in self.param_groups:\n            for",
                "for group in self.param_groups[:1]:\n            for",
            ),
            "first group",
        ),
        Wrong(momentum("if p.grad is not None:", "if True:"), "grad is None"),
        Wrong(momentum("add_(p.grad)", "add_(0.1 * p.grad)"), "first step"),
        Wrong(momentum('u.mul_(group["momentum"])', "u.zero_()"), "Later steps"),
        Wrong(momentum('group["lr"] * u', "0.1 * u"), "own lr"),
        Wrong(momentum("p.grad = None", "pass"), "zero_grad"),
        Wrong(momentum('[next(numbers) for _ in group["params"]]', 'group["params"]'), "JSON"),
        Wrong(
            momentum(
                'saved["state"][i]["velocity"].clone()', "torch.zeros_like(self.parameters[i])"
            ),
            "load the velocity",
        ),
        Wrong(momentum('{**other, "params": group["params"]}', "other"), "not their numbers"),
        Wrong(momentum("def zero_grad", "def forget"), "lacks zero_grad"),
        Wrong(momentum('"lr": lr, ', ""), '"lr"'),
        Wrong("Momentum = 0.9", "class"),
    ],
    "training-loop-average": [
        Wrong(
            average(
                "self.keep).add_((1 - self.keep) * p)", "0.75 + 0.0 * self.keep).add_(0.25 * p)"
            )
        ),
        Wrong(
            average("self.keep).add_((1 - self.keep) * p)", "1 - self.keep).add_(self.keep * p)"),
            "old mean",
        ),
        Wrong(
            average("self.keep).add_((1 - self.keep) * p)", "0.5).add_(0.5 * p)"), "7 and then 5.75"
        ),
        Wrong(average("copy.deepcopy(model)", "model"), "copy"),
        Wrong(average("mul_(self.keep).add_((1 - self.keep) * p)", "copy_(p)"), "7 and then 5.75"),
        Wrong(average("mean.mul_", "p.mul_"), "being trained"),
        Wrong(average("mean.mul_(self.keep).add_((1 - self.keep) * p)", "pass"), "not moved"),
        Wrong(
            average("self.model, self.keep", "self.kept, self.keep").replace(
                "self.model.", "self.kept."
            ),
            "attribute",
        ),
        Wrong("Average = 0.98", "class"),
    ],
}
