"""A recurrent layer with random weights, its inputs, and the gradients that come back.

Every result has a name: outputs ``hs``, ``h_T``, ``c_T``; gradients ``dxs``, ``dh_0``,
``dW_x``. What an oracle returns is named the same.
"""

import copy
import pickle

import numpy as np
from hypothesis import strategies as st

from agreement import floats
from unrolled import GRU, LSTM, MGU, RNN
from unrolled.verify import complex_step

STORED = {
    "as is": lambda array: array,
    "Fortran order": np.asfortranarray,
    "strided": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
    "float32": lambda array: array.astype(np.float32),
    "read-only": lambda array: np.broadcast_to(array, array.shape),
    # A list of nothing has no shape.
    "nested lists": lambda array: array.tolist() if array.size else array,
}

# The variants, one a row of the table: what they are called, their class and options.
VARIANTS = {
    "RNN, tanh": (RNN, {}),
    "RNN, relu": (RNN, {"activation": "relu"}),
    "RNN, sigmoid": (RNN, {"activation": "sigmoid"}),
    "RNN, identity": (RNN, {"activation": "identity"}),
    "LSTM": (LSTM, {}),
    "LSTM, peephole": (LSTM, {"peephole": True}),
    "LSTM, coupled": (LSTM, {"coupled": True}),
    "LSTM, coupled peephole": (LSTM, {"coupled": True, "peephole": True}),
    "LSTM, no input gate": (LSTM, {"input_gate": False}),
    "LSTM, no forget gate": (LSTM, {"forget_gate": False}),
    "LSTM, no output gate": (LSTM, {"output_gate": False}),
    "LSTM, gate recurrence": (LSTM, {"gate_recurrence": True}),
    "LSTM, the same, linear output": (
        LSTM,
        {"gate_recurrence": True, "output_activation": "identity"},
    ),
    "LSTM, no input activation": (LSTM, {"input_activation": "identity"}),
    "LSTM, no output activation": (LSTM, {"output_activation": "identity"}),
    "LSTM, relu": (LSTM, {"input_activation": "relu", "output_activation": "relu"}),
    "LSTM, projection": (LSTM, {"projection_size": 3}),
    "LSTM, layer norm": (LSTM, {"layer_norm": True}),
    "LSTM, forget bias": (LSTM, {"forget_bias": 1.0}),
    "GRU, reset after": (GRU, {}),
    "GRU, reset before": (GRU, {"reset": "before"}),
    "MGU": (MGU, {}),
}

# What a layer with a room of its own in `fast` computes by its equations too.
PASSES = VARIANTS | {
    f"{name}, by its equations": (*VARIANTS[name], False)
    for name in ("RNN, tanh", "RNN, relu", "LSTM", "GRU, reset after")
}

COPIES = {
    "twin": lambda layer: layer.twin(),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
    "astype": lambda layer: layer.astype(layer.dtype),
}


def drawn(cls, options, dtypes=(np.float64,), largest=4, **more):
    """Draw cases; a size of 1 is the first that hypothesis tries."""
    size = st.integers(1, largest)
    return st.builds(
        Case,
        st.just(cls),
        options,
        seed=st.integers(0, 2**32 - 1),
        B=size,
        T=more.pop("T", st.integers(1, 6)),
        I=size,
        H=size,
        dtype=st.sampled_from(dtypes),
        state=st.booleans(),
        dstate=st.booleans(),
        stored=st.sampled_from(sorted(STORED)),
        fast=st.booleans(),
        **more,
    )


class Case:
    """A layer of some class and options, its inputs, and gradients for its outputs."""

    def __repr__(self):
        """Say what hypothesis drew."""
        way = "fast" if self.layer.fast else "by its equations"
        return f"Case({self.cls.__name__}, {self.options}, {self.shape}, {way})"

    def __init__(
        self, cls, options=None, fast=True, *, B=3, T=5, I=4, H=5, seed=0,
        dtype=np.float64, state=True, dstate=True, stored="as is",
    ):  # fmt: skip
        rng = np.random.default_rng(seed)
        self.cls, self.options, self.shape = cls, options or {}, (B, T, I, H)
        self.layer = cls(I, H, rng=rng, dtype=dtype, **self.options)
        self.layer.fast = fast
        limit = min(1, 2 / np.sqrt(H))
        forget_bias = self.layer.params["b"].copy()
        for p in self.layer.params.values():  # a bias of zero would hide itself
            p[...] = floats(rng, *p.shape, low=-limit, high=limit)
        self.layer.params["b"] += forget_bias

        def draw(*shape):
            return STORED[stored](floats(rng, *shape, low=-1, high=1))

        sizes = self.layer.state_sizes.values()
        self.xs, self.dhs = draw(B, T, I), draw(B, T, self.layer.output_size)
        parts, dparts = (tuple(draw(B, size) for size in sizes) for _ in range(2))
        self.state = self.packed(parts) if state else None
        self.dstate = self.packed(dparts) if dstate else None

    def packed(self, parts):
        """Put the parts of a state in the form that the layer takes."""
        return tuple(parts) if len(self.layer.state_sizes) > 1 else parts[0]

    def parts(self, state):
        """Return the parts of a state by name, zeros where none was given."""
        sizes = self.layer.state_sizes
        if state is None:
            return {k: np.zeros((self.shape[0], size)) for k, size in sizes.items()}
        return dict(zip(sizes, [state] if len(sizes) == 1 else state, strict=True))

    def arrays(self):
        """Return what gradients are taken of, by name, in float64."""
        arrays = {"xs": self.xs}
        arrays |= {f"{k}_0": part for k, part in self.parts(self.state).items()}
        arrays |= self.layer.params
        return {name: np.array(array, float) for name, array in arrays.items()}

    def run(self, mask=None):
        """Run forward and backward; return everything by name."""
        return self.named(
            self.layer.forward(self.xs, self.state, mask),
            self.layer.backward(self.dhs, self.dstate),
        )

    def named(self, outputs, gradients):
        """Name what forward and backward returned, and what is in ``grads``."""
        (hs, last), (dxs, first) = outputs, gradients
        return {
            "hs": hs,
            **{f"{name}_T": part for name, part in self.parts(last).items()},
            "dxs": dxs,
            **{f"d{name}_0": part for name, part in self.parts(first).items()},
            **{f"d{name}": grad for name, grad in self.layer.grads.items()},
        }

    def by_complex_step(self):
        """Read the gradients off the forward pass alone."""
        probe = self.layer.astype(np.complex128)
        arrays = {k: v.astype(complex) for k, v in self.arrays().items()}
        for name in probe.params:
            probe.params[name] = arrays[name]
        state = self.packed([arrays[f"{name}_0"] for name in probe.state_sizes])

        def loss():
            hs, last = probe.forward(arrays["xs"], state)
            pairs = [(hs, np.array(self.dhs))]
            lasts, dlasts = self.parts(last), self.parts(self.dstate)
            pairs += [(lasts[name], np.array(dlasts[name])) for name in lasts]
            return sum((part * dpart).sum() for part, dpart in pairs)

        return {f"d{name}": complex_step(loss, x) for name, x in arrays.items()}
