"""From documents as ids to shuffled batches of inputs and targets."""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

IGNORE = -100  # F.cross_entropy skips a target with this value


def pack(documents: Iterable[Sequence[int]], end: int) -> Tensor:
    """Lay documents end to end, the id `end` behind each: int64 (L,).

    >>> pack([[7, 8], [9]], end=0)
    tensor([7, 8, 0, 9, 0])
    """
    ids = [i for document in documents for i in (*document, end)]
    return torch.tensor(ids, dtype=torch.int64)


def token_windows(
    ids: Sequence[int], context_length: int, stride: int | None = None
) -> tuple[Tensor, Tensor]:
    """Cut windows: inputs (N, T) and targets (N, T), int64, the inputs moved on by one.

    One starts at every `stride`-th id, by default at every T-th, T = context_length.
    Then each id but the first is a target once, except up to T - 1 at the end that
    fill no window. Raises ValueError when the ids are too few for one.

    >>> token_windows([5, 6, 7, 8, 9], context_length=2)
    (tensor([[5, 6],
            [7, 8]]), tensor([[6, 7],
            [8, 9]]))
    """
    ids = torch.as_tensor(ids, dtype=torch.int64)
    stride = context_length if stride is None else stride
    if context_length < 1 or stride < 1 or len(ids) <= context_length:
        raise ValueError(
            f"{len(ids)} ids hold no windows of context_length {context_length} with "
            f"targets at stride {stride}: give more ids, and whole numbers above 0."
        )
    spans = ids.unfold(0, context_length + 1, stride)  # (N, T + 1): a view
    return spans[:, :-1], spans[:, 1:]


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Make one batch of sequences of any lengths: inputs, targets (B, T), int64.

    T is one less than the longest length. Shorter inputs end in `pad_id`, their
    targets in IGNORE. Raises ValueError for a sequence of fewer than two ids.

    >>> pad([[5, 6, 7], [8, 9]], pad_id=0)
    (tensor([[5, 6],
            [8, 0]]), tensor([[   6,    7],
            [   9, -100]]))
    """
    lengths = [len(sequence) for sequence in sequences]
    if not lengths or min(lengths) < 2:
        raise ValueError("Give sequences of at least two ids: input and target.")
    shape = len(lengths), max(lengths) - 1  # (B, T)
    inputs, targets = torch.full(shape, pad_id), torch.full(shape, IGNORE)
    for row, sequence in enumerate(sequences):
        ids = torch.as_tensor(sequence, dtype=torch.int64)
        inputs[row, : len(ids) - 1] = ids[:-1]
        targets[row, : len(ids) - 1] = ids[1:]
    return inputs, targets


def batches(
    inputs: Tensor, targets: Tensor, batch_size: int, seed: int = 0, drop_last: bool = True
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield all windows once, as pairs of (B, T), in an order that `seed` decides.

    That is one epoch; give the next one another seed. The last batch may have less
    than B = batch_size windows, unless it is dropped. ValueError when there is none.
    """
    count = len(inputs)
    fewest = batch_size if drop_last else 1
    if len(targets) != count or batch_size < 1 or count < fewest:
        raise ValueError(
            f"{count} inputs and {len(targets)} targets make no batch of {batch_size}: "
            "give as many targets as inputs, and a batch_size from 1 to their number."
        )
    generator = torch.Generator().manual_seed(seed)
    chunks = torch.randperm(count, generator=generator).split(batch_size)  # each (B,)
    kept = chunks[:-1] if drop_last and len(chunks[-1]) < batch_size else chunks
    return ((inputs[chunk], targets[chunk]) for chunk in kept)
