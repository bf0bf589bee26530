"""All-reduce by hand: against sums on paper, in real processes, and for any number of them."""

import time
from queue import Queue
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm import ring
from scratchlm.processes import in_ring
from scratchlm.ring import Seat, all_gather, average_of_two, reduce_scatter, ring_average


class Line:
    """A pipe between threads."""

    def __init__(self):
        self.queue = Queue()

    def send(self, numbers):
        self.queue.put(list(numbers))

    def recv(self):
        return self.queue.get(timeout=10)


def in_threads(work, inputs):
    """What `in_ring` does, in threads: quick enough for many trials."""
    n, lines = len(inputs), [Line() for _ in inputs]
    answers = [None] * n

    def one(rank):
        answers[rank] = work(Seat(rank, n, lines[rank - 1], lines[rank]), inputs[rank])

    threads = [Thread(target=one, args=(rank,)) for rank in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def test_two_by_hand():
    assert in_threads(average_of_two, [[-5.0], [-25.0]]) == [[-15.0], [-15.0]]


def test_three_by_hand():
    lists = [[1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0]]
    means = [[37.0, 74.0, 111.0]] * 3
    assert [mean for mean, _ in in_threads(ring_average, lists)] == means
    assert [sent for _, sent in in_threads(ring_average, lists)] == [4, 4, 4]


def test_after_a_reduce_scatter_each_has_one_whole_chunk():
    def work(seat, numbers):
        chunks = [[x] for x in numbers]
        whole = reduce_scatter(seat, chunks)
        return whole, chunks[whole]

    answers = in_threads(work, [[1.0, 2.0, 3.0, 4.0]] * 4)
    assert answers == [(1, [8.0]), (2, [12.0]), (3, [16.0]), (0, [4.0])]


def test_after_an_all_gather_everybody_has_all():
    def work(seat, mine):
        chunks = [[] for _ in range(3)]
        chunks[seat.rank] = mine
        all_gather(seat, chunks, seat.rank)
        return chunks

    assert in_threads(work, [[1], [2, 2], [3]]) == [[[1], [2, 2], [3]]] * 3


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 7), length=st.integers(0, 30))
def test_any_number_of_processes_and_any_length(n, length):
    lists = [[float((rank + 1) * (k + 1)) for k in range(length)] for rank in range(n)]
    answers = in_threads(ring_average, lists)
    expected = [sum(column) / n for column in zip(*lists)]
    for mean, sent in answers:
        assert mean == pytest.approx(expected)
        assert sent <= 2 * (n - 1) * -(-length // n)


def test_real_processes_agree_on_lists_that_no_pipe_can_hold():
    lists = [[float(rank)] * 100_000 for rank in range(3)]
    answers = in_ring(ring.ring_average, lists, timeout=60)
    assert all(mean == [1.0] * 100_000 for mean, _ in answers)
    assert sum(sent for _, sent in answers) == 4 * 100_000


def test_a_process_that_fails_is_noticed_at_once():
    started = time.perf_counter()
    with pytest.raises(RuntimeError, match=r"Process [01] has ended without a result"):
        in_ring(ring.ring_average, [[1.0, 2.0], ["a", "b"]], timeout=100)
    assert time.perf_counter() - started < 60
