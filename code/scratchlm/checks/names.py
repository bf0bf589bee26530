"""Checks of the exercises in the chapter on names."""

import math
from dataclasses import replace
from numbers import Real

import torch
import torch.nn.functional as F
from torch import nn

from scratchlm.mlp import MLPConfig

NAME, LENGTH = "anu", 3


def names_windows(pairs) -> str | None:
    """The (context, target) pairs of one name."""
    if not isinstance(pairs, (list, tuple)) or not all(
        isinstance(pair, (list, tuple)) and [type(part) for part in pair] == [str, str]
        for pair in pairs
    ):
        return "Give a list of pairs of strings, such as [('...', 'a'), ...]."
    pairs = [tuple(pair) for pair in pairs]
    for context, target in pairs:
        if len(context) != LENGTH or len(target) != 1:
            return (
                f"The pair {(context, target)} does not have {LENGTH} characters of context and "
                "1 of target."
            )
    text = "." * LENGTH + NAME + "."
    right = [(text[i : i + LENGTH], text[i + LENGTH]) for i in range(len(NAME) + 1)]
    if pairs == right:
        return None
    if pairs == right[:-1]:
        return "The last question is missing: where does the name end?"
    if len(pairs) != len(right):
        return f"There are {len(pairs)} pairs; a name of k letters gives k + 1."
    place = next(i for i, (mine, true) in enumerate(zip(pairs, right)) if mine != true)
    return f"Pair {place + 1} is not what the window shows there: slide it by one character."


def names_loss(function) -> str | None:
    """A cross-entropy written without PyTorch's own."""
    if not callable(function):
        return "Give the function mean_surprisal itself, without calling it."
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(7, 5, generator=generator)
    targets = torch.tensor([0, 4, 2, 2, 1, 3, 0])
    found = function(logits.clone(), targets.clone())
    if not isinstance(found, (torch.Tensor, Real)) or getattr(found, "numel", lambda: 1)() != 1:
        return "The result should be one number, the mean over the batch."
    found, right = float(found), F.cross_entropy(logits, targets).item()
    if math.isclose(found, right * math.log2(math.e), rel_tol=1e-4):
        return "That is in bits: use the natural logarithm."
    if math.isclose(found, 7 * right, rel_tol=1e-4):
        return "That is the sum over the batch: divide it by the number of targets."
    if math.isclose(found, -right, rel_tol=1e-4):
        return "The sign is wrong: surprisal is minus the logarithm of a probability."
    if not math.isclose(found, right, rel_tol=1e-4):
        return f"For a batch of 7 it returned {found:.4f}; it should be {right:.4f}."
    for shift in (1000.0, -1000.0):
        if not math.isclose(
            float(function(logits + shift, targets)), right, rel_tol=1e-2, abs_tol=1e-3
        ):
            return f"With {shift:+.0f} added to all logits the loss should stay {right:.3f}."
    return _problem_with_extremes(function)


def _problem_with_extremes(function) -> str | None:
    """Try rows that differ much from one another, and a target that is all but impossible."""
    rows = torch.tensor([[1000.0, 999.0, 998.0], [0.0, 1.0, 2.0]])
    right = F.cross_entropy(rows, torch.tensor([0, 2])).item()
    found = float(function(rows, torch.tensor([0, 2])))
    if not math.isclose(found, right, rel_tol=1e-3):
        return (
            f"For the rows (1000, 999, 998) and (0, 1, 2) with the targets 0 and 2 it returned "
            f"{found:.4g} instead of {right:.4f}: subtract from each row its own largest logit."
        )
    found = float(function(torch.tensor([[1000.0, 0.0, 0.0]]), torch.tensor([1])))
    if not math.isclose(found, 1000, rel_tol=1e-3):
        return (
            f"For the logits (1000, 0, 0) and the target 1 it returned {found:.4g} instead of "
            "1000: the probability is zero to a computer, so never take its logarithm."
        )
    return None


def names_context(losses) -> str | None:
    """Validation losses at three context lengths."""
    if problem := _problem_with_losses(losses, (3, 5, 8), 2.1):
        return problem
    if losses[3] < losses[5] + 0.02:
        return (
            "A context of 3 should do clearly worse than 5: did you cut the names into new "
            "windows for each length?"
        )
    if abs(losses[8] - losses[5]) > 0.05:
        return "A context of 8 should come out close to 5: train all three in the same way."
    return None


def names_activation(losses) -> str | None:
    """Validation losses with four activations."""
    if problem := _problem_with_losses(losses, ("tanh", "relu", "gelu", "identity")):
        return problem
    if losses["relu"] > losses["tanh"] - 0.01 or losses["gelu"] > losses["tanh"] - 0.01:
        return (
            "ReLU and GELU should do better than tanh here: start each from a new MLP, set its "
            "activation before you train, and use a learning rate of 0.01."
        )
    if losses["identity"] < losses["relu"] + 0.02:
        return "Without an activation it should do clearly worse than with ReLU."
    return None


def names_width(losses) -> str | None:
    """Training and validation losses at several widths, with and without dropout."""
    keys = [(16, 0.0), (64, 0.0), (256, 0.0), (256, 0.5)]
    if not isinstance(losses, dict) or set(losses) != set(keys):
        return f"Give a dict with the keys {keys}."
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in losses.values()):
        return "Every value should be a pair (training loss, validation loss)."
    train = {key: losses[key][0] for key in keys}
    val = {key: losses[key][1] for key in keys}
    if all(isinstance(x, Real) for pair in losses.values() for x in pair) and all(
        train[key] > val[key] for key in keys
    ):
        return "Give pairs (training loss, validation loss), in this order."
    if problem := _problem_with_losses(val, keys) or _problem_with_losses(train, keys, 1.4):
        return problem
    if not train[16, 0.0] > train[64, 0.0] + 0.05 > train[256, 0.0] + 0.1:
        return (
            "The training loss should fall clearly with the width: set model.activation to "
            "nn.ReLU() before you train, and use a learning rate of 0.01."
        )
    gap = {key: val[key] - train[key] for key in keys}
    if gap[256, 0.5] > gap[256, 0.0] - 0.05:
        return "Dropout should narrow the gap: pass dropout=0.5 to MLPConfig."
    return None


def names_bag(module) -> str | None:
    """A network that averages the embeddings of its context."""
    if not (isinstance(module, type) and issubclass(module, nn.Module)):
        return "Give the class Bag itself, a subclass of nn.Module."
    config = MLPConfig(vocab_size=11, context_length=4, d_model=6, d_ff=9)
    bag = module(config).eval()
    contexts = torch.randint(11, (5, 4), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, turned = bag(contexts), bag(contexts.flip(1))
    if tuple(logits.shape) != (5, 11):
        return f"Contexts (5, 4) gave {tuple(logits.shape)}; logits (5, 11) were expected."
    if not torch.allclose(logits, turned, atol=1e-5):
        return "The order of the letters still matters: take the mean over T, which is dim=1."
    if torch.allclose(logits[0], logits[1]):
        return "Different letters give the same logits: average the embeddings, not the batch."
    expected = 11 * 6 + (6 + 1) * 9 + (9 + 1) * 11
    found = sum(parameter.numel() for parameter in bag.parameters())
    if found != expected:
        return (
            f"It has {found} parameters where {expected} were expected: the hidden layer has "
            "d_model inputs, and otherwise it has the layers of MLP."
        )
    return _problem_with_average(module, config, bag, logits)


def _problem_with_average(module, config: MLPConfig, bag: nn.Module, logits) -> str | None:
    """Tell the mean from the sum, logits from probabilities, and look for the activation."""
    if torch.allclose(logits.sum(dim=1), torch.ones(5), atol=1e-4):
        return "It returns probabilities: return the logits, without a softmax."
    wide = module(replace(config, context_length=7)).eval()
    wide.load_state_dict(bag.state_dict())
    pure = torch.tensor([[2, 2, 2, 2], [7, 7, 7, 7], [2, 2, 7, 7]])
    with torch.no_grad():
        if not torch.allclose(bag(pure)[0], wide(torch.full((1, 7), 2))[0], atol=1e-4):
            return (
                "The same letter four times or seven times should give the same logits: take "
                "the mean of the embeddings, not the sum."
            )
        for parameter in bag.parameters():
            parameter.mul_(3)  # so that the bend of an activation shows
        twos, sevens, both = bag(pure)
    if torch.allclose(both, (twos + sevens) / 2, rtol=1e-3, atol=1e-3):
        return (
            "Nothing bends between the average and the logits: average first, then the hidden "
            "layer, its activation and the output layer."
        )
    return None


def _problem_with_losses(losses, keys, least: float = 2.0) -> str | None:
    """Say what is wrong with a dict of losses as such, before any are compared."""
    if not isinstance(losses, dict) or set(losses) != set(keys):
        return f"Give a dict with the keys {list(keys)}."
    for key, loss in losses.items():
        if isinstance(loss, bool) or not isinstance(loss, Real) or not math.isfinite(loss):
            return f"The loss for {key!r} is {loss!r}: give a number, such as history.val[-1]."
        if not least < loss < 3:
            return (
                f"The loss for {key!r} is {loss:.2f}, which no such run reaches: give the "
                "loss in nats at the end of the run, for validation history.val[-1]."
            )
    return None
