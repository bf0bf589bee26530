"""A task of one-sided interest: everybody knows whom to call, and nobody who will call them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MESSAGES = 4  # how many different messages there are


def phone_chain(count: int, people: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw phone chains in which each person calls the next and the last one the first.

    A person is a token: own name, name to call and own message, one-hot each, side by side.
    Returns tokens (count, people, 2 people + MESSAGES), float, in no particular order, and
    the message of the person whom each calls, (count, people), int64. ValueError if people < 3.
    """
    if people < 3:
        raise ValueError(f"A chain of {people} calls has no direction: take 3 people or more.")
    generator = torch.Generator().manual_seed(seed)
    ring = torch.rand(count, people, generator=generator).argsort(dim=1)  # (N, T): who, in turn
    message = torch.randint(MESSAGES, (count, people), generator=generator)  # (N, T)
    places = torch.rand(count, people, generator=generator).argsort(dim=1)  # hides the order
    columns = [ring, ring.roll(-1, 1), message, message.roll(-1, 1)]  # person t calls t + 1
    own, called, message, target = (column.gather(1, places) for column in columns)
    parts = [F.one_hot(own, people), F.one_hot(called, people), F.one_hot(message, MESSAGES)]
    return torch.cat(parts, dim=2).float(), target


class Listener(nn.Module):
    """Read one message a token off what attention brings: scores (B, MESSAGES, T)."""

    def __init__(self, attention: nn.Module, d_model: int):
        super().__init__()
        self.attention = attention
        self.readout = nn.Linear(d_model, MESSAGES)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the messages for tokens x (B, T, C), classes before places."""
        found, _ = self.attention(x)  # (B, T, C)
        return self.readout(found).transpose(1, 2)  # (B, MESSAGES, T), as cross_entropy wants
