"""Layers as the arrays of a Keras layer, and back."""

import numpy as np

from ..arguments import expect, floating, rectangular, shape_text
from .layouts import KERAS, gates_of, kind_of, layer_of, levels_of

KINDS = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
ACTIVATIONS = {theirs: ours for ours, theirs in KERAS.activations.items()}


def to_keras(layer):
    """Copy a layer's weights into the arrays that ``set_weights`` of Keras takes.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        The arrays do not tell its activation, nor where a GRU resets: make the Keras
        layer with the same.

    Returns
    -------
    list of array
        Kernel (I, kH), recurrent kernel (H, kH), and bias (kH,), or (2, 3H) for a GRU
        with its reset after the product.
    """
    if levels_of(layer, KERAS) != [[layer]]:
        raise TypeError(
            "to_keras takes a single layer: call it for each of layer.layers, "
            f"got a {type(layer).__name__}"
        )
    W_x, W_h, b_x, b_h, _ = KERAS.join(kind_of(layer), gates_of(layer))
    return [W_x, W_h, np.stack([b_x, b_h]) if "b_hn" in layer.params else b_x]


def from_keras(kind, weights, *, activation="tanh", reset_after=True):
    """Make a layer of the arrays that ``get_weights`` of Keras gives.

    Parameters
    ----------
    kind : str
        "SimpleRNN", "LSTM" or "GRU".
    weights : list of array
        Kernel, recurrent kernel and, unless there is none, bias.
    activation : str
        Its nonlinearity: "tanh", "relu", "sigmoid" or "linear"; of a GRU, "tanh".
    reset_after : bool
        Whether a GRU resets after the product.

    Returns
    -------
    RNN, LSTM or GRU
        In the data type of the kernel.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be 'SimpleRNN', 'LSTM' or 'GRU', got {kind!r}")
    known = ["tanh"] if kind == "GRU" else [*ACTIVATIONS]
    if activation not in known:
        words = " or ".join(repr(word) for word in known)
        raise ValueError(f"activation of {kind} must be {words}, got {activation!r}")
    if len(weights) not in (2, 3):
        raise ValueError(
            "weights must hold kernel, recurrent kernel and perhaps bias, "
            f"got {len(weights)} arrays"
        )
    k, W_x = len(KERAS.order[KINDS[kind]]), rectangular("kernel", weights[0])
    if W_x.ndim != 2 or W_x.shape[1] % k:
        shape, got = f"(I, {k if k > 1 else ''}H)", shape_text(W_x.shape)
        raise ValueError(f"kernel of {kind} must have shape {shape}, got {got}")
    dtype, width = floating(W_x.dtype), W_x.shape[1]
    W_x = expect("kernel", W_x, ("I", "kH"), dtype)
    W_h = expect("recurrent kernel", weights[1], (width // k, width), dtype)
    b_x, b_h = np.zeros((2, width), dtype)
    if len(weights) == 3 and kind == "GRU" and reset_after:
        b_x, b_h = expect("bias", weights[2], (2, width), dtype)
    elif len(weights) == 3:
        b_x = expect("bias", weights[2], (width,), dtype)
    f = ACTIVATIONS[activation]
    options = {
        "SimpleRNN": {"activation": f},
        "LSTM": {"input_activation": f, "output_activation": f},
        "GRU": {"reset": "after" if reset_after else "before"},
    }[kind]
    gates = KERAS.split(KINDS[kind], W_x, W_h, b_x, b_h)
    return layer_of(KINDS[kind], gates, **options)
