"""Weights of Keras, run by its equations and here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import BOTH, SEED, SIZE, assert_same_layer, make, refusal
from oracle_keras import ACTIVATIONS, draw_weights, keras_difference, keras_variant
from unrolled import GRU, LSTM, RNN, Bidirectional, Stack, interop

KERAS_CASES = [
    *((kind, f, True) for kind in ("SimpleRNN", "LSTM") for f in ACTIVATIONS),
    ("GRU", "tanh", True),
    ("GRU", "tanh", False),
]


@given(st.sampled_from(KERAS_CASES), SIZE, SIZE, SIZE, st.integers(1, 5), SEED)
def test_layers_of_keras_are_those_of_its_equations(case, I, H, B, T, seed):
    sizes = {"I": I, "H": H, "B": B, "T": T, "seed": seed}
    first, second = keras_difference(*case, **sizes)
    assert first < 1e-12
    assert second < 1e-12


@given(st.sampled_from(KERAS_CASES), SIZE, SIZE, BOTH, SEED)
def test_to_keras_and_back_bit_for_bit(case, I, H, dtype, seed):
    kind, activation, reset_after = case
    cls = {"SimpleRNN": RNN, "LSTM": LSTM, "GRU": GRU}[kind]
    variant = keras_variant(cls, activation, reset_after)
    layer = make(cls, I, H, dtype, seed, **variant)
    weights = interop.to_keras(layer)
    assert {array.dtype for array in weights} == {np.dtype(dtype)}
    options = {"activation": activation, "reset_after": reset_after}
    again = interop.from_keras(kind, weights, **options)
    assert_same_layer(again, layer)
    for key, value in variant.items():
        assert getattr(again, key) == value


@pytest.mark.parametrize(("kind", "activation", "reset_after"), KERAS_CASES)
def test_a_keras_layer_without_bias_has_a_bias_of_zero(kind, activation, reset_after):
    weights = draw_weights(np.random.default_rng(0), kind, 3, 2, reset_after)
    options = {"activation": activation, "reset_after": reset_after}
    layer = interop.from_keras(kind, weights[:2], **options)
    none = [*weights[:2], np.zeros_like(weights[2])]
    assert_same_layer(layer, interop.from_keras(kind, none, **options))


W, R, BIAS = np.ones((2, 12)), np.ones((3, 12)), np.ones(12)
THREE = np.ones((2, 9)), np.ones((3, 9)), np.ones((2, 9))


@pytest.mark.parametrize(
    ("kind", "weights", "options", "sentence"),
    [
        ("RNN", [W, R], {}, "kind must be 'SimpleRNN', 'LSTM' or 'GRU', got 'RNN'"),
        ("LSTM", [W], {},
         "weights must hold kernel, recurrent kernel and perhaps bias, got 1 arrays"),
        ("LSTM", [W.T, R], {}, "kernel of LSTM must have shape (I, 4H), got (12, 2)"),
        ("GRU", [W[0], R], {}, "kernel of GRU must have shape (I, 3H), got (12,)"),
        ("LSTM", [W, R.T], {},
         "recurrent kernel must have shape (3, 12), got (12, 3)"),
        ("LSTM", [W, R, np.ones((2, 12))], {},
         "bias must have shape (12,), got (2, 12)"),
        ("GRU", [*THREE[:2], THREE[2][0]], {}, "bias must have shape (2, 9), got (9,)"),
        ("GRU", THREE, {"reset_after": False},
         "bias must have shape (9,), got (2, 9)"),
        ("GRU", THREE, {"activation": "relu"},
         "activation of GRU must be 'tanh', got 'relu'"),
        ("LSTM", [W, R], {"activation": "gelu"},
         "activation of LSTM must be 'tanh' or 'relu' or 'sigmoid' or 'linear', "
         "got 'gelu'"),
        ("LSTM", [W.astype(int), R], {}, "dtype must be float32 or float64, got int64"),
        ("LSTM", [W, np.nan * R], {},
         "recurrent kernel must be finite, got nan at index (0, 0)"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_keras_layer(kind, weights, options, sentence):
    with refusal(sentence):
        interop.from_keras(kind, weights, **options)


def test_keras_takes_a_single_layer():
    sentence = (
        "to_keras takes a single layer: call it for each of layer.layers, got a {}"
    )
    with refusal(sentence.format("Stack")):
        interop.to_keras(Stack([make()]))
    with refusal(sentence.format("Bidirectional")):
        interop.to_keras(Bidirectional(make(), make()))
