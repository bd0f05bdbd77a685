"""Data sets and generated tasks, all of them available without a network.

Every function returns fresh arrays. Generated data take a
`numpy.random.Generator`, so that a seed decides them.
"""

import numpy as np


def one_hot(labels, size, dtype=np.float64):
    """Turn labels into one-hot vectors.

    Parameters
    ----------
    labels : array_like of int, shape (...)
        Indices, 0 to size - 1; usually (B, T).
    size : int
        Number of classes, V.
    dtype : dtype
        Type of the result.

    Returns
    -------
    ndarray, shape (..., V)
        Zeros, with a single one at the label's place.
    """
    labels = np.asarray(labels)
    if labels.size == 0:
        labels = labels.astype(int)
    if not np.issubdtype(labels.dtype, np.integer):
        raise TypeError(f"labels must be integers, got {labels.dtype}")
    if labels.size and not (0 <= labels.min() and labels.max() < size):
        raise ValueError(
            f"labels must lie in 0 to {size - 1}, "
            f"got values from {labels.min()} to {labels.max()}"
        )
    return np.eye(size, dtype=dtype)[labels]


def hello(dtype=np.float64):
    """Return the word "hello" as a task: from each letter, predict the next.

    Parameters
    ----------
    dtype : dtype
        Type of the inputs.

    Returns
    -------
    xs : ndarray, shape (1, 4, 4)
        One-hot vectors of h, e, l, l: (B, T, V).
    labels : ndarray of int, shape (1, 4)
        Indices of e, l, l, o: (B, T).
    alphabet : str
        The letters in the order of their indices, "ehlo".
    """
    word = "hello"
    alphabet = "".join(sorted(set(word)))
    index = np.array([[alphabet.index(letter) for letter in word]])
    return one_hot(index[:, :-1], len(alphabet), dtype), index[:, 1:], alphabet


def sines(rng, B=32, T=50, noise=0.0, dtype=np.float64):
    """Draw sine waves of random period and phase, with the next value as target.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the periods, the phases and the noise.
    B, T : int
        Number of waves and of steps.
    noise : float
        Standard deviation of normal noise added to every value; the waves have
        amplitude 1.
    dtype : dtype
        Type of both results.

    Returns
    -------
    xs : ndarray, shape (B, T, 1)
        The waves; periods are drawn evenly from 10 to 30 steps.
    ys : ndarray, shape (B, T, 1)
        The same waves one step later.
    """
    if B < 1 or T < 1:
        raise ValueError(f"B and T must be 1 or more, got B = {B} and T = {T}")
    if noise < 0:
        raise ValueError(f"noise must be 0 or more, got {noise}")
    period = rng.uniform(10, 30, size=(B, 1))
    phase = rng.uniform(0, 2 * np.pi, size=(B, 1))
    waves = np.sin(2 * np.pi * np.arange(T + 1) / period + phase)
    waves = (waves + noise * rng.standard_normal(waves.shape)).astype(dtype)
    return waves[:, :-1, None], waves[:, 1:, None]


def _dataset(name):
    """Return a data set of statsmodels, or say how to get it."""
    try:
        import statsmodels.datasets as datasets
    except ImportError as error:
        raise ImportError(
            "This data set comes with statsmodels: pip install statsmodels."
        ) from error
    return getattr(datasets, name).load_pandas().data


def sunspots():
    """Return the yearly sunspot numbers, 1700 to 2008.

    Returns
    -------
    years : ndarray of int, shape (309,)
        Calendar years.
    counts : ndarray of float, shape (309,)
        The year's mean sunspot number, a weighted count of spots and groups of
        spots; no unit.

    Notes
    -----
    From statsmodels, which took it from the National Geophysical Data Center of
    the United States; public domain. It is the scale in use before the revision
    of 2015.
    """
    table = _dataset("sunspots")
    years = table["YEAR"].to_numpy().astype(int)
    return years, table["SUNACTIVITY"].to_numpy(dtype=np.float64, copy=True)


def co2():
    """Return the weekly carbon dioxide at Mauna Loa, March 1958 to December 2001.

    Returns
    -------
    dates : ndarray of datetime64[D], shape (2284,)
        Saturdays, one a week without a break.
    ppm : ndarray of float, shape (2284,)
        Mole fraction of carbon dioxide in the air, in parts per million. The 59
        weeks without a measurement lie on the straight line between their
        neighbours.

    Notes
    -----
    From statsmodels: Keeling and Whorf, Carbon Dioxide Information Analysis
    Center, Oak Ridge National Laboratory, 2004; public domain.
    """
    table = _dataset("co2")
    dates = table.index.to_numpy().astype("datetime64[D]")
    ppm = table["co2"].to_numpy(dtype=np.float64)
    known, weeks = ~np.isnan(ppm), np.arange(len(ppm))
    return dates, np.interp(weeks, weeks[known], ppm[known])


def windows(series, length, horizon=1):
    """Cut a series into windows, each with the value that follows.

    Parameters
    ----------
    series : array_like, shape (N,)
        Values in order of time.
    length : int
        Window length, 1 or more.
    horizon : int
        How many steps after the window's last value the target lies.

    Returns
    -------
    X : ndarray, shape (N - length - horizon + 1, length)
        Windows, the oldest value first; a copy, safe to change.
    y : ndarray, shape (N - length - horizon + 1,)
        Targets: `y[k] = series[k + length - 1 + horizon]`.
    """
    series = np.asarray(series)
    if series.ndim != 1:
        raise ValueError(f"series must have shape (N,), got {series.shape}")
    if length < 1 or horizon < 1:
        raise ValueError(
            f"length and horizon must be 1 or more, got {length} and {horizon}"
        )
    count = len(series) - length - horizon + 1
    if count < 1:
        raise ValueError(
            f"A window of {length} and a horizon of {horizon} need at least "
            f"{length + horizon} values, got {len(series)}"
        )
    X = np.lib.stride_tricks.sliding_window_view(series, length)[:count].copy()
    return X, series[length - 1 + horizon :].copy()


def adding(rng, B=32, T=50, dtype=np.float64):
    """Draw the adding problem: the sum of the two numbers that are marked.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the numbers and of the marks.
    B, T : int
        Number of sequences and of steps, T at least 2.
    dtype : dtype
        Type of both results.

    Returns
    -------
    xs : ndarray, shape (B, T, 2)
        At each step a number, even on 0 to 1, and a mark, which is 1 at one step of
        the first half and at one of the second, and else 0. With an odd T the second
        half is the longer.
    ys : ndarray, shape (B, 1)
        The sum of the two marked numbers; mean 1, variance 1/6.

    Notes
    -----
    After Hochreiter and Schmidhuber (1997), with the marks as in Le et al. (2015).
    """
    if B < 1 or T < 2:
        raise ValueError(
            f"B must be 1 or more and T 2 or more, got B = {B} and T = {T}"
        )
    numbers, marks = rng.uniform(size=(B, T)), np.zeros((B, T))
    rows, half = np.arange(B), T // 2
    marks[rows, rng.integers(0, half, B)] = 1
    marks[rows, rng.integers(half, T, B)] = 1
    sums = (numbers * marks).sum(axis=1, keepdims=True)
    return np.stack([numbers, marks], axis=-1).astype(dtype), sums.astype(dtype)


def reference():
    """Return the text of Python's own reference, in lower case.

    Returns
    -------
    str
        About 400,000 characters: the letters a to z, the digits, punctuation, and
        single blanks in place of any run of white space.

    Notes
    -----
    From `pydoc_data.topics`, which comes with Python, so that the text depends a little
    on Python's version. Python Software Foundation License.
    """
    from pydoc_data.topics import topics

    text = " ".join(topics[name] for name in sorted(topics)).lower()
    return " ".join("".join(c if " " < c <= "~" else " " for c in text).split())


def streams(series, B, T):
    """Lay one long series out as B streams, and cut these into chunks of T steps.

    Row b of a chunk goes on where row b of the chunk before it ended, so a state that
    is carried from chunk to chunk stays with its row. Stream b + 1 begins in the series
    where stream b ends. What does not fill a last chunk is left out.

    Parameters
    ----------
    series : array_like, shape (N, ...)
        Values, vectors or labels in order of time.
    B, T : int
        Number of streams, and steps in a chunk.

    Returns
    -------
    xs : ndarray, shape (K, B, T, ...)
        K chunks in order of time; a copy, safe to change.
    ys : ndarray, shape (K, B, T, ...)
        The same, one step later: what comes next.
    """
    series = np.asarray(series)
    if B < 1 or T < 1:
        raise ValueError(f"B and T must be 1 or more, got B = {B} and T = {T}")
    if series.ndim < 1:
        raise ValueError(f"series must have shape (N, ...), got one number, {series}")
    length = (len(series) - 1) // B
    K = length // T
    if K < 1:
        raise ValueError(
            f"{B} streams of {T} steps, each with a next value, need at least "
            f"{B * T + 1} values, got {len(series)}"
        )

    def chunks(part):
        part = part[: B * length].reshape(B, length, *series.shape[1:])[:, : K * T]
        return part.reshape(B, K, T, *series.shape[1:]).swapaxes(0, 1).copy()

    return chunks(series), chunks(series[1:])
