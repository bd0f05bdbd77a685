"""First values for weights."""

import numpy as np

from .arguments import floating, generator, number, positive


def glorot(rng, fan_in, fan_out, dtype=np.float64):
    """Draw a matrix whose output has about the variance of its input.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    fan_in, fan_out : int
        Rows and columns.
    dtype : data type
        Of the result.

    Returns
    -------
    array, shape (fan_in, fan_out)
        Uniform on ±sqrt(6 / (fan_in + fan_out)).

    Notes
    -----
    Glorot and Bengio (2010), equation 16.
    """
    shape = positive("fan_in", fan_in), positive("fan_out", fan_out)
    limit = np.sqrt(6 / sum(shape))
    return generator(rng).uniform(-limit, limit, shape).astype(floating(dtype))


def orthogonal(rng, size, dtype=np.float64):
    """Draw a rotation or reflection: it changes no vector's length.

    The sign of R's diagonal is folded into Q; without it, QR would favour some
    matrices over others.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    size : int
        Rows, and columns.
    dtype : data type
        Of the result.

    Returns
    -------
    array, shape (size, size)
        Q with Q.T @ Q = 1, uniform over all such matrices.

    Notes
    -----
    Saxe, McClelland and Ganguli (2014), section 3.
    """
    size = positive("size", size)
    Q, R = np.linalg.qr(generator(rng).standard_normal((size, size)))
    return (Q * np.sign(np.diag(R))).astype(floating(dtype))


def identity(size, scale=1.0, dtype=np.float64):
    """Make a multiple of the identity: the state repeats itself until told otherwise.

    Parameters
    ----------
    size : int
        Rows, and columns.
    scale : float
        The value on the diagonal.
    dtype : data type
        Of the result.

    Returns
    -------
    array, shape (size, size)
        scale on the diagonal, 0 elsewhere.

    Notes
    -----
    Le, Jaitly and Hinton (2015).
    """
    scaled = number("scale", scale) * np.eye(positive("size", size))
    return scaled.astype(floating(dtype))


def chrono(rng, size, T_max, dtype=np.float64):
    """Draw the biases of input and forget gate for memories of 2 to T_max steps.

    With nothing but its bias, a forget gate f keeps the cell for about 1 / (1 - f)
    steps. Here that time is uniform on 2 … T_max, and the input gate is 1 - f.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    size : int
        How many units, H.
    T_max : float
        The longest time, in steps, over which something has to be remembered.
    dtype : data type
        Of the result.

    Returns
    -------
    b_i, b_f : array, shape (size,)
        b_f = log(u) with u uniform on 1 … T_max - 1, and b_i = -b_f. Where one gate
        does both, it takes b_f: f of a coupled LSTM, and z of a GRU, which keeps h.

    Raises
    ------
    ValueError
        If T_max is less than 2, or not finite.

    Notes
    -----
    Tallec and Ollivier (2018).
    """
    size, T_max = positive("size", size), number("T_max", T_max, 2)
    steps = generator(rng).uniform(1, T_max - 1, size)
    b_f = np.log(steps).astype(floating(dtype))
    return -b_f, b_f


def gates(rng, k, I, H, dtype=np.float64, P=None):
    """Draw the first parameters of k gates side by side.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    k : int
        How many gates, the candidate among them.
    I, H : int
        Sizes of input and state.
    dtype : data type
        Of the result.
    P : int, optional
        The size of the state that comes back, where it is not H.

    Returns
    -------
    dict of str to array
        ``W_x`` (I, kH) and ``W_h`` (H or P, kH), each block drawn by itself: Glorot
        and orthogonal; ``b`` (kH,), zero.
    """
    k, P = positive("k", k), positive("P", H if P is None else P)
    square = [orthogonal(rng, max(H, P), dtype)[:P, :H] for _ in range(k)]
    return {
        "W_x": np.hstack([glorot(rng, I, H, dtype) for _ in range(k)]),
        "W_h": np.hstack(square),
        "b": np.zeros(k * H, dtype),
    }
