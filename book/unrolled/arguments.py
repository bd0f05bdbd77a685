"""What an argument must be, said in one sentence when it is not."""

import operator

import numpy as np


def shape_text(shape):
    """Write a shape the way the chapters do: (B, T, 3)."""
    sizes = ", ".join(str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def positive(name, value):
    """Return value as an int of at least 1, or say what was expected."""
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if size < 1:
        raise ValueError(f"{name} must be at least 1, got {size}")
    return size


def floating(dtype):
    """Return a data type that gradients can be computed in, or say which ones are."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64, np.complex128):
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")
    return dtype


def generator(rng):
    """Return a source of random numbers, or say how to make one."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must come from np.random.default_rng(seed), got {rng!r}")
    return rng


def rectangular(name, array):
    """Return anything array-like as an array, or say that its rows differ."""
    try:
        return np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} must be rectangular, got rows that differ") from None


def expect(name, array, shape, dtype, finite=True):
    """Return array in the given data type, or say in one sentence what is wrong.

    Parameters
    ----------
    name : str
        What the chapters call the array.
    array : array_like
        What came.
    shape : tuple
        The sizes expected: an int must match, a letter such as "B" matches any size.
    dtype : data type
        What the array is converted to; the type of the parameters rules.
    finite : bool
        Refuse NaN and infinity. What a layer computed passes: ``train`` watches that.

    Returns
    -------
    array
        The same numbers in that shape and data type; a copy only if one was needed.

    Raises
    ------
    TypeError
        If array does not hold numbers of that kind.
    ValueError
        If the shape differs, or a number is not finite.
    """
    array = rectangular(name, array)
    if array.dtype.kind not in ("biufc" if dtype.kind == "c" else "biuf"):
        got = {"U": "text", "O": "objects"}.get(array.dtype.kind, array.dtype)
        raise TypeError(f"{name} must hold real numbers, got {got}")
    if not _matches(array.shape, shape):
        hint = ""
        if len(shape) > 1 and shape[0] == "B" and _matches(array.shape, shape[1:]):
            hint = f": add the batch axis with {name}[None]"
        raise ValueError(
            f"{name} must have shape {shape_text(shape)}, "
            f"got {shape_text(array.shape)}{hint}"
        )
    array = array.astype(dtype, copy=False)
    if finite and not np.isfinite(array).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[index]} at index {index}")
    return array


def _matches(got, want):
    """Tell whether a shape has the expected sizes, a letter standing for any."""
    return len(got) == len(want) and all(
        isinstance(w, str) or g == w for g, w in zip(got, want, strict=True)
    )
