"""A training run on disk: written whole or not at all, and resumed as if nothing had happened."""

import hashlib
import json
import os
import random
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scratchlm.trainer import Log, Trainer


def write_checkpoint(path: Path, tensors: dict[str, Tensor], metadata: dict) -> None:
    """Write tensors and metadata for JSON to one file: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    separate = {n: t.detach().cpu().clone().contiguous() for n, t in tensors.items()}
    save_file(separate, partial, metadata={"scratchlm": json.dumps(metadata)})
    with partial.open("rb") as file:
        os.fsync(file.fileno())  # on the disk, not only on its way
    os.replace(partial, path)  # one step: nobody ever sees half a file


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Return what `write_checkpoint` wrote; ValueError if the file is something else."""
    if not path.is_file():
        raise ValueError(f"There is no checkpoint {path}: start a run, then resume it.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads(file.metadata()["scratchlm"])
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, metadata
    except (SafetensorError, KeyError, TypeError, ValueError):
        raise ValueError(
            f"{path} is no checkpoint of a run, or damaged: take another, or start anew."
        ) from None


def random_states() -> tuple[dict[str, Tensor], list]:
    """Return the states of PyTorch's generators, one a device, and of Python's."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        for i, state in enumerate(torch.cuda.get_rng_state_all()):
            states[f"cuda:{i}"] = state
    return states, list(random.getstate())


def set_random_states(states: dict[str, Tensor], python: list) -> None:
    """Go on drawing where `random_states` left off."""
    version, numbers, gauss = python
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(states["cpu"])
    for name, state in states.items():
        if name != "cpu":
            torch.cuda.set_rng_state(state, name)


def description(trainer: Trainer) -> dict:
    """Return what must stay the same for a run to go on."""
    text = torch.cat([trainer.ids, trainer.val_ids]).numpy().tobytes()
    kind = type(trainer.optimizer)
    return {
        **asdict(trainer.model.config),
        **asdict(trainer.config),
        "optimizer": f"{kind.__module__}.{kind.__qualname__}",  # there are several AdamW
        "text": hashlib.sha256(text).hexdigest()[:8],
    }


def save(trainer: Trainer, path: Path) -> None:
    """Write all that a run's future depends on to one safetensors file."""
    tensors = {f"model.{name}": t for name, t in trainer.model.state_dict().items()}
    optimizer = trainer.optimizer.state_dict()
    for number, values in optimizer["state"].items():
        tensors |= {f"optimizer.{number}.{name}": t for name, t in values.items()}
    states, python = random_states()
    tensors |= {f"random.{name}": state for name, state in states.items()}
    metadata = {
        "run": description(trainer),
        "step": trainer.step,
        "log": asdict(trainer.log),
        "groups": optimizer["param_groups"],
        "python": python,
    }
    write_checkpoint(path, tensors, metadata)


def part(tensors: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors called `name`, a dot, and more; by what follows the dot."""
    start = name + "."
    return {k.removeprefix(start): t for k, t in tensors.items() if k.startswith(start)}


def resume(trainer: Trainer, path: Path) -> None:
    """Put a trainer into the state of a saved one; ValueError if it is of another run."""
    tensors, metadata = read_checkpoint(path)
    for name, value in description(trainer).items():
        if (saved := metadata["run"].get(name)) != value:
            raise ValueError(
                f"{path} is of a run with {name} = {saved}, not {value}: give what it began with."
            )
    trainer.model.load_state_dict(part(tensors, "model"))
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in part(tensors, "optimizer").items():
        number, name = key.split(".")
        state.setdefault(int(number), {})[name] = tensor
    groups = metadata["groups"]
    trainer.optimizer.load_state_dict({"state": state, "param_groups": groups})
    trainer.step, trainer.log = metadata["step"], Log(**metadata["log"])
    set_random_states(part(tensors, "random"), metadata["python"])
