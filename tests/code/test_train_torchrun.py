"""The training script in two real processes: interrupted, killed, resumed, and misused."""

import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
import torch

from scratchlm import train
from scratchlm.resume import read_checkpoint
from scratchlm.train import FILE

OPTIONS = {
    "steps": 60,
    "batch-size": 4,
    "context-length": 8,
    "d-model": 8,
    "n-heads": 2,
    "n-layers": 1,
    "dropout": 0.1,
    "warm-up": 5,
    "evaluate-every": 20,
    "evaluate-on": 4,
    "save-every": 1,
}
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
LONGEST = 120  # seconds that any of them may take


def words(folder, text, *more, **others):
    options = {"out": folder, "text": text, **OPTIONS, **others}
    named = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return ["-m", "scratchlm.train", *named, *more]


class Run:
    """The script under torchrun; whatever happens, its processes end with it."""

    def __init__(self, *arguments, program=LAUNCH):
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        self.process.wait(LONGEST)

    def workers(self):
        """Return the numbers of the processes that torchrun has started."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(number) for number in file.read().split()]

    def kill(self):
        """End all of them as a power cut does."""
        self.process.send_signal(signal.SIGSTOP)  # torchrun shall not help
        for number in self.workers():
            os.kill(number, signal.SIGKILL)
        self.process.kill()

    def finish(self):
        """Wait for the end: the status, and what was said."""
        out, err = self.process.communicate(timeout=LONGEST)
        return self.process.returncode, out, err

    def wait_for(self, path):
        """Wait until a file is there."""
        end = time.monotonic() + LONGEST
        while not path.exists() and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("the quick brown fox jumps over the lazy dog\n" * 40, "utf-8")
    return path


@pytest.fixture(scope="module")
def whole(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with Run(*words(folder, text)) as run:
        status, out, err = run.finish()
    assert status == 0, err
    assert out.count("bits per character") == 4 and out.count("The run is in") == 1
    return read_checkpoint(folder / FILE)


def same(path, whole):
    tensors, metadata = read_checkpoint(path)
    assert metadata == whole[1]
    kept = {name for name in tensors if not name.startswith("random.")}
    assert all(torch.equal(tensors[name], whole[0][name]) for name in kept)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks for the processes in /proc")
def test_killed_at_a_random_step_it_ends_the_same(text, whole, tmp_path):
    path, draw = tmp_path / FILE, random.Random(time.time_ns())
    with Run(*words(tmp_path, text)) as run:
        run.wait_for(path)
        time.sleep(draw.random() * 0.3)
        run.kill()
    step = read_checkpoint(path)[1]["step"]
    with Run(*words(tmp_path, text, "--resume")) as run:
        status, out, err = run.finish()
    assert status == 0 and f"resumed at step {step}\n" in out, err
    same(path, whole)


def test_asked_to_stop_all_stop_at_the_same_step(text, whole, tmp_path):
    path = tmp_path / FILE
    with Run(*words(tmp_path, text, steps=4_000)) as run:
        run.wait_for(path)
        run.process.send_signal(signal.SIGTERM)
        status, out, err = run.finish()
    assert status != 0 and "gone" not in err
    assert out.splitlines()[-1].startswith("Stopped and saved: the same command with --resume")
    assert 0 < read_checkpoint(path)[1]["step"] < 4_000
    with pytest.raises(ValueError, match="processes = 2, not 1: give what it began with"):
        train.train(
            train.make_parser().parse_args(words(tmp_path, text, "--resume", steps=4_000)[2:])
        )


def test_without_dropout_it_is_the_curve_of_one_process(text, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert train.main(words(one, text, dropout=0.0)[2:]) == 0
    with Run(*words(two, text, dropout=0.0)) as run:
        assert run.finish()[0] == 0
    logs = [read_checkpoint(folder / FILE)[1]["log"] for folder in (one, two)]
    for name in ("loss", "norm", "train", "val"):
        assert logs[1][name] == pytest.approx(logs[0][name], abs=1e-4)


def test_a_batch_that_cannot_be_shared_gets_one_sentence(text, tmp_path):
    with Run(*words(tmp_path, text, **{"batch-size": 5})) as run:
        status, out, err = run.finish()
    said = "2 processes cannot share batch_size = 5 evenly: give a multiple."
    assert status != 0 and not out and len(re.findall(re.escape(said), err)) == 1


def test_a_rank_without_torchrun_gets_one_sentence(text, tmp_path, monkeypatch, capsys):
    for name, value in [("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0")]:
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert train.main(words(tmp_path, text)[2:]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "start them with torchrun" in said
