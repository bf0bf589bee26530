"""All-reduce by hand: processes in a ring, and lists of numbers. No library takes part."""

from multiprocessing.connection import Connection


class Seat:
    """A process's place in a ring of n: it sends to the right and receives from the left."""

    def __init__(self, rank: int, n: int, left: Connection, right: Connection):
        self.rank, self.n, self.left, self.right = rank, n, left, right
        self.sent = 0  # numbers, so far

    def pass_on(self, numbers: list[float]) -> list[float]:
        """Send numbers to the right; return what came from the left.

        Trap: a pipe holds so much and no more. If all of them sent first, long lists
        would keep everybody waiting for a reader, for ever. So odd ranks read first.
        """
        self.sent += len(numbers)
        if self.rank % 2:
            received = self.left.recv()
            self.right.send(numbers)
            return received
        self.right.send(numbers)
        return self.left.recv()


def average_of_two(seat: Seat, mine: list[float]) -> list[float]:
    """Return the mean of this process's numbers and those of the only other one."""
    theirs = seat.pass_on(mine)
    return [(a + b) / 2 for a, b in zip(mine, theirs)]


def reduce_scatter(seat: Seat, chunks: list[list[float]]) -> int:
    """Add up n chunks over all processes, each of them in another process.

    Returns the number of the chunk that is whole in this one; the rest is left half done.
    """
    for step in range(seat.n - 1):
        out, into = (seat.rank - step) % seat.n, (seat.rank - step - 1) % seat.n
        received = seat.pass_on(chunks[out])
        chunks[into] = [a + b for a, b in zip(chunks[into], received)]
    return (seat.rank + 1) % seat.n


def all_gather(seat: Seat, chunks: list[list[float]], mine: int) -> None:
    """Give everybody all chunks, of which this process has the one called `mine`."""
    for step in range(seat.n - 1):
        out, into = (mine - step) % seat.n, (mine - step - 1) % seat.n
        chunks[into] = seat.pass_on(chunks[out])


def ring_average(seat: Seat, numbers: list[float]) -> tuple[list[float], int]:
    """Return the mean over all processes, and how many numbers this one has sent.

    Patarasuk and Yuan (2009).
    """
    size = -(-len(numbers) // seat.n)  # rounded up: the last chunk may be shorter
    chunks = [numbers[i * size : (i + 1) * size] for i in range(seat.n)]
    all_gather(seat, chunks, reduce_scatter(seat, chunks))
    return [total / seat.n for chunk in chunks for total in chunk], seat.sent
