"""The plain recurrent layer: h_t = f(x_t W_x + h_{t-1} W_h + b)."""

import numpy as np

from . import initialise
from .activations import activation
from .arguments import generator
from .layer import Recurrent, rows, transposed


class RNN(Recurrent):
    """A recurrent layer with one state and no gates.

    Parameters
    ----------
    input_size : int
        I, the size of x_t.
    hidden_size : int
        H, the size of h_t.
    activation : str
        f: "tanh", "relu", "sigmoid" or "identity".
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the layer computes.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, H), Glorot; ``W_h`` (H, H), orthogonal; ``b`` (H,), zero.
    grads : dict
        The gradients of the same names and shapes, after ``backward``.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1, or the activation is unknown.

    Notes
    -----
    Elman (1990), with the state drawn as in chapter 2; ``backward`` is derived in
    chapter 3. In units of T·B·H, the layer keeps 2 + I/H from one pass to the other.
    """

    def __init__(
        self, input_size, hidden_size, activation="tanh", *, rng, dtype=np.float64
    ):
        super().__init__(input_size, hidden_size, dtype)
        rng = generator(rng)
        self.activation = activation
        self._f()
        I, H = self.input_size, self.hidden_size  # noqa: E741
        self._declare(
            W_x=initialise.glorot(rng, I, H, self.dtype),
            W_h=initialise.orthogonal(rng, H, self.dtype),
            b=np.zeros(H, self.dtype),
        )

    def _run(self, x, state, W_x, W_h, b):
        """Run the layer over x (T, B, I + 1); return hs and h."""
        f = self._f().f
        T, B, _ = x.shape
        a, (h,) = self._buffer("a", T, B, b.size), self._states(T, *state)

        W_x = self._with_bias(W_x, b)
        np.matmul(rows(x), W_x, out=rows(a))  # all steps at once: no state is needed
        for a_t, h_prev, h_t in self._steps("forward", a, h[:-1], h[1:]):
            np.dot(h_prev, W_h, h_t)
            np.add(h_t, a_t, h_t)
            f(h_t, h_t)

        self._tape = x, a, h, W_x, transposed(W_h, B)
        return h[1:], h[T]

    def _run_back(self, dhs, dh):
        """Send dhs (T, B, H) and dh back through the last run; return dx and dh_0."""
        x, da, h, W_x, W_hT = self._tape
        dh = dh.copy()
        self._f().df(h[1:], da)  # the slopes of all steps; a is no longer needed
        for da_t, dh_t in zip(da[::-1], dhs[::-1], strict=True):
            np.add(dh, dh_t, dh)  # from the step to the right, from the output above
            np.multiply(da_t, dh, da_t)
            np.dot(da_t, W_hT, dh)

        # The sums over time and batch, each in one product.
        dW_x, dW_h = rows(x).T @ rows(da), rows(h[:-1]).T @ rows(da)
        self.grads = {"W_x": dW_x[:-1], "W_h": dW_h, "b": dW_x[-1]}
        np.matmul(rows(da), W_x.T, out=rows(x))  # dx takes the place of x
        return x[..., :-1], dh

    def _f(self):
        """Return the nonlinearity and its derivative."""
        return activation(self.activation)
