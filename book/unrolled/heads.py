"""What sits on top of a recurrent layer, and what turns labels into its inputs.

Both classes take ``rng``, a numpy.random.Generator, for the first weights, and
``dtype``, float32 or float64, which rules everything that they compute. A size, shape,
type or value that is not what it must be raises a TypeError or a ValueError;
``backward`` without a forward pass since the last call, a RuntimeError.
"""

import numpy as np

from . import initialise
from .arguments import expect, expect_labels, generator, positive, rectangular
from .layer import Layer


class Linear(Layer):
    """An output head: y = h W_y + b_y, the same at every step.

    Parameters
    ----------
    input_size, output_size : int
        H and O, the sizes of the last axis that comes in and that goes out.

    Attributes
    ----------
    params, grads : dict
        ``W_y`` (H, O), Glorot; ``b_y`` (O,), zero.
    """

    def __init__(self, input_size, output_size, *, rng, dtype=np.float64):
        super().__init__(dtype)
        self.input_size = positive("input_size", input_size)
        self.output_size = positive("output_size", output_size)
        self.add_params(
            W_y=initialise.glorot(rng, self.input_size, self.output_size, self.dtype),
            b_y=np.zeros(self.output_size, self.dtype),
        )

    def forward(self, hs):
        """Return the outputs (..., O) of hs (..., H), such as (B, T, H) or (B, H)."""
        W_y, b_y = self._weights().values()
        hs = rectangular("hs", hs)
        leading = ("B", "T", *"NMLK")[: max(hs.ndim - 1, 0)]
        hs = expect("hs", hs, (*leading, self.input_size), self.dtype, finite=False)
        self._tape = hs.copy()
        return hs @ W_y + b_y

    def backward(self, dys):
        """Return the gradient of hs (..., H) from that of the outputs, dys (..., O)."""
        W_y, _ = self._weights().values()
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


class Embedding(Layer):
    """A table with a row for each label: x = W_e[label].

    The row is what a one-hot vector times ``W_e`` would be, without the product.

    Parameters
    ----------
    vocabulary_size : int
        V, how many labels there are: 0 to V - 1.
    output_size : int
        I, the size of each row: what the layer above reads.

    Attributes
    ----------
    params, grads : dict
        ``W_e`` (V, I), standard normal: each number of x has variance 1.
    """

    def __init__(self, vocabulary_size, output_size, *, rng, dtype=np.float64):
        super().__init__(dtype)
        self.vocabulary_size = positive("vocabulary_size", vocabulary_size)
        self.output_size = positive("output_size", output_size)
        shape = self.vocabulary_size, self.output_size
        W_e = generator(rng).standard_normal(shape).astype(self.dtype)
        self.add_params(W_e=W_e)

    def forward(self, labels):
        """Return the rows (..., I) of labels (...) of int, such as (B, T) or (B,)."""
        (W_e,) = self._weights().values()
        labels = expect_labels("labels", labels, self.vocabulary_size)
        self._tape = labels.copy()
        return W_e[labels]

    def backward(self, dxs):
        """Sum the gradients dxs (..., I) of each row over where its label stood.

        It returns None: a label is a name, not a number, so it has no gradient.
        """
        (W_e,) = self._weights().values()
        labels = self._read_tape()
        shape = (*labels.shape, self.output_size)
        dxs = expect("dxs", dxs, shape, self.dtype, finite=False)
        self._tape = None
        labels, dxs = labels.reshape(-1), dxs.reshape(-1, self.output_size)
        dW_e = np.zeros_like(W_e)
        # Equal labels side by side, each run summed. np.add.at(dW_e, labels, dxs) does
        # the same in one line; where labels repeat a lot, it takes seven times as long.
        order = np.argsort(labels, kind="stable")
        seen, starts = np.unique(labels[order], return_index=True)
        dW_e[seen] = np.add.reduceat(dxs[order], starts)
        self.grads = {"W_e": dW_e}
