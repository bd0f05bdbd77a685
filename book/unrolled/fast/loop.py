"""What the fast loops share: arrays kept from call to call, and the rows of a state."""

import numpy as np

CACHE = 1 << 19  # bytes of the second-level cache that a block of steps may fill


class FastLoop:
    """A loop in arrays that last until another shape or type is asked for.

    Fresh memory costs more than arithmetic. Whatever leaves a loop is a copy. `Loop`
    says what ``run`` and ``run_back`` take and return. A subclass has two functions:
    ``run_steps`` fills the states, with x_t W_x + b of all steps in ``a`` (rows, kH);
    ``run_steps_back`` leaves da there.
    """

    fold = (1,)  # what the weights of each gate are multiplied by

    def __init__(self):
        self._arrays, self._views = {}, {}

    def run(self, layer, weights, xs, packing, state, hs):
        """Run a layer over xs (B, T, I); fill hs, return the last state."""
        W_x, W_h, b, *others = weights.values()
        self.dtype, rows = layer.dtype, StateRows(packing)
        x = self._enter(packing, xs)
        fold = np.repeat(np.array(self.fold, self.dtype), layer.hidden_size)
        W = self.array("W_x", len(W_x) + 1, b.size)
        np.multiply(W_x, fold, W[:-1])
        np.multiply(b, fold, W[-1])
        W_h = np.multiply(W_h, fold, self.array("W_h", *W_h.shape))
        a = self.array("a", packing.rows, b.size)
        np.matmul(x, W, out=a)  # all steps at once: no state is needed
        states = [
            self.array(name, packing.B + packing.rows, part.shape[1])
            for name, part in zip(layer.state_sizes, state, strict=True)
        ]
        for room, part in zip(states, state, strict=True):
            room[: packing.B] = part
        self.run_steps(layer, rows, a, W_h, states, *others)
        if hs is not None:
            packing.scatter(states[0][packing.B :], hs)
        self._tape = rows, fold, x, a, W, W_h, states
        return [rows.last(part) for part in states]

    def run_back(self, dhs, dstate, dxs):
        """Send dhs (B, T, H) and dstate back; fill dxs, return dstate and grads."""
        rows, fold, x, a, W, W_h, states = self._tape
        self._tape, packing = None, rows.packing
        ends = [self.array(f"d {k}", *part.shape) for k, part in enumerate(dstate)]
        for room, part in zip(ends, dstate, strict=True):
            room[...] = part
        W /= fold
        # Its rows in one piece: the steps read it again and again. With one sequence
        # BLAS prefers the columns in one piece.
        W_hT = self.array("W_hT", *W_h.T.shape) if packing.B > 1 else W_h.T
        np.divide(W_h.T, fold[:, None], W_hT)
        self.run_steps_back(rows, a, states, W_hT, packing.by_step(dhs), ends)

        # The sums over time and batch, each in one product.
        dW_h, others = rows.before(states[0]).T @ a, self.sum_others(a)
        dW = x.T @ a
        np.matmul(a, W.T, out=x)  # dx takes the place of x
        packing.scatter(x[:, :-1], dxs)
        grads = {"W_x": dW[:-1], "W_h": dW_h, "b": dW[-1], **others}
        return [part.copy() for part in ends], grads

    def sum_others(self, a):
        """Return the gradients of what is not in W_x, W_h and b."""
        return {}

    def _enter(self, packing, xs):
        """Copy the inputs to rows, with one more that is one: its weights are b."""
        x = self.array("x", packing.rows, xs.shape[-1] + 1)
        packing.gather(xs, x[:, :-1])
        x[:, -1] = 1
        return x

    def array(self, name, *shape):
        """Return a kept array."""
        kept = self._arrays.get(name)
        if kept is None or kept.shape != shape or kept.dtype != self.dtype:
            kept = self._arrays[name] = np.empty(shape, self.dtype)
            self._views.clear()
        return kept

    def views(self, name, rows, make):
        """List what each step needs."""
        return self.once(name, rows, lambda: [make(*step) for step in rows.steps])

    def block_views(self, count, rows, *arrays):
        """List what each step of a block of so many steps needs of some arrays."""
        return self.once(
            f"block {count}", rows, lambda: list(zip(*arrays, strict=True))
        )

    def once(self, name, rows, make):
        """Make a list of views; where all steps count, once while the arrays last."""
        if not rows.whole:
            return make()
        if name not in self._views:
            self._views[name] = make()
        return self._views[name]

    def slopes(self, count, k, n, H):
        """Return room for k slopes of each of n sequences in a few steps."""
        kept, wanted = self._arrays.get("slopes", np.empty(0)), count * k * n * H
        size = max(CACHE // self.dtype.itemsize, wanted, kept.size)
        return self.array("slopes", size)[:wanted].reshape(count, k, n, H)


class StateRows:
    """Where the states of each step lie: B rows of first ones, then step by step."""

    def __init__(self, packing):
        self.packing, self.whole = packing, packing.whole

    @property
    def steps(self):
        """List the `step` of each."""
        return [self.step(t) for t in range(len(self.packing.sizes))]

    def step(self, t):
        """Return the rows of a step, of the states after and before it, and n_t."""
        steps, B, n = self.packing.steps, self.packing.B, self.packing.sizes[t]
        now = steps[t]
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
        sizes = self.packing.sizes
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
        B = self.packing.B
        if self.whole:
            return states[start * B : stop * B]
        prior = [self.step(t)[2] for t in range(start, stop)]
        if len(prior) == 1 or prior[0].stop == prior[1].start:
            return states[prior[0].start : prior[-1].stop]
        return np.concatenate([states[before] for before in prior])

    def block(self, start, stop):
        """Return the rows of a block, and of the states after its steps."""
        B, sizes = self.packing.B, self.packing.sizes
        before = start * B if self.whole else sum(sizes[:start])
        now = slice(before, before + sum(sizes[start:stop]))
        return now, slice(B + now.start, B + now.stop)
