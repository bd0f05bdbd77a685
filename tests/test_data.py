"""Found data, and how it is cut: against loops and against the sources."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import data


def test_one_hot_puts_a_single_one_at_the_label():
    got = data.one_hot([[2, 0]], 3, np.float32)
    assert got.tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert got.dtype == np.float32
    assert data.one_hot(np.zeros((2, 0)), 3).shape == (2, 0, 3)
    assert data.one_hot([0], 1).dtype == np.float64


def test_one_hot_refuses_what_is_no_label():
    with pytest.raises(
        ValueError, match=r"labels must lie in 0 … 2, got 3 at .*\(1,\)"
    ):
        data.one_hot([0, 3], 3)
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        data.one_hot([], 0)


def test_hello_asks_each_letter_for_the_next():
    xs, labels, alphabet = data.hello()
    assert xs.shape == (1, 4, 4) and labels.shape == (1, 4)
    assert alphabet == "ehlo" and xs.dtype == np.float64
    assert data.hello(np.float32)[0].dtype == np.float32
    assert "".join(alphabet[i] for i in xs[0].argmax(axis=-1)) == "hell"
    assert "".join(alphabet[i] for i in labels[0]) == "ello"


def test_sunspots_are_one_number_a_year():
    years, counts = data.sunspots()
    assert (years == np.arange(1700, 2009)).all() and counts.dtype == np.float64
    assert years[counts.argmax()] == 1957 and counts.min() == 0
    counts[:] = 0
    assert data.sunspots()[1].any()


def test_co2_fills_its_gaps_on_a_straight_line():
    import statsmodels.api as sm

    dates, ppm = data.co2()
    raw = sm.datasets.co2.load_pandas().data["co2"].to_numpy()
    gaps = np.isnan(raw)
    assert (np.diff(dates) == np.timedelta64(7, "D")).all()
    assert gaps.sum() == 59 and (ppm[~gaps] == raw[~gaps]).all()
    inside = np.flatnonzero(gaps)
    assert np.allclose(2 * ppm[inside], ppm[inside - 1] + ppm[inside + 1], atol=1e-9)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)
    with pytest.raises(ImportError, match="pip install statsmodels"):
        data.sunspots()


@given(st.integers(1, 8), st.integers(1, 5), st.integers(0, 10))
def test_windows_hold_what_a_loop_would_cut(length, horizon, extra):
    s = np.random.default_rng(extra).normal(size=length + horizon + extra)
    X, y = data.windows(s, length, horizon)
    assert X.shape == (extra + 1, length) and y.shape == (extra + 1,)
    for k in range(extra + 1):
        assert (X[k] == s[k : k + length]).all()
        assert y[k] == s[k + length - 1 + horizon]


def test_windows_are_copies():
    s = np.arange(5.0)
    X, y = data.windows(s, 2)
    assert X.tolist() == [[0, 1], [1, 2], [2, 3]] and y.tolist() == [2, 3, 4]
    X[:], y[:] = -1, -1
    assert s.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("s", "length", "horizon", "sentence"),
    [
        (np.zeros((3, 1)), 1, 1, r"series must have shape \(N,\), got \(3, 1\)"),
        (np.zeros(3), 0, 1, "length must be at least 1, got 0"),
        (np.zeros(3), 1, 0, "horizon must be at least 1, got 0"),
        (np.zeros(3), 3, 1, "need at least 4 values, got 3"),
        ([1, [2]], 3, 1, "^series must be rectangular, got rows that differ"),
    ],
)
def test_windows_say_what_is_wrong(s, length, horizon, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.windows(s, length, horizon)


def test_reference_is_plain_text_that_reads_as_prose():
    text = data.reference()
    assert text == data.reference() == text.lower()
    assert len(text) > 300_000 and len({*text}) < 75
    assert "  " not in text and text == text.strip() and text.isascii()
    assert "the assert statement" in text.replace('"', "")


@given(
    st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(0, 30),
    st.booleans(),
)  # fmt: skip
def test_streams_go_on_from_window_to_window(B, T, K, more, vectors):
    N = B * T * K + 1 + more
    series = np.arange(2 * N).reshape(N, 2) if vectors else np.arange(N)
    xs, ys = data.streams(series, B, T)
    assert xs.shape == ys.shape == (len(xs), B, T, *series.shape[1:])
    rows, after = (a.swapaxes(0, 1).reshape(B, -1, *series.shape[1:]) for a in (xs, ys))
    step = 2 if vectors else 1
    assert (after == rows + step).all() and (rows[:, 1:] == after[:, :-1]).all()
    # Stream b starts (N - 1) // B values after stream b - 1, and no window more fits.
    starts = rows[:, 0].reshape(B, -1)[:, 0] // step
    assert (starts == np.arange(B) * ((N - 1) // B)).all()
    assert len(xs) == (N - 1) // B // T >= K
    xs[...] = -1
    assert series.min() == 0


@pytest.mark.parametrize(
    ("series", "B", "T", "sentence"),
    [
        (np.arange(6), 2, 3, "2 streams of 3 steps.* need at least 7 values, got 6"),
        ([], 1, 1, "need at least 2 values, got 0"),
        ([[1], [1, 2]], 1, 1, "^series must be rectangular, got rows that differ"),
        (np.arange(6), 0, 3, "B must be at least 1, got 0"),
        (np.arange(6), 2, 0, "T must be at least 1, got 0"),
        (5.0, 1, 1, r"series must have shape \(N, ...\), got one number, 5.0"),
    ],
)
def test_streams_say_what_they_need(series, B, T, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.streams(series, B, T)
