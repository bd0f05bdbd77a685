"""What an argument must be, said in one sentence when it is not."""

import operator
from collections.abc import Mapping

import numpy as np


def shape_text(shape):
    """Write a shape the way the chapters do: (B, T, 3)."""
    sizes = ", ".join(str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def positive(name, value, least=1):
    """Return value as an int that is not too small, or say what was expected."""
    try:
        size = operator.index(None if isinstance(value, bool) else value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if size < least:
        raise ValueError(f"{name} must be at least {least}, got {size}")
    return size


def number(name, value, low=-np.inf, high=np.inf, below=np.inf):
    """Return value as a finite float within its limits, or say what was expected."""
    array = rectangular(name, value)
    if array.ndim or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (np.isfinite(array) and low <= array <= high and array < below):
        limits = {"at least": low, "at most": high, "below": below}
        wanted = [f"{word} {x:g}" for word, x in limits.items() if np.isfinite(x)]
        if np.isinf(min(high, below)):
            wanted.insert(0, "finite")
        raise ValueError(f"{name} must be {' and '.join(wanted)}, got {value}")
    return float(array)


def choice(name, value, known):
    """Return one of the known words, or say which ones there are."""
    if not isinstance(value, str) or value not in known:
        words = ", ".join(repr(word) for word in known)
        raise ValueError(f"{name} must be one of {words}, got {value!r}")
    return value


def floating(dtype):
    """Return a data type that gradients can be computed in, or say which ones are."""
    try:
        got = np.dtype(dtype)
    except TypeError:
        got = repr(dtype)
    if got not in (np.float32, np.float64, np.complex128):
        raise TypeError(f"dtype must be float32 or float64, got {got}")
    return got


def generator(rng):
    """Return a source of random numbers, or say how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must come from np.random.default_rng(seed), got {rng!r}")
    return rng


def expect_names(name, got, wanted, hint=""):
    """Return a dict, or say that its names are not the ones wanted."""
    if not isinstance(got, Mapping) or set(got) != set(wanted):
        came = ", ".join(map(str, got)) if isinstance(got, Mapping) else repr(got)
        raise ValueError(
            f"{name} must hold {', '.join(wanted)}, got {came or 'nothing'}{hint}"
        )
    return got


def rectangular(name, array):
    """Return anything array-like as an array, or say that its rows differ."""
    try:
        return np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} must be rectangular, got rows that differ") from None


def expect(name, array, shape, dtype, finite=True):
    """Return array in the given data type, or say in one sentence what is wrong.

    Of its shape an int must match; a letter such as "B" matches any size. What a layer
    computed may be NaN or infinite, ``finite=False``: ``train`` watches that.
    """
    array = rectangular(name, array)
    if array.dtype.kind not in ("biufc" if dtype.kind == "c" else "biuf"):
        raise TypeError(f"{name} must hold real numbers, got {_kind(array)}")
    if not _matches(array.shape, shape):
        hint = ""
        if len(shape) > 1 and shape[0] == "B" and _matches(array.shape, shape[1:]):
            hint = f": add the batch axis with {name}[None]"
        raise ValueError(
            f"{name} must have shape {shape_text(shape)}, "
            f"got {shape_text(array.shape)}{hint}"
        )
    if array.dtype != dtype:
        with np.errstate(over="ignore"):  # too large for float32: not finite, see below
            array = array.astype(dtype)
    return all_finite(name, array) if finite else array


def all_finite(name, array, error=ValueError):
    """Return array, or name the first number in it that is NaN or infinite."""
    finite = np.isfinite(array)
    if not finite.all():
        raise error(f"{name} must be finite, got {_first(array, ~finite)}")
    return array


def expect_labels(name, array, size, shape=None, counts=True):
    """Return array as labels 0 to size - 1, or say in one sentence what is wrong.

    A label is looked at only where ``counts``, an array of bool, is True.
    """
    array = rectangular(name, array)
    if not array.size:
        array = array.astype(int)  # an empty list is one of floats
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, got {_kind(array)}")
    if shape is not None and array.shape != shape:
        raise ValueError(
            f"{name} must have shape {shape_text(shape)}, got {shape_text(array.shape)}"
        )
    wrong = ((array < 0) | (array >= size)) & counts
    if wrong.any():
        raise ValueError(
            f"{name} must lie in 0 … {size - 1}, got {_first(array, wrong)}"
        )
    return array


def _kind(array):
    """Name what an array holds."""
    return {"U": "text", "O": "objects"}.get(array.dtype.kind, array.dtype)


def _first(array, wrong):
    """Write the first entry that is wrong, and where it stands."""
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{np.asarray(array)[index]}{f' at index {index}' if index else ''}"


def _matches(got, want):
    """Tell whether a shape has the expected sizes, a letter standing for any."""
    return len(got) == len(want) and all(
        isinstance(w, str) or g == w for g, w in zip(got, want, strict=True)
    )
