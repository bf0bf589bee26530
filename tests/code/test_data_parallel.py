"""Data parallelism and its relatives: in one process where two would tell no more."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchlm.adamw import AdamW, parameter_groups
from scratchlm.data_parallel import (
    ParallelConfig,
    Place,
    average,
    draw_share,
    find_place,
    joined,
    same_start,
    share,
)
from scratchlm.gpt import GPT, GPTConfig
from scratchlm.model_parallel import (
    SlicedAdamW,
    attention_part,
    block_together,
    bytes_a_process,
    feed_forward_part,
    first_half,
    idle_share,
    own_slice,
    pipelined_backward,
    second_half,
    timetable,
)
from scratchlm.replicas import TRAINING, lopsided_draw
from scratchlm.trainer import TrainerConfig, draw_excerpts, next_token_loss

SMALL = GPTConfig(vocab_size=7, context_length=8, d_model=8, n_heads=4, n_layers=3)
IDS = torch.randint(7, (300,), generator=torch.Generator().manual_seed(0))
SHORT = TrainerConfig(batch_size=12)


# ---- who reads what


def test_alone_unless_told_otherwise(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    assert find_place() == Place(0, 1, 0)
    for name, value in [("RANK", "9"), ("WORLD_SIZE", "16"), ("LOCAL_RANK", "1")]:
        monkeypatch.setenv(name, value)
    assert find_place() == Place(rank=9, processes=16, local_rank=1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_shares_are_the_batch(n):
    parts = [draw_share(Place(rank, n))(IDS, 9, SHORT, 5) for rank in range(n)]
    assert all(len(part) == 12 // n for part in parts)
    whole = torch.stack(parts, dim=1).flatten(0, 1)  # dealt like cards
    assert torch.equal(whole, draw_excerpts(IDS, 9, SHORT, 5))
    assert share(whole, Place(0, n)).equal(parts[0])


def test_a_lopsided_draw_is_the_batch_too():
    parts = [lopsided_draw(Place(rank, 2))(IDS, 9, SHORT, 5) for rank in range(2)]
    assert list(map(len, parts)) == [9, 3]
    assert torch.cat(parts).equal(draw_excerpts(IDS, 9, SHORT, 5))


def test_dropout_depends_on_seed_step_and_rank_alone():
    def mask(rank, step, before):
        torch.manual_seed(before)
        draw_share(Place(rank, 2))(IDS, 9, SHORT, step)
        return tuple(F.dropout(torch.ones(40), 0.5).tolist())

    assert mask(1, 5, before=0) == mask(1, 5, before=9)
    assert len({mask(rank, step, 0) for rank in range(2) for step in range(3)}) == 6


def test_a_batch_that_cannot_be_shared():
    with pytest.raises(ValueError, match="3 processes cannot share batch_size = 10 evenly"):
        ParallelConfig(batch_size=10, processes=3)
    assert ParallelConfig(batch_size=9, processes=3).processes == 3
    with pytest.raises(ValueError, match="steps is 0"):
        ParallelConfig(steps=0)
    with pytest.raises(ValueError, match="processes is 0"):
        ParallelConfig(processes=0)


def test_nobody_answers(monkeypatch):
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(ConnectionError, match="did not find each other: start them with torchrun"):
        joined(Place(0, 2)).__enter__()


# ---- the messages, in a group of one


@pytest.fixture
def group(tmp_path):
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def test_the_mean_of_one_is_itself(group):
    tensors = [torch.tensor(3.0), torch.randn(2, 3), torch.randn(4)]
    before = [tensor.clone() for tensor in tensors]
    average(tensors)
    assert all(map(torch.equal, tensors, before))
    model = GPT(SMALL)
    kept = [p.clone() for p in model.parameters()]
    same_start(model)
    assert all(map(torch.equal, kept, model.parameters()))


def test_a_slice_that_is_everything_is_adamw(group):
    torch.manual_seed(0)
    one, two = GPT(SMALL), GPT(SMALL)
    two.load_state_dict(one.state_dict())
    plain = AdamW(parameter_groups(one, 0.1), 1e-3, betas=(0.9, TRAINING.beta_2))
    sliced = SlicedAdamW(two, TRAINING, Place())
    for step in range(4):
        for model, optimizer in [(one, plain), (two, sliced)]:
            optimizer.zero_grad()
            next_token_loss(model, draw_excerpts(IDS, 9, SHORT, step)).backward()
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 / (step + 1)
            optimizer.step()
    assert all(map(torch.equal, one.parameters(), two.parameters()))
    assert all(p.grad is None for group in sliced.param_groups for p in group["params"])


def test_a_block_of_one_process(group):
    block, x = GPT(SMALL).blocks[0], torch.randn(2, 5, 8)
    with torch.no_grad():
        assert torch.allclose(block_together(block, x, Place()), block(x), atol=1e-6)


# ---- slices and bytes


@settings(deadline=None)
@given(n=st.integers(1, 6), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_slices_are_the_whole(n, sizes):
    tensors = [torch.randn(size) for size in sizes]
    pieces = [own_slice(tensors, Place(rank, n)) for rank in range(n)]
    assert len({len(piece) for piece in pieces}) == 1
    whole = torch.cat(tensors)
    assert torch.equal(torch.cat(pieces)[: len(whole)], whole)
    assert not torch.cat(pieces)[len(whole) :].any()


def test_bytes_by_hand():
    assert [bytes_a_process(100, 4, stage) for stage in range(4)] == [1600, 1000, 700, 400]
    assert all(bytes_a_process(100, 1, stage) == 1600 for stage in range(4))


# ---- matrices


@pytest.mark.parametrize("n", [1, 2, 4])
def test_parts_add_up_to_the_layer(n):
    torch.manual_seed(1)
    block, x = GPT(SMALL).blocks[0], torch.randn(2, 5, 8)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)  # biases that are not zero
    for whole, part in [
        (block.attention, attention_part),
        (block.feed_forward, feed_forward_part),
    ]:
        before = [p.clone() for p in whole.parameters()]
        parts = [part(whole, Place(rank, n)) for rank in range(n)]
        assert torch.allclose(sum(p(x) for p in parts), whole(x), atol=1e-5)
        assert all(map(torch.equal, before, whole.parameters()))
        matrices = sum(p.numel() for p in parts[0].parameters() if p.dim() > 1)
        assert matrices * n == sum(p.numel() for p in whole.parameters() if p.dim() > 1)


# ---- layers


def test_two_halves_are_the_model():
    model, ids = GPT(SMALL), IDS[None, :8]
    assert torch.equal(second_half(model, first_half(model, ids)), model(ids))


@pytest.mark.parametrize("pieces", [1, 2, 5, 6])
def test_a_pipeline_leaves_the_gradient_of_the_batch(pieces):
    torch.manual_seed(0)
    model, batch = GPT(SMALL), draw_excerpts(IDS, 9, SHORT, 0)
    loss = next_token_loss(model, batch)
    loss.backward()
    whole = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    assert pipelined_backward(model, batch, pieces) == pytest.approx(loss.item(), abs=1e-5)
    for gradient, parameter in zip(whole, model.parameters()):
        assert torch.allclose(gradient, parameter.grad, atol=1e-6)


def test_a_timetable_by_hand():
    assert timetable(2, 2) == [["F0", "F1", "", "", "B1", "B0"], ["", "F0", "F1", "B1", "B0", ""]]


@given(stages=st.integers(1, 7), pieces=st.integers(1, 9))
def test_a_timetable_is_possible_and_has_its_bubble(stages, pieces):
    table = timetable(stages, pieces)
    at = [{cell: t for t, cell in enumerate(row) if cell} for row in table]
    for stage in range(stages):
        assert len(at[stage]) == 2 * pieces
        for piece in range(pieces):
            forward, back = at[stage][f"F{piece}"], at[stage][f"B{piece}"]
            assert forward < back
            if stage:
                assert forward == at[stage - 1][f"F{piece}"] + 1  # after the stage before
                assert back == at[stage - 1][f"B{piece}"] - 1
    assert math.isclose(
        idle_share(table), (stages - 1) / (pieces + stages - 1), rel_tol=1e-9, abs_tol=1e-12
    )
