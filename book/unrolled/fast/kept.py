"""What the fast loops share: arrays kept from call to call, and the rows of a state."""

import numpy as np

CACHE = 1 << 19  # bytes of the second-level cache that a block of steps may fill


class Kept:
    """Arrays that last until another shape or type is asked for, and views of them.

    Fresh memory costs more than arithmetic. Whatever leaves a loop is a copy.
    """

    def __init__(self):
        self._arrays, self._views = {}, {}

    def array(self, name, dtype, *shape):
        """Return a kept array."""
        kept = self._arrays.get(name)
        if kept is None or kept.shape != shape or kept.dtype != dtype:
            kept = self._arrays[name] = np.empty(shape, dtype)
            self._views.clear()
        return kept

    def views(self, name, rows, make):
        """List what each step needs; where all steps count, once while arrays last."""
        if not rows.whole:
            return [make(*step) for step in rows.steps]
        if name not in self._views:
            self._views[name] = [make(*step) for step in rows.steps]
        return self._views[name]

    def enter(self, packing, xs):
        """Copy the inputs to rows, with one more that is one: its weights are b."""
        x = self.array("x", xs.dtype, packing.rows, xs.shape[-1] + 1)
        packing.gather(xs, x[:, :-1])
        x[:, -1] = 1
        return x

    def with_bias(self, W_x, b, fold=1):
        """Copy W_x (I, N), with b as the row for the input that is always one."""
        W = self.array("W_x", W_x.dtype, len(W_x) + 1, b.size)
        np.multiply(W_x, fold, W[:-1])
        np.multiply(b, fold, W[-1])
        return W

    def slopes(self, dtype, count, k, n, H):
        """Return room for k slopes of each of n sequences in a few steps."""
        wanted = count * k * n * H
        kept = self._arrays.get("slopes", np.empty(0))
        size = max(CACHE // dtype.itemsize, wanted, kept.size)
        return self.array("slopes", dtype, size)[:wanted].reshape(count, k, n, H)

    def states(self, name, packing, start):
        """Return room for a part of the state before and after every step."""
        kept = self.array(name, start.dtype, packing.B + packing.rows, start.shape[1])
        kept[: packing.B] = start
        return kept


class StateRows:
    """Where the states of each step lie: B rows of first ones, then step by step."""

    def __init__(self, packing):
        self.packing, self.whole = packing, packing.whole

    @property
    def steps(self):
        """List the `step` of each."""
        return [self.step(t) for t in range(len(self.packing.steps))]

    def step(self, t):
        """Return the rows of a step, of the states after and before it, and n_t."""
        steps, B = self.packing.steps, self.packing.B
        now, n = steps[t], steps[t].stop - steps[t].start
        before = B + steps[t - 1].start if t else 0
        return now, slice(B + now.start, B + now.stop), slice(before, before + n), n

    def before(self, states):
        """Return the states before each row: a view where every step counts."""
        if self.whole or not self.packing.rows:
            return states[: self.packing.rows]
        return np.concatenate([states[before] for _, _, before, _ in self.steps])

    def last(self, states):
        """Copy the state (B, N) in which each sequence ends."""
        B = self.packing.B
        if self.whole:
            return states[len(states) - B :].copy()
        last = states[:B].copy()
        for _, end, _, n in self.steps:
            last[:n] = states[end]
        return last

    def blocks(self, bytes_per_row):
        """Yield blocks of steps of equal n_t that fit the cache, the last one first."""
        sizes = [now.stop - now.start for now in self.packing.steps]
        stop = len(sizes)
        while stop:
            n, start = sizes[stop - 1], stop - 1
            longest = max(1, CACHE // (n * bytes_per_row))
            while start and sizes[start - 1] == n and stop - start < longest:
                start -= 1
            yield start, stop, n
            stop = start

    def block_before(self, states, start, stop):
        """Return the states before each row of a block: a view where they are one."""
        befores = [self.step(t)[2] for t in range(start, stop)]
        if len(befores) == 1 or befores[0].stop == befores[1].start:
            return states[befores[0].start : befores[-1].stop]
        return np.concatenate([states[before] for before in befores])

    def block(self, start, stop):
        """Return the rows of a block, and of the states after its steps."""
        steps, B = self.packing.steps, self.packing.B
        now = slice(steps[start].start, steps[stop - 1].stop)
        return now, slice(B + now.start, B + now.stop)


def transposed(W_h, B):
    """Copy W_h.T for the way back, its rows in one piece: up to a third faster.

    With one sequence BLAS prefers the columns in one piece.
    """
    return W_h.T.copy() if B > 1 else W_h.copy().T
