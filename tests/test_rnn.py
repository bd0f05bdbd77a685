"""The plain recurrent layer against torch, against two estimates, and in its memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agree
from cases import Case, drawn
from transcription import by_torch_nn, by_transcription
from unrolled import RNN
from unrolled.verify import check_layer, complex_step, finite_differences

BOTH = [np.float64, np.float32]


def activations(*names):
    """Draw one of these activations."""
    return st.fixed_dictionaries({"activation": st.sampled_from(names)})


@given(drawn(RNN, activations("tanh", "relu"), BOTH))
def test_outputs_and_gradients_are_those_of_torch(case):
    assert_agree(case.run(), by_torch_nn(case), case.layer.dtype)


@given(drawn(RNN, activations("identity", "sigmoid", "tanh", "relu"), BOTH,
             T=st.integers(0, 6)))  # fmt: skip
def test_outputs_and_gradients_are_those_of_the_equation(case):
    assert_agree(case.run(), by_transcription(case), case.layer.dtype)


@settings(max_examples=60)
@given(drawn(RNN, activations("identity", "tanh", "sigmoid"), T=st.integers(0, 5)))
def test_gradients_are_those_of_two_estimates(case):
    rng = np.random.default_rng(0)
    # The complex step subtracts nothing, so only the layer's own rounding is left.
    args = case.layer, case.xs, case.state
    report = check_layer(*args, rng=rng, method=complex_step)
    assert report.worst < 1e-10, report
    # Five points lose eps / h = 3e-13 of the terms that f sums, and h**4 / 30 = 1e-14
    # of f's fifth derivative: 16 for tanh, times the fifth power of how fast the
    # pre-activation moves, which is up to 5 where a weight is used in five steps.
    # Both scale with the outputs, not with a gradient that happens to be small.
    hs, last = case.layer.forward(case.xs, case.state)
    size = 1 + np.abs(hs).sum() + np.abs(last).sum()
    report = check_layer(*args, rng=rng)
    for name, worst in report.items():
        gap = abs(worst.got - worst.want) if worst.error else 0.0  # T = 0 has none
        assert gap < 1e-9 * size, (name, report)


@pytest.mark.parametrize("dtype", BOTH)
def test_a_long_sequence_is_still_that_of_torch(dtype):
    case = Case(RNN, B=8, T=60, I=20, H=64, dtype=dtype)
    assert_agree(case.run(), by_torch_nn(case), dtype)


def test_an_estimate_needs_float64_numbers_all_the_way():
    """The float32 layer fails float64's tolerance by what float32 rounds away."""
    case = Case(RNN, B=2, T=3, I=2, H=3, dtype=np.float32)
    rng = np.random.default_rng(0)
    report = check_layer(case.layer, case.xs, rng=rng, method=finite_differences)
    assert 1e-9 < report.worst < 1e-5, report
