"""Nonlinearities and their derivatives against torch, at any size and in any type."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agrees, floats
from unrolled.activations import ACTIVATIONS, activation, relu, sigmoid, softmax

DTYPES = st.sampled_from([np.float32, np.float64])
SHAPES = st.lists(st.integers(1, 4), max_size=3).map(tuple)
SEEDS = st.integers(0, 2**32 - 1)

TORCH = {
    "identity": lambda a: a,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def test_every_activation_has_its_oracle():
    assert set(TORCH) == set(ACTIVATIONS)


@given(st.sampled_from(sorted(TORCH)), SHAPES, DTYPES, SEEDS)
def test_value_and_derivative_are_those_of_torch(name, shape, dtype, seed):
    a = floats(np.random.default_rng(seed), *shape, low=-4, high=4)
    want = torch.tensor(a, requires_grad=True)
    y = TORCH[name](want)
    y.sum().backward()

    f, df = activation(name)
    got = f(np.asarray(a, dtype))
    assert_agrees(got, y.detach().numpy(), dtype, scale=1.0)
    assert_agrees(df(got), want.grad.numpy(), dtype, scale=1.0)


@pytest.mark.parametrize("name", sorted(TORCH))
def test_the_complex_step_passes_through(name):
    # |a| >= 0.1: at 0 the derivative of relu is a choice.
    a = np.array([-2.0, -0.4, 0.1, 1.3])
    f, df = activation(name)
    got = f(a + 1e-200j).imag / 1e-200
    assert_agrees(got, df(f(a)), np.float64)


def test_relu_is_flat_at_zero():
    f, df = activation("relu")
    assert df(f(np.zeros(1))) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_far_out_nothing_overflows(dtype):
    far = np.array([-1e4, -100, 100, 1e4], dtype)
    np.testing.assert_array_equal(sigmoid(far), np.array([0, 0, 1, 1], dtype))
    np.testing.assert_array_equal(relu(far), np.array([0, 0, 100, 1e4], dtype))
    np.testing.assert_array_equal(softmax(far), np.array([0, 0, 0, 1], dtype))


@given(SHAPES, st.integers(1, 6), DTYPES, SEEDS)
def test_softmax_is_that_of_torch(leading, V, dtype, seed):
    logits = floats(np.random.default_rng(seed), *leading, V, low=-9, high=9)
    got = softmax(logits.astype(dtype))
    assert_agrees(got, torch.softmax(torch.tensor(logits), -1).numpy(), dtype)
    assert_agrees(got.sum(axis=-1), np.ones(leading), dtype)


def test_softmax_takes_lists():
    assert_agrees(
        softmax([[0.0, 0.0], [0.0, np.log(3)]]), [[0.5, 0.5], [0.25, 0.75]], float
    )


def test_softmax_does_not_see_a_constant():
    logits = floats(np.random.default_rng(0), 3, 5)
    assert_agrees(softmax(logits + 512), softmax(logits), np.float64)


def test_inputs_stay_as_they_were():
    a = floats(np.random.default_rng(0), 2, 3)
    before = a.copy()
    for f in (relu, sigmoid, softmax, *(pair.f for pair in ACTIVATIONS.values())):
        f(a)
    np.testing.assert_array_equal(a, before)


def test_an_unknown_name_is_refused():
    sentence = (
        "activation must be one of 'identity', 'relu', 'sigmoid', 'tanh', got 'Tanh'"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        activation("Tanh")


def test_relu_passes_nan_on():
    assert np.isnan(relu(np.array([np.nan]))).all()
