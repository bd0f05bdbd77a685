"""What every layer is: parameters, gradients, one data type, and a tape."""

import copy

import numpy as np

from .arguments import all_finite, floating, shape_text


class Fixed:
    """Something whose shape is settled when it is made.

    What is named in ``fixed`` cannot be changed later. All else that is changed counts
    from the next forward pass.
    """

    fixed = ()

    def __setattr__(self, name, value):
        """Set what may change."""
        if name in self.fixed and hasattr(self, name):
            raise AttributeError(
                f"{name} is fixed when the {type(self).__name__} is made, "
                f"got {value!r}: make another one"
            )
        super().__setattr__(name, value)


class Layer(Fixed):
    """Parameters and their gradients by name, and a tape from forward to backward.

    Attributes
    ----------
    params, grads : dict of str to array
        The same keys and shapes; ``grads`` is filled by ``backward``.
    dtype : data type
        Of parameters, outputs and gradients alike.
    """

    fixed = ("dtype", "input_size", "output_size")

    def __init__(self, dtype):
        self.dtype = floating(dtype)
        self.params, self.grads = {}, {}
        self._shapes, self._tape = {}, None

    @property
    def size(self):
        """The number of parameters."""
        return sum(p.size for p in self.params.values())

    def twin(self):
        """Make a layer that shares the parameters, with a tape of its own.

        Two passes can be under way at once, one in each.
        """
        other = copy.copy(self)
        other.grads = {}
        return other

    def astype(self, dtype):
        """Copy the layer, all of it, with its parameters in another data type.

        float32 is to train, float64 to check, complex128 for the complex step.
        """
        other = self.twin()
        other.__dict__["dtype"] = floating(dtype)
        other.params = {name: p.astype(dtype) for name, p in self.params.items()}
        return other

    def __getstate__(self):
        """Leave a pass that is under way behind: a copy begins with a forward pass."""
        return self.__dict__ | {"_tape": None}

    def add_params(self, **params):
        """Add parameters; each forward pass checks their shapes and types."""
        self.params |= params
        self._shapes |= {name: p.shape for name, p in params.items()}

    def _weights(self):
        """Return the parameters by name, shapes and values checked."""
        for name, shape in self._shapes.items():
            p = self.params.get(name)
            array = isinstance(p, np.ndarray)
            if not array or p.shape != shape or p.dtype != self.dtype:
                got = f"{shape_text(p.shape)} and {p.dtype}" if array else repr(p)
                raise ValueError(
                    f"params[{name!r}] must have shape {shape_text(shape)} and type "
                    f"{self.dtype}, got {got}"
                )
            all_finite(f"params[{name!r}]", p)
        return {name: self.params[name] for name in self._shapes}

    def _read_tape(self):
        """Return what forward kept; backward drops it when it has what it needs."""
        if self._tape is None:
            raise RuntimeError(
                "backward needs a forward pass of its own: call forward first, "
                "and backward once after it"
            )
        return self._tape
