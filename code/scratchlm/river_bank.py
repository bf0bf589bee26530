"""A world of four tokens and three features, small enough to follow attention through by hand."""

import torch

TOKENS = ["the", "river", "bank", "flooded"]
FEATURES = ["water", "money", "grammar"]

# One row a token, every row of length 3: (tokens, features), shape (4, 3).
X = torch.tensor(
    [
        [0.0, 0.0, 3.0],  # the
        [3.0, 0.0, 0.0],  # river
        [2.0, 2.0, -1.0],  # bank: water or money?
        [2.0, -1.0, 2.0],  # flooded
    ]
)

# What a token seeks and what it advertises: (features, d_head), shape (3, 2).
W_Q = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
W_K = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])

# What a token contributes where it is found: (features, features), shape (3, 3).
W_V = torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])

# The same four tokens under two heads of one column each. What a token gives to either head:
# (features, n_heads · d_head), shape (3, 2).
W_V_HEADS = torch.tensor([[1.0, 0.0], [-7.0, 1.0], [0.0, 0.0]])

# Where each head's finding is written: (n_heads · d_head, features), shape (2, 3).
W_O = torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, -1.0]])
