"""Where tensors live: the fastest device that this machine has."""

import torch


def best_device() -> torch.device:
    """Return "cuda" if there is such a GPU, else Apple's "mps", else "cpu"."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
