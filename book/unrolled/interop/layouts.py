"""How torch.nn, ONNX and Keras lay out the weights of a layer, and what each supports.

Three things differ: the order of the gates, whether a matrix is transposed, and how
many biases there are. Every conversion therefore goes through the weights of each gate.
"""

import inspect
from typing import NamedTuple

import numpy as np

from ..bidirectional import Bidirectional
from ..compose import Stack
from ..gru import GRU, MGU
from ..lstm import LSTM
from ..rnn import RNN

CLASSES = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
NO_OPTIONS = "input_size", "hidden_size", "rng", "dtype", "forget_bias"


class Gate(NamedTuple):
    """The weights of one gate, or of several side by side."""

    W_x: np.ndarray  # (I, H)
    W_h: np.ndarray  # (H, H)
    b_x: np.ndarray  # (H,), the bias beside x W_x
    b_h: np.ndarray  # (H,), the bias beside h W_h
    p: np.ndarray  # (H,), the peephole weights

    def negated(self):
        """Turn the sign of all that enters the gate: sigmoid(-a) = 1 - sigmoid(a)."""
        return Gate(*(-weights for weights in self))

    def opened(self):
        """Return weights with which the gate is 1: sigmoid(100) is, in either type."""
        zero = Gate(*map(np.zeros_like, self))
        return zero._replace(b_x=zero.b_x + 100)


class Layout(NamedTuple):
    """How a package lays out the weights of a layer, and what it supports."""

    name: str  # of a layer, with {} for its kind
    order: dict  # of the gates, by the kind of layer
    options: list  # those that it has; all others are refused
    activations: dict  # its names for ours

    def split(self, kind, W_x, W_h, b_x, b_h):
        """Return each gate's columns of the weights, with no peepholes."""
        order, arrays = self.order[kind], [W_x, W_h, b_x, b_h, np.zeros_like(b_x)]
        columns = zip(*(np.split(a, len(order), -1) for a in arrays), strict=True)
        return {gate: Gate(*part) for gate, part in zip(order, columns, strict=True)}

    def join(self, kind, gates):
        """Put the columns of the gates side by side: the inverse of `split`."""
        parts = zip(*(gates[gate] for gate in self.order[kind]), strict=True)
        return Gate(*(np.concatenate(part, -1) for part in parts))

    def refuse(self, layer):
        """Raise if the package does not support an option of a layer."""
        kind = kind_of(layer)
        for option, value in options_of(layer).items():
            unknown = "activation" in option and value not in self.activations
            if unknown or option not in self.options:
                what = WORDS.get(option, option).format(value)
                raise ValueError(f"{self.name.format(kind)} has no {what}")


GATES = {"input_gate": "i", "forget_gate": "f", "output_gate": "o"}
ACTIVATIONS = {  # of a cell: the options that name them, or what they always are
    "RNN": ["activation"],
    "LSTM": ["sigmoid", "input_activation", "output_activation"],
    "GRU": ["sigmoid", "tanh"],
}
WORDS = {  # for the options, in a refusal
    **{f"{name}activation": "activation {!r}" for name in ("", "input_", "output_")},
    "apart": "input activation apart from the output activation",
    **{name: f"option to leave out the {name.replace('_', ' ')}" for name in GATES},
    "peephole": "peepholes",
    "coupled": "coupled gates",
    "gate_recurrence": "gate recurrence",
    "layer_norm": "layer normalisation",
    "projection_size": "projection",
    "reset": "reset before the product",
    "minimal": "minimal gated unit",
}

# ONNX and Keras write c for our g, and h for our n.
TORCH = Layout(
    name="torch.nn.{}",
    order={"RNN": "h", "LSTM": "ifgo", "GRU": "rzn"},
    options=["activation", "projection_size"],
    activations={"tanh": "tanh", "relu": "relu"},
)
KERAS = Layout(
    name="Keras's {}",
    order={"RNN": "h", "LSTM": "ifgo", "GRU": "zrn"},
    options=["activation", "input_activation", "output_activation", "reset"],
    activations={"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid",
                 "identity": "linear"},
)  # fmt: skip
ONNX = Layout(
    name="ONNX's {}",
    order={"RNN": "h", "LSTM": "iofg", "GRU": "zrn", "peepholes": "iof"},
    options=[*KERAS.options, "apart", "peephole", "coupled", *GATES, "minimal"],
    activations={"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid",
                 "identity": "Affine"},  # alpha x + beta, with alpha 1 and beta 0
)  # fmt: skip


def gates_of(layer):
    """Return the weights of each gate of a layer."""
    params, none = layer.params, np.zeros(layer.hidden_size, layer.dtype)
    gates = {}
    for gate in layer.order:
        columns = layer.columns(gate)
        W_x, W_h = params["W_x"][:, columns], params["W_h"][:, columns]
        b_h, p = params.get(f"b_h{gate}", none), params.get(f"p_{gate}", none)
        gates[gate] = Gate(W_x, W_h, params["b"][columns], b_h, p)
    return gates


def layer_of(kind, gates, **options):
    """Make a layer with the weights of the gates: the inverse of `gates_of`."""
    W_x, *_ = next(iter(gates.values()))
    rng = np.random.default_rng(0)  # what it draws is overwritten
    layer = CLASSES[kind](*W_x.shape, rng=rng, dtype=W_x.dtype, **options)
    params = layer.params
    for gate in layer.order:
        columns, (W_x, W_h, b_x, b_h, p) = layer.columns(gate), gates[gate]
        params["W_x"][:, columns], params["W_h"][:, columns] = W_x, W_h
        if f"b_h{gate}" in params:  # r stands between these two: they stay apart
            params["b"][columns], params[f"b_h{gate}"][...] = b_x, b_h
        else:
            params["b"][columns] = b_x + b_h
        if f"p_{gate}" in params:
            params[f"p_{gate}"][...] = p
    return layer


def levels_of(layer, layout):
    """List a layer's levels, each as its directions; refuse what a package lacks."""
    stacked = layer.layers if type(layer) is Stack else [layer]
    levels = [part.layers if type(part) is Bidirectional else [part]
              for part in stacked]  # fmt: skip
    for part in sum(levels, []):
        if type(part) not in (RNN, LSTM, GRU, MGU):  # a subclass may compute anything
            raise TypeError(
                "layer must be an RNN, LSTM, GRU or MGU, a Bidirectional of them, or a "
                f"Stack of these, got a {type(part).__name__} inside"
            )
        layout.refuse(part)
    if getattr(layer, "embedding", None) is not None:
        raise ValueError(
            "layer must be without an embedding, got a Stack with one: "
            "pass a Stack of its layer.layers"
        )
    return levels


def stack_of(levels, dropout=0.0, rng=None):
    """Make one layer of its levels: the inverse of `levels_of`."""
    layers = [Bidirectional(*level) if len(level) == 2 else level[0]
              for level in levels]  # fmt: skip
    return Stack(layers, dropout, rng=rng) if len(layers) > 1 else layers[0]


def kind_of(layer):
    """Return which of RNN, LSTM and GRU a layer is; an MGU is a GRU."""
    return "GRU" if isinstance(layer, MGU) else type(layer).__name__


def options_of(layer):
    """Return the options with which a layer differs from the plain one."""
    options = {}
    for name, argument in inspect.signature(type(layer)).parameters.items():
        if name not in NO_OPTIONS and getattr(layer, name) != argument.default:
            options[name] = getattr(layer, name)
    if isinstance(layer, LSTM) and layer.input_activation != layer.output_activation:
        options["apart"] = True
    if isinstance(layer, MGU):
        options["minimal"] = True
    return options
