"""Elementwise nonlinearities, and their derivatives in terms of the output.

A backward pass has the output y = f(a) at hand, not the pre-activation a. So each
derivative is a function of y. A nonlinearity and a slope take an array of any shape
and return one of its shape and data type: ``out`` if it is given, which may be the
array itself.
"""

from typing import NamedTuple

import numpy as np

from .arguments import choice


class Activation(NamedTuple):
    """A nonlinearity ``f`` and its derivative ``df``, in terms of y = f(a)."""

    f: callable
    df: callable


def sigmoid(a, out=None):
    """Squash a to (0, 1): 1 / (1 + exp(-a)).

    The form through tanh cannot overflow, whatever the size of a.
    """
    y = np.tanh(np.multiply(a, 0.5, out), out)
    return np.add(np.multiply(y, 0.5, out), 0.5, out)


def relu(a, out=None):
    """Cut a off below zero: a where its real part is positive, else 0."""
    return np.maximum(a, 0, out=out)


def softmax(logits):
    """Turn logits (..., V) into probabilities: positive, of sum 1 along the last axis.

    Adding a constant to a row changes nothing.
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
    """Return the `Activation` of a name: "identity", "relu", "sigmoid" or "tanh".

    Another name raises a ValueError.
    """
    return ACTIVATIONS[choice("activation", name, ACTIVATIONS)]
