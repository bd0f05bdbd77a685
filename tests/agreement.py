"""How near two computations of the same numbers have to be."""

import numpy as np

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


def assert_agrees(got, want, dtype, scale=0.0):
    """Hold a result against the same one computed elsewhere in float64.

    Parameters
    ----------
    got, want : array_like
        What this module computed, and what it should have.
    dtype : data type
        That got must have; it sets the tolerance.
    scale : float
        The size of what was added up, where that is more than the largest of the
        results: rounding is relative to the terms, not to a sum that cancels.
    """
    got, want, dtype = np.asarray(got), np.asarray(want, float), np.dtype(dtype)
    assert got.shape == want.shape
    assert got.dtype == dtype
    scale = max(scale, np.abs(want).max(initial=0))
    # NaN in either is not below the tolerance.
    assert np.abs(got - want).max(initial=0) <= TOLERANCE[dtype] * scale


def floats(rng, *shape, low=-2.0, high=2.0):
    """Draw numbers that float32 holds, so that both data types start from the same."""
    return rng.uniform(low, high, shape).astype(np.float32).astype(float)
