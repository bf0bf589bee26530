"""A run that is stopped, or killed, and resumed is the run that never was: bit for bit."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest
import torch
from safetensors.torch import save_file

from scratchlm import resume as resuming
from scratchlm import train
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.resume import read_checkpoint, resume, save, write_checkpoint
from scratchlm.trainer import Trainer, TrainerConfig

SMALL = GPTConfig(vocab_size=7, context_length=8, d_model=8, n_heads=2, n_layers=1, dropout=0.2)
SHORT = TrainerConfig(steps=24, batch_size=4, warm_up=3, evaluate_every=5, evaluate_on=4)
IDS = torch.randint(7, (300,), generator=torch.Generator().manual_seed(0))


def torch_adamw(model, config):
    return torch.optim.AdamW(model.parameters(), fused=False)


def torch_momentum(model, config):
    return torch.optim.SGD(model.parameters(), momentum=0.9)


def trainer(seed=0, config=SHORT, model=SMALL, ids=IDS, **others):
    torch.manual_seed(seed)
    return Trainer(GPT(model), ids, IDS[:100], config, **others)


def same(one, other):
    assert asdict(one.log) == asdict(other.log)
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(a, b)


STOPS = sorted(random.Random(7).sample(range(1, 24), 5))


@pytest.mark.parametrize("kind", [None, torch_adamw, torch_momentum])
@pytest.mark.parametrize("stop", [0, *STOPS, 24])
def test_a_resumed_run_is_the_whole_run(stop, kind, tmp_path):
    others = {"make_optimizer": kind} if kind else {}
    whole = trainer(**others)
    whole.run()
    first = trainer(**others)
    first.run(stop)
    save(first, tmp_path / "run.safetensors")
    random.seed(99)
    second = trainer(seed=5, **others)  # other first weights, another random state
    resume(second, tmp_path / "run.safetensors")
    second.run()
    same(whole, second)


def test_python_s_random_numbers_go_on_too(tmp_path):
    run = trainer()
    random.seed(3)
    save(run, tmp_path / "run")
    drawn = random.random()
    resume(trainer(), tmp_path / "run")
    assert random.random() == drawn


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "run"
    write_checkpoint(path, {"x": torch.ones(2)}, {"n": 1})

    def fails(tensors, place, **others):
        place.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(resuming, "save_file", fails)
    with pytest.raises(OSError, match="disk is full"):
        write_checkpoint(path, {"x": torch.zeros(2)}, {"n": 2})
    tensors, metadata = read_checkpoint(path)
    assert metadata == {"n": 1} and torch.equal(tensors["x"], torch.ones(2))


def damaged(tmp_path):
    """Files that are no checkpoint: a pickle, a piece of one, one of another maker, nothing."""
    good = tmp_path / "good"
    save(trainer(), good)
    torch.save({"x": torch.ones(2)}, tmp_path / "pickle")
    (tmp_path / "piece").write_bytes(good.read_bytes()[:-20])
    (tmp_path / "text").write_text("no")
    (tmp_path / "empty").write_bytes(b"")
    save_file({"x": torch.ones(2)}, tmp_path / "foreign")
    return ["pickle", "piece", "text", "empty", "foreign"]


def test_a_file_that_is_no_checkpoint(tmp_path):
    for name in damaged(tmp_path):
        with pytest.raises(ValueError) as error:
            resume(trainer(), tmp_path / name)
        assert str(error.value).endswith(
            "no checkpoint of a run, or damaged: take another, or start anew."
        )
    with pytest.raises(ValueError, match="There is no checkpoint"):
        resume(trainer(), tmp_path / "absent")


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({"config": replace(SHORT, batch_size=5)}, "batch_size = 4, not 5"),
        ({"model": replace(SMALL, d_model=16)}, "d_model = 8, not 16"),
        ({"ids": IDS[1:]}, "text = "),
        ({"make_optimizer": torch_momentum}, "AdamW, not torch.optim.sgd.SGD"),
        ({"make_optimizer": torch_adamw}, "scratchlm.adamw.AdamW, not torch.optim.adamw.AdamW"),
    ],
)
def test_another_run_is_refused(others, sentence, tmp_path):
    save(trainer(), tmp_path / "run")
    with pytest.raises(ValueError) as error:
        resume(trainer(**others), tmp_path / "run")
    assert sentence in str(error.value) and "give what it began with" in str(error.value)


# ---- the script, in processes that are really killed

OPTIONS = {
    "steps": 400,
    "batch-size": 4,
    "context-length": 8,
    "d-model": 8,
    "n-heads": 2,
    "n-layers": 1,
    "dropout": 0.1,
    "warm-up": 20,
    "evaluate-every": 50,
    "evaluate-on": 4,
    "save-every": 3,
}
FILE = "checkpoint.safetensors"
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(folder, text, *more, **others):
    options = {"out": folder, "text": text, **OPTIONS, **others}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "scratchlm.train", *words, *more]


def start(*words):
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ONE_THREAD
    )


def finish(*words):
    """Run a command to its end: its status, and what it said."""
    process = start(*words)
    out, err = process.communicate()
    return process.returncode, out, err


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("the quick brown fox jumps over the lazy dog\n" * 40, "utf-8")
    return path


@pytest.fixture(scope="module")
def whole(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    status, out, err = finish(*command(folder, text))
    assert status == 0, err
    assert out.count("bits per character") == 9 and str(folder) in out.splitlines()[-1]
    return read_checkpoint(folder / FILE)


def wait_for_checkpoint(process, path, before):
    while process.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
        time.sleep(0.002)


def test_killed_at_random_moments_it_ends_the_same(text, whole, tmp_path):
    path, draw, steps = tmp_path / FILE, random.Random(time.time_ns()), []
    for kill in range(3):
        before = path.stat().st_mtime_ns if kill else None
        process = start(*command(tmp_path, text, *["--resume"] * bool(kill)))
        wait_for_checkpoint(process, path, before)
        time.sleep(draw.random() * 0.3)
        process.kill()
        process.communicate()
        steps.append(read_checkpoint(path)[1]["step"])
    status, _, err = finish(*command(tmp_path, text, "--resume"))
    assert status == 0, err
    tensors, metadata = read_checkpoint(path)
    assert metadata == whole[1], f"killed after the steps {steps}"
    assert all(torch.equal(tensors[name], whole[0][name]) for name in whole[0])


def test_ctrl_c_saves_and_says_how_to_go_on(text, whole, tmp_path):
    path = tmp_path / FILE
    process = start(*command(tmp_path, text))
    wait_for_checkpoint(process, path, None)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130 and not err
    assert out.splitlines()[-1].startswith("Stopped and saved: the same command with --resume")
    status, out, _ = finish(*command(tmp_path, text, "--resume"))
    assert status == 0 and out.startswith("resumed at step ")
    assert read_checkpoint(path)[1] == whole[1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": "many"}, "Argument --steps: invalid int value: 'many': see --help."),
        ({"steps": 0}, "steps is 0: give a number above 0."),
        ({"n-heads": 3}, "3 heads cannot share d_model = 8: give a divisor."),
        ({"text": "/no/such.txt"}, "The text /no/such.txt cannot be read"),
        ({"context-length": 999}, "Give two texts of 1000 tokens or more"),
        ({"device": "cuda"}, "There is no GPU that PyTorch can use: give --device cpu."),
        ({"device": "toaster"}, "There is no device toaster: give --device cpu or cuda."),
        ({"speed": 9}, "Unrecognized arguments: --speed 9: see --help."),
    ],
)
def test_bad_input_gets_one_sentence(options, sentence, text, tmp_path, capsys):
    if options.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    status = script_status(command(tmp_path, **{"text": text, **options})[3:])
    said = capsys.readouterr()
    assert status == 2 and not said.out
    assert said.err.startswith(sentence) and said.err.count("\n") == 1


def script_status(words):
    try:
        return train.main(words)
    except SystemExit as stop:
        return stop.code


def test_a_run_is_not_written_over_and_another_is_not_resumed(text, tmp_path, capsys):
    words, handler = command(tmp_path, text, steps=4)[3:], signal.getsignal(signal.SIGINT)
    assert script_status([*words, "--resume"]) == 2
    assert "There is no checkpoint" in capsys.readouterr().err
    assert script_status(words) == 0 and script_status(words) == 2
    assert "add --resume, or give another --out" in capsys.readouterr().err
    assert script_status([*words, "--resume", "--batch-size", "5"]) == 2
    assert "batch_size = 4, not 5" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_help_has_every_option_of_the_configs():
    text = train.make_parser().format_help()
    for config in (GPTConfig, TrainerConfig):
        for name in config.__dataclass_fields__:
            assert name == "vocab_size" or f"--{name.replace('_', '-')}" in text
    assert "updates of the parameters (default: 2000)" in " ".join(text.split())
