"""The loop of the plain layer, in kept arrays."""

import numpy as np

from ..activations import activation
from .kept import Kept, StateRows, transposed


class FastRNN(Kept):
    """The loop of `RNN`; see `Loop` for what it takes and returns."""

    def run(self, layer, weights, xs, packing, state, hs):
        """Run the layer over xs (B, T, I); fill hs, return the last state."""
        f, (W_x, W_h, b) = activation(layer.activation), weights.values()
        B, N, H, dtype = packing.B, packing.rows, layer.hidden_size, layer.dtype
        rows = StateRows(packing)
        x, a = self.enter(packing, xs), self.array("a", dtype, N, H)
        h, W_x = self.states("h", packing, state[0]), self.with_bias(W_x, b)

        np.matmul(x, W_x, out=a)  # all steps at once: no state is needed
        views = self.views(
            "forward", rows, lambda now, end, before, n: (a[now], h[before], h[end])
        )
        for a_t, h_prev, h_t in views:
            np.dot(h_prev, W_h, h_t)
            np.add(h_t, a_t, h_t)
            f.f(h_t, h_t)
        if hs is not None:
            packing.scatter(h[B:], hs)
        self._tape = rows, packing, f, x, a, h, W_x, transposed(W_h, B)
        return [rows.last(h)]

    def run_back(self, dhs, dstate, dxs):
        """Send dhs (B, T, H) and dh back; fill dxs, return dh_0 and the gradients."""
        rows, packing, f, x, da, h, W_x, W_hT = self._tape
        self._tape, dh = None, self.array("dh", h.dtype, *dstate[0].shape)
        dh[...] = dstate[0]
        f.df(h[packing.B :], da)  # the slopes of all steps; a is no longer needed
        views = self.views(
            "backward", rows, lambda now, end, before, n: (da[now], dh[:n])
        )
        views = zip(views, packing.by_step(dhs), strict=True)
        for (da_t, dh_n), dh_t in reversed([*views]):
            np.add(dh_n, dh_t, dh_n)  # from the step to the right, from the output
            np.multiply(da_t, dh_n, da_t)
            np.dot(da_t, W_hT, dh_n)

        # The sums over time and batch, each in one product.
        dW_x, dW_h = x.T @ da, rows.before(h).T @ da
        np.matmul(da, W_x.T, out=x)  # dx takes the place of x
        packing.scatter(x[:, :-1], dxs)
        return [dh.copy()], {"W_x": dW_x[:-1], "W_h": dW_h, "b": dW_x[-1]}
