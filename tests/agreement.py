"""How near two computations of the same numbers are, and how near they have to be.

All of it is measured by ``unrolled.verify.mismatch``, so NaN is infinitely far from
everything. Rounding is relative to what was added up. Where a sum cancels, the result
is small and its rounding error is not, so a test names the size of the terms: scale.
"""

import numpy as np

from unrolled.verify import mismatch

TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


def largest(arrays):
    """Return the largest absolute value in a dict of arrays."""
    return max((np.abs(array).max(initial=0) for array in arrays.values()), default=0.0)


def error(got, want, scale=0.0):
    """Return the largest difference, relative to the largest number or to the scale."""
    got, want = np.asarray(got, float), np.asarray(want, float)
    size = largest({"got": got, "want": want})
    relative = mismatch(got, want).error
    return relative * size / scale if 0 < size < scale else relative


def worst(got, want, scale=0.0):
    """Return the largest error of the outputs, and of the gradients.

    Gradients are what has a name that begins with d.
    """
    kinds = {False: 0.0, True: 0.0}
    for name, array in want.items():
        kind = name.startswith("d")
        kinds[kind] = max(kinds[kind], error(got[name], array, scale))
    return kinds[False], kinds[True]


def assert_agrees(got, want, dtype, scale=0.0, name="the result"):
    """Hold an array against the same one computed elsewhere in float64.

    Parameters
    ----------
    got, want : array_like
        What this module computed, and what it should have.
    dtype : data type
        That got must have; it sets the tolerance.
    scale : float
        The size of what was added up, where that is more than the largest number.
    name : str
        What to call it if it does not agree.
    """
    got, dtype = np.asarray(got), np.dtype(dtype)
    assert got.dtype == dtype, f"{name} is {got.dtype}, not {dtype}"
    assert got.shape == np.shape(want), f"{name}: {got.shape} for {np.shape(want)}"
    apart = error(got, want, scale)
    assert apart <= TOLERANCE[dtype], f"{name}: {apart:.1e}, {mismatch(got, want)}"


def assert_agree(got, want, dtype):
    """Hold arrays by name against the same ones computed elsewhere in float64.

    They come out of one computation, so the scale is the largest number of them all.
    """
    assert got.keys() == want.keys()
    for name, array in want.items():
        assert_agrees(got[name], array, dtype, max(1.0, largest(want)), name)


def assert_same(got, want):
    """Hold arrays by name against another run of the same code, bit for bit."""
    assert got.keys() == want.keys()
    for name, array in want.items():
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def floats(rng, *shape, low=-2.0, high=2.0):
    """Draw numbers that float32 holds, so that both data types start from the same."""
    return rng.uniform(low, high, shape).astype(np.float32).astype(float)
