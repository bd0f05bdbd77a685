"""First values for weights.

What is drawn comes from ``rng``, a numpy.random.Generator; the result is of the data
type ``dtype``. A size that is not a whole number of at least 1, or another argument
that is not what it must be, raises a TypeError or a ValueError.
"""

import numpy as np

from .arguments import floating, generator, number, positive


def glorot(rng, fan_in, fan_out, dtype=np.float64):
    """Draw a matrix whose output has about the variance of its input.

    It has the shape (fan_in, fan_out), and is uniform on ±sqrt(6 / (fan_in + fan_out)):
    Glorot and Bengio (2010), equation 16.
    """
    shape = positive("fan_in", fan_in), positive("fan_out", fan_out)
    limit = np.sqrt(6 / sum(shape))
    return generator(rng).uniform(-limit, limit, shape).astype(floating(dtype))


def orthogonal(rng, size, dtype=np.float64):
    """Draw a rotation or reflection (size, size): it changes no vector's length.

    Q has Q.T @ Q = 1, and is uniform over all such matrices. The sign of R's diagonal
    is folded into Q; without it, QR would favour some matrices over others. Saxe,
    McClelland and Ganguli (2014), section 3.
    """
    size = positive("size", size)
    Q, R = np.linalg.qr(generator(rng).standard_normal((size, size)))
    return (Q * np.sign(np.diag(R))).astype(floating(dtype))


def identity(size, scale=1.0, dtype=np.float64):
    """Make a multiple of the identity: the state repeats itself until told otherwise.

    It has the shape (size, size), with scale on the diagonal and 0 elsewhere: Le,
    Jaitly and Hinton (2015).
    """
    scaled = number("scale", scale) * np.eye(positive("size", size))
    return scaled.astype(floating(dtype))


def chrono(rng, size, T_max, dtype=np.float64):
    """Draw the biases of input and forget gate for memories of 2 to T_max steps.

    With nothing but its bias, a forget gate f keeps the cell for about 1 / (1 - f)
    steps. Here that time is uniform on 2 … T_max, and the input gate is 1 - f: Tallec
    and Ollivier (2018).

    Parameters
    ----------
    size : int
        How many units, H.
    T_max : float
        The longest time over which something has to be remembered: 2 steps or more.

    Returns
    -------
    b_i, b_f : array, shape (size,)
        b_f = log(u) with u uniform on 1 … T_max - 1, and b_i = -b_f. Where one gate
        does both, it takes b_f: f of a coupled LSTM, and z of a GRU, which keeps h.
    """
    size, T_max = positive("size", size), number("T_max", T_max, 2)
    steps = generator(rng).uniform(1, T_max - 1, size)
    b_f = np.log(steps).astype(floating(dtype))
    return -b_f, b_f


def gates(rng, k, I, H, dtype=np.float64, P=None):
    """Draw the first parameters of k gates side by side, the candidate among them.

    Parameters
    ----------
    k, I, H : int
        The number of gates, and the sizes of input and state.
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
