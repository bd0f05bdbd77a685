"""One layer, run over a stretch of steps at a time: to skip padding, to save memory.

A state that is carried from one stretch to the next changes nothing: two halves of a
sequence are one whole, forward and backward. So a stretch may have fewer sequences than
the one before it, or be forgotten and run again.
"""

import math

import numpy as np

from .arguments import expect, positive, rectangular, shape_text
from .layer import Layer, Recurrent


class _Wrapped:
    """A layer in all but its passes: parameters, gradients, sizes and state are its."""

    def __init__(self, layer):
        if not isinstance(layer, Recurrent | _Wrapped):
            raise TypeError(
                f"{type(self).__name__} takes one recurrent layer, "
                f"got {type(layer).__name__}: wrap the layers in it"
            )
        self.layer = layer
        self._tape = None

    def __getattr__(self, name):
        """Look in the layer for what is not here."""
        if name == "layer" or name.startswith("__"):  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.layer, name)

    @property
    def grads(self):
        """The gradients by name, of all stretches together."""
        return self.layer.grads

    @grads.setter
    def grads(self, grads):
        """Leave them in the layer."""
        self.layer.grads = grads

    def astype(self, dtype):
        """Copy the layer with its parameters in another data type; see `Layer`."""
        return self._with(self.layer.astype(dtype))

    def twin(self):
        """Make one that shares the parameters, with a tape of its own."""
        return self._with(self.layer.twin())

    def _with(self, layer):
        """Put the same clothes on another layer."""
        return type(self)(layer)

    _read_tape = Layer._read_tape


class Masked(_Wrapped):
    """A layer that skips the steps that do not count, such as padding.

    At a skipped step the state is held, the output is zero, and nothing gets a
    gradient, whatever number stands in the padding.

    Parameters
    ----------
    layer : Recurrent or Checkpointed
        What runs over the steps that count.

    Attributes
    ----------
    params, grads : dict
        Those of the layer; ``grads`` is filled by ``backward``.
    """

    def __init__(self, layer):
        super().__init__(layer)
        self._twins = []

    def forward(self, xs, state=None, mask=None):
        """Run each sequence over its steps that count.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs.
        state : array or tuple of array, optional
            Where the sequences start.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            True where a step counts, or the lengths; all steps if it is not given.

        Returns
        -------
        hs : array, shape (B, T, H)
            The outputs, zero where a step does not count.
        state : array or tuple of array
            Where each sequence is after its last step that counts.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        self._tape, layer = None, self.layer
        xs = expect("xs", xs, ("B", "T", layer.input_size), self.dtype, finite=False)
        B, T, _ = xs.shape
        mask = steps_that_count(mask, B, T)
        xs = expect("xs", np.where(mask[..., None], xs, 0), xs.shape, self.dtype)
        state = [part.copy() for part in layer._state("state", state, B)]

        # The steps that count move to the front. The first stretch then ends where the
        # shortest sequence does, the next goes on without it, and so forth.
        front = np.argsort(~mask, axis=1, kind="stable")[..., None]
        lengths = mask.sum(axis=1)
        xs = np.take_along_axis(xs, front, 1)
        packed = np.zeros((B, T, layer.output_size), self.dtype)
        stretches = []
        ends = [int(end) for end in np.unique(lengths) if end] or [0]
        for start, end in zip([0, *ends], ends, strict=False):
            alive, now = np.flatnonzero(lengths >= end), slice(start, end)
            twin = self._twin(len(stretches))
            given = layer._packed(*(part[alive] for part in state))
            packed[alive, now], last = twin.forward(xs[alive, now], given)
            for part, new in zip(state, layer._listed(last), strict=True):
                part[alive] = new
            stretches.append((twin, alive, now))
        hs = np.empty_like(packed)
        np.put_along_axis(hs, front, packed, 1)
        self._tape = front, xs.shape, stretches
        return hs, layer._packed(*state)

    def backward(self, dhs, dstate=None):
        """Send gradients back through the steps that count.

        Parameters
        ----------
        dhs : array, shape (B, T, H), or None
            The gradient with respect to each output; ignored where no step counts.
        dstate : array or tuple of array, optional
            The gradient with respect to the final state.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs, zero where no step counts.
        dstate : array or tuple of array
            The gradient with respect to the initial state.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        front, (B, T, I), stretches = self._read_tape()
        layer = self.layer
        dhs = layer._gradient(dhs, B, T)
        dstate = layer._state("dstate", dstate, B, finite=False)
        dstate = [part.copy() for part in dstate]
        self._tape = None

        dhs, packed = np.take_along_axis(dhs, front, 1), np.zeros((B, T, I), self.dtype)
        grads = {name: np.zeros_like(p) for name, p in layer.params.items()}
        for twin, alive, now in reversed(stretches):
            given = layer._packed(*(part[alive] for part in dstate))
            packed[alive, now], first = twin.backward(dhs[alive, now], given)
            for part, new in zip(dstate, layer._listed(first), strict=True):
                part[alive] = new
            _add(grads, twin.grads)
        dxs = np.empty_like(packed)
        np.put_along_axis(dxs, front, packed, 1)
        self.grads = grads
        return dxs, layer._packed(*dstate)

    def _twin(self, k):
        """Return the twin for a stretch, kept so that its buffers are."""
        if k == len(self._twins):
            self._twins.append(self.layer.twin())
        return self._twins[k]


class Checkpointed(_Wrapped):
    """A layer that keeps a state now and then, and runs again what lies between.

    The gradient is the same. A forward pass more is the price; in return the memory
    grows with the square root of T, beside inputs and outputs.

    Parameters
    ----------
    layer : Recurrent
        What runs.
    every : int, optional
        How many steps lie between two states that are kept; ceil(sqrt(T)) if it is not
        given.

    Attributes
    ----------
    params, grads : dict
        Those of the layer; ``grads`` is filled by ``backward``.

    Notes
    -----
    Chen et al. (2016), where the layers stand in place of the steps. In units of
    T·B·H the layer keeps I/H, and for a stretch what the layer in it keeps.
    """

    def __init__(self, layer, every=None):
        super().__init__(layer)
        self.every = None if every is None else positive("every", every)
        self._again = layer.twin()

    def forward(self, xs, state=None):
        """Run the layer, and keep inputs and some states; see `Recurrent`."""
        self._tape, layer = None, self.layer
        # The way back runs again with the weights of now, whatever becomes of them.
        self._again.params = {name: p.copy() for name, p in layer.params.items()}
        xs = expect("xs", xs, ("B", "T", layer.input_size), self.dtype)
        xs, T = np.array(xs), xs.shape[1]
        state = [part.copy() for part in layer._state("state", state, len(xs))]
        state = layer._packed(*state)
        every = self.every or max(1, math.ceil(math.sqrt(T)))
        hs = np.empty((*xs.shape[:2], layer.output_size), self.dtype)
        kept = []
        for start in range(0, T, every) or [0]:
            now = slice(start, start + every)
            kept.append((now, state))
            hs[:, now], state = self._again.forward(xs[:, now], state)
        self._tape = xs, kept
        return hs, state

    def backward(self, dhs, dstate=None):
        """Run each stretch again, last one first, and go back; see `Recurrent`."""
        xs, kept = self._read_tape()
        layer = self.layer
        dhs = layer._gradient(dhs, *xs.shape[:2])
        dstate = layer._packed(*layer._state("dstate", dstate, len(xs), finite=False))
        self._tape = None

        dxs = np.empty_like(xs)
        grads = {name: np.zeros_like(p) for name, p in self._again.params.items()}
        for now, state in reversed(kept):
            self._again.forward(xs[:, now], state)
            dxs[:, now], dstate = self._again.backward(dhs[:, now], dstate)
            _add(grads, self._again.grads)
        self.grads = grads
        return dxs, dstate

    def _with(self, layer):
        """Put the same clothes on another layer."""
        return Checkpointed(layer, self.every)


def steps_that_count(mask, B, T):
    """Return a mask for B sequences of T steps.

    Parameters
    ----------
    mask : array, shape (B, T) of bool, or (B,) of int, or None
        True where a step counts, or the lengths; None is all steps.
    B, T : int
        The sizes of the batch.

    Returns
    -------
    array, shape (B, T) of bool
        True where a step counts.

    Raises
    ------
    ValueError
        If it is neither, or a length is not between 0 and T.
    """
    if mask is None:
        return np.ones((B, T), bool)
    mask = rectangular("mask", mask)
    if mask.dtype.kind == "b" and mask.shape == (B, T):
        return mask
    if mask.dtype.kind not in "iu" or mask.shape != (B,):
        raise ValueError(
            f"mask must be ({B}, {T}) of bool, or ({B},) of whole numbers, the "
            f"lengths; got {shape_text(mask.shape)} of {mask.dtype}"
        )
    if (wrong := mask[(mask < 0) | (mask > T)]).size:
        raise ValueError(f"a length must lie in 0 … {T}, got {wrong[0]}")
    return np.arange(T) < mask[:, None]


def _add(grads, more):
    """Add a stretch's share to the gradients."""
    for name, grad in more.items():
        grads[name] += grad
