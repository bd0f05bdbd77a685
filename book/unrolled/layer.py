"""What every layer is: parameters, gradients, one data type, a tape and buffers."""

import copy
from types import MappingProxyType

import numpy as np

from .arguments import expect, floating, positive, shape_text


class Layer:
    """Parameters and their gradients by name, and a tape from forward to backward.

    Attributes
    ----------
    params, grads : dict of str to array
        The same keys and shapes; ``grads`` is filled by ``backward``.
    dtype : data type
        Of parameters, outputs and gradients alike.
    """

    def __init__(self, dtype):
        self.dtype = floating(dtype)
        self.params = {}
        self.grads = {}
        self._tape = None

    @property
    def size(self):
        """The number of parameters."""
        return sum(p.size for p in self.params.values())

    def astype(self, dtype):
        """Copy the layer with its parameters in another data type.

        Parameters
        ----------
        dtype : data type
            float32 to train, float64 to check, complex128 for the complex step.

        Returns
        -------
        Layer
            A layer of the same class that shares nothing with this one.
        """
        other = copy.copy(self)
        other.dtype = floating(dtype)
        other.params = {name: p.astype(dtype) for name, p in self.params.items()}
        other.grads, other._tape = {}, None
        return other

    def _declare(self, **params):
        """Set the first parameters, and with them the shapes of all later ones."""
        self.params = params
        self._shapes = {name: p.shape for name, p in params.items()}

    def _weights(self):
        """Return the parameters in the order of their declaration, shapes checked."""
        for name, shape in self._shapes.items():
            p = self.params.get(name)
            array = isinstance(p, np.ndarray)
            if not array or p.shape != shape or p.dtype != self.dtype:
                got = f"{shape_text(p.shape)} and {p.dtype}" if array else repr(p)
                raise ValueError(
                    f"params[{name!r}] must have shape {shape_text(shape)} and type "
                    f"{self.dtype}, got {got}"
                )
        return [self.params[name] for name in self._shapes]

    def _read_tape(self):
        """Return what forward kept; backward drops it when it has what it needs."""
        if self._tape is None:
            raise RuntimeError(
                "backward needs a forward pass of its own: call forward first, "
                "and backward once after it"
            )
        return self._tape


class Recurrent(Layer):
    """A layer with a state: what goes in, what comes out, and the arrays in between.

    A subclass has the two loops over time, ``_run`` and ``_run_back``. Inside, time is
    the first axis, so that the numbers of one step lie together. The large arrays are
    kept from call to call, since fresh memory costs more than arithmetic. Whatever
    leaves the layer is a copy.

    Attributes
    ----------
    state_sizes : dict of str to int
        The vectors of the state by name, in order: ``{"h": H}``.
    """

    def __init__(self, input_size, hidden_size, dtype):
        super().__init__(dtype)
        self.input_size = positive("input_size", input_size)
        self.hidden_size = positive("hidden_size", hidden_size)
        self.state_sizes = {"h": self.hidden_size}
        self._buffers, self._lists = {}, {}

    @property
    def output_size(self):
        """The size of each output."""
        return self.state_sizes["h"]

    def twin(self):
        """Make a layer that shares the parameters, with a tape and buffers of its own.

        Returns
        -------
        Recurrent
            Two passes can be under way at once, one in each.
        """
        other = copy.copy(self)
        other.grads, other._tape = {}, None
        other._buffers, other._lists = {}, {}
        return other

    def astype(self, dtype):
        """Copy the layer with its parameters in another data type; see `Layer`."""
        return Layer.astype(self, dtype).twin()

    def __getstate__(self):
        """Leave the kept arrays behind: in a copy, the views of them would not be."""
        return self.__dict__ | {"_buffers": {}, "_lists": {}}

    def forward(self, xs, state=None):
        """Run the recurrence over every step of every sequence.

        Parameters
        ----------
        xs : array, shape (B, T, I)
            The inputs; T may be 0.
        state : array, shape (B, H), or tuple of array, optional
            Where the sequences start: h_0, or for an LSTM (h_0, c_0); zero if it is not
            given.

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
        weights = self._weights()
        xs = expect("xs", xs, ("B", "T", self.input_size), self.dtype)
        if len(xs) == 0:
            raise ValueError("xs must hold at least one sequence, got B = 0")
        state = self._state("state", state, len(xs))
        return self._leave(*self._run(self._enter(xs), state, *weights))

    def backward(self, dhs, dstate=None):
        """Send gradients back through the last forward pass, as it was run.

        Parameters
        ----------
        dhs : array, shape (B, T, H), or None
            The gradient of the loss with respect to each output h_t.
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
        T, B, _ = self._read_tape()[0].shape
        dhs = self._gradient(dhs, B, T).swapaxes(0, 1)
        dstate = self._state("dstate", dstate, B, finite=False)
        result = self._run_back(dhs, *dstate)
        self._tape = None
        return self._leave(*result)

    def last_output(self, state):
        """Return h of a state: what the layer put out last.

        Parameters
        ----------
        state : array, shape (B, H), or tuple of array
            As ``forward`` returns it.

        Returns
        -------
        array, shape (B, H)
            h_T, or h_0 if there was no step.
        """
        return state if len(self.state_sizes) == 1 else state[0]

    def into_last_output(self, dstate, dh):
        """Add the gradient of the last output to that of the final state.

        Parameters
        ----------
        dstate : array, shape (B, H), or tuple of array, or None
            The gradient with respect to the final state.
        dh : array, shape (B, H)
            The gradient with respect to ``last_output``.

        Returns
        -------
        array, shape (B, H), or tuple of array
            Their sum, to be passed to ``backward``.
        """
        h, *others = self._state("dstate", dstate, len(dh), finite=False)
        return self._packed(h + dh, *others)

    def _buffer(self, name, *shape):
        """Return an array that is kept until another shape or type is asked for."""
        kept = self._buffers.get(name)
        if kept is None or kept.shape != shape or kept.dtype != self.dtype:
            kept = self._buffers[name] = np.empty(shape, self.dtype)
            self._lists.clear()
        return kept

    def _steps(self, name, *buffers):
        """List the views that each step needs, once while the buffers last."""
        if name not in self._lists:
            self._lists[name] = list(zip(*buffers, strict=True))
        return self._lists[name]

    def _enter(self, xs):
        """Copy xs (B, T, I) to time-major (T, B, I + 1).

        The last input is always one: its weights are the bias.
        """
        B, T, _ = xs.shape
        x = self._buffer("x", T, B, self.input_size + 1)
        x[..., :-1], x[..., -1] = xs.swapaxes(0, 1), 1
        return x

    def _states(self, T, *state):
        """Return room for the states 0 … T of each vector, the first in its place."""
        kept = [
            self._buffer(letter, T + 1, *first.shape)
            for letter, first in zip(self.state_sizes, state, strict=True)
        ]
        for array, first in zip(kept, state, strict=True):
            array[0] = first
        return kept

    def _with_bias(self, W_x, b, fold=1):
        """Copy W_x (I, N), with b as the row for the input that is always one."""
        W = self._buffer("W_x", len(W_x) + 1, b.size)
        np.multiply(W_x, fold, W[:-1])
        np.multiply(b, fold, W[-1])
        return W

    def _gradient(self, dhs, B, T):
        """Return the gradient of the outputs; zero if none is given."""
        shape = (B, T, self.output_size)
        if dhs is None:
            return np.zeros(shape, self.dtype)
        return expect("dhs", dhs, shape, self.dtype, finite=False)

    def _state(self, name, state, B, finite=True):
        """Return the vectors of a state or of its gradient; zero if none is given."""
        sizes = self.state_sizes
        if state is None:
            return [np.zeros((B, size), self.dtype) for size in sizes.values()]
        if len(sizes) == 1:
            state = (state,)
        if not isinstance(state, tuple | list) or len(state) != len(sizes):
            raise ValueError(
                f"{name} must hold ({', '.join(sizes)}), got "
                + (f"{len(state)}" if isinstance(state, tuple | list) else "one array")
            )
        return [
            expect(f"{name} {letter}", part, (B, size), self.dtype, finite)
            for (letter, size), part in zip(sizes.items(), state, strict=True)
        ]

    def _leave(self, outputs, *state):
        """Copy (T, B, N) to (B, T, N), and the vectors of the state."""
        state = self._packed(*(part.copy() for part in state))
        return outputs.swapaxes(0, 1).copy(), state

    def _listed(self, state):
        """Return the vectors of a state as a list."""
        return [*state] if len(self.state_sizes) > 1 else [state]

    def _packed(self, *state):
        """Return the vectors of a state in the form that the layer takes."""
        return state if len(self.state_sizes) > 1 else state[0]


class Composite:
    """Several layers as one: parameters and gradients by name, such as ``0.W_x``.

    Parameters
    ----------
    parts : dict of str to layer
        The layers by the name that their parameters get in front; none if it is empty.

    Attributes
    ----------
    params, grads : dict of str to array
        Those of all layers; the arrays are theirs.

    Raises
    ------
    ValueError
        If the layers differ in data type.
    """

    def __init__(self, parts):
        types = [str(layer.dtype) for layer in parts.values()]
        if len({*types}) > 1:
            raise ValueError(f"layers must share one dtype, got {' and '.join(types)}")
        self._parts = parts
        self._tape = None

    @property
    def layers(self):
        """The layers, in order."""
        return [*self._parts.values()]

    @property
    def dtype(self):
        """The data type of all parameters."""
        return self.layers[0].dtype

    @property
    def params(self):
        """The parameters of all layers by name."""
        return self._all("params")

    @property
    def grads(self):
        """The gradients of all layers by name."""
        return self._all("grads")

    @property
    def size(self):
        """The number of parameters."""
        return sum(layer.size for layer in self.layers)

    def astype(self, dtype):
        """Copy everything with the parameters in another data type; see `Layer`."""
        return self._with(lambda layer: layer.astype(dtype))

    def twin(self):
        """Make one that shares the parameters, with a tape of its own."""
        return self._with(lambda layer: layer.twin())

    def _with(self, change):
        """Copy this with each of its layers changed."""
        other = copy.copy(self)
        other._parts = {name: change(layer) for name, layer in self._parts.items()}
        other._tape = None
        return other

    def _all(self, what):
        """Join a dictionary of each layer into one that cannot be added to."""
        return MappingProxyType(
            {
                ".".join(filter(None, (name, key))): array
                for name, layer in self._parts.items()
                for key, array in getattr(layer, what).items()
            }
        )

    _read_tape = Layer._read_tape


def rows(array):
    """View (T, B, N) as (T B, N): one matrix product does all steps."""
    return array.reshape(-1, array.shape[-1])


def block_length(T, bytes_per_step):
    """Return how many of T steps fit into the second-level cache together."""
    return max(1, min(T, (1 << 19) // max(1, bytes_per_step)))


def transposed(W_h, B):
    """Copy W_h for the way back: transposed, so that its rows lie in one piece.

    The loop reads it T times; laid out so, the products of small layers are up to a
    third faster. With one sequence BLAS prefers the columns in one piece.
    """
    return W_h.T.copy() if B > 1 else W_h.copy().T
