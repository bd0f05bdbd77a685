"""The loop of the GRU with its reset after the product, in kept arrays."""

from functools import cache

import numpy as np

from .loop import FastLoop


class FastGRU(FastLoop):
    """The loop of `GRU`, reset "after".

    One tanh for both gates: sigmoid(a) = 1/2 + 1/2 tanh(a / 2), and the inner half goes
    into the weights.
    """

    fold = 0.5, 0.5, 1  # r, z, n

    def run_steps(self, layer, rows, a, W_h, states, b_hn):
        """Fill h; the gates take the place of a."""
        (h,), B, H = states, rows.packing.B, layer.hidden_size
        p, u, q = self.array("p", B, 3 * H), self.array("u", B, H), self._q(len(a), H)
        scale, shift = self.array("scale", B, 2 * H), self.array("shift", 2, B, H)
        bias = self.array("b_hn", B, H)
        scale[...], shift[...], bias[...] = 0.5, 0.5, b_hn

        @cache
        def work(n):
            """View the room to work in for n sequences."""
            rz_in_p = p[:n].reshape(n, 3, H).swapaxes(0, 1)[:2]
            parts = p[:n], p[:n, : 2 * H], p[:n, 2 * H :], rz_in_p
            return *parts, u[:n], scale[:n], shift[:, :n], bias[:n]

        def view(now, end, before, n):
            gates = a[now].reshape(3, n, H)  # each gate in one piece
            parts = a[now][:, : 2 * H], a[now][:, 2 * H :], gates[:2], *gates
            return *parts, q[now], h[before], h[end], *work(n)

        dot, add, multiply = np.dot, np.add, np.multiply
        subtract, tanh = np.subtract, np.tanh
        for (
            a_rz, a_n, rz, r, z, n, q_t, h_prev, h_t, p_t, p_rz, p_n, rz_in_p, u_t,
            scale_t, shift_t, bias_t,
        ) in self.views("forward", rows, view):  # fmt: skip
            dot(h_prev, W_h, p_t)
            add(p_n, bias_t, q_t)  # q = h_{t-1} W_hn + b_hn
            add(a_rz, p_rz, p_rz)
            multiply(tanh(p_rz, p_rz), scale_t, p_rz)
            u_t[...] = a_n  # before r and z take its place
            add(rz_in_p, shift_t, rz)  # r, z
            tanh(add(u_t, multiply(r, q_t, n), n), n)  # n = tanh(a_n + r q)
            multiply(z, subtract(h_prev, n, u_t), u_t)
            add(n, u_t, h_t)  # h_t = n + z (h_{t-1} - n)

    def run_steps_back(self, rows, a, states, W_hT, dhs, dstate):
        """Turn the gates into da_r, da_z, dq, and q into da_n, step by step."""
        (h,), (dh,), H = states, dstate, len(W_hT) // 3
        u, q = self.array("u", rows.packing.B, H), self._q(len(a), H)

        @cache
        def work(n):
            return dh[:n], u[:n]

        def view(now, end, before, n):
            da = a[now].reshape(n, 3, H).swapaxes(0, 1)
            return a[now], da, q[now], *work(n)

        steps = self.views("backward", rows, view)
        dot, add, multiply = np.dot, np.add, np.multiply
        for start, stop, n in rows.blocks(5 * self.dtype.itemsize * H):
            slopes = self._slopes(rows, a, q, h, start, stop, n)
            blocks = slopes[:, :3], slopes[:, 3], slopes[:, 4]
            to = self.block_views(stop - start, rows, *blocks)
            views = zip(steps[start:stop], to, dhs[start:stop], strict=True)
            for (da_t, parts, da_n, dh_n, u_n), (to_rzq, to_n, z), dh_t in reversed(
                [*views]
            ):
                add(dh_n, dh_t, dh_n)  # from the step to the right, from the output
                multiply(to_rzq, dh_n, parts)
                multiply(to_n, dh_n, da_n)
                multiply(dh_n, z, u_n)
                add(dot(da_t, W_hT, dh_n), u_n, dh_n)

    def sum_others(self, a):
        """Return db_hn; then put da_n, outside the reset, where dq was, inside it."""
        H = a.shape[1] // 3
        dq = a[:, 2 * H :]
        db_hn = dq.sum(axis=0)
        dq[...] = self._q(len(a), H)
        return {"b_hn": db_hn}

    def _q(self, N, H):
        """Return q of all steps, whose place da_n takes."""
        return self.array("q", N, H)

    def _slopes(self, rows, a, q, h, start, stop, n):
        """Return the slopes of a few steps, from their gates: each is times dh.

        With n' = (1 - z)(1 - n²), they take dh to da_r by n' q r (1 - r), to da_z by
        (h_{t-1} - n) z (1 - z), to dq by n' r and to da_n by n'; and z is what is left
        of dh for the step before.
        """
        count, H = stop - start, h.shape[1]
        multiply, subtract = np.multiply, np.subtract
        now, _ = rows.block(start, stop)
        r, z, n_ = a[now].reshape(count, 3, n, H).swapaxes(0, 1)
        h_prev = rows.block_before(h, start, stop).reshape(count, n, H)
        q = q[now].reshape(count, n, H)
        slopes = self.slopes(count, 5, n, H)
        to_r, to_z, to_q, to_n, kept = slopes.swapaxes(0, 1)
        multiply(subtract(1, z, kept), z, to_z)
        multiply(subtract(h_prev, n_, to_n), to_z, to_z)
        subtract(1, multiply(n_, n_, to_n), to_n)
        multiply(to_n, kept, to_n)
        multiply(to_n, r, to_q)
        multiply(to_q, q, to_r)
        subtract(to_r, multiply(to_r, r, kept), to_r)
        kept[...] = z
        return slopes
