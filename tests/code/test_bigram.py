"""The pair table and its blocks of text, and the choice of a device."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader

from scratchlm.bigram import Blocks, LogitTable
from scratchlm.devices import best_device


def test_blocks_by_hand():
    blocks = Blocks(torch.arange(8), context_length=3)
    assert len(blocks) == 2
    assert [(x.tolist(), y.tolist()) for x, y in (blocks[0], blocks[1])] == [
        ([0, 1, 2], [1, 2, 3]),
        ([3, 4, 5], [4, 5, 6]),
    ]


@given(st.integers(1, 200), st.integers(1, 20))
def test_blocks_ask_every_question_once_in_order(n, T):
    if n <= T:
        with pytest.raises(ValueError, match="give more ids"):
            Blocks(torch.arange(n), T)
        return
    blocks = list(Blocks(torch.arange(n), T))
    inputs, targets = (torch.cat(part) for part in zip(*blocks))
    assert torch.equal(inputs, torch.arange(len(blocks) * T)) and torch.equal(targets, inputs + 1)
    assert n - 1 - T < len(inputs) <= n - 1


def test_blocks_are_views_and_end():
    ids = torch.arange(9)
    blocks = Blocks(ids, 4)
    assert blocks[1][0].data_ptr() == ids[4:].data_ptr()
    with pytest.raises(IndexError, match="from 0 to 1"):
        blocks[2]
    with pytest.raises(ValueError, match="context_length"):
        Blocks(ids, 0)
    inputs, targets = next(iter(DataLoader(blocks, batch_size=2)))
    assert inputs.shape == targets.shape == (2, 4)


def test_the_table_looks_rows_up_like_an_embedding():
    table, embedding = LogitTable(7), nn.Embedding(7, 7)
    table.table.data.normal_(generator=torch.Generator().manual_seed(0))
    embedding.weight.data = table.table.data
    ids = torch.randint(7, (2, 5), generator=torch.Generator().manual_seed(1))
    assert table(ids).shape == (2, 5, 7) and torch.equal(table(ids), embedding(ids))


def test_its_gradient_is_expected_minus_counted():
    ids = torch.randint(5, (40,), generator=torch.Generator().manual_seed(2))
    table = LogitTable(5)
    F.cross_entropy(table(ids[:-1]), ids[1:]).backward()
    counts = torch.bincount(ids[:-1] * 5 + ids[1:], minlength=25).view(5, 5)
    expected = (counts.sum(dim=1, keepdim=True) / 5 - counts) / 39
    assert torch.allclose(table.table.grad, expected, atol=1e-6)


def test_a_reloaded_table_scores_the_same():
    table, other = LogitTable(6), LogitTable(6)
    table.table.data.normal_(generator=torch.Generator().manual_seed(0))
    other.load_state_dict(table.state_dict())
    assert torch.equal(other(torch.arange(6)), table(torch.arange(6)))


@pytest.mark.parametrize(
    "cuda, mps, expected", [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_device_is_the_fastest_there_is(cuda, mps, expected, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device() == torch.device(expected)
