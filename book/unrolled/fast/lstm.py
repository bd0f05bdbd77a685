"""The loop of the plain LSTM, in kept arrays, with folded weights."""

from functools import cache

import numpy as np

from .loop import FastLoop


class FastLSTM(FastLoop):
    """The loop of `LSTM` without options.

    One tanh for all four gates: sigmoid(a) = 1/2 + 1/2 tanh(a / 2), and the inner half
    goes into the weights.
    """

    fold = 0.5, 0.5, 1, 0.5  # i, f, g, o

    def run_steps(self, layer, rows, a, W_h, states):
        """Fill h and c; the gates take the place of a."""
        (h, c), B, H = states, rows.packing.B, layer.hidden_size
        p, u = self.array("p", B, 4 * H), self.array("u", B, H)
        scale, shift = self.array("scale", B, 4 * H), self.array("shift", 4, B, H)
        scale[...], shift[...], shift[2] = np.repeat(self.fold, H), 0.5, 0

        @cache
        def work(n):
            """View the room to work in for n sequences."""
            p_gates = p[:n].reshape(n, 4, H).swapaxes(0, 1)
            return p[:n], p_gates, scale[:n], shift[:, :n], u[:n]

        def view(now, end, before, n):
            gates = a[now].reshape(4, n, H)  # each gate in one piece
            states = c[before], c[end], h[before], h[end]
            return a[now], gates, *gates, *states, *work(n)

        dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh
        for (
            a_t, gates_t, i, f, g, o, c_prev, c_t, h_prev, h_t, p_t, p_gates, scale_t,
            shift_t, u_t,
        ) in self.views("forward", rows, view):  # fmt: skip
            add(a_t, dot(h_prev, W_h, p_t), p_t)  # a_t = x_t W_x + h_{t-1} W_h + b
            multiply(tanh(p_t, p_t), scale_t, p_t)
            add(p_gates, shift_t, gates_t)  # i, f, g, o
            multiply(f, c_prev, c_t)
            add(c_t, multiply(i, g, u_t), c_t)  # c_t = f c_{t-1} + i g
            multiply(o, tanh(c_t, h_t), h_t)  # h_t = o tanh(c_t)

    def run_steps_back(self, rows, a, states, W_hT, dhs, dstate):
        """Turn the gates into da, step by step."""
        (h, c), (dh, dc), H = states, dstate, len(W_hT) // 4
        u = self.array("u", rows.packing.B, H)

        @cache
        def work(n):
            return dh[:n], dc[:n], u[:n]

        def view(now, end, before, n):
            da = a[now].reshape(n, 4, H).swapaxes(0, 1)
            return a[now], da[:3], da[3], *work(n)

        steps = self.views("backward", rows, view)
        dot, add, multiply = np.dot, np.add, np.multiply
        for start, stop, n in rows.blocks(6 * self.dtype.itemsize * H):
            slopes = self._slopes(rows, a, c, h, start, stop, n)
            parts = slopes[:, :3], *slopes[:, 3:].swapaxes(0, 1)
            to = self.block_views(stop - start, rows, *parts)
            views = zip(steps[start:stop], to, dhs[start:stop], strict=True)
            for (da_t, da_ifg, da_o, dh_n, dc_n, u_n), (ifg, o, m, f), dh_t in reversed(
                [*views]
            ):
                add(dh_n, dh_t, dh_n)  # from the step to the right, from the output
                add(dc_n, multiply(dh_n, m, u_n), dc_n)  # and through tanh(c)
                multiply(o, dh_n, da_o)
                multiply(ifg, dc_n, da_ifg)
                multiply(dc_n, f, dc_n)
                dot(da_t, W_hT, dh_n)

    def _slopes(self, rows, a, c, h, start, stop, n):
        """Return the slopes of a few steps, from their gates, cells and outputs.

        With dh and dc of a step at hand, da_o = dh tanh(c) o', and m = o tanh'(c) takes
        dh to dc; then da_i, da_f, da_g are dc times g i', c_{t-1} f', i g'; and f is
        what is left of dc for the step before.
        """
        count, H = stop - start, h.shape[1]
        multiply, subtract = np.multiply, np.subtract
        now, end = rows.block(start, stop)
        i, f, g, o = a[now].reshape(count, 4, n, H).swapaxes(0, 1)
        c_prev = rows.block_before(c, start, stop).reshape(count, n, H)
        c, h = (part[end].reshape(count, n, H) for part in (c, h))
        slopes = self.slopes(count, 6, n, H)
        to_i, to_f, to_g, to_o, m, kept = slopes.swapaxes(0, 1)
        ig = multiply(i, g, kept)
        subtract(ig, multiply(ig, i, to_i), to_i)  # i g - (i g) i
        subtract(i, multiply(ig, g, to_g), to_g)  # i - (i g) g
        cf = multiply(c_prev, f, kept)
        subtract(cf, multiply(cf, f, to_f), to_f)  # c f - (c f) f
        subtract(h, multiply(h, o, to_o), to_o)  # o y - (o y) o, y = tanh(c), h = o y
        y = np.tanh(c, kept)
        subtract(o, multiply(h, y, m), m)  # o - (o y) y
        kept[...] = f
        return slopes
