"""The LSTM."""
import numpy as np
from . import initialise
from .layer import Recurrent, generator, rows

CACHE = 1 << 19  # bytes of one block of steps, so that it stays in the second-level cache


class LSTM(Recurrent):
    """Plain LSTM."""

    def __init__(self, input_size, hidden_size, *, rng, dtype=np.float64):
        super().__init__(input_size, hidden_size, dtype)
        rng = generator(rng)
        I, H = self.input_size, self.hidden_size  # noqa: E741
        self.state_sizes = {"h": H, "c": H}
        self._declare(
            W_x=np.concatenate([initialise.glorot(rng, I, H, self.dtype) for _ in range(4)], 1),
            W_h=np.concatenate([initialise.orthogonal(rng, H, self.dtype) for _ in range(4)], 1),
            b=np.zeros(4 * H, self.dtype),
        )

    def forward(self, xs, state=None):
        """Forward."""
        W_x, W_h, b = self._weights()
        x = self._enter(xs)
        T, B, _ = x.shape
        H = self.hidden_size
        a = self._buffer("a", T, B, 4 * H)
        h, c = self._buffer("h", T + 1, B, H), self._buffer("c", T + 1, B, H)
        h[0], c[0] = self._state("state", state, B)

        half = np.full(4 * H, 0.5, self.dtype); half[2 * H:3 * H] = 1
        shift = np.full(4 * H, 0.5, self.dtype); shift[2 * H:3 * H] = 0
        W_xs = np.multiply(W_x, half, self._buffer("W_x", *W_x.shape))
        W_hs = np.multiply(W_h, half, self._buffer("W_h", *W_h.shape))
        np.matmul(rows(x), W_xs, out=rows(a))
        a += b * half
        i, f, g, o = (a[..., k * H:(k + 1) * H] for k in range(4))
        r, u = self._buffer("r", B, 4 * H), self._buffer("u", B, H)
        matmul, add, multiply, tanh = np.matmul, np.add, np.multiply, np.tanh
        for a_t, i_t, f_t, g_t, o_t, c_prev, c_t, h_prev, h_t in self._steps("forward", a, i, f, g, o, c[:-1], c[1:], h[:-1], h[1:]):
            matmul(h_prev, W_hs, r)
            add(a_t, r, a_t)
            tanh(a_t, a_t)
            multiply(a_t, half, a_t)
            add(a_t, shift, a_t)
            multiply(f_t, c_prev, c_t)
            multiply(i_t, g_t, u)
            add(c_t, u, c_t)
            tanh(c_t, h_t)
            multiply(o_t, h_t, h_t)
        self._tape = x, a, c, h, W_xs, W_hs, half
        return self._leave(h[1:], h[T], c[T])

    def backward(self, dhs, dstate=None):
        """Backward."""
        x, a, c, h, W_xs, W_hs, half = self._read_tape()
        T, B, _ = x.shape
        H = self.hidden_size
        dhs = self._enter_gradient(dhs, B, T)
        dh, dc = (part.copy() for part in self._state("dstate", dstate, B, finite=False))
        self._tape = None
        np.divide(W_xs, half, W_xs)
        W_hT = self._buffer("W_hT", 4 * H, H)
        np.divide(W_hs.T, half[:, None], W_hT)
        u = self._buffer("u", B, H)
        matmul, add, multiply, subtract = np.matmul, np.add, np.multiply, np.subtract
        n = max(1, min(T, CACHE // (max(1, B * H * self.dtype.itemsize * 6))))
        fs, ms, th = (self._buffer(k, n, B, H) for k in ("fs", "ms", "th"))
        for stop in range(T, 0, -n):
            start = max(0, stop - n)
            k = stop - start
            F, M, S = fs[:k], ms[:k], th[:k]
            A = a[start:stop]
            i, f, g, o = (A[..., q * H:(q + 1) * H] for q in range(4))
            # slopes, over the gates
            np.tanh(c[start + 1:stop + 1], S)
            F[...] = f
            multiply(S, S, M); subtract(1, M, M); multiply(M, o, M)     # dh -> dc
            multiply(S, o, S); subtract(1, o, o); multiply(o, S, o)     # dh -> da_o
            subtract(1, f, f); multiply(f, F, f); multiply(f, c[start:stop], f)
            subtract(1, i, S); multiply(S, g, S)
            multiply(g, g, g); subtract(1, g, g); multiply(g, i, g)
            multiply(i, S, i)
            for t in range(k - 1, -1, -1):
                a_t = A[t].reshape(B, 4, H)
                add(dh, dhs[start + t], dh)
                multiply(dh, M[t], u)
                add(dc, u, dc)
                ifg = a_t[:, :3]
                multiply(ifg, dc[:, None], ifg)
                o_t = a_t[:, 3]
                multiply(o_t, dh, o_t)
                multiply(dc, F[t], dc)
                matmul(A[t], W_hT, dh)
        self.grads = {
            "W_x": rows(x).T @ rows(a),
            "W_h": rows(h[:-1]).T @ rows(a),
            "b": rows(a).sum(axis=0),
        }
        np.matmul(rows(a), W_xs.T, out=rows(x))
        return self._leave_b(x, dh, dc)

    def _leave_b(self, x, dh, dc):
        return x.swapaxes(0, 1).copy(), (dh, dc)
