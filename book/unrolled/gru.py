"""The GRU, with its reset after the product or before it, and the minimal gated unit.

In all three the new state lies between a candidate n and the old state:
h_t = (1 - z_t) n_t + z_t h_{t-1}.
"""

import numpy as np

from .activations import sigmoid
from .recurrent import Recurrent, beside, blocks


class GRU(Recurrent):
    """A recurrent layer with a reset and an update gate.

    Parameters
    ----------
    input_size, hidden_size, rng, dtype
        See `Recurrent`, also for what is raised.
    reset : str
        Where the reset gate acts. "after" the product, as in PyTorch and Keras:
        n = tanh(x W_xn + b_n + r (h W_hn + b_hn)). "before" it, as in the paper:
        n = tanh(x W_xn + b_n + (r h) W_hn).

    Attributes
    ----------
    params : dict
        ``W_x`` (I, 3H), Glorot; ``W_h`` (H, 3H), orthogonal; ``b`` (3H,), zero; the
        columns are those of r, z, n. With reset "after" also ``b_hn`` (H,), zero.

    Notes
    -----
    Cho et al. (2014), with z as there: 1 keeps the state. In units of
    T·B·H, the layer keeps 5 + I/H from one pass to the other.
    """

    order = "rzn"
    fixed = (*Recurrent.fixed, "reset")

    def __init__(
        self, input_size, hidden_size, reset="after", *, rng, dtype=np.float64
    ):
        if reset not in ("after", "before"):
            raise ValueError(f"reset must be 'after' or 'before', got {reset!r}")
        self.reset = reset
        super().__init__(input_size, hidden_size, rng=rng, dtype=dtype)
        if reset == "after":
            self.add_params(b_hn=np.zeros(self.hidden_size, self.dtype))

    def cell(self):
        """Return the two functions of one step, for either place of the reset."""
        if self.reset == "before":
            return self.step_before, self.step_before_back
        return self.step, self.step_back

    def step(self, w, a_x, h_prev):
        """Run one step from h_prev (B, H), the reset after the product."""
        (x_r, x_z, x_n), (h_r, h_z, h_n) = blocks(a_x, 3), blocks(h_prev @ w.W_h, 3)
        r, z, q = sigmoid(x_r + h_r), sigmoid(x_z + h_z), h_n + w.b_hn
        n = np.tanh(x_n + r * q)
        h = (1 - z) * n + z * h_prev
        return (h,), (h_prev, r, z, n, q)

    def step_back(self, w, kept, dh):
        """Send dh (B, H) back through one step, the reset after the product."""
        h_prev, r, z, n, q = kept
        dn, dz = dh * (1 - z), dh * (h_prev - n)
        da_n = dn * (1 - n**2)
        dq, dr = da_n * r, da_n * q
        da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)
        da = beside(da_r, da_z, da_n)
        dp = beside(da_r, da_z, dq)  # what reaches h_prev W_h: n's block is inside r
        dh_prev = dh * z + dp @ w.W_h.T
        return (dh_prev,), {"a_x": da, "W_h": (h_prev, dp), "b_hn": dq}

    def step_before(self, w, a_x, h_prev):
        """Run one step from h_prev (B, H), the reset before the product."""
        (x_r, x_z, x_n), (W_hr, W_hz, W_hn) = blocks(a_x, 3), blocks(w.W_h, 3)
        r, z = sigmoid(x_r + h_prev @ W_hr), sigmoid(x_z + h_prev @ W_hz)
        s = r * h_prev
        n = np.tanh(x_n + s @ W_hn)
        h = (1 - z) * n + z * h_prev
        return (h,), (h_prev, r, z, n, s)

    def step_before_back(self, w, kept, dh):
        """Send dh (B, H) back through one step, the reset before the product."""
        h_prev, r, z, n, s = kept
        W_hr, W_hz, W_hn = blocks(w.W_h, 3)
        dn, dz = dh * (1 - z), dh * (h_prev - n)
        da_n = dn * (1 - n**2)
        ds = da_n @ W_hn.T
        dr = ds * h_prev
        da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)
        da = beside(da_r, da_z, da_n)
        dh_prev = dh * z + ds * r + da_r @ W_hr.T + da_z @ W_hz.T
        dW_h = [(h_prev, da_r), (h_prev, da_z), (s, da_n)]
        return (dh_prev,), {"a_x": da, "W_h": dW_h}


class MGU(Recurrent):
    """The minimal gated unit: one gate, which resets the old state and lets it go.

    f = sigmoid(x W_xf + h W_hf + b_f), n = tanh(x W_xn + (f h) W_hn + b_n), and
    h_t = (1 - f) h_{t-1} + f n: a GRU, reset before the product, with r = f = 1 - z.

    Parameters
    ----------
    input_size, hidden_size, rng, dtype
        See `Recurrent`.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, 2H), Glorot; ``W_h`` (H, 2H), orthogonal; ``b`` (2H,), zero; the
        columns are those of f, n.

    Notes
    -----
    Zhou et al. (2016).
    """

    order = "fn"

    def step(self, w, a_x, h_prev):
        """Run one step from h_prev (B, H)."""
        (x_f, x_n), (W_hf, W_hn) = blocks(a_x, 2), blocks(w.W_h, 2)
        f = sigmoid(x_f + h_prev @ W_hf)
        s = f * h_prev
        n = np.tanh(x_n + s @ W_hn)
        h = (1 - f) * h_prev + f * n
        return (h,), (h_prev, f, n, s)

    def step_back(self, w, kept, dh):
        """Send dh (B, H) back through one step."""
        h_prev, f, n, s = kept
        W_hf, W_hn = blocks(w.W_h, 2)
        dn = dh * f
        da_n = dn * (1 - n**2)
        ds = da_n @ W_hn.T
        df = dh * (n - h_prev) + ds * h_prev
        da_f = df * f * (1 - f)
        da = beside(da_f, da_n)
        dh_prev = dh * (1 - f) + ds * f + da_f @ W_hf.T
        return (dh_prev,), {"a_x": da, "W_h": [(h_prev, da_f), (s, da_n)]}
