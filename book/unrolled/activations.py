"""Elementwise nonlinearities, and their derivatives in terms of the output.

A backward pass has the output y = f(a) at hand, not the pre-activation a. So each
derivative is a function of y.
"""

from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A nonlinearity ``f`` and its derivative ``df``, written in terms of y = f(a)."""

    f: callable
    df: callable


def sigmoid(a):
    """Squash a to (0, 1).

    The form through tanh cannot overflow, whatever the size of a.

    Parameters
    ----------
    a : array
        Pre-activations, any shape.

    Returns
    -------
    array
        1 / (1 + exp(-a)), the shape and data type of a.
    """
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def relu(a):
    """Cut a off below zero.

    Parameters
    ----------
    a : array
        Pre-activations, any shape.

    Returns
    -------
    array
        a where its real part is positive, else 0; the shape and data type of a.
    """
    return np.maximum(a, 0)


def softmax(logits):
    """Turn logits into probabilities along the last axis.

    Parameters
    ----------
    logits : array, shape (..., V)
        Scores; adding a constant to a row changes nothing.

    Returns
    -------
    array, shape (..., V)
        Positive numbers that sum to 1 along the last axis.
    """
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "identity": Activation(lambda a: a, np.ones_like),
    "relu": Activation(relu, lambda y: (y > 0).astype(y.dtype)),
    "sigmoid": Activation(sigmoid, lambda y: y * (1 - y)),
    "tanh": Activation(np.tanh, lambda y: 1 - y * y),
}


def activation(name):
    """Look up a nonlinearity by its name.

    Parameters
    ----------
    name : str
        One of "identity", "relu", "sigmoid", "tanh".

    Returns
    -------
    Activation
        The pair (f, df).

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        known = ", ".join(repr(known) for known in ACTIVATIONS)
        raise ValueError(f"activation must be one of {known}, got {name!r}")
    return ACTIVATIONS[name]
