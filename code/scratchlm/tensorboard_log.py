"""The log of a run for TensorBoard: a hook for the trainer's `after`, and its reader."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from scratchlm.trainer import Trainer


class TensorBoardLog:
    """Writes what a trainer measures into a folder: `trainer.run(after=TensorBoardLog(folder))`."""

    def __init__(self, folder: Path, every: int = 1):
        self.writer, self.every, self.told = SummaryWriter(str(folder)), every, -1

    def __call__(self, trainer: Trainer) -> None:
        """Write the numbers of the last step, and of an evaluation before it."""
        log, step = trainer.log, trainer.step
        if step % self.every == 0:
            self.writer.add_scalar("loss/batch", log.loss[-1], step)
            self.writer.add_scalar("gradient/norm", log.norm[-1], step)
            rate = trainer.optimizer.param_groups[0]["lr"]
            self.writer.add_scalar("rate", rate, step)
        self.judge(trainer)

    def judge(self, trainer: Trainer) -> None:
        """Write an evaluation that is new, such as the one after the last step."""
        log = trainer.log
        if log.evaluated and log.evaluated[-1] > self.told:
            self.told = log.evaluated[-1]
            self.writer.add_scalar("loss/train", log.train[-1], self.told)
            self.writer.add_scalar("loss/validation", log.val[-1], self.told)

    def close(self) -> None:
        """Bring everything to the disk."""
        self.writer.close()


@contextmanager
def logged(trainer: Trainer, after: Callable, folder: Path | None) -> Iterator[Callable]:
    """Give the hook `after` a log for TensorBoard before it, if there is a folder for one."""
    if folder is None:
        yield after
        return
    log = TensorBoardLog(folder)
    try:
        yield lambda trainer: (log(trainer), after(trainer))
    finally:
        log.judge(trainer)
        log.close()


def read_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return what was written under each name: pairs of a step and a value."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})  # 0: all of them
    events.Reload()
    names = events.Tags()["scalars"]
    return {name: [(e.step, e.value) for e in events.Scalars(name)] for name in sorted(names)}
