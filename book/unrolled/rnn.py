"""The plain recurrent layer: h_t = f(x_t W_x + h_{t-1} W_h + b)."""

import numpy as np

from . import initialise
from .activations import activation
from .layer import Layer, expect, generator, positive


class RNN(Layer):
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
    Elman (1990), with the state drawn as in chapter 2. ``backward`` is derived in
    chapter 3. Between the two calls the layer keeps T(I + H) + H numbers a sequence.
    """

    def __init__(
        self, input_size, hidden_size, activation="tanh", *, rng, dtype=np.float64
    ):
        super().__init__(dtype)
        rng = generator(rng)
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self.activation = activation
        self._f()
        I, H = self.input_size, self.hidden_size  # noqa: E741
        self._declare(
            W_x=initialise.glorot(rng, I, H, self.dtype),
            W_h=initialise.orthogonal(rng, H, self.dtype),
            b=np.zeros(H, self.dtype),
        )

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
        W_x, W_h, b = self._weights()
        f = self._f().f
        xs = expect("xs", xs, ("B", "T", self.input_size), self.dtype)
        B, T, _ = xs.shape
        if B == 0:
            raise ValueError("xs must hold at least one sequence, got B = 0")

        xs = _time_major(xs)
        hs = np.empty((T + 1, B, self.hidden_size), self.dtype)
        hs[0] = self._state("state", state, B, finite=True)
        a_x = _rows(xs) @ W_x + b  # the input's part of every step in one product
        a_x = a_x.reshape(T, B, self.hidden_size)
        for t in range(T):
            hs[t + 1] = f(a_x[t] + hs[t] @ W_h)

        self._tape = xs, hs
        return _batch_major(hs[1:]), hs[T].copy()

    def backward(self, dhs, dstate=None):
        """Send gradients back through the last forward pass.

        Parameters
        ----------
        dhs : array, shape (B, T, H)
            The gradient of the loss with respect to each output h_t.
        dstate : array, shape (B, H), optional
            The gradient with respect to the final state; zero if it is not given.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs.
        dstate : array, shape (B, H)
            The gradient with respect to h_0.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        W_x, W_h, _ = self._weights()
        df = self._f().df
        xs, hs = self._read_tape()
        T, B, _ = xs.shape
        dhs = expect("dhs", dhs, (B, T, self.hidden_size), self.dtype, finite=False)

        dhs = _time_major(dhs)
        das = np.empty_like(dhs)
        dh_next = self._state("dstate", dstate, B, finite=False)
        W_hT = np.ascontiguousarray(W_h.T)  # read T times, row by row
        for t in reversed(range(T)):
            dh = dhs[t] + dh_next  # from the output above, from the step to the right
            das[t] = dh * df(hs[t + 1])
            dh_next = das[t] @ W_hT

        self._tape = None
        # The sums over time and batch, each in one product.
        self.grads = {
            "W_x": _rows(xs).T @ _rows(das),
            "W_h": _rows(hs[:-1]).T @ _rows(das),
            "b": _rows(das).sum(axis=0),
        }
        dxs = (_rows(das) @ W_x.T).reshape(xs.shape)
        return _batch_major(dxs), dh_next.copy()

    def _f(self):
        """Return the nonlinearity and its derivative."""
        return activation(self.activation)

    def _state(self, name, state, B, finite):
        """Return a state or its gradient, zero if it is not given."""
        shape = (B, self.hidden_size)
        if state is None:
            return np.zeros(shape, self.dtype)
        return expect(name, state, shape, self.dtype, finite)


def _time_major(array):
    """Copy (B, T, N) to (T, B, N), so that one step is contiguous."""
    return array.swapaxes(0, 1).copy()


def _batch_major(array):
    """Copy (T, B, N) to (B, T, N), so that nothing of the tape leaves the layer."""
    return array.swapaxes(0, 1).copy()


def _rows(array):
    """View (T, B, N) as (T B, N)."""
    return array.reshape(-1, array.shape[-1])
