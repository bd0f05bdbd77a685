"""The checks themselves, on functions whose gradients are known."""

import numpy as np
import pytest
import torch

from unrolled.verify import (
    Mismatch,
    Report,
    autograd,
    compare,
    complex_step,
    finite_differences,
    mismatch,
)

POINTS = [-30.0, -1.0, -1e-9, 0.0, 0.3, 2.0, 1e3]


@pytest.mark.parametrize(
    ("f", "df"),
    [(np.sin, np.cos), (np.tanh, lambda x: 1 - np.tanh(x) ** 2), (np.exp, np.exp)],
    ids=["sin", "tanh", "exp"],
)
def test_both_estimates_of_known_functions(f, df):
    x = np.linspace(-2, 2, 12).reshape(3, 4)
    # eps / h = 3e-13 of f, and h**4 / 30 = 1e-14 of a fifth derivative of at most 16.
    estimated = finite_differences(lambda: f(x).sum(), x)
    np.testing.assert_allclose(estimated, df(x), 0, 1e-12 * np.abs(f(x)).sum())
    z = x.astype(complex)
    np.testing.assert_allclose(complex_step(lambda: f(z).sum(), z), df(x), 1e-15, 1e-15)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("power", [1, 2, 3, 4])
def test_five_points_have_no_error_but_rounding_up_to_the_fourth_power(point, power):
    x = np.array([point])
    got = finite_differences(lambda: x[0] ** power, x)[0]
    size = max(1.0, abs(point)) ** (power - 1)
    assert abs(got - power * point ** (power - 1)) < 3e-12 * size * power


def test_the_step_grows_with_the_number():
    x, asked = np.array([1e6, 1.0]), []
    finite_differences(lambda: asked.append(x.copy()) or 0.0, x)
    moved = np.abs(np.array(asked) - x).max(axis=0)
    assert moved[0] == pytest.approx(1e6 * moved[1], rel=1e-3)


class Stop(Exception):
    """What a function under test raises."""


@pytest.mark.parametrize(
    ("method", "dtype"), [(finite_differences, float), (complex_step, complex)]
)
@pytest.mark.parametrize("calls", [1, 2, 3, 99])
def test_every_number_is_put_back_whatever_happens(method, dtype, calls):
    x = np.array([[0.1, 0.2], [0.3, 1 / 3]], dtype)
    before, left = x.tobytes(), [calls]

    def f():
        left[0] -= 1
        if not left[0]:
            raise Stop
        return (x * x).sum()

    if calls == 99:
        np.testing.assert_allclose(method(f, x), 2 * x.real, 1e-11)
    else:
        with pytest.raises(Stop):
            method(f, x)
    assert x.tobytes() == before


def test_empty_and_single_numbers_have_gradients():
    for method, dtype in [(finite_differences, float), (complex_step, complex)]:
        none, one = np.ones((0, 3), dtype), np.array(2, dtype)
        assert method(lambda x=none: x.sum(), none).shape == (0, 3)
        assert method(lambda x=one: x[()] ** 2, one) == pytest.approx(4)


@pytest.mark.parametrize(
    ("method", "x", "came"),
    [
        (finite_differences, np.ones(2, np.float32), "float32"),
        (finite_differences, np.ones(2, int), "int64"),
        (finite_differences, [1.0], "list"),
        (complex_step, np.ones(2), "float64"),
        (complex_step, 1.0, "float"),
    ],
)
def test_another_type_is_refused(method, x, came):
    needs = {
        finite_differences: "finite differences need an array of float64",
        complex_step: "the complex step needs an array of complex128",
    }
    with pytest.raises(TypeError) as caught:
        method(lambda: 0.0, x)
    assert str(caught.value) == f"{needs[method]}, got {came}"


def test_autograd_knows_what_is_unused():
    arrays = {"x": np.array([3.0, 4.0]), "w": np.ones((2, 1)), "n": np.array([1, 2])}
    grads = autograd(lambda x, w, n: (x**2).sum() + (x * n).sum(), arrays)
    assert [*grads] == ["x", "w", "n"]
    np.testing.assert_array_equal(grads["x"], [7, 10])
    np.testing.assert_array_equal(grads["w"], np.zeros((2, 1)))
    np.testing.assert_array_equal(grads["n"], [3, 4])
    assert {grad.dtype for grad in grads.values()} == {np.dtype(float)}


def test_a_mismatch_is_relative_to_the_largest_number_of_either():
    want = np.array([[0.0, 4.0], [1.0, -10.0]])
    got = want.copy()
    assert mismatch(got, want).error == 0
    got[1, 0] = 1.5
    assert mismatch(got, want) == Mismatch(0.05, (1, 0), 1.5, 1.0)
    got[0, 0] = 40.0
    assert mismatch(got, want) == Mismatch(1.0, (0, 0), 40.0, 0.0)
    assert mismatch(want, got).error == 1.0
    assert mismatch(np.zeros(3), np.zeros(3)).error == 0
    assert mismatch(3.0, 2.0) == Mismatch(1 / 3, (), 3.0, 2.0)
    assert mismatch(np.ones((0, 2)), np.ones((0, 2))).error == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["got", "want", "both"])
def test_what_is_not_finite_differs_from_everything(bad, side):
    arrays = {"got": np.zeros((2, 3)), "want": np.zeros((2, 3))}
    for name in arrays if side == "both" else [side]:
        arrays[name][1, 2] = bad
    with np.errstate(invalid="ignore"):
        found = mismatch(**arrays)
    assert found.error == np.inf and found.index == (1, 2)
    report = Report(good=mismatch(1.0, 1.0), bad=found, fair=mismatch(1.0, 2.0))
    assert report.worst == np.inf


def test_compare_refuses_what_cannot_be_compared():
    one = {"b": np.ones(3)}
    with pytest.raises(ValueError) as caught:
        compare({"W_h": np.ones(3)}, one)
    assert str(caught.value) == "the names must agree, got ['W_h'] for ['b']"
    with pytest.raises(ValueError) as caught:  # and does not broadcast
        compare({"b": np.ones((1, 3))}, one)
    assert "got (1, 3) for (3,)" in str(caught.value)


def test_a_report_prints_as_a_table():
    want = {"W_h": np.eye(3), "b": np.array([2.0, -4.0])}
    got = {"W_h": np.eye(3), "b": np.array([2.0, -4.5])}
    report = compare(got, want)
    lines = str(report).splitlines()
    assert repr(report) == str(report)
    assert [*report] == ["W_h", "b"] and len(lines) == 3
    assert lines[0].split() == ["rel.", "error", "worst", "at", "got", "want"]
    assert lines[2].split() == ["b", "1.1e-01", "(1,)", "-4.5", "-4"]
    assert len({len(line) for line in lines}) == 1  # the columns stand in line
    assert report.worst == pytest.approx(0.5 / 4.5) and Report().worst == 0


def test_mismatch_of_unsigned_numbers_and_booleans():
    assert mismatch(np.array([0], "u1"), np.array([1], "u1")).error == 1
    assert mismatch(np.array([True]), np.array([True])).error == 0


def test_autograd_returns_an_array_of_its_own():
    grad = autograd(lambda x: x.sum(), {"x": np.ones(3)})["x"]
    grad[0] = 5
    assert grad.tolist() == [5, 1, 1]


def test_autograd_of_a_constant_is_zero():
    f = lambda x: torch.tensor(1.0)  # noqa: E731
    assert autograd(f, {"x": np.ones(3)})["x"].tolist() == [0, 0, 0]
