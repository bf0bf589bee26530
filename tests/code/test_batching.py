"""Packing, windows, padding and batches: by hand, as properties, against PyTorch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pad_sequence

from scratchlm.batching import IGNORE, batches, pack, pad, token_windows
from scratchlm.characters import windows

IDS = st.lists(st.integers(0, 99), min_size=2, max_size=60)


def test_packing_by_hand():
    assert pack([[7, 8], [9], []], end=0).tolist() == [7, 8, 0, 9, 0, 0]
    assert pack([], end=0).dtype == torch.int64


@given(st.lists(st.lists(st.integers(1, 9))))
def test_the_ends_give_the_documents_back(documents):
    tape = pack(documents, end=0).tolist()
    found, run = [], []
    for i in tape:
        found, run = ([*found, run], []) if i == 0 else (found, [*run, i])
    assert found == documents and not run


def test_windows_by_hand():
    inputs, targets = token_windows([3, 1, 4, 1, 5, 9, 2, 6], context_length=3, stride=2)
    assert inputs.tolist() == [[3, 1, 4], [4, 1, 5], [5, 9, 2]]
    assert targets.tolist() == [[1, 4, 1], [1, 5, 9], [9, 2, 6]]
    assert inputs.dtype == targets.dtype == torch.int64


@given(IDS, st.data())
def test_windows_are_slices(ids, data):
    length = data.draw(st.integers(1, len(ids) - 1))
    stride = data.draw(st.integers(1, 70))
    inputs, targets = token_windows(ids, length, stride)
    starts = range(0, len(ids) - length, stride)
    assert inputs.tolist() == [ids[i : i + length] for i in starts]
    assert targets.tolist() == [ids[i + 1 : i + 1 + length] for i in starts]


@given(st.integers(2, 200), st.data())
def test_at_the_default_stride_every_id_is_a_target_once(count, data):
    length = data.draw(st.integers(1, count - 1))
    _, targets = token_windows(torch.arange(count), length)
    covered = targets.flatten().tolist()
    assert covered == list(range(1, len(covered) + 1))
    assert 0 <= count - 1 - len(covered) < length


@given(IDS, st.data())
def test_the_last_targets_at_stride_one_are_those_of_names(ids, data):
    length = data.draw(st.integers(1, len(ids) - 1))
    inputs, targets = token_windows(ids, length, stride=1)
    contexts, last = windows(ids, length)
    assert torch.equal(inputs, contexts) and torch.equal(targets[:, -1], last)


def test_windows_copy_nothing():
    ids = torch.arange(100)
    inputs, _ = token_windows(ids, 10, stride=1)
    assert inputs.data_ptr() == ids.data_ptr()


@pytest.mark.parametrize("sizes", [(0, 1), (3, 1), (4, 1), (2, 0), (2, -1)])
def test_no_windows(sizes):
    with pytest.raises(ValueError, match="hold no windows"):
        token_windows([1, 2, 3], *sizes)


def test_padding_by_hand():
    inputs, targets = pad([[5, 6, 7], [8, 9]], pad_id=0)
    assert inputs.tolist() == [[5, 6], [8, 0]]
    assert targets.tolist() == [[6, 7], [9, IGNORE]]


@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=9), min_size=1, max_size=6))
def test_padding_is_that_of_pytorch(sequences):
    tensors = [torch.tensor(sequence) for sequence in sequences]
    inputs, targets = pad(sequences, pad_id=7)
    ends = [t[:-1] for t in tensors], [t[1:] for t in tensors]
    assert torch.equal(inputs, pad_sequence(ends[0], batch_first=True, padding_value=7))
    assert torch.equal(targets, pad_sequence(ends[1], batch_first=True, padding_value=IGNORE))
    assert inputs.dtype == targets.dtype == torch.int64


def test_the_loss_skips_padding():
    _, targets = pad([[1, 2, 3, 4], [5, 0]], pad_id=0)
    logits = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    real = [(0, 0, 2), (0, 1, 3), (0, 2, 4), (1, 0, 0)]
    by_hand = torch.stack([-logits[b, t].log_softmax(0)[target] for b, t, target in real]).mean()
    assert torch.allclose(F.cross_entropy(logits.flatten(0, 1), targets.flatten()), by_hand)


@pytest.mark.parametrize("sequences", [[], [[]], [[1, 2], [3]]])
def test_nothing_to_pad(sequences):
    with pytest.raises(ValueError, match="at least two ids"):
        pad(sequences, pad_id=0)


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 5), st.booleans())
def test_an_epoch_visits_every_window_once(count, batch_size, seed, drop_last):
    assume(not drop_last or count >= batch_size)
    inputs = torch.arange(count)[:, None].expand(-1, 3)
    epoch = list(batches(inputs, inputs + 100, batch_size, seed, drop_last))
    assert all(torch.equal(x + 100, y) for x, y in epoch)
    seen = torch.cat([x[:, 0] for x, _ in epoch]).tolist()
    whole = count - count % batch_size if drop_last else count
    assert len(seen) == len(set(seen)) == whole
    assert all(len(x) == batch_size for x, _ in epoch[:-1])
    again = batches(inputs, inputs + 100, batch_size, seed, drop_last)
    assert all(torch.equal(x, y) for (x, _), (y, _) in zip(epoch, again))


def test_the_seed_decides_the_order_and_nothing_else_does():
    inputs = torch.arange(64)[:, None]
    first, _ = next(batches(inputs, inputs, 64, seed=0))
    torch.manual_seed(5)
    torch.rand(3)
    same, _ = next(batches(inputs, inputs, 64, seed=0))
    other, _ = next(batches(inputs, inputs, 64, seed=1))
    assert torch.equal(first, same) and not torch.equal(first, other)
    assert not torch.equal(first, inputs)


@pytest.mark.parametrize(
    ("inputs", "targets", "batch_size", "drop_last"),
    [(3, 3, 4, True), (3, 2, 1, True), (3, 3, 0, True), (0, 0, 1, False)],
)
def test_no_batch_is_said_at_once(inputs, targets, batch_size, drop_last):
    with pytest.raises(ValueError, match="make no batch of"):
        batches(torch.zeros(inputs, 2), torch.zeros(targets, 2), batch_size, 0, drop_last)
