"""Tokens on the disk: the same as in memory, and bad files in one sentence."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.token_file import draw_from_file, open_tokens, write_tokens
from scratchlm.trainer import TrainerConfig, draw_excerpts


def test_two_bytes_each_the_lower_first(tmp_path):
    write_tokens(tmp_path / "t.bin", torch.tensor([1, 258]))
    assert (tmp_path / "t.bin").read_bytes() == bytes([1, 0, 2, 1])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=30))
def test_round_trip(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("tokens") / "t.bin"
    write_tokens(path, torch.tensor(values))
    assert open_tokens(path).tolist() == values


def test_the_same_excerpts_as_in_memory(tmp_path):
    ids = torch.randint(2**16, (500,), generator=torch.Generator().manual_seed(0))
    write_tokens(tmp_path / "t.bin", ids)
    tokens, config = open_tokens(tmp_path / "t.bin"), TrainerConfig(batch_size=5, seed=3)
    for step in range(4):
        found = draw_from_file(tokens, 17, config, step)
        assert found.dtype == torch.int64
        assert torch.equal(found, draw_excerpts(ids, 17, config, step))


@pytest.mark.parametrize("values", [[], [-1], [2**16]])
def test_what_does_not_fit(tmp_path, values):
    with pytest.raises(ValueError, match="65,535"):
        write_tokens(tmp_path / "t.bin", torch.tensor(values, dtype=torch.int64))


def test_what_is_no_file_of_tokens(tmp_path):
    (tmp_path / "odd").write_bytes(b"abc")
    (tmp_path / "empty").write_bytes(b"")
    for name in ("odd", "empty", "missing"):
        with pytest.raises(ValueError, match="no file of tokens"):
            open_tokens(tmp_path / name)
