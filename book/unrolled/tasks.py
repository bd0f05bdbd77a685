"""Tasks that are drawn without end, each of which asks one thing of a memory.

Every function takes ``rng``, a numpy.random.Generator; B and T, how many sequences
there are and how long they are; and ``dtype``, the data type of inputs and targets. It
returns these: fresh arrays, safe to change; labels are whole numbers. An argument that
is not what it must be raises a TypeError or a ValueError.
"""

import numpy as np

from .arguments import floating, generator, number, positive
from .data import one_hot


def sines(rng, B, T, noise=0.0, dtype=np.float64):
    """Draw sine waves of random period and phase, with the next value as target.

    Parameters
    ----------
    noise : float
        Standard deviation of normal noise that is added to every value; the waves
        have amplitude 1.

    Returns
    -------
    xs, ys : array, shape (B, T, 1)
        The waves, of periods drawn evenly from 10 to 30 steps, and the same waves one
        step later.
    """
    rng, B, T = generator(rng), positive("B", B), positive("T", T)
    noise, dtype = number("noise", noise, 0), floating(dtype)
    period = rng.uniform(10, 30, size=(B, 1))
    phase = rng.uniform(0, 2 * np.pi, size=(B, 1))
    waves = np.sin(2 * np.pi * np.arange(T + 1) / period + phase)
    waves = (waves + noise * rng.standard_normal(waves.shape)).astype(dtype)
    return waves[:, :-1, None], waves[:, 1:, None]


def adding(rng, B, T, dtype=np.float64):
    """Draw the adding problem: the sum of the two numbers that are marked.

    After Hochreiter and Schmidhuber (1997), with the marks as in Le et al. (2015). T is
    at least 2.

    Returns
    -------
    xs : array, shape (B, T, 2)
        At each step a number, even on 0 to 1, and a mark, which is 1 at one step of
        the first half and at one of the second, and else 0. With an odd T the second
        half is the longer.
    ys : array, shape (B, 1)
        The sum of the two marked numbers; mean 1, variance 1/6.
    """
    rng, B, T = generator(rng), positive("B", B), positive("T", T, least=2)
    numbers, marks = rng.uniform(size=(B, T)), np.zeros((B, T))
    rows, half = np.arange(B), T // 2
    marks[rows, rng.integers(0, half, B)] = 1
    marks[rows, rng.integers(half, T, B)] = 1
    sums, dtype = (numbers * marks).sum(axis=1, keepdims=True), floating(dtype)
    return np.stack([numbers, marks], axis=-1).astype(dtype), sums.astype(dtype)


def copying(rng, B, delay, count=4, size=4, dtype=np.float64):
    """Draw symbols to be repeated, in order, after a delay.

    The inputs are the symbols, then blanks, and a signal at the step before the first
    answer: a small version of the task in Arjovsky, Shah and Bengio (2016).

    Parameters
    ----------
    delay : int
        How many steps lie between the last symbol and the first answer, 1 or more.
    count, size : int
        How many symbols are to be kept, and how many different ones there are.

    Returns
    -------
    xs : array, shape (B, count + delay + count, size + 2)
        One-hot vectors: the symbols, the blank, the signal.
    labels : array of int, shape (B, count + delay + count)
        The symbol to be said; only the last `count` steps are asked for.
    mask : array of bool, the shape of labels
        True at those steps.
    """
    rng, B, delay = generator(rng), positive("B", B), positive("delay", delay)
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

    Returns
    -------
    xs : array, shape (B, T, 1)
        The bits, -1 or 1.
    labels : array of int, shape (B, T)
        1 where the ones so far are odd in number, else 0.
    """
    rng, B, T = generator(rng), positive("B", B), positive("T", T)
    bits = rng.integers(0, 2, (B, T))
    return (2 * bits - 1)[..., None].astype(floating(dtype)), bits.cumsum(axis=1) % 2


def counting(rng, B, T, ones=0.3, resets=0.1, dtype=np.float64):
    """Draw streams in which the ones since the last reset are to be counted.

    Parameters
    ----------
    ones, resets : float
        The share of the steps that hold a one, and a reset; the others are empty.

    Returns
    -------
    xs : array, shape (B, T, 2)
        (1, 0) for a one, (0, 1) for a reset, (0, 0) for nothing.
    ys : array, shape (B, T, 1)
        A tenth of the count after each step; it begins at zero.
    """
    rng, B, T = generator(rng), positive("B", B), positive("T", T)
    ones, resets = number("ones", ones, 0, 1), number("resets", resets, 0, 1)
    number("ones + resets", ones + resets, 0, 1)
    draw, dtype = rng.random((B, T)), floating(dtype)
    one, reset = draw < ones, draw > 1 - resets
    count, counts = np.zeros(B), np.empty((B, T))
    for t in range(T):
        count = np.where(reset[:, t], 0, count + one[:, t])
        counts[:, t] = count
    xs = np.stack([one, reset], axis=-1).astype(dtype)
    return xs, (counts[..., None] / 10).astype(dtype)
