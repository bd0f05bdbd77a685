"""First weights: what the papers promise of them, and torch's own."""

import numpy as np
import pytest
import torch

from unrolled.initialise import glorot, identity, orthogonal

EACH_DTYPE = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize(("fan_in", "fan_out"), [(200, 300), (600, 50)])
def test_glorot_is_uniform_within_its_limit(fan_in, fan_out):
    W = glorot(np.random.default_rng(0), fan_in, fan_out)
    limit = np.sqrt(6 / (fan_in + fan_out))
    assert W.shape == (fan_in, fan_out)
    assert np.abs(W).max() <= limit
    # Each tenth of the interval holds a tenth of the numbers, within five sigma.
    counts, _ = np.histogram(W, bins=10, range=(-limit, limit))
    assert counts.sum() == W.size
    assert np.abs(counts / W.size - 0.1).max() < 5 * np.sqrt(0.09 / W.size)


def test_glorot_has_the_limit_of_torch():
    torch.manual_seed(0)
    want = torch.nn.init.xavier_uniform_(torch.empty(300, 200)).abs().max().item()
    got = np.abs(glorot(np.random.default_rng(0), 200, 300)).max()
    assert abs(got - want) < 1e-3 * want


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_orthogonal_changes_no_length(size):
    Q = orthogonal(np.random.default_rng(size), size)
    assert Q.shape == (size, size)
    assert np.abs(Q.T @ Q - np.eye(size)).max() < 1e-14 * max(size, 4)


def test_orthogonal_favours_no_direction_and_no_handedness():
    # Without the signs of R's diagonal, Householder's QR gives a first number that
    # is never positive.
    rng = np.random.default_rng(0)
    Qs = np.stack([orthogonal(rng, 2) for _ in range(2000)])
    five_sigma = 5 * np.sqrt(0.5 / 2000)  # each number of Q has mean 0, variance 1/2
    assert np.abs(Qs.mean(axis=0)).max() < five_sigma
    rotations = (np.linalg.det(Qs) > 0).mean()
    assert abs(rotations - 0.5) < 5 * np.sqrt(0.25 / 2000)


@pytest.mark.parametrize("scale", [1.0, 0.5, -2])
def test_identity_is_a_multiple_of_the_state(scale):
    h = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_array_equal(h @ identity(3, scale), scale * h)


@EACH_DTYPE
def test_data_types_are_kept(dtype):
    rng = np.random.default_rng(0)
    assert glorot(rng, 3, 2, dtype).dtype == dtype
    assert orthogonal(rng, 3, dtype).dtype == dtype
    assert identity(3, 0.5, dtype).dtype == dtype


@pytest.mark.parametrize(
    "draw",
    [lambda rng, *a: glorot(rng, 4, 3, *a), lambda rng, *a: orthogonal(rng, 4, *a)],
)
def test_a_seed_gives_the_same_weights_in_both_types(draw):
    one, two, single = (
        draw(np.random.default_rng(1), dtype)
        for dtype in (np.float64, np.float64, np.float32)
    )
    other = draw(np.random.default_rng(2), np.float64)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one.astype(np.float32), single)
    assert (one != other).any()
