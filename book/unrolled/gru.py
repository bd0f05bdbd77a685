"""The GRU, with the reset after the product or before it, and the minimal gated unit.

r and z are gates, n is the candidate: h_t = (1 - z_t) n_t + z_t h_{t-1}.
"""

import numpy as np

from . import initialise
from .layer import Recurrent, generator, rows


class GRU(Recurrent):
    """A recurrent layer with a reset and an update gate.

    Parameters
    ----------
    input_size : int
        I, the size of x_t.
    hidden_size : int
        H, the size of h_t.
    reset : str
        Where the reset gate acts. "after" the product, as in PyTorch and Keras:
        n = tanh(x W_xn + b_n + r (h W_hn + b_hn)). "before" it, as in the paper:
        n = tanh(x W_xn + b_n + (r h) W_hn).
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the layer computes.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, 3H), Glorot; ``W_h`` (H, 3H), orthogonal; ``b`` (3H,), zero; the
        columns are those of r, z, n. With reset "after" also ``b_hn`` (H,), zero.
    grads : dict
        The gradients of the same names and shapes, after ``backward``.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or reset is neither word.

    Notes
    -----
    Cho et al. (2014), equations 5 to 8, where z and 1 - z are exchanged. In units of
    T·B·H, the layer keeps 5 + I/H from one pass to the other.
    """

    def __init__(
        self, input_size, hidden_size, reset="after", *, rng, dtype=np.float64
    ):
        super().__init__(input_size, hidden_size, dtype)
        rng = generator(rng)
        if reset not in ("after", "before"):
            raise ValueError(f"reset must be 'after' or 'before', got {reset!r}")
        self.reset = reset
        I, H = self.input_size, self.hidden_size
        b_hn = {"b_hn": np.zeros(H, self.dtype)} if reset == "after" else {}
        self._declare(**initialise.gates(rng, 3, I, H, self.dtype), **b_hn)

    def forward(self, xs, state=None):
        """Run the recurrence over every step of every sequence.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs; T may be 0.
        state : array, shape (B, H), optional
            h_0; zero if it is not given.

        Returns
        -------
        hs : array, shape (B, T, H)
            h_1 … h_T.
        state : array, shape (B, H)
            h_T, or h_0 if T is 0: pass it on to continue the sequence.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        W_x, W_h, b, b_hn = self._weights()
        x = self._enter(xs)
        T, B, _ = x.shape
        H = self.hidden_size
        a = self._buffer("a", T, B, 3 * H)  # x's part; then r, z, n; then slopes
        q = self._buffer("q", T, B, H)  # h W_hn + b_hn
        h = self._buffer("h", T + 1, B, H)
        (h[0],) = self._state("state", state, B)

        # sigmoid(a) = (1 + tanh(a / 2)) / 2: the inner half goes into the weights.
        W_x, W_h, half = _halved(W_x, 2 * H), _halved(W_h, 2 * H), self.dtype.type(0.5)
        np.matmul(rows(x), W_x, out=rows(a))
        a += _halved(b, 2 * H)
        p, u = self._buffer("p", B, 3 * H), self._buffer("u", B, H)
        p_rz, p_n = p[:, : 2 * H], p[:, 2 * H :]
        half = np.array(half)
        matmul, add, multiply = np.matmul, np.add, np.multiply
        subtract, tanh = np.subtract, np.tanh
        views = a[..., : 2 * H], a[..., :H], a[..., H : 2 * H], a[..., 2 * H :]
        for rz, r, z, n, q_t, h_prev, h_t in self._steps("forward", *views, q, h[:-1], h[1:]):
            matmul(h_prev, W_h, p)
            add(rz, p_rz, rz)
            tanh(rz, rz)
            multiply(rz, half, rz)
            add(rz, half, rz)
            add(p_n, b_hn, q_t)
            multiply(r, q_t, u)
            add(n, u, n)
            tanh(n, n)
            subtract(h_prev, n, u)
            multiply(z, u, u)
            add(n, u, h_t)
        self._tape = x, a, q, h, W_x, W_h
        return self._leave(h[1:], h[T])

    def backward(self, dhs, dstate=None):
        """Backward."""
        x, a, q, h, W_x, W_h = self._read_tape()
        T, B, _ = x.shape
        H = self.hidden_size
        dhs = self._enter_gradient(dhs, B, T)
        dh = self._state("dstate", dstate, B, finite=False)[0].copy()
        self._tape = None
        W_x, W_hT = _doubled(W_x, 2 * H), np.ascontiguousarray(_doubled(W_h, 2 * H).T)
        u, back = self._buffer("u", B, H), self._buffer("back", B, H)
        matmul, add, multiply, subtract = np.matmul, np.add, np.multiply, np.subtract
        size = max(1, min(T, (1 << 19) // max(1, B * H * self.dtype.itemsize * 6)))
        zs, sn = self._buffer("zs", size, B, H), self._buffer("sn", size, B, H)
        for stop in range(T, 0, -size):
            start = max(0, stop - size)
            k = stop - start
            Z, S = zs[:k], sn[:k]
            A, Q, hp = a[start:stop], q[start:stop], h[start:stop]
            r, z, n = A[..., :H], A[..., H:2 * H], A[..., 2 * H:]
            Z[...] = z
            subtract(1, z, S)
            # z slope: (h - n) z (1 - z)
            multiply(z, S, z); 
            subtract(hp, n, hp_n := self._buffer("hn", size, B, H)[:k]); multiply(z, hp_n, z)
            # n slope (1-z)(1-n^2)
            multiply(n, n, n); subtract(1, n, n); multiply(n, S, n)
            # r slope = n slope * q r (1-r);  q slope = n slope * r
            multiply(n, r, S)        # dq
            multiply(Q, S, Q); subtract(1, r, r); multiply(r, Q, r)
            Q[...] = n               # x side
            n[...] = S               # h side
            for t in range(k - 1, -1, -1):
                add(dh, dhs[start + t], dh)
                a_t = A[t].reshape(B, 3, H)
                multiply(a_t, dh[:, None], a_t)
                multiply(Q[t], dh, Q[t])
                multiply(dh, Z[t], u)
                matmul(A[t], W_hT, dh)
                add(dh, u, dh)
        da = rows(a)
        n = a[..., 2 * H:]
        dW_h = rows(h[:-1]).T @ da
        db_hn = n.reshape(-1, H).sum(0)
        n[...] = q
        self.grads = {"W_x": rows(x).T @ da, "W_h": dW_h, "b": da.sum(0), "b_hn": db_hn}
        np.matmul(da, W_x.T, out=rows(x))
        return self._leave(x, dh)


def _halved(w, n):
    w = w.copy(); w[..., :n] *= 0.5
    return w


def _doubled(w, n):
    w[..., :n] *= 2
    return w
