"""Two letters at once: a task in which every token needs the messages of two others."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scratchlm.multi_head_attention import MultiHeadAttention

WRITERS, MESSAGE = 8, 6  # tokens in a round, numbers in a message


def draw_letters(batch_size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw rounds of 8 writers who each name a first and a second pal, never themselves.

    Returns writers (B, 8, 30): own address, first pal's and second pal's (one-hot, 8 each),
    message (6, mean 0, variance 1); and letters (B, 8, 12), both pals' messages in order.
    """
    size = batch_size, WRITERS
    messages = torch.randn(*size, MESSAGE, generator=generator)  # (B, T, 6)
    away = torch.rand(*size, WRITERS - 1, generator=generator).argsort(dim=-1)[..., :2] + 1
    own = torch.arange(WRITERS).expand(size)  # (B, T)
    pals = (own[..., None] + away) % WRITERS  # (B, T, 2): two different others
    rows = torch.arange(batch_size)[:, None, None]  # (B, 1, 1): pals are in the same round
    letters = messages[rows, pals].flatten(2)  # (B, T, 12)
    addresses = F.one_hot(torch.cat([own[..., None], pals], dim=-1), WRITERS)  # (B, T, 3, 8)
    return torch.cat([addresses.flatten(2).float(), messages], dim=-1), letters


class PenPals(nn.Module):
    """Heads between two linear layers: writers (B, T, 30) to letters (B, T, 12)."""

    def __init__(self, d_model: int, n_heads: int):
        super().__init__()
        self.embedding = nn.Linear(3 * WRITERS + MESSAGE, d_model, bias=False)
        self.heads = MultiHeadAttention(d_model, n_heads, causal=False)
        self.readout = nn.Linear(d_model, 2 * MESSAGE)

    def forward(self, writers: Tensor) -> Tensor:
        """Return what each writer takes the two messages for: (B, T, 12)."""
        x = self.embedding(writers)  # (B, T, C)
        return self.readout(x + self.heads(x))  # (B, T, 12)
