"""The layers of Keras, written from the equations that its documentation gives."""

import numpy as np

from agreement import error, floats
from exchange import make
from unrolled import GRU, LSTM, RNN, interop


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "sigmoid": sigmoid,
    "linear": lambda a: a,
}


def simple_rnn(x, h, kernel, recurrent, bias, f):
    return [f(x @ kernel + h @ recurrent + bias)]


def lstm(x, h, c, kernel, recurrent, bias, f):
    z = x @ kernel + h @ recurrent + bias
    z_i, z_f, z_c, z_o = np.split(z, 4, axis=1)
    c = sigmoid(z_f) * c + sigmoid(z_i) * f(z_c)
    return [sigmoid(z_o) * f(c), c]


def gru(x, h, kernel, recurrent, bias, f):
    U_z, U_r, U_h = np.split(recurrent, 3, axis=1)
    if bias.ndim == 2:  # reset_after
        x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=1)
        in_z, in_r, in_h = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(x_z + in_z), sigmoid(x_r + in_r)
        candidate = f(x_h + r * in_h)
    else:
        x_z, x_r, x_h = np.split(x @ kernel + bias, 3, axis=1)
        z, r = sigmoid(x_z + h @ U_z), sigmoid(x_r + h @ U_r)
        candidate = f(x_h + (r * h) @ U_h)
    return [z * h + (1 - z) * candidate]


LAYERS = {
    "SimpleRNN": (simple_rnn, 1),
    "LSTM": (lstm, 4),
    "GRU": (gru, 3),
}


def by_keras(kind, weights, activation, xs, state):
    """Run a Keras layer; return its outputs, and its last state."""
    step, _ = LAYERS[kind]
    hs = []
    for t in range(xs.shape[1]):
        state = step(xs[:, t], *state, *weights, ACTIVATIONS[activation])
        hs.append(state[0])
    return [np.stack(hs, axis=1), *state]


def draw_weights(rng, kind, I, H, reset_after, dtype=np.float64):
    """Draw what get_weights of Keras gives."""
    k = LAYERS[kind][1]
    bias = (2, k * H) if kind == "GRU" and reset_after else (k * H,)
    shapes = (I, k * H), (H, k * H), bias
    return [floats(rng, *shape, low=-1, high=1).astype(dtype) for shape in shapes]


def keras_difference(kind, activation, reset_after, *, I=3, H=3, B=2, T=4, seed=0,
                     read=None, write=None):  # fmt: skip
    """Return how far from Keras a layer is that was read, and one that was written."""
    rng = np.random.default_rng(seed)
    weights = draw_weights(rng, kind, I, H, reset_after)
    options = {"activation": activation, "reset_after": reset_after}
    layer = (read or interop.from_keras)(kind, weights, **options)
    xs = floats(rng, B, T, I)
    state = [floats(rng, B, H) for _ in range(2 if kind == "LSTM" else 1)]
    hs, last = layer.forward(xs, state if kind == "LSTM" else state[0])
    ours = [hs, *last] if kind == "LSTM" else [hs, last]
    theirs = by_keras(kind, weights, activation, xs, state)
    first = max(error(a, b, 1.0) for a, b in zip(ours, theirs, strict=True))

    variant = keras_variant(type(layer), activation, reset_after)
    mine = make(type(layer), I, H, seed=seed, **variant)
    hs, _ = mine.forward(xs, state if kind == "LSTM" else state[0])
    given = (write or interop.to_keras)(mine)
    second = error(hs, by_keras(kind, given, activation, xs, state)[0], 1.0)
    return first, second


def keras_variant(cls, activation, reset_after):
    """Return the options with which our layer is that of Keras."""
    f = {"linear": "identity"}.get(activation, activation)
    return {
        RNN: {"activation": f},
        LSTM: {"input_activation": f, "output_activation": f},
        GRU: {"reset": "after" if reset_after else "before"},
    }[cls]
