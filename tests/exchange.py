"""Layers for the tests of `unrolled.interop`, and what holds one against another."""

import re

import numpy as np
import pytest
from hypothesis import strategies as st

from cases import Case
from unrolled import RNN, Bidirectional, Stack

SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**32 - 1)
SINGLE = 5e-6  # how far ONNX Runtime may be, in float32
BOTH = st.sampled_from([np.float64, np.float32])


def refusal(sentence):
    """Expect a whole sentence."""
    return pytest.raises((TypeError, ValueError), match=f"^{re.escape(sentence)}$")


def make(cls=RNN, I=3, H=3, dtype=np.float64, seed=0, **options):
    """Make a layer with weights of which none is zero."""
    return Case(cls, options, I=I, H=H, dtype=dtype, seed=seed).layer


def stacked(cls, depth, ways, I, H, dtype, seed, **options):
    """Make as many levels of layers, in one or two directions."""
    layers = []
    for k in range(depth):
        level = [make(cls, I, H, dtype, (seed + 7 * k + d) % 2**32, **options)
                 for d in range(ways)]  # fmt: skip
        layers.append(Bidirectional(*level) if ways == 2 else level[0])
        I = layers[-1].output_size
    return Stack(layers) if depth > 1 else layers[0]


def assert_same_layer(got, want):
    """Hold a layer against another: class, parameters, bit for bit."""
    assert type(got) is type(want)
    assert got.params.keys() == want.params.keys()
    assert got.dtype == want.dtype
    for name, p in want.params.items():
        assert got.params[name].dtype == p.dtype
        np.testing.assert_array_equal(got.params[name], p, err_msg=name)
