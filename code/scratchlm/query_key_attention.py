"""Who looks at whom: attention with one learned projection, and with queries and keys.

In both the values are the tokens' own vectors x, and the weights come out as well, to be looked at.
"""

from torch import Tensor, nn


class SymmetricAttention(nn.Module):
    """Attention that compares learned features of the tokens: one projection for both sides.

    The scores are the dot products of the projected tokens, divided by the root of d_head.
    They form a symmetric matrix, whatever is learned.
    """

    def __init__(self, d_model: int, d_head: int):
        super().__init__()
        self.feature = nn.Linear(d_model, d_head, bias=False)
        self.scale = d_head**-0.5

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mixtures of the tokens x (B, T, C), of the same shape, and weights (B, T, T)."""
        f = self.feature(x)  # (B, T, D)
        scores = f @ f.transpose(-2, -1) * self.scale  # (B, T, T)
        weights = scores.softmax(dim=-1)
        return weights @ x, weights


class QueryKeyAttention(nn.Module):
    """Attention in which a token seeks with one projection and advertises with another.

    Row t of the weights says where token t looks: its query against the keys of all tokens.
    Scores are multiplied by `scale`, by default 1 / sqrt(d_head) (Vaswani et al., 2017,
    equation 1, with x as the values).
    """

    def __init__(self, d_model: int, d_head: int, scale: float | None = None):
        super().__init__()
        self.query = nn.Linear(d_model, d_head, bias=False)
        self.key = nn.Linear(d_model, d_head, bias=False)
        self.scale = d_head**-0.5 if scale is None else scale

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mixtures of the tokens x (B, T, C), of the same shape, and weights (B, T, T)."""
        q, k = self.query(x), self.key(x)  # (B, T, D) each, of the same x
        scores = q @ k.transpose(-2, -1) * self.scale  # (B, T, T)
        weights = scores.softmax(dim=-1)
        return weights @ x, weights
