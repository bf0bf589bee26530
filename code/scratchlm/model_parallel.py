"""One model in several processes: by its state, by its matrices, or by its layers."""

import copy

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.adamw import AdamW, parameter_groups
from scratchlm.data_parallel import Place
from scratchlm.gpt import GPT
from scratchlm.multi_head_attention import MultiHeadAttention
from scratchlm.trainer import TrainerConfig
from scratchlm.transformer_block import Block, FeedForward

# ---- the state of training


def bytes_a_process(parameters: int, processes: int, stage: int) -> float:
    """Return the bytes of training state that each process holds, in float32 with AdamW.

    Shared out are, at stage 1 the optimizer's means, at 2 the gradient as well, at 3 the
    weights as well; at stage 0 nothing. Rajbhandari et al. (2020).
    """
    weights, gradient, means = 4.0, 4.0, 8.0  # two means, four bytes each
    means /= processes if stage >= 1 else 1
    gradient /= processes if stage >= 2 else 1
    weights /= processes if stage >= 3 else 1
    return parameters * (weights + gradient + means)


def own_slice(tensors: list[Tensor], place: Place) -> Tensor:
    """Lay tensors end to end, cut the line in equal pieces; return a process's own, a copy."""
    flat = torch.cat([tensor.detach().flatten() for tensor in tensors])
    size = -(-len(flat) // place.processes)
    padded = flat.new_zeros(size * place.processes)
    padded[: len(flat)] = flat
    return padded[place.rank * size : (place.rank + 1) * size].clone()


class SlicedAdamW:
    """AdamW that remembers, and moves, a slice of the parameters: ZeRO's stage 1."""

    def __init__(self, model: nn.Module, config: TrainerConfig, place: Place):
        self.place, groups = place, parameter_groups(model, config.weight_decay)
        self.wholes = [group["params"] for group in groups]
        for group in groups:
            group["params"] = [nn.Parameter(own_slice(group["params"], place))]
        self.inner = AdamW(groups, config.learning_rate, betas=(0.9, config.beta_2))
        self.param_groups = self.inner.param_groups  # the trainer sets their rate

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in (p for whole in self.wholes for p in whole):
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the own slice; then everybody collects the slices of all."""
        slices = [group["params"][0] for group in self.param_groups]
        for whole, own in zip(self.wholes, slices):
            own.grad = own_slice([p.grad for p in whole], self.place)
        self.inner.step()
        for whole, own in zip(self.wholes, slices):
            own.grad = None
            pieces = [torch.empty_like(own) for _ in range(self.place.processes)]
            dist.all_gather(pieces, own.detach())
            sizes = [p.numel() for p in whole]
            values = torch.cat(pieces)[: sum(sizes)].split(sizes)
            for parameter, value in zip(whole, values):
                parameter.copy_(value.view_as(parameter))


# ---- matrices


def feed_forward_part(whole: FeedForward, place: Place) -> FeedForward:
    """Return a process's part: some hidden units. The parts' results add up to the whole's."""
    n, rank = place.processes, place.rank
    part = copy.deepcopy(whole)
    part.expand.weight.data = whole.expand.weight.chunk(n, dim=0)[rank]  # (d_ff / n, C)
    part.expand.bias.data = whole.expand.bias.chunk(n)[rank]
    part.output.weight.data = whole.output.weight.chunk(n, dim=1)[rank]  # (C, d_ff / n)
    part.output.bias.data = whole.output.bias / n  # it is added n times
    return part


def attention_part(whole: MultiHeadAttention, place: Place) -> MultiHeadAttention:
    """Return a process's part: some of the heads. The parts' results add up to the whole's."""
    n, rank = place.processes, place.rank
    part = copy.deepcopy(whole)
    part.n_heads = whole.n_heads // n
    for name in ("weight", "bias"):
        thirds = getattr(whole.qkv, name).chunk(3)  # queries, keys, values
        own = torch.cat([third.chunk(n)[rank] for third in thirds])  # (3C / n, …)
        getattr(part.qkv, name).data = own
    part.output.weight.data = whole.output.weight.chunk(n, dim=1)[rank]  # (C, C / n)
    part.output.bias.data = whole.output.bias / n
    return part


def block_together(block: Block, x: Tensor, place: Place) -> Tensor:
    """Return block(x), for x (B, T, C) that all have, computed by all: two all-reduces."""
    for norm, part in [
        (block.norm_1, attention_part(block.attention, place)),
        (block.norm_2, feed_forward_part(block.feed_forward, place)),
    ]:
        found = part(norm(x))  # (B, T, C): some of what is to be added
        dist.all_reduce(found)
        x = x + found
    return x


# ---- layers


def first_half(model: GPT, ids: Tensor) -> Tensor:
    """Return the stream (B, T, C) after the first half of the blocks."""
    places = torch.arange(ids.shape[-1])
    x = model.token_embedding(ids) + model.position_embedding(places)  # (B, T, C)
    for block in model.blocks[: len(model.blocks) // 2]:
        x = block(x)
    return x


def second_half(model: GPT, x: Tensor) -> Tensor:
    """Return the logits (B, T, V) from the stream (B, T, C) in the middle."""
    for block in model.blocks[len(model.blocks) // 2 :]:
        x = block(x)
    return model.head(model.norm(x))


def pipelined_backward(model: GPT, excerpts: Tensor, pieces: int) -> float:
    """Leave the gradient of excerpts (B, T + 1) with the parameters; return the loss.

    There are two stages: a stream goes forward between them, and its gradient goes back.
    """
    waiting, total = [], 0.0
    for piece in excerpts.chunk(pieces):
        stream = first_half(model, piece[:, :-1])  # (B / pieces, T, C)
        arrived = stream.detach().requires_grad_()  # sent: no graph comes along
        logits = second_half(model, arrived)
        loss = F.cross_entropy(logits.flatten(0, 1), piece[:, 1:].flatten())
        share = loss * len(piece) / len(excerpts)
        waiting.append((stream, arrived, share))
        total += share.item()
    for stream, arrived, share in reversed(waiting):
        share.backward()  # the second stage
        stream.backward(arrived.grad)  # sent back: the first stage
    return total


def timetable(stages: int, pieces: int) -> list[list[str]]:
    """Return what each stage does at each time: F2 is piece 2 forward, B2 backward, "" nothing.

    All pieces go forward, then all go back. Huang et al. (2019), figure 2.
    """
    table = [[""] * (2 * (stages + pieces - 1)) for _ in range(stages)]
    for stage in range(stages):
        for piece in range(pieces):
            table[stage][stage + piece] = f"F{piece}"
            table[stage][-1 - stage - piece] = f"B{piece}"
    return table


def idle_share(table: list[list[str]]) -> float:
    """Return the share of all times at which a stage has nothing to do."""
    cells = [cell for row in table for cell in row]
    return cells.count("") / len(cells)
