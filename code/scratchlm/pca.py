"""Principal component analysis: the directions in which points differ most, from one SVD."""

import torch
from torch import Tensor


def principal_axes(points: Tensor, k: int = 2) -> tuple[Tensor, Tensor]:
    """Return the mean (C,) of points (N, C) and their first k principal axes (k, C).

    The axes have length 1, stand at right angles, and come in order of the variance
    along them. An SVD leaves open which way each of them points; here its largest
    entry is positive. ValueError for a k that is not from 1 to min(N, C).
    """
    if points.ndim != 2 or not 1 <= k <= min(points.shape):
        raise ValueError(f"Points of shape {tuple(points.shape)} have no {k} axes.")
    mean = points.mean(dim=0)  # (C,)
    axes = torch.linalg.svd(points - mean, full_matrices=False).Vh[:k]  # (k, C)
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))  # (k, 1)
    return mean, axes * largest.sign()


def project(points: Tensor, mean: Tensor, axes: Tensor) -> Tensor:
    """Return coordinates (N, k) of points (N, C) along axes (k, C), from the mean."""
    return (points - mean) @ axes.T  # (N, k)
