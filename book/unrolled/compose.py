"""Recurrent layers put together: in a stack, in two directions."""

import copy

import numpy as np

from .arguments import expect, generator
from .layer import Composite
from .stretches import Masked, steps_that_count


class _Several(Composite):
    """Layers whose states stand side by side, and that pass on which steps count."""

    def __init__(self, parts):
        super().__init__(parts)
        self._masked = [maskable(layer) for layer in self.layers]

    def _with(self, change):
        """Copy this with each of its layers changed."""
        other = super()._with(change)
        other._masked = [maskable(layer) for layer in other.layers]
        return other

    def _runners(self, mask):
        """Return who runs each layer, and what mask they are told of."""
        if mask is None:
            return self.layers, ()
        return self._masked, (mask,)

    def _states(self, name, state):
        """Return a state for each layer; None is none for all."""
        count = len(self.layers)
        if state is None:
            return [None] * count
        if not isinstance(state, tuple | list) or len(state) != count:
            got = len(state) if isinstance(state, tuple | list) else "one array"
            raise ValueError(
                f"{name} must hold one state for each of {count} layers, got {got}"
            )
        return [*state]


class Stack(_Several):
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

    def __init__(self, layers, dropout=0.0, *, shared=False, rng=None):
        if not layers:
            raise ValueError("a stack needs at least one layer, got none")
        super().__init__({str(k): layer for k, layer in enumerate(layers)})
        for k, (below, above) in enumerate(zip(layers, layers[1:], strict=False)):
            if below.output_size != above.input_size:
                raise ValueError(
                    f"layer {k + 1} must take the {below.output_size} outputs of "
                    f"layer {k}, got input_size {above.input_size}"
                )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be a share in 0 … 1, 1 excluded, "
                             f"got {dropout}")  # fmt: skip
        if dropout and len(layers) == 1:
            raise ValueError("dropout acts between layers, so one layer has none")
        self.dropout, self.shared = dropout, shared
        self.rng = generator(rng) if dropout else None
        self.training = True

    @property
    def input_size(self):
        """The size of what the lowest layer reads."""
        return self.layers[0].input_size

    @property
    def output_size(self):
        """The size of what the highest layer puts out."""
        return self.layers[-1].output_size

    def forward(self, xs, state=None, mask=None):
        """Run the layers from the bottom up.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs.
        state : tuple, optional
            For each layer where it starts, or None.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            The steps that count, or the lengths; see `Masked`.

        Returns
        -------
        hs : array, shape (B, T, H)
            The outputs of the highest layer.
        state : tuple
            For each layer where it ends.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        self._tape = None
        runners, mask = self._runners(mask)
        last, masks = [], []
        for k, given in enumerate(self._states("state", state)):
            if k > 0 and self.dropout and self.training:
                masks.append(self._draw(xs.shape))
                xs = xs * masks[-1]
            xs, end = runners[k].forward(xs, given, *mask)
            last.append(end)
        self._tape = runners, masks
        return xs, tuple(last)

    def backward(self, dhs, dstate=None):
        """Send gradients back from the top down.

        Parameters
        ----------
        dhs : array, shape (B, T, H), or None
            The gradient with respect to the outputs of the highest layer.
        dstate : tuple, optional
            For each layer the gradient with respect to its final state, or None.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs.
        dstate : tuple
            For each layer the gradient with respect to its initial state.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        runners, masks = self._read_tape()
        dstate = self._states("dstate", dstate)
        self._tape = None
        for k in reversed(range(len(runners))):
            dhs, dstate[k] = runners[k].backward(dhs, dstate[k])
            if k > 0 and masks:
                dhs = dhs * masks[k - 1]
        return dhs, tuple(dstate)

    def last_output(self, state):
        """Return what the highest layer put out last; see `Recurrent`."""
        return self.layers[-1].last_output(state[-1])

    def into_last_output(self, dstate, dh):
        """Add the gradient of the last output; see `Recurrent`."""
        *below, top = self._states("dstate", dstate)
        return *below, self.layers[-1].into_last_output(top, dh)

    def _draw(self, shape):
        """Draw what the numbers between two layers are multiplied by."""
        B, T, H = shape
        kept = self.rng.random((B, 1 if self.shared else T, H)) >= self.dropout
        return kept.astype(self.dtype) / self.dtype.type(1 - self.dropout)

    def _with(self, change):
        """Copy this with each of its layers changed, and dropout of its own."""
        other = super()._with(change)
        other.rng = copy.deepcopy(self.rng)
        return other


class Bidirectional(_Several):
    """Two layers over the same inputs, one of them from the end to the beginning.

    Parameters
    ----------
    forward, backward : layer
        What reads from left to right, and what reads from right to left.

    Attributes
    ----------
    params, grads : dict
        Those of both, as ``forward.W_x``, ``backward.W_x``, …

    Raises
    ------
    ValueError
        If their input sizes differ.

    Notes
    -----
    Schuster and Paliwal (1997). The layer from right to left ends at t = 1: its final
    state belongs to the first step.
    """

    def __init__(self, forward, backward):
        if forward.input_size != backward.input_size:
            raise ValueError(
                "both directions must read the same inputs, got input_size "
                f"{forward.input_size} and {backward.input_size}"
            )
        super().__init__({"forward": forward, "backward": backward})

    @property
    def input_size(self):
        """The size of the inputs."""
        return self.layers[0].input_size

    @property
    def output_size(self):
        """The size of both outputs side by side."""
        return sum(layer.output_size for layer in self.layers)

    def forward(self, xs, state=None, mask=None):
        """Run both layers, each in its direction.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs.
        state : tuple, optional
            Where each of the two starts, or None; the second starts behind step T.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            The steps that count, or the lengths; see `Masked`.

        Returns
        -------
        hs : array, shape (B, T, H + H)
            At each step what either has made of the inputs up to there, side by side.
        state : tuple
            Where each ends: the first at step T, the second at step 1.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        self._tape = None
        starts = self._states("state", state)
        xs = expect("xs", xs, ("B", "T", self.input_size), self.dtype, finite=False)
        if mask is not None:
            mask = steps_that_count(mask, *xs.shape[:2])
        (right, left), mask = self._runners(mask)
        hs_right, end_right = right.forward(xs, starts[0], *mask)
        turned = [counts[:, ::-1] for counts in mask]
        hs_left, end_left = left.forward(xs[:, ::-1], starts[1], *turned)
        self._tape = right, left
        return np.concatenate([hs_right, hs_left[:, ::-1]], -1), (end_right, end_left)

    def backward(self, dhs, dstate=None):
        """Send gradients back through both layers.

        Parameters
        ----------
        dhs : array, shape (B, T, H + H), or None
            The gradient with respect to the outputs.
        dstate : tuple, optional
            The gradient with respect to the final state of each, or None.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs, of both together.
        dstate : tuple
            The gradient with respect to the initial state of each.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        right, left = self._read_tape()
        ends = self._states("dstate", dstate)
        dhs_right = dhs_left = None
        if dhs is not None:
            shape = ("B", "T", self.output_size)
            dhs = expect("dhs", dhs, shape, self.dtype, finite=False)
            cut = right.output_size
            dhs_right, dhs_left = dhs[..., :cut], dhs[:, ::-1, cut:]
        self._tape = None
        dxs_right, first_right = right.backward(dhs_right, ends[0])
        dxs_left, first_left = left.backward(dhs_left, ends[1])
        return dxs_right + dxs_left[:, ::-1], (first_right, first_left)

    def last_output(self, state):
        """Return what each direction put out last, side by side; see `Recurrent`.

        For the second, that is its output at step 1.
        """
        ends = zip(self.layers, state, strict=True)
        return np.concatenate([layer.last_output(end) for layer, end in ends], -1)

    def into_last_output(self, dstate, dh):
        """Add the gradient of the last outputs; see `Recurrent`."""
        (right, left), ends = self.layers, self._states("dstate", dstate)
        cut = right.output_size
        return (
            right.into_last_output(ends[0], dh[:, :cut]),
            left.into_last_output(ends[1], dh[:, cut:]),
        )


def maskable(layer):
    """Return a layer that can be told which steps count.

    Parameters
    ----------
    layer : layer
        Any recurrent layer, or several put together.

    Returns
    -------
    layer
        The same, or the same as `Masked`: its ``forward`` takes a mask.
    """
    return layer if isinstance(layer, _Several | Masked) else Masked(layer)
