"""Tasks that can be made without end, each of which asks one thing of a memory.

Every function takes a `numpy.random.Generator` and the sizes B and T, and returns
inputs and targets.
"""

import numpy as np

from .arguments import positive
from .data import one_hot


def copying(rng, B, delay, count=4, size=4, dtype=np.float64):
    """Draw symbols to be repeated, in order, after a delay.

    The inputs are the symbols, then blanks, and a signal at the step before the first
    answer.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the symbols come from.
    B : int
        The number of sequences.
    delay : int
        How many steps lie between the last symbol and the first answer, 1 or more.
    count : int
        How many symbols are to be kept.
    size : int
        How many different ones there are.
    dtype : data type
        Of the inputs.

    Returns
    -------
    xs : array, shape (B, count + delay + count, size + 2)
        One-hot vectors: the symbols, the blank, the signal.
    labels : array of int, shape (B, count + delay + count)
        The symbol to be said; only the last `count` steps are asked for.
    mask : array of bool, the shape of labels
        True at those steps.

    Notes
    -----
    A small version of the task in Arjovsky, Shah and Bengio (2016).
    """
    B, delay = positive("B", B), positive("delay", delay)
    count, size = positive("count", count), positive("size", size)
    T = 2 * count + delay
    symbols = rng.integers(0, size, (B, count))
    read = np.full((B, T), size)
    read[:, :count] = symbols
    read[:, T - count - 1] = size + 1
    labels = np.zeros((B, T), int)
    labels[:, T - count :] = symbols
    mask = np.broadcast_to(np.arange(T) >= T - count, (B, T)).copy()
    return one_hot(read, size + 2, dtype), labels, mask


def parity(rng, B, T, dtype=np.float64):
    """Draw strings of bits, and whether the ones so far are odd in number.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the bits come from.
    B, T : int
        How many strings, and how long they are.
    dtype : data type
        Of the inputs.

    Returns
    -------
    xs : array, shape (B, T, 1)
        The bits, -1 or 1.
    labels : array of int, shape (B, T)
        1 where the ones so far are odd in number, else 0.
    """
    bits = rng.integers(0, 2, (positive("B", B), positive("T", T)))
    return (2 * bits - 1)[..., None].astype(dtype), bits.cumsum(axis=1) % 2


def counting(rng, B, T, ones=0.3, resets=0.1, dtype=np.float64):
    """Draw streams in which the ones since the last reset are to be counted.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the streams come from.
    B, T : int
        How many streams, and how long they are.
    ones, resets : float
        How often a step holds a one, and how often a reset; the others are empty.
    dtype : data type
        Of inputs and targets.

    Returns
    -------
    xs : array, shape (B, T, 2)
        (1, 0) for a one, (0, 1) for a reset, (0, 0) for nothing.
    ys : array, shape (B, T, 1)
        A tenth of the count after each step; it begins at zero.
    """
    draw = rng.random((positive("B", B), positive("T", T)))
    one, reset = draw < ones, draw > 1 - resets
    count, counts = np.zeros(B), np.empty((B, T))
    for t in range(T):
        count = np.where(reset[:, t], 0, count + one[:, t])
        counts[:, t] = count
    xs = np.stack([one, reset], axis=-1).astype(dtype)
    return xs, (counts[..., None] / 10).astype(dtype)
