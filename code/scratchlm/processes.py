"""Start processes that sit in a ring, and collect what they return."""

import multiprocessing
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import wait

from scratchlm.ring import Seat


def _answer(work: Callable, seat: Seat, given, answer) -> None:
    answer.send(work(seat, given))


def in_ring(work: Callable, inputs: list, timeout: float = 60) -> list:
    """Return `work(seat, input)` for each input, each from a new process.

    `work` is a function of a module, since a new process imports it by its name. Raises
    RuntimeError if a process ends without a result or needs more than `timeout` seconds.
    """
    context = multiprocessing.get_context("spawn")
    pipes, answers = ([context.Pipe(duplex=False) for _ in inputs] for _ in range(2))
    started = []
    try:
        for rank, given in enumerate(inputs):
            seat = Seat(rank, len(inputs), pipes[rank - 1][0], pipes[rank][1])
            work_of = (work, seat, given, answers[rank][1])
            process = context.Process(target=_answer, args=work_of, daemon=True)
            process.start()
            started.append(process)
            answers[rank][1].close()  # so that the end of the process can be seen
        return _receive([pipe for pipe, _ in answers], timeout)
    finally:
        for process in started:
            process.kill()
            process.join()
        for pipe in (end for pair in pipes + answers for end in pair):
            with suppress(OSError):
                pipe.close()


def _receive(pipes: list, timeout: float) -> list:
    results = {}
    while len(results) < len(pipes):
        ready = wait([pipe for pipe in pipes if pipe not in results], timeout)
        if not ready:
            raise RuntimeError(f"A process had no result after {timeout} seconds.")
        for pipe in ready:
            try:
                results[pipe] = pipe.recv()
            except EOFError:
                rank = pipes.index(pipe)
                raise RuntimeError(f"Process {rank} has ended without a result.") from None
    return [results[pipe] for pipe in pipes]
