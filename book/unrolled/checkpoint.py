"""A layer that keeps a state now and then, and runs again what lies between."""

import math

import numpy as np

from .arguments import positive
from .recurrent import Recurrent


class Checkpointed:
    """A layer that keeps a state now and then, and runs again what lies between.

    The gradient is the same. A forward pass more is the price; in return the memory
    grows with the square root of T, beside inputs and outputs.

    Parameters
    ----------
    layer : Recurrent
        What runs, one layer; another raises a TypeError. In all but its passes the one
        stands for the other: parameters, gradients, sizes.
    every : int, optional
        How many steps lie between two states that are kept, 1 or more; ceil(sqrt(T)) if
        it is not given.

    Notes
    -----
    Chen et al. (2016), where the layers stand in place of the steps. In units of
    T·B·H the layer keeps I/H, and for a window what the layer in it keeps.
    """

    def __init__(self, layer, every=None):
        if not isinstance(layer, Recurrent):
            raise TypeError(
                "Checkpointed takes one recurrent layer, "
                f"got {type(layer).__name__}: wrap the layers in it"
            )
        every = None if every is None else positive("every", every)
        vars(self).update(layer=layer, every=every, _run=None)

    def __getattr__(self, name):
        """Look in the layer for what is not here."""
        if name == "layer" or name.startswith("__"):  # while a copy is being made
            raise AttributeError(name)
        return getattr(self.layer, name)

    def __setattr__(self, name, value):
        """Set it in the layer."""
        if name in vars(self):
            raise AttributeError(
                f"{name} is fixed when the Checkpointed is made, got {value!r}: "
                "make another one"
            )
        setattr(self.layer, name, value)

    def __getstate__(self):
        """Leave a pass that is under way behind, as every layer does."""
        return vars(self) | {"_run": None}

    def forward(self, xs, state=None, mask=None):
        """Run the layer, and keep inputs and some states; see `Recurrent`."""
        vars(self)["_run"] = run = self.layer.twin()
        loop = Recomputing(run.loop(), self.every)
        return run.forward_with(loop, xs, state, mask)

    def backward(self, dhs, dstate=None):
        """Run each window again, last one first, and go back; see `Recurrent`."""
        run = self._run or self.layer.twin()
        result = run.backward(dhs, dstate)
        self.layer.grads = run.grads
        return result

    def astype(self, dtype):
        """Copy the layer with its parameters in another data type; see `Layer`."""
        return Checkpointed(self.layer.astype(dtype), self.every)

    def twin(self):
        """Make one that shares the parameters, with a tape of its own; see `Layer`."""
        return Checkpointed(self.layer.twin(), self.every)


class Recomputing:
    """A loop around another, which runs it over a window of steps at a time.

    Two halves of a sequence are one whole, forward and back, if the state is carried
    on. So a window may be forgotten, and run again.
    """

    def __init__(self, loop, every):
        self.loop, self.every = loop, every

    def run(self, layer, weights, xs, packing, state, hs):
        """Run a layer over xs (B, T, I), a window at a time; see `Loop`."""
        # The way back runs again with the weights of now, whatever becomes of them.
        weights = {name: p.copy() for name, p in weights.items()}
        xs, T, kept = xs.copy(), len(packing.sizes), []
        every = self.every or max(1, math.ceil(math.sqrt(T)))
        for start in range(0, T, every):
            kept.append((start, state))
            window = packing.part(start, start + every)
            state = self.loop.run(layer, weights, xs, window, state, hs)
        self._tape = layer, weights, xs, packing, every, kept
        return state

    def run_back(self, dhs, dstate, dxs):
        """Run each window again, last one first, and go back; see `Loop`."""
        layer, weights, xs, packing, every, kept = self._tape
        self._tape = None
        grads = {name: np.zeros_like(p) for name, p in weights.items()}
        for start, state in reversed(kept):
            window = packing.part(start, start + every)
            self.loop.run(layer, weights, xs, window, state, None)
            dstate, more = self.loop.run_back(dhs, dstate, dxs)
            for name, grad in more.items():
                grads[name] += grad
        return dstate, grads
