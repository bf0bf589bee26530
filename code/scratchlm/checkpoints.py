"""Trained once, then loaded: the results of recipes, kept in the cache.

A *recipe* is a module of `scratchlm.recipes`: a named, seeded, deterministic training run.

    DATA = ["names"]                     # the data sets it reads

    def train():                         # the tensors to keep, and what else to remember (JSON)
        ...
        return model.state_dict(), {"validation_loss": loss}

    >>> tensors, metadata = checkpoints.load(names_mlp)

The file's name holds a hash of everything the result depends on: the source of the recipe and of
all it imports from the package, the locked content of its data, the version of PyTorch, the
edits in force (`scratchlm.edits`) and the conditions below. Change any of these and the recipe is
trained again; a stale checkpoint is never loaded. (A module edited after it was imported trains as
it was imported: restart Python first.) The file itself (safetensors) holds a hash of its
content, so a damaged one is noticed.

A recipe trains on the CPU with one thread and PyTorch's deterministic algorithms: on one machine
the same recipe gives the same bytes, however many cores are free. A long recipe shows its own
progress with plain `tqdm`. `python -m scratchlm.checkpoints` lists the recipes,
`python -m scratchlm.checkpoints NAME ...` makes checkpoints.
"""

import hashlib
import importlib
import json
import os
import pkgutil
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from scratchlm import cache, data, edits, recipes, wheels
from scratchlm.closure import closure_hash, source_closure

CONDITIONS = {"seed": 0, "threads": 1}
ENTRY = "scratchlm"  # the one key of the file's header: several would be written in any order


def load(recipe: ModuleType | str) -> tuple[dict[str, torch.Tensor], dict]:
    """Return what `recipe` (a module, or its name) trains: (tensors, metadata).

    The tensors are on the CPU, by name; the metadata is what JSON makes of the recipe's. Loaded
    from the cache if it is there, else trained and kept; of two processes that ask at the same
    time one trains. The random state of the caller is left as it was.

    Raises ValueError for a name that is no recipe and for a recipe that returns something else
    than tensors and metadata, DataError if the cache cannot be used.
    """
    module = find(recipe) if isinstance(recipe, str) else recipe
    path = place(module)
    if (content := read(path)) is None:
        with cache.locked(path.name):
            if (content := read(path)) is None:  # no other process has made it in the meantime
                if path.exists():
                    print(
                        f"The checkpoint {path.name} is damaged: training again.", file=sys.stderr
                    )
                make(module, path)
                content = read(path)
    return content


def available() -> list[str]:
    """Return the names of all recipes, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(recipes.__path__))


def find(name: str) -> ModuleType:
    """Return the recipe called `name` (with dashes or underscores); ValueError if there is none."""
    if name.replace("-", "_") not in available():
        known = ", ".join(available()) or "none"
        raise ValueError(f"There is no recipe {name!r} for a checkpoint; there are {known}.")
    return importlib.import_module(f"{recipes.__name__}.{name.replace('-', '_')}")


def place(module: ModuleType) -> Path:
    """Return the path of the checkpoint of a recipe, made or not."""
    pins = wheels.lock()["wheels"]
    sources = {name: data.pin(name)["wheels"] for name in getattr(module, "DATA", [])}
    content = {
        "code": closure_hash(module),
        "data": {name: list(members.items()) for name, members in sources.items()},
        "wheels": {wheel: pins[wheel]["sha256"] for part in sources.values() for wheel in part},
        "torch": torch.__version__,
        "conditions": CONDITIONS,
    }
    if edited := edits.active(source_closure(module)):
        content["edits"] = edited
    key = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    name = module.__name__.rpartition(".")[2]
    return cache.location() / "checkpoints" / f"{name}-{key[:16]}.safetensors"


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict] | None:
    """Return the content of a checkpoint file; None if there is none or it is damaged."""
    try:
        with cache.in_one_sentence():
            if not path.is_file():
                return None
            with safe_open(path, framework="pt") as file:
                entry = json.loads(file.metadata()[ENTRY])
                tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
        sound = entry["sha256"] == fingerprint(tensors, entry["metadata"])
    except (SafetensorError, ValueError, KeyError, TypeError):
        return None
    return (tensors, entry["metadata"]) if sound else None


def fingerprint(tensors: dict[str, torch.Tensor], metadata: dict) -> str:
    """Return the SHA-256 of the names, types, shapes and bytes of `tensors` and of `metadata`."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\n{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def make(module: ModuleType, path: Path) -> None:
    """Train a recipe and write its checkpoint to `path`, whole or not at all."""
    cache.folder(path.parent.name)  # a cache that cannot be used should say so before training
    with fixed_conditions():
        result = module.train()
    tensors, metadata = checked(module.__name__, result)
    entry = {"metadata": metadata, "sha256": fingerprint(tensors, metadata)}
    header = {ENTRY: json.dumps(entry, sort_keys=True)}
    with cache.workspace(path.name) as work, cache.in_one_sentence():
        save_file(tensors, work / path.name, metadata=header)
        os.replace(work / path.name, path)


def checked(name: str, result) -> tuple[dict[str, torch.Tensor], dict]:
    """Return a recipe's result ready to be written; ValueError if it is of another kind."""
    try:
        tensors, metadata = result
        copies = {key: contiguous(value) for key, value in tensors.items()}
        return copies, json.loads(json.dumps(dict(metadata)))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"The recipe {name} should return a dict of tensors and a dict that JSON can hold "
            f"({error})."
        ) from None


def contiguous(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy of `tensor` on the CPU: elements in order, memory shared with nothing."""
    return tensor.detach().cpu().clone(memory_format=torch.contiguous_format)


@contextmanager
def fixed_conditions() -> Iterator[None]:
    """Seed the random numbers, fix what the bytes of a training run depend on, restore it after."""
    threads, state = torch.get_num_threads(), random.getstate()
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(CONDITIONS["seed"])
        random.seed(CONDITIONS["seed"])
        torch.set_num_threads(CONDITIONS["threads"])
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict, warn_only=lenient)
            random.setstate(state)


def main(wanted: list[str]) -> str | None:
    """List the recipes, or load the checkpoints `wanted`; return an error's sentence or None."""
    for name in [] if wanted else available():
        print(name, "(made)" if place(find(name)).is_file() else "(not made yet)")
    try:
        for name in wanted:
            load(name)
            print(f"{name} is in {place(find(name))}")
    except (ValueError, cache.DataError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
