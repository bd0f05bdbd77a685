"""The loop of the plain layer, in kept arrays."""

import numpy as np

from ..activations import activation
from .loop import FastLoop


class FastRNN(FastLoop):
    """The loop of `RNN`."""

    def run_steps(self, layer, rows, a, W_h, states):
        """Fill h, step by step."""
        (h,), self._f = states, activation(layer.activation)

        def view(now, end, before, n):
            return a[now], h[before], h[end]

        for a_t, h_prev, h_t in self.views("forward", rows, view):
            np.dot(h_prev, W_h, h_t)
            np.add(h_t, a_t, h_t)
            self._f.f(h_t, h_t)

    def run_steps_back(self, rows, a, states, W_hT, dhs, dstate):
        """Turn a into da, step by step."""
        (h,), (dh,) = states, dstate
        self._f.df(h[rows.packing.B :], a)  # the slopes of all steps

        def view(now, end, before, n):
            return a[now], dh[:n]

        views = zip(self.views("backward", rows, view), dhs, strict=True)
        for (da_t, dh_n), dh_t in reversed([*views]):
            np.add(dh_n, dh_t, dh_n)  # from the step to the right, from the output
            np.multiply(da_t, dh_n, da_t)
            np.dot(da_t, W_hT, dh_n)
