"""Checks of the exercises in the chapter on several processes."""

import math
from numbers import Real

import torch

RING = {
    "steps": (8, "There are two halves, and each has one step less than there are processes."),
    "ring": (1_600, "In every step a process sends one chunk, and a chunk is a fifth of the list."),
    "leader": (4_000, "The leader sends the whole result to each of the others."),
    "chunk": (4, "Look at `into` in the last step of reduce_scatter, for rank 3 and n = 5."),
}


def beyond_one_machine_ring(answer) -> str | None:
    """Steps, traffic and chunks of a ring of five."""
    if not isinstance(answer, dict) or set(answer) != set(RING):
        return f"Give a dict with the keys {', '.join(RING)}."
    for name, said in answer.items():
        if isinstance(said, bool) or not isinstance(said, Real):
            return f"{name} should be a number."
    wrong = [hint for name, (right, hint) in RING.items() if answer[name] != right]
    return wrong[0] if wrong else None


def beyond_one_machine_overlap(answer) -> str | None:
    """When the last gradient arrives, in four plans."""
    if isinstance(answer, torch.Tensor):
        answer = answer.flatten().tolist()
    if not isinstance(answer, (list, tuple)) or len(answer) != 4:
        return "Give a list of four numbers of milliseconds."
    if not all(isinstance(x, Real) and math.isfinite(x) for x in answer):
        return "Every entry should be a number."
    right = (150, 100, 110, 64)
    off = [not math.isclose(a, b, abs_tol=0.5) for a, b in zip(answer, right)]
    hints = (
        "(a) Nothing is sent before the 60 ms of the backward pass are over.",
        "(b) The first message leaves after 10 ms; is the line ever free again after that?",
        "(c) The first message leaves when two layers are ready.",
        "(d) Here the line waits: when does the message of the last layer leave?",
    )
    return next((hint for bad, hint in zip(off, hints) if bad), None)


def beyond_one_machine_combine(answer) -> str | None:
    """A function that combines means of unequal shares."""
    if not callable(answer):
        return "Give the function combine itself."
    means = [torch.tensor([1.0, 2.0]), torch.tensor([5.0, 10.0])]
    found = answer([mean.clone() for mean in means], [3, 1])
    if not isinstance(found, torch.Tensor) or found.shape != (2,):
        return "It should return one tensor, of the shape of a mean."
    if torch.allclose(found, torch.tensor([3.0, 6.0])):
        return "That is the mean of the means: a process with more tokens should count more."
    if torch.allclose(found, torch.tensor([8.0, 16.0])):
        return "That is the sum over all tokens: divide by how many there are."
    if not torch.allclose(found, torch.tensor([2.0, 4.0])):
        return "Means 1 of three tokens and 5 of one token should give 2."
    for empty in (math.nan, math.inf):
        found = answer([torch.tensor([empty]), torch.tensor([7.0])], [0, 2])
        if not torch.allclose(found, torch.tensor([7.0])):
            return f"A process without tokens should not count, even if its mean is {empty}."
    found = answer([torch.tensor([math.nan]), torch.tensor([7.0])], [3, 2])
    if not torch.isnan(found).all():
        return "A nan of a process that has tokens is an error: it should stay visible."
    return None


def _clipped(function, slices: list[torch.Tensor], longest: float) -> list:
    """Call the function for each process; the sum over processes is known beforehand."""
    asked: list[float] = []

    def total(number):
        asked.append(float(number))
        return sum(piece.square().sum().item() for piece in slices)

    originals = [piece.clone() for piece in slices]
    lengths = [function(piece, longest, total) for piece in originals]
    return [originals, lengths, asked]


def _clips_nothing(answer) -> str | None:
    """Say what is wrong with how a gradient of zeros, with an empty slice, is clipped."""
    try:
        pieces, lengths, _ = _clipped(answer, [torch.zeros(2), torch.zeros(0)], 1.0)
    except ZeroDivisionError:
        return (
            "A gradient of zeros has length 0, and one of the slices may be empty: do not divide."
        )
    if lengths != [0.0, 0.0] or pieces[0].any():
        return "A gradient of zeros stays as it is, and its length is 0."
    return None


def beyond_one_machine_clip(answer) -> str | None:
    """A function that clips a slice by the length of the whole gradient."""
    if not callable(answer):
        return "Give the function clip_slice itself."
    slices = [torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])]
    (first, second), lengths, asked = _clipped(answer, slices, 1.0)
    if len(asked) != 2:
        return "Every process should call total once, in all cases: the others wait for it."
    if not all(map(math.isclose, asked, (9.0, 16.0))):
        return "Pass to total what can be added over slices: lengths cannot, their squares can."
    if torch.equal(first, slices[0]):
        return "A gradient of length 5 is longer than 1: change the slice in place."
    if torch.allclose(first, torch.tensor([1.0, 0.0])):
        return "Each slice is shortened by its own length: use the length of the whole gradient."
    if not (torch.allclose(first, slices[0] / 5) and torch.allclose(second, slices[1] / 5)):
        return "A gradient of length 5 that may have length 1 should become a fifth of itself."
    if not all(isinstance(x, Real) and math.isclose(x, 5.0, rel_tol=1e-5) for x in lengths):
        return "Return the length of the whole gradient before it was clipped, here 5."
    (first, _), _, asked = _clipped(answer, slices, 10.0)
    if not torch.equal(first, slices[0]) or len(asked) != 2:
        return "A gradient that is short enough stays as it is (and total is called even so)."
    return _clips_nothing(answer)
