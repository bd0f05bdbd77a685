"""Elementwise nonlinearities, and their derivatives in terms of the output.

A backward pass has the output y = f(a) at hand, not the pre-activation a. So each
derivative is a function of y.
"""

from typing import NamedTuple

import numpy as np

from .arguments import choice


class Activation(NamedTuple):
    """A nonlinearity ``f`` and its derivative ``df``, written in terms of y = f(a).

    Both take the array and, if wanted, ``out``, an array for the result; it may be the
    array itself.
    """

    f: callable
    df: callable


def sigmoid(a, out=None):
    """Squash a to (0, 1).

    The form through tanh cannot overflow, whatever the size of a.

    Parameters
    ----------
    a : array
        Pre-activations, any shape.
    out : array, optional
        Where the result goes.

    Returns
    -------
    array
        1 / (1 + exp(-a)), the shape and data type of a.
    """
    y = np.tanh(np.multiply(a, 0.5, out), out)
    return np.add(np.multiply(y, 0.5, out), 0.5, out)


def relu(a, out=None):
    """Cut a off below zero.

    Parameters
    ----------
    a : array
        Pre-activations, any shape.
    out : array, optional
        Where the result goes.

    Returns
    -------
    array
        a where its real part is positive, else 0; the shape and data type of a.
    """
    return np.maximum(a, 0, out=out)


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
    exps = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exps / exps.sum(axis=-1, keepdims=True)


def identity_slope(y, out=None):
    """Return the slope of the identity: one everywhere."""
    return np.power(y, 0, out)


def relu_slope(y, out=None):
    """Return the slope of relu: one where y is positive, else zero."""
    return np.greater(y, 0, np.empty_like(y) if out is None else out)


def sigmoid_slope(y, out=None):
    """Return the slope of sigmoid, y (1 - y)."""
    return np.multiply(y, 1 - y, out)


def tanh_slope(y, out=None):
    """Return the slope of tanh, 1 - y²."""
    return np.subtract(1, np.multiply(y, y, out), out)


ACTIVATIONS = {
    "identity": Activation(np.positive, identity_slope),
    "relu": Activation(relu, relu_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "tanh": Activation(np.tanh, tanh_slope),
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
    return ACTIVATIONS[choice("activation", name, ACTIVATIONS)]
