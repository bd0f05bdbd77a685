"""A recurrent layer with what stands below and above it, as one thing to train."""

import numpy as np

from .arguments import expect
from .compose import Composite, fit


class Model(Composite):
    """A recurrent layer with a head, and perhaps an embedding, as one thing to train.

    Parts that differ in size or type, or another word for outputs, raise a ValueError.

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
    params, grads : dict
        Those of all parts: ``embedding.W_e``, ``layer.W_x``, …, ``head.W_y``; the
        arrays are theirs.
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
        state, mask : optional
            See `Recurrent.forward`.

        Returns
        -------
        ys : array, shape (B, T, O), or (B, O) for the last output alone
            What the head makes of it; zero where a step does not count.
        state
            The layer's final state.
        """
        self._tape = None
        xs, told = self._enter(xs, mask)
        hs, state = self.layer.forward(xs, state, *told)
        last = self.outputs == "last"
        if last and hs.shape[1] == 0:
            raise ValueError("the last output needs T of at least 1, got T = 0")
        ys = self.head.forward(self.layer.last_output(state) if last else hs)
        counts = told[0].copy() if told and not last else None
        if counts is not None:
            ys[~counts] = 0
        self._tape = counts, ys.shape
        return ys, state

    def backward(self, dys, dstate=None):
        """Send gradients back through the head, then through the layer.

        dys, of the shape of ys, is ignored where no step counts. Above an embedding,
        dxs is None. For the rest see `Recurrent.backward`.
        """
        counts, shape = self._read_tape()
        dys = expect("dys", dys, shape, self.dtype, finite=False)
        if counts is not None:
            dys = np.where(counts[..., None], dys, 0)
        dhs = self.head.backward(dys)
        self._tape = None
        if self.outputs == "last":
            dstate, dhs = self.layer.into_last_output(dstate, dhs), None
        dxs, dstate = self.layer.backward(dhs, dstate)
        return self._leave(dxs), dstate
