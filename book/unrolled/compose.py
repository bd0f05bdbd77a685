"""Layers put together: in a stack, in two directions, above an embedding."""

import copy
from types import MappingProxyType

import numpy as np

from .arguments import expect, generator, rectangular
from .layer import Fixed, Layer
from .masks import counting
from .state import split_state


class Composite(Fixed):
    """Several layers as one: parameters and gradients by name, such as ``head.W_y``.

    Layers that differ in data type raise a ValueError.

    Attributes
    ----------
    parts : dict of str to layer
        The layers by the name that their parameters get in front; None is left out.
    params, grads : dict of str to array
        Those of all layers; the arrays are theirs.

    """

    fixed = ("parts",)

    def __init__(self, **parts):
        self.parts = {name: part for name, part in parts.items() if part is not None}
        types = [str(part.dtype) for part in self.parts.values()]
        if len({*types}) > 1:
            raise ValueError(f"layers must share one dtype, got {' and '.join(types)}")
        self._tape = None

    @property
    def dtype(self):
        """The data type of all parameters."""
        return next(iter(self.parts.values())).dtype

    @property
    def params(self):
        """The parameters of all layers by name."""
        return self._all("params")

    @property
    def grads(self):
        """The gradients of all layers by name."""
        return self._all("grads")

    @property
    def size(self):
        """The number of parameters."""
        return sum(part.size for part in self.parts.values())

    @property
    def embedding(self):
        """What turns labels into inputs, or None."""
        return self.parts.get("embedding")

    def astype(self, dtype):
        """Copy everything with the parameters in another data type; see `Layer`."""
        return self._with(lambda part: part.astype(dtype))

    def twin(self):
        """Make one that shares the parameters, with a tape of its own; see `Layer`."""
        return self._with(lambda part: part.twin())

    def _with(self, change):
        """Copy this with each of its layers changed."""
        other = copy.copy(self)
        parts = {name: change(part) for name, part in self.parts.items()}
        vars(other).update(parts=parts, _tape=None)
        return other

    def _all(self, what):
        """Join a dictionary of each layer into one that cannot be added to."""
        found = {}
        for name, part in self.parts.items():
            found |= {f"{name}.{key}": p for key, p in getattr(part, what).items()}
        return MappingProxyType(found)

    def _enter(self, xs, mask):
        """Look labels up, if there is an embedding; return the mask as it is told on.

        What stands where no step counts need not be a label.
        """
        xs = rectangular("labels" if self.embedding else "xs", xs)
        told = () if mask is None or xs.ndim < 2 else (counting(mask, *xs.shape[:2]),)
        if self.embedding:
            expect("labels", xs, ("B", "T"), np.dtype(float), finite=False)
            xs = self.embedding.forward(np.where(told[0], xs, 0) if told else xs)
        return xs, told

    def _leave(self, dxs):
        """Send the gradient of the inputs on to the embedding, if there is one."""
        return self.embedding.backward(dxs) if self.embedding else dxs

    _read_tape = Layer._read_tape


class Stack(Composite):
    """Recurrent layers on top of each other: each reads the outputs of the one below.

    Parameters
    ----------
    layers : list of layer
        From the bottom up; their sizes need to fit, not to be equal.
    dropout : float
        The share of the numbers between two layers that is set to zero while training;
        the others are divided by 1 - dropout, so that the mean stays.
    shared : bool
        Drop the same units at every step of a sequence, instead of drawing anew.
    rng : numpy.random.Generator, optional
        Where dropout comes from.
    embedding : Embedding, optional
        Stands below the lowest layer: the stack then reads labels (B, T).

    Attributes
    ----------
    params, grads : dict
        Those of all layers, as ``0.W_x``, ``1.W_x``, …
    training : bool
        True at first. Set it to False, and nothing is dropped.

    Raises
    ------
    TypeError, ValueError
        If two layers do not fit, or dropout has nowhere to act or is no share.

    Notes
    -----
    Dropout between layers, Zaremba et al. (2014); the same units at every step, Gal and
    Ghahramani (2016).
    """

    fixed = (*Composite.fixed, "dropout", "shared", "rng")

    def __init__(self, layers, dropout=0.0, *, shared=False, rng=None, embedding=None):
        if not layers:
            raise ValueError("a stack needs at least one layer, got none")
        numbered = {str(k): layer for k, layer in enumerate(layers)}
        super().__init__(embedding=embedding, **numbered)
        if embedding is not None:
            fit("layer 0", layers[0], "the embedding", embedding)
        for k, (below, above) in enumerate(zip(layers, layers[1:], strict=False)):
            fit(f"layer {k + 1}", above, f"layer {k}", below)
        if not 0 <= dropout < 1:
            raise ValueError(
                f"dropout must be a share in 0 … 1, 1 excluded, got {dropout}"
            )
        if dropout and len(layers) == 1:
            raise ValueError("dropout acts between layers, so one layer has none")
        self.dropout, self.shared = dropout, shared
        self.rng = generator(rng) if dropout else None
        self.training = True

    @property
    def layers(self):
        """The layers, from the bottom up."""
        return [part for name, part in self.parts.items() if name != "embedding"]

    @property
    def input_size(self):
        """The size of what the lowest layer reads."""
        return self.layers[0].input_size

    @property
    def output_size(self):
        """The size of what the highest layer puts out."""
        return self.layers[-1].output_size

    def forward(self, xs, state=None, mask=None):
        """Run the layers from the bottom up; see `Recurrent.forward`.

        The state is a tuple, for each layer where it starts or None. Above an embedding
        the inputs are labels (B, T).
        """
        self._tape = None
        starts = self._states("state", state)
        xs, told = self._enter(xs, mask)
        ends, drops = [], []
        for k, (layer, start) in enumerate(zip(self.layers, starts, strict=True)):
            if k > 0 and self.dropout and self.training:
                drops.append(self._draw(xs.shape))
                xs = xs * drops[-1]
            xs, end = layer.forward(xs, start, *told)
            ends.append(end)
        self._tape = drops
        return xs, tuple(ends)

    def backward(self, dhs, dstate=None):
        """Send gradients back from the top down; see `Recurrent.backward`.

        Labels have no gradient: above an embedding, dxs is None.
        """
        drops, dstate = self._read_tape(), self._states("dstate", dstate)
        layers = self.layers
        for k in reversed(range(len(layers))):
            dhs, dstate[k] = layers[k].backward(dhs, dstate[k])
            self._tape = None
            if k > 0 and drops:
                dhs = dhs * drops[k - 1]
        return self._leave(dhs), tuple(dstate)

    def last_output(self, state):
        """Return what the highest layer put out last; see `Recurrent`."""
        return self.layers[-1].last_output(state[-1])

    def into_last_output(self, dstate, dh):
        """Add the gradient of the last output; see `Recurrent`."""
        *below, top = self._states("dstate", dstate)
        return *below, self.layers[-1].into_last_output(top, dh)

    def _states(self, name, state):
        """Return a state for each layer."""
        count = len(self.layers)
        return split_state(name, state, count, f"one state for each of {count} layers")

    def _draw(self, shape):
        """Draw what the numbers between two layers are multiplied by."""
        B, T, H = shape
        kept = self.rng.random((B, 1 if self.shared else T, H)) >= self.dropout
        return kept.astype(self.dtype) / self.dtype.type(1 - self.dropout)

    def _with(self, change):
        """Copy this with each of its layers changed, and dropout of its own."""
        other = super()._with(change)
        vars(other)["rng"] = copy.deepcopy(self.rng)
        return other


def fit(name, above, whose, below):
    """Raise if a layer does not take the outputs of what stands below it."""
    if below.output_size != above.input_size:
        raise ValueError(
            f"{name} must take the {below.output_size} outputs of {whose}, "
            f"got input_size {above.input_size}"
        )
