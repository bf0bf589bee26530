"""Checks of the exercises in the chapter on efficiency."""

import math
from numbers import Real

import torch
import torch.nn.functional as F
from torch import nn

SIXTEEN = {"a": 2048.0, "b": 1.0, "c": 0.0, "d": math.inf, "e": 300.0}


def efficiency_sixteen(answer) -> str | None:
    """What is left of five numbers in 16 bits."""
    if not isinstance(answer, dict) or set(answer) != set(SIXTEEN):
        return f"Give a dict with the keys {', '.join(SIXTEEN)}."
    for name, value in answer.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            return f"{name} should be a number; write math.inf for infinity."
    hints = {
        "a": "From 2,048 on, float16's 10 digits leave a step of 2: 2,049 lies half way.",
        "b": "Above 1, bfloat16's step is 1/128: 1 + 1/256 lies half way, and a tie goes to even.",
        "c": "float16 ends at 6e-8, and less than half of that is nothing.",
        "d": "float16's largest number is 65,504, and there is no exponent beyond it.",
        "e": "Between 256 and 512, bfloat16's step is 2, and a tie goes to even digits: 150 steps.",
    }
    wrong = [name for name in SIXTEEN if float(answer[name]) != SIXTEEN[name]]
    return hints[wrong[0]] if wrong else None


def _pieces(draw: torch.Generator) -> list:
    """Three pieces of a batch with 4, 1 and 7 targets that count."""
    pieces = []
    for rows, real in [(2, 4), (1, 1), (3, 7)]:
        inputs = torch.randn(rows, 4, 5, generator=draw)
        targets = torch.full((rows * 4,), -100)
        targets[:real] = torch.randint(6, (real,), generator=draw)
        pieces.append((inputs, targets.view(rows, 4)))
    return pieces


def _whole(model: nn.Module, pieces: list) -> float:
    """Leave the gradient of the whole batch with the model; return its loss."""
    logits = torch.cat([model(inputs).flatten(0, 1) for inputs, _ in pieces])
    loss = F.cross_entropy(logits, torch.cat([targets.flatten() for _, targets in pieces]))
    loss.backward()
    return loss.item()


class _Watched(nn.Linear):
    """A layer that notes how many tokens were ever between their ways forward and back."""

    waiting = most = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        if y.requires_grad:
            count = y.numel() // y.shape[-1]
            self.waiting += count
            self.most = max(self.most, self.waiting)
            y.register_hook(lambda gradient: self.back(count))
        return y

    def back(self, count: int) -> None:
        """Forget tokens whose gradient has arrived."""
        self.waiting -= count


def _layers(count: int) -> list[_Watched]:
    """Layers with the same first weights."""
    layers = []
    for _ in range(count):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            layers.append(_Watched(5, 6))
    return layers


def _mistake(gradient: torch.Tensor, pieces: list) -> str | None:
    """Name the wrong weights of the pieces that lead to a gradient, if they are known."""
    for rule, weights in [
        ("a mean of the pieces' means", [1 / 3, 1 / 3, 1 / 3]),
        ("weights by rows, which count the padding", [2 / 6, 1 / 6, 3 / 6]),
        ("a sum of the pieces' means", [1.0, 1.0, 1.0]),
    ]:
        (other,) = _layers(1)
        for weight, (inputs, targets) in zip(weights, pieces):
            loss = F.cross_entropy(other(inputs).flatten(0, 1), targets.flatten())
            (weight * loss).backward()
        if torch.allclose(gradient, other.weight.grad, atol=1e-6):
            return f"This is {rule}: each target that counts should weigh the same."
    return None


def efficiency_accumulate(answer) -> str | None:
    """A function that accumulates the gradient of pieces with padding."""
    if not callable(answer):
        return "Give a function accumulate(model, pieces), without calling it."
    ours, theirs = _layers(2)
    pieces = _pieces(torch.Generator().manual_seed(3))
    loss, said = _whole(ours, pieces), answer(theirs, pieces)
    gradient = theirs.weight.grad
    if gradient is None:
        return "The parameters have no gradient afterwards: call backward for each piece."
    if (mistake := _mistake(gradient, pieces)) is not None:
        return mistake
    if not _same(ours, theirs):
        return "The gradient is not that of the whole batch: divide sums by the number of targets."
    if theirs.most > max(targets.numel() for _, targets in pieces):
        return "Two pieces are in memory at once: go back with each before the next goes forward."
    if not isinstance(said, Real) or isinstance(said, bool):
        return "Return the loss as a Python number: .item() makes one."
    if abs(said - loss) > 1e-5:
        return f"The loss should be {loss:.3f}, got {said:.3f}."
    (padded,) = _layers(1)
    said = answer(padded, [(torch.ones(1, 4, 5), torch.full((1, 4), -100)), *pieces])
    if not (_same(ours, padded) and abs(said - loss) < 1e-5):
        return "A piece of padding alone spoils the result: the mean of nothing is not a number."
    return None


def _same(a: nn.Module, b: nn.Module) -> bool:
    """Whether two layers have the same gradients, the bias included."""
    pairs = zip(a.parameters(), b.parameters())
    return all(q.grad is not None and torch.allclose(p.grad, q.grad, atol=1e-6) for p, q in pairs)


def efficiency_segments(answer) -> str | None:
    """A function that finds how many blocks to recompute together."""
    if not callable(answer):
        return "Give a function best_segments(n_layers, inside, edge), without calling it."
    cases = {(12, 10, 2): (2, 32), (16, 1, 1): (4, 8), (4, 2, 4): (2, 12), (7, 3, 10): (7, 31)}
    for case, right in cases.items():
        said = answer(*case)
        if not isinstance(said, (tuple, list)) or len(said) != 2:
            return "Return two numbers: how many blocks, and how many bytes."
        n_layers, inside, edge = case
        if tuple(said) == right:
            continue
        call = f"best_segments{case}"
        if said[0] in range(1, n_layers + 1):
            size = math.ceil(n_layers / said[0]) * edge + said[0] * inside
            if size == right[1]:
                return f"{call}: {said[0]} blocks are as good as {right[0]}; take the smaller."
            if said[1] == size:
                return f"{call}: {said[0]} blocks need {size} bytes, and there is a better number."
        return f"{call} should be {right}: the edges of all groups, and the inside of the largest."
    return None


def efficiency_cubic(answer) -> str | None:
    """A function that orthogonalises a matrix with the cubic iteration."""
    if not callable(answer):
        return "Give a function cubic(matrix, rounds), without calling it."
    matrix = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    s = s / s.square().sum().sqrt()
    start = answer(matrix.clone(), 0)
    if not isinstance(start, torch.Tensor) or start.shape != matrix.shape:
        return "Return a matrix of the same shape."
    if not torch.allclose(start, u @ s.diag() @ vh, atol=1e-4):
        return "Without a round the result should be the matrix divided by its norm."
    once = answer(matrix.clone(), 1)
    if not torch.allclose(once, u @ (1.5 * s - 0.5 * s**3).diag() @ vh, atol=1e-4):
        return "One round should send each singular value s to 1.5 s - 0.5 s³, directions kept."
    if not torch.allclose(answer(matrix.clone(), 30), u @ vh, atol=1e-3):
        return "After 30 rounds all singular values should be 1."
    return None
