"""The GRU, with its reset after the product or before it, and the minimal gated unit.

In all three the new state lies between a candidate n and the old state:
h_t = (1 - z_t) n_t + z_t h_{t-1}.
"""

import numpy as np

from . import initialise
from .activations import activation
from .arguments import generator
from .layer import Recurrent, block_length, rows, transposed

SIGMOID = activation("sigmoid")


class _Gated(Recurrent):
    """What the GRU and the minimal gated unit share.

    `_run` and `_run_back` here are those of a reset before the product. A subclass says
    how its gates r and z come from a, and what their gradients make of it.
    """

    def _run(self, x, state, W_x, W_h, b):
        """Run the layer over x (T, B, I + 1), the reset before the product."""
        H, T = self.hidden_size, len(x)
        (h,) = self._states(T, *state)
        W_x, W_gates, W_n = W_x.copy(), W_h[:, :-H].copy(), W_h[:, -H:].copy()
        x = x[..., :-1].copy()
        a = (rows(x) @ W_x + b).reshape(*x.shape[:2], b.size)
        steps = []
        for t in range(T):
            gates = SIGMOID.f(a[t, :, :-H] + h[t] @ W_gates)
            r, z = self._split(gates)
            n = np.tanh(a[t, :, -H:] + (r * h[t]) @ W_n)
            h[t + 1] = (1 - z) * n + z * h[t]
            steps.append((gates, n))
        self._tape = x, h, W_x, W_gates, W_n, steps
        return h[1:], h[T]

    def _run_back(self, dhs, dh):
        """Send dhs (T, B, H) and dh back; return dx and dh_0, and fill ``grads``."""
        x, h, W_x, W_gates, W_n, steps = self._tape
        H, T = self.hidden_size, len(x)
        das = np.empty((*x.shape[:2], W_x.shape[1]), self.dtype)
        rh = np.empty_like(h[1:])
        for t in reversed(range(T)):
            gates, n = steps[t]
            r, z = self._split(gates)
            dh = dh + dhs[t]  # from the step to the right, from the output above
            da_n = dh * (1 - z) * (1 - n * n)
            drh = da_n @ W_n.T
            dgates = self._join(drh * h[t], dh * (h[t] - n))  # of r and of z
            da_gates = dgates * SIGMOID.df(gates)
            dh = dh * z + drh * r + da_gates @ W_gates.T
            rh[t] = r * h[t]
            das[t] = np.concatenate([da_gates, da_n], axis=-1)
        da_gates, da_n = rows(das)[:, :-H], rows(das)[:, -H:]
        dW_gates, dW_n = rows(h[:-1]).T @ da_gates, rows(rh).T @ da_n
        self.grads = {
            "W_x": rows(x).T @ rows(das),
            "W_h": np.concatenate([dW_gates, dW_n], axis=1),
            "b": rows(das).sum(axis=0),
        }
        return (rows(das) @ W_x.T).reshape(x.shape), dh


class GRU(_Gated):
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
    Cho et al. (2014), with z as there: 1 keeps the state. In units of
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

    def _split(self, gates):
        """Return r and z."""
        H = self.hidden_size
        return gates[:, :H], gates[:, H:]

    def _join(self, dr, dz):
        """Return the gradient of r and z side by side."""
        return np.concatenate([dr, dz], axis=-1)

    def _run(self, x, state, W_x, W_h, b, b_hn=None):
        """Run the layer over x (T, B, I + 1); return hs and h."""
        if self.reset == "before":
            return super()._run(x, state, W_x, W_h, b)
        T, B, _ = x.shape
        H = self.hidden_size
        (h,) = self._states(T, *state)
        a, q = self._buffer("a", T, B, 3 * H), self._buffer("q", T, B, H)
        gates = a.reshape(T, 3, B, H)  # take the place of a_t: each in one piece

        # One tanh for both gates: sigmoid(a) = 1/2 + 1/2 tanh(a / 2), and the inner
        # half goes into the weights.
        fold = np.full(3 * H, 0.5, self.dtype)
        fold[2 * H :] = 1
        W_x = self._with_bias(W_x, b, fold)
        W_h = np.multiply(W_h, fold, self._buffer("W_h", *W_h.shape))
        np.matmul(rows(x), W_x, out=rows(a))  # all steps at once
        p, u = self._buffer("p", B, 3 * H), self._buffer("u", B, H)
        p_rz, p_n = p[:, : 2 * H], p[:, 2 * H :]
        rz_in_p = p.reshape(B, 3, H).swapaxes(0, 1)[:2]
        scale = np.full((B, 2 * H), 0.5, self.dtype)
        shift = np.full((2, B, H), 0.5, self.dtype)
        b_hn = np.tile(b_hn, (B, 1))
        dot, add, multiply = np.dot, np.add, np.multiply
        subtract, tanh = np.subtract, np.tanh
        parts = a[..., : 2 * H], a[..., 2 * H :], gates[:, :2], *gates.swapaxes(0, 1)
        views = self._steps("forward", *parts, q, h[:-1], h[1:])
        for a_rz, a_n, rz, r, z, n, q_t, h_prev, h_t in views:
            dot(h_prev, W_h, p)
            add(p_n, b_hn, q_t)  # q = h_{t-1} W_hn + b_hn
            add(a_rz, p_rz, p_rz)
            multiply(tanh(p_rz, p_rz), scale, p_rz)
            u[...] = a_n  # before r and z take its place
            add(rz_in_p, shift, rz)  # r, z
            tanh(add(u, multiply(r, q_t, n), n), n)  # n = tanh(a_n + r q)
            multiply(z, subtract(h_prev, n, u), u)
            add(n, u, h_t)  # h_t = n + z (h_{t-1} - n)
        self._tape = x, h, W_x, W_h, a, q
        return h[1:], h[T]

    def _run_back(self, dhs, dh_T):
        """Send dhs (T, B, H) and dh back; return dx and dh_0, and fill ``grads``."""
        if self.reset == "before":
            return super()._run_back(dhs, dh_T)
        x, h, W_x, W_h, a, q = self._tape
        T, B, H = dhs.shape
        W_x[:, : 2 * H] *= 2
        W_h[:, : 2 * H] *= 2
        W_hT = transposed(W_h, B)
        dh, u = self._buffer("dh", B, H), self._buffer("u", B, H)
        dh[...] = dh_T
        gates = a.reshape(T, 3, B, H)
        da = a.reshape(T, B, 3, H).swapaxes(1, 2)  # takes the place of the gates
        steps = self._steps("backward", a, da, q)
        block = block_length(T, 5 * dh.nbytes)
        slopes = self._buffer("slopes", block, 5, B, H)
        kept = self._steps("block", slopes[:, :3], slopes[:, 3], slopes[:, 4])
        dot, add, multiply = np.dot, np.add, np.multiply
        for stop in range(T, 0, -block):
            now = slice(max(0, stop - block), stop)
            count = stop - now.start
            self._slopes(gates[now], q[now], h[now], slopes[:count])
            views = zip(steps[now], kept[:count], dhs[now], strict=True)
            for (da_t, parts, da_n), (to_rzq, to_n, z), dh_t in reversed([*views]):
                add(dh, dh_t, dh)  # from the step to the right, from the output above
                multiply(to_rzq, dh, parts)
                multiply(to_n, dh, da_n)
                multiply(dh, z, u)
                add(dot(da_t, W_hT, dh), u, dh)

        # The candidate has two gradients: dq inside the reset, da_n outside it.
        dq, da_n = a[..., 2 * H :], q
        dW_h, db_hn = rows(h[:-1]).T @ rows(a), dq.sum(axis=(0, 1))
        dq[...] = da_n
        dW_x = rows(x).T @ rows(a)
        self.grads = {"W_x": dW_x[:-1], "W_h": dW_h, "b": dW_x[-1], "b_hn": db_hn}
        np.matmul(rows(a), W_x.T, out=rows(x))  # dx takes the place of x
        return x[..., :-1], dh

    def _slopes(self, gates, q, h_prev, slopes):
        """Fill the slopes of a few steps, from their gates: each is times dh.

        With n' = (1 - z)(1 - n²), they take dh to da_r by n' q r (1 - r), to da_z by
        (h_{t-1} - n) z (1 - z), to dq by n' r and to da_n by n'; and z is what is left
        of dh for the step before.
        """
        multiply, subtract = np.multiply, np.subtract
        r, z, n = gates.swapaxes(0, 1)
        to_r, to_z, to_q, to_n, kept = slopes.swapaxes(0, 1)
        multiply(subtract(1, z, kept), z, to_z)
        multiply(subtract(h_prev, n, to_n), to_z, to_z)
        subtract(1, multiply(n, n, to_n), to_n)
        multiply(to_n, kept, to_n)
        multiply(to_n, r, to_q)
        multiply(to_q, q, to_r)
        subtract(to_r, multiply(to_r, r, kept), to_r)
        kept[...] = z


class MGU(_Gated):
    """The minimal gated unit: one gate, which resets the old state and lets it go.

    f = sigmoid(x W_xf + h W_hf + b_f), n = tanh(x W_xn + (f h) W_hn + b_n), and
    h_t = (1 - f) h_{t-1} + f n: a GRU, reset before the product, with r = f = 1 - z.

    Parameters
    ----------
    input_size : int
        I, the size of x_t.
    hidden_size : int
        H, the size of h_t.
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the layer computes.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, 2H), Glorot; ``W_h`` (H, 2H), orthogonal; ``b`` (2H,), zero; the
        columns are those of f, n.
    grads : dict
        The gradients of the same names and shapes, after ``backward``.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1.

    Notes
    -----
    Zhou et al. (2016).
    """

    def __init__(self, input_size, hidden_size, *, rng, dtype=np.float64):
        super().__init__(input_size, hidden_size, dtype)
        I, H = self.input_size, self.hidden_size
        self._declare(**initialise.gates(generator(rng), 2, I, H, self.dtype))

    def _split(self, gates):
        """Return r = f and z = 1 - f."""
        return gates, 1 - gates

    def _join(self, dr, dz):
        """Return the gradient of f, which is r and 1 - z."""
        return dr - dz
