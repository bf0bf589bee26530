"""Runs ours and a peer alternately in the same run, so that both meet the same machine."""

import importlib
import pkgutil
import time
from dataclasses import dataclass
from statistics import median

import benchmarks


@dataclass(frozen=True)
class Timing:
    """Seconds of each run, ours and the peer's in pairs that ran one after the other."""

    ours: list[float]
    peer: list[float]

    @property
    def ratios(self) -> list[float]:
        return [ours / peer for ours, peer in zip(self.ours, self.peer)]


def entries(package=benchmarks) -> list:
    """The comparisons: the modules of the package that state a NAME."""
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    names = [name for name in names if not name.startswith("_")]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return [module for module in modules if hasattr(module, "NAME")]


def seconds(entry, run) -> float:
    getattr(entry, "fresh", lambda: None)()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measure(entry, repeat: int) -> Timing:
    """Time `repeat` pairs of runs, after one pair that only warms the caches.

    Which side goes first alternates, so that a machine that slows down favours neither. An entry
    whose runs take minutes sets REPEAT, the most pairs that are timed.
    """
    repeat = min(repeat, getattr(entry, "REPEAT", repeat))
    timing = Timing([], [])
    for round_number in range(repeat + 1):
        sides = [(entry.ours, timing.ours), (entry.peer, timing.peer)]
        for run, times in sides if round_number % 2 else reversed(sides):
            times.append(seconds(entry, run))
    return Timing(timing.ours[1:], timing.peer[1:])


def line(entry, timing: Timing) -> str:
    """One line: what each side costs a unit, and the median ratio with its spread."""
    count, unit = getattr(entry, "COUNT", 1), getattr(entry, "UNIT", "run")
    ours, peer, ratio = map(median, (timing.ours, timing.peer, timing.ratios))
    return (
        f"{entry.NAME}: ours {ours / count:.3g} s a {unit}, "
        f"{entry.PEER} {peer / count:.3g} s a {unit}; "
        f"ratio {ratio:.2f} ({min(timing.ratios):.2f}–{max(timing.ratios):.2f}, "
        f"{len(timing.ratios)} pairs of runs)"
    )
