"""The plain recurrent layer: h_t = f(x_t W_x + h_{t-1} W_h + b)."""

import numpy as np

from . import initialise
from .activations import activation
from .recurrent import Recurrent


class RNN(Recurrent):
    """A recurrent layer with one state and no gates.

    Parameters
    ----------
    input_size, hidden_size, rng, dtype
        See `Recurrent`, also for what is raised.
    activation : str
        f: "tanh", "relu", "sigmoid" or "identity".

    Attributes
    ----------
    params : dict
        ``W_x`` (I, H), Glorot; ``W_h`` (H, H), orthogonal; ``b`` (H,), zero.

    Notes
    -----
    Elman (1990), with the state drawn as in chapter 2; ``step_back`` is derived in
    chapter 3. In units of T·B·H, the layer keeps 2 + I/H from one pass to the other.
    """

    fixed = (*Recurrent.fixed, "activation")

    def __init__(
        self, input_size, hidden_size, activation="tanh", *, rng, dtype=np.float64
    ):
        self.activation = activation
        self._f()
        super().__init__(input_size, hidden_size, rng=rng, dtype=dtype)

    def first_params(self, rng):
        """Draw ``W_x`` and ``W_h``, with ``b`` zero."""
        I, H = self.input_size, self.hidden_size
        return {
            "W_x": initialise.glorot(rng, I, H, self.dtype),
            "W_h": initialise.orthogonal(rng, H, self.dtype),
            "b": np.zeros(H, self.dtype),
        }

    def step(self, w, a_x, h_prev):
        """Run one step from h_prev (B, H)."""
        h = self._f().f(a_x + h_prev @ w.W_h)
        return (h,), (h_prev, h)

    def step_back(self, w, kept, dh):
        """Send dh (B, H) back through one step."""
        h_prev, h = kept
        da = dh * self._f().df(h)
        dh_prev = da @ w.W_h.T
        return (dh_prev,), {"a_x": da, "W_h": (h_prev, da)}

    def _f(self):
        """Return f, and its slope in terms of h."""
        return activation(self.activation)
