"""A recurrent layer with what stands below and above it, as one thing to train."""

import numpy as np

from .compose import Composite, fit
from .masks import counting


class Model(Composite):
    """A recurrent layer with a head, and perhaps an embedding, as one thing to train.

    Parameters
    ----------
    layer : layer
        Any recurrent layer, or several put together.
    head : Linear
        Applied to the layer's outputs.
    outputs : str
        "all": the head sees h_1 … h_T. "last": it sees what the layer put out last:
        h_T, or for two directions h_T of the one and h_1 of the other.
    embedding : Embedding, optional
        Stands below the layer: the model then reads labels (B, T).

    Attributes
    ----------
    layer, head, embedding : layer
        The parts.
    params, grads : dict
        Those of all parts: ``embedding.W_e``, ``layer.W_x``, …, ``head.W_y``; the
        arrays are theirs.

    Raises
    ------
    ValueError
        If the sizes or types of the parts differ, or outputs is neither word.
    """

    fixed = (*Composite.fixed, "outputs")

    def __init__(self, layer, head, outputs="all", *, embedding=None):
        if layer.output_size != head.input_size:
            raise ValueError(
                f"the head must take the layer's H = {layer.output_size}, "
                f"got input_size {head.input_size}"
            )
        if outputs not in ("all", "last"):
            raise ValueError(f"outputs must be 'all' or 'last', got {outputs!r}")
        if embedding is not None:
            fit("the layer", layer, "the embedding", embedding)
        super().__init__(embedding=embedding, layer=layer, head=head)
        self.outputs = outputs

    @property
    def layer(self):
        """What runs over time."""
        return self.parts["layer"]

    @property
    def head(self):
        """What makes outputs of the layer's."""
        return self.parts["head"]

    def forward(self, xs, state=None, mask=None):
        """Run the layer, then the head.

        Parameters
        ----------
        xs : array, shape (B, T, I), or (B, T) of int above an embedding
            The inputs; T at least 1 if only the last output is read.
        state : optional
            Where the layer starts from.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            The steps that count, or the lengths; see `Recurrent`.

        Returns
        -------
        ys : array, shape (B, T, O), or (B, O) for the last output alone
            What the head makes of it; zero where a step does not count.
        state
            The layer's final state.

        Raises
        ------
        ValueError
            If the last output is asked for and there is none.
        """
        self._tape = None
        xs, told = self._enter(xs, mask)
        hs, state = self.layer.forward(xs, state, *told)
        counts = told[0] if told else counting(None, *hs.shape[:2])
        last = self.outputs == "last"
        if last and hs.shape[1] == 0:
            raise ValueError("the last output needs T of at least 1, got T = 0")
        ys = self.head.forward(self.layer.last_output(state) if last else hs)
        if not last:
            ys[~counts] = 0
        self._tape = counts, hs.shape
        return ys, state

    def backward(self, dys, dstate=None):
        """Send gradients back through the head, then through the layer.

        Parameters
        ----------
        dys : array, the shape of ys
            The gradient of the loss with respect to the outputs; ignored where no step
            counts.
        dstate : optional
            The gradient with respect to the final state.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs; None above an embedding.
        dstate
            The gradient with respect to the initial state.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        """
        counts, whole = self._read_tape()
        if self.outputs == "all" and not counts.all():
            dys = np.where(counts[..., None], dys, 0)
        dhs = self.head.backward(dys)
        self._tape = None
        if self.outputs == "last":
            dstate, dhs = self.layer.into_last_output(dstate, dhs), None
        dxs, dstate = self.layer.backward(dhs, dstate)
        return self._leave(dxs), dstate
