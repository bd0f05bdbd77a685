"""Two recurrent layers over the same inputs, in two directions."""

import numpy as np

from .arguments import expect
from .compose import Composite
from .state import split_state


class Bidirectional(Composite):
    """Two layers over the same inputs, one of them from the end to the beginning.

    Parameters
    ----------
    forward, backward : layer
        What reads from left to right, and what reads from right to left; a ValueError
        if their input sizes differ.

    Attributes
    ----------
    params, grads : dict
        Those of both, as ``forward.W_x``, ``backward.W_x``, …

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
        super().__init__(forward=forward, backward=backward)

    @property
    def layers(self):
        """The two layers: left to right, right to left."""
        return [*self.parts.values()]

    @property
    def input_size(self):
        """The size of the inputs."""
        return self.layers[0].input_size

    @property
    def output_size(self):
        """The size of both outputs side by side."""
        return sum(layer.output_size for layer in self.layers)

    def forward(self, xs, state=None, mask=None):
        """Run both layers, each in its direction; see `Recurrent.forward`.

        The outputs (B, T, H + H) are, at each step, what either has made of the inputs
        up to there, side by side. Of the state, one for each direction, the second
        starts behind step T and ends at step 1.
        """
        self._tape = None
        starts = self._states("state", state)
        xs = expect("xs", xs, ("B", "T", self.input_size), self.dtype, finite=False)
        xs, told = self._enter(xs, mask)
        turned = [counts[:, ::-1] for counts in told]
        right, left = self.layers
        hs_right, end_right = right.forward(xs, starts[0], *told)
        hs_left, end_left = left.forward(xs[:, ::-1], starts[1], *turned)
        self._tape = True
        return np.concatenate([hs_right, hs_left[:, ::-1]], -1), (end_right, end_left)

    def backward(self, dhs, dstate=None):
        """Send gradients back through both layers; see `Recurrent.backward`."""
        self._read_tape()
        right, left = self.layers
        ends = self._states("dstate", dstate)
        dhs_right = dhs_left = None
        if dhs is not None:
            shape = ("B", "T", self.output_size)
            dhs = expect("dhs", dhs, shape, self.dtype, finite=False)
            cut = right.output_size
            dhs_right, dhs_left = dhs[..., :cut], dhs[:, ::-1, cut:]
        dxs_right, first_right = right.backward(dhs_right, ends[0])
        self._tape = None
        dxs_left, first_left = left.backward(dhs_left, ends[1])
        return dxs_right + dxs_left[:, ::-1], (first_right, first_left)

    def last_output(self, state):
        """Return what each put out last: h_T of the one and h_1 of the other."""
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

    def _states(self, name, state):
        """Return a state for each direction."""
        return split_state(name, state, 2, "one state for each of 2 layers")
