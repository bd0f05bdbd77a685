"""Layers put together."""

from types import MappingProxyType

import numpy as np


class Model:
    """A recurrent layer with a head, as one thing to train.

    Parameters
    ----------
    layer : Layer
        Any recurrent layer.
    head : Linear
        Applied to the layer's outputs.
    outputs : str
        "all": the head sees h_1 … h_T. "last": it sees h_T alone.

    Attributes
    ----------
    params, grads : dict
        Those of the layer and of the head together; the arrays are theirs.

    Raises
    ------
    ValueError
        If the sizes or types of layer and head differ, or outputs is neither word.
    """

    def __init__(self, layer, head, outputs="all"):
        if layer.hidden_size != head.input_size:
            raise ValueError(
                f"the head must take the layer's H = {layer.hidden_size}, "
                f"got input_size {head.input_size}"
            )
        if layer.dtype != head.dtype:
            raise ValueError(
                f"layer and head must share one dtype, got {layer.dtype} "
                f"and {head.dtype}"
            )
        if outputs not in ("all", "last"):
            raise ValueError(f"outputs must be 'all' or 'last', got {outputs!r}")
        self.layer, self.head, self.outputs = layer, head, outputs

    @property
    def params(self):
        """The parameters of layer and head by name."""
        return MappingProxyType(self.layer.params | self.head.params)

    @property
    def grads(self):
        """The gradients of layer and head by name."""
        return MappingProxyType(self.layer.grads | self.head.grads)

    def forward(self, xs, state=None):
        """Run the layer, then the head.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs; T at least 1 if only the last output is read.
        state : optional
            Where the layer starts from.

        Returns
        -------
        ys : array, shape (B, T, O), or (B, O) for the last output alone
            What the head makes of it.
        state
            The layer's final state.

        Raises
        ------
        ValueError
            If the last output is asked for and there is none.
        """
        hs, state = self.layer.forward(xs, state)
        self._hs_shape = hs.shape
        if self.outputs == "last":
            if hs.shape[1] == 0:
                raise ValueError("the last output needs T of at least 1, got T = 0")
            hs = hs[:, -1]
        return self.head.forward(hs), state

    def backward(self, dys, dstate=None):
        """Send gradients back through the head, then through the layer.

        Parameters
        ----------
        dys : array, the shape of ys
            The gradient of the loss with respect to the outputs.
        dstate : optional
            The gradient with respect to the final state.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs.
        dstate
            The gradient with respect to the initial state.
        """
        dhs = self.head.backward(dys)
        if self.outputs == "last":
            dh_T, dhs = dhs, np.zeros(self._hs_shape, dhs.dtype)
            dhs[:, -1] = dh_T
        return self.layer.backward(dhs, dstate)
