"""Mistakes planted in small functions, one for each way to give a name a value."""

import linecache

import numpy as np
import pytest

from unrolled import RNN
from unrolled.planting import plant
from unrolled.verify import check_layer

HALF = 0.5


def equations(x, scale=2, *, shift=1):
    a = scale * x
    b, c = a + shift, a - shift
    low, high = sorted([b, c])
    total = 0
    for k in range(3):
        if k > 0:
            total += k * b
    c = HALF * c
    rest = {"low": low, "high": high}
    rest["scale"], rest["W_h"] = scale, total
    return (a, b, c), {**rest}


def results(mistakes, **names):
    (a, b, c), rest = plant(equations, mistakes, **names)(10)
    return {"a": a, "b": b, "c": c} | rest


RIGHT = {"scale": 2, "a": 20, "b": 21, "c": 9.5, "low": 19, "high": 21, "W_h": 63}


@pytest.mark.parametrize(
    ("mistakes", "change"),
    [
        ({}, {}),
        ({"b": "a"}, {"b": 20, "high": 20, "W_h": 60}),  # one of a pair
        ({"c@1": "a"}, {"c": 10, "low": 20}),  # of two, the first
        ({"c@2": "c"}, {"c": 19}),
        ({"low, high": "(b, c)"}, {"low": 21, "high": 19}),  # unpacked into both
        ({"total@1": "b"}, {"W_h": 84}),
        ({"total@2": "b"}, {"W_h": 21}),  # a += in an if in a loop, which is then an =
        ({"for k": "range(2)"}, {"W_h": 21}),
        ({"W_h": "-total"}, {"W_h": -63}),  # an entry that is added to a dict
        ({"high": "-high"}, {"high": -21}),  # one of a dict
        (
            {"a": "x", "W_h": "0"},
            {"a": 10, "b": 11, "c": 4.5, "low": 9, "high": 11, "W_h": 0},
        ),
    ],
    ids=str,
)
def test_a_mistake_is_planted_where_its_name_says(mistakes, change):
    assert results(mistakes) == RIGHT | change


def test_all_that_is_returned():
    assert plant(equations, {"return": "c"})(10) == 9.5


def test_the_function_keeps_its_arguments_and_its_names():
    planted = plant(equations, {"W_h": "0"})
    assert planted(10, 3, shift=2)[0] == (30, 32, 14)
    assert results({}, HALF=0.25) == RIGHT | {"c": 4.75}
    assert results({}) == RIGHT  # the right one is as it was


def fill(x, y, dh):
    np.add(x, y, dh)
    multiply = np.multiply
    multiply(x, dh, out=y)
    y[: len(x)] = y
    np.dot(x, y[:, None], dh)
    return dh, y


@pytest.mark.parametrize(
    ("mistake", "want"),
    [
        ({}, ([18.0], [9.0])),
        ({"dh@1": "x - y"}, ([-2.0], [-1.0])),
        ({"dh@2": "x * 0"}, ([0.0], [9.0])),
        ({"y": "dh"}, ([9.0], [4.5])),
        ({"y[:len(x)]": "3 * y"}, ([54.0], [27.0])),
    ],
)
def test_what_a_numpy_call_fills(mistake, want):
    x, y, dh = np.array([2.0]), np.array([2.5]), np.zeros(1)
    got = plant(fill, mistake)(x, y, dh)
    assert [g.tolist() for g in got] == [*want] and got[0] is dh


def test_the_same_function_in_a_notebook(monkeypatch):
    source = "def f(x):\n    y = 2 * x\n    return y\n"
    name, scope = "<ipython-input-1>", {}
    monkeypatch.setitem(
        linecache.cache, name, (len(source), None, source.splitlines(True), name)
    )
    exec(compile(source, name, "exec"), scope)
    assert plant(scope["f"], {"y": "3 * x"})(1) == 3


@pytest.mark.parametrize(
    ("name", "times"),
    [("d", 0), ("c", 2), ("c@3", 2), ("c@0", 2), ("x", 0), ("d, e", 0), ("for j", 0)],
)
def test_a_name_that_is_not_assigned_once_is_refused(name, times):
    with pytest.raises(ValueError) as caught:
        plant(equations, {name: "1"})
    bare = name.partition("@")[0]
    assert str(caught.value) == (
        f"{name} must be one assignment in equations, where {bare} is assigned "
        f"{times} times; the second would be {bare}@2"
    )


class Halved(RNN):
    @staticmethod
    def half(x):
        return x

    def backward(self, dhs, dstate=None):
        dxs, dstate = super().backward(dhs, dstate)
        dxs = self.half(dxs)
        return dxs, dstate


def test_a_method_of_a_class():
    wrong = plant(Halved.half, {"return": "x / 2"})
    planted = type("Planted", (Halved,), {"half": staticmethod(wrong)})
    for cls in (Halved, planted):
        layer = cls(2, 3, rng=np.random.default_rng(0))
        xs = np.random.default_rng(1).standard_normal((2, 3, 2))
        report = check_layer(layer, xs, rng=np.random.default_rng(2))
        assert (report["xs"].error > 0.1) == (cls is planted)
