"""How torch.nn, ONNX and Keras lay out the weights of a layer, and what each has.

Three things differ: the order of the gates, whether a matrix stands upright or on its
side, and how many biases there are. A layer is taken apart gate by gate and put
together in another order. In between it is ``{gate: [W, R, b_x, b_h, p]}``: columns of
W_x, W_h and b, the bias that is added beside h W_h, and the peephole weights.
"""

import importlib

import numpy as np

from .bidirectional import Bidirectional
from .compose import Stack
from .gru import GRU, MGU
from .lstm import LSTM
from .rnn import RNN

CLASSES = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}

# The gates in the order of each. ONNX and Keras write c for g, and h for n.
ORDER = {
    "torch.nn": {"RNN": "h", "LSTM": "ifgo", "GRU": "rzn"},
    "ONNX": {"RNN": "h", "LSTM": "iofg", "GRU": "zrn", "peepholes": "iof"},
    "Keras": {"RNN": "h", "LSTM": "ifgo", "GRU": "zrn"},
}

# What each has beside the plain layers. What is not here is refused.
ANY = ["activation 'relu'", "activation 'sigmoid'", "activation 'identity'"]
APART = "input activation apart from the output activation"
OPEN = [
    f"option to leave out the {gate} gate" for gate in ("input", "forget", "output")
]
BEFORE, MINIMAL = "reset before the product", "minimal gated unit"
HAS = {
    "torch.nn": {"RNN": ANY[:1], "LSTM": ["projection"], "GRU": []},
    "ONNX": {
        "RNN": ANY,
        "LSTM": [*ANY, APART, "peepholes", "coupled gates", *OPEN],
        "GRU": [BEFORE, MINIMAL],
    },
    "Keras": {"RNN": ANY, "LSTM": ANY, "GRU": [BEFORE]},
}


def kind(layer):
    """Return which of the three layers this is; an MGU is a GRU."""
    return "GRU" if isinstance(layer, MGU) else type(layer).__name__


def options(layer):
    """List what a layer has beside the plain one, in the words of `HAS`."""
    if isinstance(layer, MGU):
        return [MINIMAL]
    if isinstance(layer, GRU):
        return [BEFORE] if layer.reset == "before" else []
    if isinstance(layer, RNN):
        names = [layer.activation]
        return [f"activation {name!r}" for name in names if name != "tanh"]
    names = layer.input_activation, layer.output_activation
    found = {
        "peepholes": layer.peephole,
        "coupled gates": layer.coupled,
        "gate recurrence": layer.gate_recurrence,
        "layer normalisation": layer.layer_norm,
        "projection": layer.projection_size is not None,
        **{f"activation {name!r}": name != "tanh" for name in names},
        APART: names[0] != names[1],
        **dict(
            zip(
                OPEN,
                (
                    not there
                    for there in (
                        layer.input_gate,
                        layer.forget_gate,
                        layer.output_gate,
                    )
                ),
                strict=True,
            )
        ),
    }
    return [option for option, there in found.items() if there]


def refuse(package, layer):
    """Raise if a package has no such variant."""
    missing = [o for o in options(layer) if o not in HAS[package][kind(layer)]]
    if missing:
        name = {"torch.nn": "torch.nn.{}", "ONNX": "ONNX's {}", "Keras": "Keras's {}"}
        raise ValueError(f"{name[package].format(kind(layer))} has no {missing[0]}")


def take_apart(layer):
    """Return the parameters of a layer gate by gate."""
    W, b = layer.params["W_x"], layer.params["b"]
    b_h, p = np.zeros_like(b), np.zeros_like(b)
    if "b_hn" in layer.params:
        b_h[-layer.hidden_size :] = layer.params["b_hn"]
    gates = cut(_order(layer), [W, layer.params["W_h"], b, b_h, p])
    for gate in gates:
        gates[gate][4] = layer.params.get(f"p_{gate}", gates[gate][4])
    return gates


def put_together(name, gates, **variant):
    """Make a layer of the parameters of each gate."""
    W, *_ = next(iter(gates.values()))
    rng = np.random.default_rng(0)  # what it draws is overwritten
    layer = CLASSES[name](*W.shape, rng=rng, dtype=W.dtype, **variant)
    W, R, b_x, b_h, *_ = side_by_side(gates, _order(layer))
    new = {"W_x": W, "W_h": R, "b": b_x + b_h}
    if "b_hn" in layer.params:  # behind the reset: these two cannot be added
        H = layer.hidden_size
        new["b"][-H:], new["b_hn"] = b_x[-H:], b_h[-H:]
    for gate, (*_, p) in gates.items():
        if f"p_{gate}" in layer.params:
            new[f"p_{gate}"] = p
    for key, array in new.items():
        layer.params[key][...] = array
    return layer


def cut(order, arrays):
    """Cut the columns of each array into those of the gates."""
    parts = [np.split(array, len(order), -1) for array in arrays]
    return {gate: [*part] for gate, *part in zip(order, *parts, strict=True)}


def side_by_side(gates, order):
    """Join the columns of the gates in some order: what `cut` undoes."""
    return [np.concatenate(p, -1) for p in zip(*map(gates.get, order), strict=True)]


def take_down(layer):
    """List the layers of a stack from the bottom up: of each, its directions."""
    stacked = layer.layers if isinstance(layer, Stack) else [layer]
    grid = [part.layers if isinstance(part, Bidirectional) else [part]
            for part in stacked]  # fmt: skip
    for part in sum(grid, []):
        if type(part) not in (RNN, LSTM, GRU, MGU):
            raise TypeError(
                "layer must be an RNN, LSTM, GRU or MGU, a Bidirectional of them, or a "
                f"Stack of these, got a {type(part).__name__} inside"
            )
    return grid


def put_up(grid, dropout=0.0, rng=None):
    """Make one layer of what `take_down` lists."""
    layers = [Bidirectional(*row) if len(row) == 2 else row[0] for row in grid]
    if len(layers) == 1:
        return layers[0]
    return Stack(layers, dropout, rng=rng)


def _order(layer):
    """Return the gates of a layer in our order."""
    known = {RNN: "h", GRU: "rzn", MGU: "fn"}
    return known.get(type(layer)) or layer.order


def load(name):
    """Import a package that the layers do without."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"ONNX models need {name}: pip install {name}") from error
