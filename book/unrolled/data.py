"""Data that was found, all of it without a network, and how it is cut for a layer.

Every function returns fresh arrays, safe to change.
"""

import numpy as np

from .arguments import expect_labels, floating, positive, rectangular, shape_text
from .series import (
    bikes,
    co2,
    dow_jones,
    exchange,
    new_york,
    seattle,
    seattle_normals,
    sunspots,
)

__all__ = [
    "bikes",
    "co2",
    "dow_jones",
    "exchange",
    "hello",
    "new_york",
    "one_hot",
    "reference",
    "seattle",
    "seattle_normals",
    "streams",
    "sunspots",
    "windows",
]


def hello(dtype=np.float64):
    """Return the word "hello" as a task: from each letter, predict the next.

    Returns
    -------
    xs : array of dtype, shape (1, 4, 4)
        One-hot vectors of h, e, l, l: (B, T, V).
    labels : array of int, shape (1, 4)
        Indices of e, l, l, o: (B, T).
    alphabet : str
        The letters in the order of their indices, "ehlo".
    """
    word = "hello"
    alphabet = "".join(sorted(set(word)))
    index = np.array([[alphabet.index(letter) for letter in word]])
    return one_hot(index[:, :-1], len(alphabet), dtype), index[:, 1:], alphabet


def reference():
    """Return the text of Python's own reference, in lower case.

    It has about 400,000 characters: the letters a to z, the digits, punctuation, and
    single blanks in place of any run of white space. It is `pydoc_data.topics`, which
    comes with Python, so that it depends a little on Python's version. Python Software
    Foundation License.
    """
    from pydoc_data.topics import topics

    text = " ".join(topics[name] for name in sorted(topics)).lower()
    return " ".join("".join(c if " " < c <= "~" else " " for c in text).split())


def one_hot(labels, size, dtype=np.float64):
    """Turn labels (...) into one-hot vectors (..., size), of the data type dtype.

    A label is a whole number in 0 … size - 1; another raises a TypeError or a
    ValueError.
    """
    size = positive("size", size)
    return np.eye(size, dtype=floating(dtype))[expect_labels("labels", labels, size)]


def windows(series, length, horizon=1):
    """Cut a series into windows, each with the value that follows.

    Parameters
    ----------
    series : array, shape (N,)
        Values in order of time.
    length, horizon : int
        How many values a window holds, and how many steps after its last value the
        target lies.

    Returns
    -------
    X : array, shape (N - length - horizon + 1, length)
        Windows, the oldest value first.
    y : array, shape (N - length - horizon + 1,)
        Targets: `y[k] = series[k + length - 1 + horizon]`.
    """
    series = rectangular("series", series)
    if series.ndim != 1:
        got = shape_text(series.shape)
        raise ValueError(f"series must have shape (N,), got {got}")
    length, horizon = positive("length", length), positive("horizon", horizon)
    count = len(series) - length - horizon + 1
    if count < 1:
        raise ValueError(
            f"a window of {length} and a horizon of {horizon} need at least "
            f"{length + horizon} values, got {len(series)}"
        )
    X = np.lib.stride_tricks.sliding_window_view(series, length)[:count].copy()
    return X, series[length - 1 + horizon :].copy()


def streams(series, B, T):
    """Lay one long series out as B streams, and cut these into windows of T steps.

    Row b of a window goes on where row b of the window before it ended, so a state that
    is carried from window to window stays with its stream. Stream b + 1 begins in the
    series where stream b ends. What does not fill a last window is left out.

    Parameters
    ----------
    series : array, shape (N, ...)
        Values, vectors or labels in order of time.
    B, T : int
        Number of streams, and steps in a window.

    Returns
    -------
    xs : array, shape (K, B, T, ...)
        K windows in order of time; a copy, safe to change.
    ys : array, shape (K, B, T, ...)
        The same, one step later: what comes next.
    """
    series, B, T = rectangular("series", series), positive("B", B), positive("T", T)
    if series.ndim < 1:
        raise ValueError(f"series must have shape (N, ...), got one number, {series}")
    length = (len(series) - 1) // B
    K = length // T
    if K < 1:
        raise ValueError(
            f"{B} streams of {T} steps, each with a next value, need at least "
            f"{B * T + 1} values, got {len(series)}"
        )

    def windows(part):
        part = part[: B * length].reshape(B, length, *series.shape[1:])[:, : K * T]
        return part.reshape(B, K, T, *series.shape[1:]).swapaxes(0, 1).copy()

    return windows(series), windows(series[1:])
