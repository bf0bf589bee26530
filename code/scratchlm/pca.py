"""Principal component analysis: the directions in which points differ most, from one SVD."""

import torch
from torch import Tensor


def principal_axes(points: Tensor, k: int = 2) -> tuple[Tensor, Tensor]:
    """Return the mean (C,) of the points (N, C) and their first k principal axes (k, C).

    The axes have length 1, are perpendicular to each other, and come in order of the variance
    along them. Each is turned so that its largest entry is positive: an SVD leaves that open.
    """
    if points.ndim != 2 or not 1 <= k <= min(points.shape):
        shape = tuple(points.shape)
        raise ValueError(f"Points of shape {shape} have no {k} axes: give (N, C), k at most both.")
    mean = points.mean(dim=0)  # (C,)
    _, _, axes = torch.linalg.svd(points - mean, full_matrices=False)  # rows: (min(N, C), C)
    axes = axes[:k]  # (k, C)
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))  # (k, 1)
    return mean, axes * largest.sign()


def project(points: Tensor, mean: Tensor, axes: Tensor) -> Tensor:
    """Return the coordinates (N, k) of points (N, C) along the axes (k, C), measured from mean."""
    return (points - mean) @ axes.T  # (N, k)
