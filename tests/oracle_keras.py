"""The layers of Keras, written from the equations that its documentation gives."""

import numpy as np

from agreement import floats


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
