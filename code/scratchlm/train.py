"""Train a GPT on the characters of a text: `python -m scratchlm.train --help`.

Started by `torchrun`, its processes share every batch.
"""

import argparse
import inspect
import random
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor

from scratchlm import cache, data
from scratchlm.characters import CharTokenizer
from scratchlm.data_parallel import (
    ParallelConfig,
    Place,
    average,
    draw_share,
    find_place,
    joined,
    same_start,
)
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.metrics import bits_per_character, perplexity
from scratchlm.resume import resume, save
from scratchlm.tensorboard_log import logged
from scratchlm.trainer import Trainer, TrainerConfig

SIZE = {"context_length": 64, "d_model": 128, "n_heads": 4, "n_layers": 4}  # the plain recipe
FILE = "checkpoint.safetensors"
ALONE = Place()


def add_options(parser: argparse.ArgumentParser, config: type, title: str) -> None:
    """Give the parser an option for each field of a config; the comments there are the help."""
    group = parser.add_argument_group(title)
    helps = dict(re.findall(r"^    (\w+): .*#\s*(.*)$", inspect.getsource(config), re.MULTILINE))
    for field in fields(config):
        if field.name == "vocab_size":  # the text decides it
            continue
        default = SIZE.get(field.name, field.default)
        options = {"type": field.type, "metavar": field.type.__name__.upper()}
        if field.type is bool:
            options = {"action": argparse.BooleanOptionalAction}
        name, text = field.name.replace("_", "-"), helps.get(field.name, "")
        text = f"{text} (default: {default})".replace("%", "%%").strip()
        group.add_argument(f"--{name}", default=default, help=text, **options)


class Parser(argparse.ArgumentParser):
    """A parser that answers a wrong option with one sentence."""

    def error(self, message: str) -> None:
        """Say what is wrong, and end with status 2."""
        self.exit(2, f"{message[:1].upper()}{message[1:]}: see --help.\n")


def make_parser() -> Parser:
    """Return the parser of all options."""
    parser = Parser(
        prog="python -m scratchlm.train",
        description="Train a GPT on the characters of a text. Ctrl-C saves; --resume goes on. "
        "With `torchrun --nproc-per-node 2 -m scratchlm.train` two processes share every batch.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument(
        "--text",
        default="tiny-shakespeare",
        help="a text of the book, or a file in UTF-8 (default: %(default)s)",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    parser.add_argument(
        "--save-every",
        type=int,
        default=200,
        metavar="INT",
        help="steps from one checkpoint to another (default: %(default)s)",
    )
    parser.add_argument("--log-dir", type=Path, help="folder for TensorBoard (default: none)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: %(default)s)")
    add_options(parser, GPTConfig, "the model")
    add_options(parser, TrainerConfig, "the training")
    return parser


def read_text(name: str) -> str:
    """Return the text of a data set or of a file; ValueError if it cannot be read."""
    if name in ("tiny-shakespeare", "shakespeare"):
        return data.load(name)
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ValueError(
            f"The text {name} cannot be read ({reason}): give tiny-shakespeare, shakespeare, "
            "or a file in UTF-8."
        ) from None


def chosen(config: type, options: argparse.Namespace, **others) -> GPTConfig | TrainerConfig:
    """Return a config with the values that were asked for."""
    names = {field.name for field in fields(config)} - set(others)
    return config(**{name: getattr(options, name) for name in names}, **others)


def find_device(name: str, place: Place) -> torch.device:
    """Return where a process computes; ValueError if there is no such device for it."""
    if name not in ("cpu", "cuda"):
        raise ValueError(f"There is no device {name}: give --device cpu or cuda.")
    if name == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError("There is no GPU that PyTorch can use: give --device cpu.")
    if place.local_rank >= (count := torch.cuda.device_count()):
        raise ValueError(f"This machine has {count} GPUs: give --nproc-per-node {count} or less.")
    return torch.device("cuda", place.local_rank)


def make_trainer(options: argparse.Namespace, place: Place = ALONE) -> Trainer:
    """Return the trainer that the options describe, at step 0."""
    device = find_device(options.device, place)
    text = read_text(options.text)
    tokenizer = CharTokenizer("".join(sorted(set(text))))
    ids, val_ids = (torch.tensor(tokenizer.encode(part)) for part in data.split_text(text))
    training = chosen(ParallelConfig, options, processes=place.processes)
    random.seed(training.seed)
    torch.manual_seed(training.seed)  # decides the first parameters, and dropout
    model = GPT(chosen(GPTConfig, options, vocab_size=len(tokenizer)))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    draw = {} if place == ALONE else {"draw": draw_share(place)}
    return Trainer(model.to(device), ids, val_ids, training, **draw)


class Stopped(Exception):
    """The run was asked to stop, and has been saved."""


class Watch:
    """What happens after each step: reports, checkpoints, and an end when Ctrl-C was pressed."""

    def __init__(self, path: Path, save_every: int, place: Place = ALONE):
        self.path, self.save_every, self.place = path, save_every, place
        self.asked, self.stopped, self.told = False, False, -1

    def stop(self, *_) -> None:
        """Let the step be finished; if there is one process, a second Ctrl-C ends at once."""
        self.asked = True
        if self.place.processes == 1:  # torchrun passes on what the keyboard has sent already
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def average(self, tensors: list[Tensor]) -> None:
        """Average over the processes; whether anybody was asked to stop travels along."""
        asked = torch.tensor(float(self.asked), device=tensors[0].device)
        self.together(average, [*tensors, asked])
        self.stopped = asked.item() > 0  # all stop after the same step, or none

    def __call__(self, trainer: Trainer) -> None:
        """Report an evaluation that is new; save when it is time or when asked to stop."""
        self.report(trainer)
        if self.place.processes == 1:
            self.stopped = self.asked
        if self.stopped or trainer.step % self.save_every == 0:
            self.save(trainer)
        if self.stopped:
            raise Stopped

    def save(self, trainer: Trainer) -> None:
        """Write the checkpoint: process 0, for all have the same model."""
        if self.place.rank == 0:
            save(trainer, self.path)
        if self.place.processes > 1:
            self.together(dist.barrier)  # nobody leaves before it is written

    def together(self, act: Callable, *arguments) -> None:
        """Do what all processes have to do; OSError if one of them is gone."""
        try:
            act(*arguments)
        except RuntimeError as error:
            raise ConnectionError(
                f"A process of the run is gone: start again, with --resume if there is {self.path}."
            ) from error

    def report(self, trainer: Trainer) -> None:
        """Print the losses of the last evaluation, once."""
        log = trainer.log
        if self.place.rank == 0 and log.evaluated and log.evaluated[-1] > self.told:
            self.told, val = log.evaluated[-1], log.val[-1]
            print(
                f"step {self.told}: training loss {log.train[-1]:.4f}, validation loss {val:.4f}, "
                f"perplexity {perplexity(val):.2f}, "
                f"{bits_per_character(val):.3f} bits per character",
                flush=True,
            )


@contextmanager
def signals(handler: Callable) -> Iterator[None]:
    """Let a function answer Ctrl-C, and the request to end that clusters send."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, old in zip(numbers, before):
            signal.signal(number, old)


def train(options: argparse.Namespace, place: Place = ALONE) -> None:
    """Train as the options say, from the start or from a checkpoint. ValueError if that fails."""
    path = options.out / FILE
    if path.exists() and not options.resume:
        raise ValueError(f"There is a run in {options.out}: add --resume, or give another --out.")
    trainer, watch = make_trainer(options, place), Watch(path, options.save_every, place)
    if options.resume:
        resume(trainer, path)
        if place.rank == 0:
            print(f"resumed at step {trainer.step}", flush=True)
    with signals(watch.stop), joined(place, "nccl" if options.device == "cuda" else "gloo"):
        if place.processes > 1:
            same_start(trainer.model)
            trainer.average = watch.average
        with logged(trainer, watch, options.log_dir if place.rank == 0 else None) as after:
            trainer.run(after=after)
        watch.report(trainer)
        watch.save(trainer)
    if place.rank == 0:
        print(f"The run is in {path}.")


def main(arguments: list[str]) -> int:
    """Train as the arguments say; return the exit status: 2 for bad input, 130 for Ctrl-C."""
    options, place = make_parser().parse_args(arguments), find_place()
    try:
        train(options, place)
    except Stopped:
        if place.rank == 0:
            print("Stopped and saved: the same command with --resume goes on from here.")
        return 130
    except (ValueError, OSError, cache.DataError) as error:
        if place.local_rank == 0:  # one sentence for each machine
            print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
