"""What sits on top of a recurrent layer."""

import numpy as np

from . import initialise
from .arguments import expect, generator, positive, rectangular
from .layer import Layer


class Linear(Layer):
    """An output head: y = h W_y + b_y, the same at every step.

    Parameters
    ----------
    input_size : int
        H, the size of the last axis that comes in.
    output_size : int
        O, the size of the last axis that goes out.
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the head computes.

    Attributes
    ----------
    params : dict
        ``W_y`` (H, O), Glorot; ``b_y`` (O,), zero.
    grads : dict
        The gradients of the same names and shapes, after ``backward``.

    Raises
    ------
    TypeError, ValueError
        If a size is not a whole number of at least 1.
    """

    def __init__(self, input_size, output_size, *, rng, dtype=np.float64):
        super().__init__(dtype)
        rng = generator(rng)
        self.input_size = positive("input_size", input_size)
        self.output_size = positive("output_size", output_size)
        self._declare(
            W_y=initialise.glorot(rng, self.input_size, self.output_size, self.dtype),
            b_y=np.zeros(self.output_size, self.dtype),
        )

    def forward(self, hs):
        """Apply the head to the last axis.

        Parameters
        ----------
        hs : array, shape (..., H)
            Any leading axes: (B, T, H) for every step, (B, H) for one.

        Returns
        -------
        array, shape (..., O)
            The outputs.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        W_y, b_y = self._weights()
        hs = rectangular("hs", hs)
        leading = ("B", "T", *"NMLK")[: max(hs.ndim - 1, 0)]
        hs = expect("hs", hs, (*leading, self.input_size), self.dtype, finite=False)
        self._tape = hs.copy()
        return hs @ W_y + b_y

    def backward(self, dys):
        """Send gradients back through the last forward pass.

        Parameters
        ----------
        dys : array, shape (..., O)
            The gradient of the loss with respect to each output.

        Returns
        -------
        array, shape (..., H)
            The gradient with respect to what came in.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        W_y, _ = self._weights()
        hs = self._read_tape()
        dys = expect(
            "dys", dys, (*hs.shape[:-1], self.output_size), self.dtype, finite=False
        )
        self._tape = None
        rows = dys.reshape(-1, self.output_size)
        self.grads = {
            "W_y": hs.reshape(-1, self.input_size).T @ rows,
            "b_y": rows.sum(axis=0),
        }
        return dys @ W_y.T
