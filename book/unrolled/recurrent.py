"""A layer with a state: a cell, and the loop over time, written once for all cells."""

import operator
from types import SimpleNamespace

import numpy as np

from . import initialise
from .arguments import expect, generator, positive
from .cell import check_grads, check_received, check_step
from .layer import Layer
from .masks import Packing, counting
from .state import check_state, join_state, leaves

# Loops that compute the same faster, by the four functions that they stand for: `read`,
# `step`, `step_back`, `read_back`. The folder `fast` fills this in.
FASTER = {}


class Recurrent(Layer):
    """A layer with a state: a cell, and the loop that runs it over time.

    A cell is two functions, and a subclass that has them is a layer::

        step(w, a_x, h_prev, …)    -> (h, …), kept
        step_back(w, kept, dh, …)  -> (dh_prev, …), received

    ``w`` has the parameters as attributes; ``a_x`` is x_t W_x + b; one row is one
    sequence; ``kept`` is whatever the way back needs. ``received`` says by name what
    reaches a_x, an array, and each parameter of the step: a pair (left, right) stands
    for left.T @ right, one array for the sum of its rows, a list for blocks of columns.
    The loop adds them up over time, and sends da_x on to W_x and b. A parameter of its
    own comes by ``add_params(v=…)`` after ``super().__init__``.

    Parameters
    ----------
    input_size, hidden_size : int
        I and H, the sizes of x_t and h_t.
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the layer computes.

    Attributes
    ----------
    order : str
        The blocks of columns in ``W_x``, ``W_h`` and ``b``, one letter each.
    state_sizes : dict of str to int
        The arrays of the state by letter, h first: ``{"h": H}``.
    fast : bool
        False runs ``step`` and ``step_back`` themselves. True, the default, takes a
        faster loop where `fast` has one for exactly this cell. Set it on one layer, or
        on `Recurrent` for all.

    Raises
    ------
    TypeError, ValueError
        If a size or a type is not what it must be.
    """

    order = "h"
    fast = True
    fixed = (*Layer.fixed, "hidden_size", "order", "state_sizes")

    def __init__(self, input_size, hidden_size, *, rng, dtype=np.float64):
        super().__init__(dtype)
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self._loops = {}
        self.add_params(**self.first_params(generator(rng)))

    def first_params(self, rng):
        """Draw the first parameters: ``W_x`` (I, kH), ``W_h`` (H, kH), ``b`` (kH,)."""
        sizes = len(self.order), self.input_size, self.hidden_size
        return initialise.gates(rng, *sizes, self.dtype)

    @property
    def state_sizes(self):
        """The arrays of the state by letter."""
        return {"h": self.hidden_size}

    @property
    def output_size(self):
        """The size of each output."""
        return self.state_sizes["h"]

    def columns(self, gate):
        """Return the slice of the columns of a gate, one letter of ``order``."""
        H, k = self.hidden_size, self.order.index(gate)
        return slice(k * H, (k + 1) * H)

    def cell(self):
        """Return the two functions of one step: forward, and back."""
        return self.step, self.step_back

    def read(self, w, x):
        """Return a_x = x W_x + b for all steps at once, and what the way back needs."""
        return x @ w.W_x + w.b, x

    def read_back(self, w, da_x, x):
        """Return dx, and what reaches W_x and b, from the gradient of all a_x."""
        return da_x @ w.W_x.T, {"W_x": (x, da_x), "b": da_x}

    def forward(self, xs, state=None, mask=None):
        """Run the recurrence over every step of every sequence.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs; T may be 0.
        state : array, shape (B, H), or tuple of array, optional
            Where the sequences start: h_0, or for an LSTM (h_0, c_0); zero if it is not
            given.
        mask : array, shape (B, T) of bool, or (B,) of int, optional
            True where a step counts, or the lengths; every step does if it is not
            given. At a step that does not count the state is held and the output is
            zero, whatever stands in the padding.

        Returns
        -------
        hs : array, shape (B, T, H)
            h_1 … h_T.
        state : array, shape (B, H), or tuple of array
            Where they end: h_T, or (h_T, c_T). Pass it on to continue them.

        Raises
        ------
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        return self.forward_with(self.loop(), xs, state, mask)

    def forward_with(self, loop, xs, state, mask):
        """Run forward in a loop of one's choice; see `Loop`."""
        weights = self._weights()
        shape = "B", "T", self.input_size
        xs = expect("xs", xs, shape, self.dtype, finite=mask is None)
        B, T, _ = xs.shape
        if B == 0:
            raise ValueError("xs must hold at least one sequence, got B = 0")
        counts = None if mask is None else counting(mask, B, T)
        if mask is not None and not np.isfinite(xs).all():
            expect("xs", np.where(counts[..., None], xs, 0), shape, self.dtype)
        starts = check_state("state", state, self.state_sizes, B, self.dtype)

        packing, self._tape = Packing(B, T, counts), None
        hs = self._outputs(packing, B, T, self.output_size)
        starts = [packing.sort(part) for part in starts]
        ends = loop.run(self, weights, xs, packing, starts, hs)
        self._tape = packing, loop, xs.shape
        return hs, join_state([packing.unsort(part) for part in ends])

    def backward(self, dhs, dstate=None):
        """Send gradients back through the last forward pass, as it was run.

        Parameters
        ----------
        dhs : array, shape (B, T, H), or None
            The gradient of the loss with respect to each output h_t; ignored where no
            step counts.
        dstate : array, shape (B, H), or tuple of array, optional
            The gradient with respect to the final state; zero if it is not given.

        Returns
        -------
        dxs : array, shape (B, T, I)
            The gradient with respect to the inputs.
        dstate : array, shape (B, H), or tuple of array
            The gradient with respect to the initial state.

        Raises
        ------
        RuntimeError
            If there was no forward pass since the last call.
        TypeError, ValueError
            If a shape, a type or a value is not what it must be.
        """
        packing, loop, (B, T, I) = self._read_tape()
        shape, sizes = (B, T, self.output_size), self.state_sizes
        dhs = np.zeros(shape, self.dtype) if dhs is None else dhs
        dhs = expect("dhs", dhs, shape, self.dtype, finite=False)
        ends = check_state("dstate", dstate, sizes, B, self.dtype, finite=False)
        self._tape = None
        dxs = self._outputs(packing, B, T, I)
        ends = [packing.sort(part) for part in ends]
        starts, self.grads = loop.run_back(dhs, ends, dxs)
        return dxs, join_state([packing.unsort(part) for part in starts])

    def _outputs(self, packing, *shape):
        """Make an array that is zero wherever no step counts."""
        return (np.empty if packing.whole else np.zeros)(shape, self.dtype)

    def last_output(self, state):
        """Return h (B, H) of a state that ``forward`` returned: what came out last."""
        return leaves(state)[0]

    def into_last_output(self, dstate, dh):
        """Add the gradient dh (B, H) of the last output to that of the final state."""
        sizes = self.state_sizes
        dstate = check_state("dstate", dstate, sizes, len(dh), self.dtype, finite=False)
        return join_state([dstate[0] + dh, *dstate[1:]])

    def loop(self):
        """Return the loop to run in: a faster one only if it stands for this cell."""
        functions = self.read, *self.cell(), self.read_back
        cell = tuple(getattr(f, "__func__", f) for f in functions)
        kind = FASTER.get(cell, Loop) if self.fast else Loop
        return self._loops.setdefault(kind, kind())

    def __getstate__(self):
        """Leave the loops behind too: a copy has arrays of its own."""
        return super().__getstate__() | {"_loops": {}}


class Loop:
    """The loop over time, by ``step`` and ``step_back``, over the rows of a `Packing`.

    Where sequences have ended, their part of the state lies still.
    """

    def run(self, layer, weights, xs, packing, state, hs):
        """Run a layer over xs (B, T, I); fill hs (B, T, H), return the last state."""
        w = SimpleNamespace(**{name: p.copy() for name, p in weights.items()})
        a_x, kept_x = layer.read(w, packing.gather(xs))
        step, _ = layer.cell()
        outputs, kept, ended = [], [], []
        for now in packing.steps:
            n = now.stop - now.start
            if n < len(state[0]):
                ended.append([part[n:] for part in state])
                state = [part[:n] for part in state]
            state, kept_t = step(w, a_x[now], *state)
            if not kept:
                check_step(layer, step, state, n)
            outputs.append(state[0])
            kept.append(kept_t)
        if hs is not None:
            packing.put(outputs, hs)
        self._tape = layer, w, packing, a_x[:0].copy(), kept_x, kept
        parts = zip(state, *reversed(ended), strict=True)
        return [np.concatenate(part) for part in parts]

    def run_back(self, dhs, dstate, dxs):
        """Send dhs (B, T, H) and dstate back; fill dxs, return dstate and grads."""
        layer, w, packing, no_rows, kept_x, kept = self._tape
        self._tape, received = None, []  # by each step
        _, step_back = layer.cell()
        for name, p in vars(w).items():  # W_h.T in one piece: all steps read it
            setattr(w, name, np.asfortranarray(p))
        for dh_above in reversed(packing.by_step(dhs)):
            n = len(dh_above)
            dstate_t = [part[:n] for part in dstate]  # from the right
            dstate_t[0] = dstate_t[0] + dh_above
            dprev, received_t = step_back(w, kept.pop(), *dstate_t)
            if not received:
                check_step(layer, step_back, dprev, n)
                check_received(layer, step_back, received_t)
            received.append(received_t)
            if n == len(dstate[0]):
                dstate = dprev
            else:
                for part, dpart in zip(dstate, dprev, strict=True):
                    part[:n] = dpart

        received.reverse()
        das = [sent.pop("a_x") for sent in received]
        da_x = np.concatenate([no_rows, *das])
        dx, received_x = layer.read_back(w, da_x, kept_x)
        packing.scatter(dx, dxs)
        grads = {name: np.zeros_like(p) for name, p in vars(w).items()}
        names = received[0] if received else ()
        for name in names:
            grads[name] = _total([sent[name] for sent in received], das, da_x)
        grads |= {name: _total([sent]) for name, sent in received_x.items()}
        check_grads(layer, step_back, grads)
        return dstate, grads


def blocks(array, k):
    """Cut the columns of an array into k blocks side by side, each a view."""
    width = array.shape[-1] // k
    return [array[..., j * width : (j + 1) * width] for j in range(k)]


def beside(*parts):
    """Join blocks side by side: what `blocks` undoes."""
    return np.concatenate(parts, axis=-1)


def _total(values, das=(), da_x=None):
    """Add up over steps and rows what reached one parameter; da_x is joined already."""
    if isinstance(values[0], list):
        columns = zip(*values, strict=True)
        return beside(*(_total(column, das, da_x) for column in columns))
    if isinstance(values[0], tuple):
        lefts, rights = zip(*values, strict=True)
        same = das and all(map(operator.is_, rights, das))
        return np.concatenate(lefts).T @ (da_x if same else np.concatenate(rights))
    return np.concatenate(values).sum(axis=0)
