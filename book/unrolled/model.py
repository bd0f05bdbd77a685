"""A recurrent layer and a head as one thing to train."""

from types import MappingProxyType

import numpy as np

from .compose import maskable
from .layer import Composite


class Model:
    """A recurrent layer with a head, as one thing to train.

    Parameters
    ----------
    layer : layer
        Any recurrent layer, or several put together.
    head : Linear
        Applied to the layer's outputs.
    outputs : str
        "all": the head sees h_1 … h_T. "last": it sees what the layer put out last:
        h_T, or for two directions h_T of the one and h_1 of the other.

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
        if layer.output_size != head.input_size:
            raise ValueError(
                f"the head must take the layer's H = {layer.output_size}, "
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
        self._masked = maskable(layer)
        self._tape = None

    @property
    def params(self):
        """The parameters of layer and head by name."""
        return MappingProxyType({**self.layer.params, **self.head.params})

    @property
    def grads(self):
        """The gradients of layer and head by name."""
        return MappingProxyType({**self.layer.grads, **self.head.grads})

    def forward(self, xs, state=None, mask=None):
        """Run the layer, then the head.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs; T at least 1 if only the last output is read.
        state : optional
            Where the layer starts from.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            The steps that count, or the lengths; see `Masked`.

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
        self._tape = None
        ran, told = (self.layer, ()) if mask is None else (self._masked, (mask,))
        hs, state = ran.forward(xs, state, *told)
        whole = hs.shape
        if self.outputs == "last":
            if hs.shape[1] == 0:
                raise ValueError("the last output needs T of at least 1, got T = 0")
            hs = self.layer.last_output(state)
        ys = self.head.forward(hs)
        self._tape = ran, whole
        return ys, state

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

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        """
        ran, whole = self._read_tape()
        dhs = self.head.backward(dys)
        self._tape = None
        if self.outputs == "last":
            dstate = self.layer.into_last_output(dstate, dhs)
            dhs = np.zeros(whole, dhs.dtype)
        return ran.backward(dhs, dstate)

    _read_tape = Composite._read_tape
