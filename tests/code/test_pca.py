"""Principal components: by hand, against scikit-learn, under rotations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from scratchlm.pca import principal_axes, project


def test_by_hand():
    square = torch.tensor([[0.0, 0.0], [2.0, 2.0], [1.1, 0.9], [0.9, 1.1]])
    mean, axes = principal_axes(square)
    assert mean.tolist() == pytest.approx([1, 1])
    assert axes.abs().flatten().tolist() == pytest.approx([2**-0.5] * 4)
    assert project(square, mean, axes)[:2, 0].tolist() == pytest.approx([-(2**0.5), 2**0.5])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 30), st.integers(2, 8))
def test_scikit_learn_finds_the_same_axes(seed, n, c):
    k = min(2, n, c)
    points = np.random.default_rng(seed).normal(size=(n, c)) * np.arange(1, c + 1) ** 2
    mean, axes = principal_axes(torch.tensor(points), k)
    oracle = PCA(n_components=k, svd_solver="full").fit(points)
    agreement = (axes.numpy() * oracle.components_).sum(axis=1)
    assert np.allclose(np.abs(agreement), 1, atol=1e-5)
    mine = project(torch.tensor(points), mean, axes).numpy()
    assert np.allclose(np.abs(mine), np.abs(oracle.transform(points)), atol=1e-4 * c**2)


def test_turning_the_points_turns_the_axes_only():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(20, 5, generator=generator) * torch.tensor([9.0, 5.0, 2.0, 1.0, 0.5])
    turn = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    flat = project(points, *principal_axes(points))
    turned = project(points @ turn, *principal_axes(points @ turn))
    assert torch.allclose(flat.abs(), turned.abs(), atol=1e-4)


def test_axes_are_perpendicular_of_length_one_and_point_forward():
    points = torch.randn(12, 6, generator=torch.Generator().manual_seed(1))
    _, axes = principal_axes(points, k=4)
    assert torch.allclose(axes @ axes.T, torch.eye(4), atol=1e-5)
    assert all(axis[axis.abs().argmax()] > 0 for axis in axes)


@pytest.mark.parametrize(("shape", "k"), [((4, 3), 0), ((4, 3), 4), ((2, 9), 3), ((4,), 1)])
def test_impossible_numbers_of_axes(shape, k):
    with pytest.raises(ValueError, match="have no"):
        principal_axes(torch.zeros(shape), k)
