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


@pytest.mark.parametrize(
    ("labels", "error", "sentence"),
    [
        ([3], ValueError, "labels must lie in 0 to 2, got values from 3 to 3"),
        ([-1, 0], ValueError, "labels must lie in 0 to 2, got values from -1 to 0"),
        ([0.5], TypeError, "labels must be integers, got float64"),
    ],
)
def test_one_hot_refuses_what_is_no_label(labels, error, sentence):
    with pytest.raises(error, match=sentence):
        data.one_hot(labels, 3)


def test_hello_asks_each_letter_for_the_next():
    xs, labels, alphabet = data.hello()
    assert xs.shape == (1, 4, 4) and labels.shape == (1, 4)
    assert "".join(alphabet[i] for i in xs[0].argmax(axis=-1)) == "hell"
    assert "".join(alphabet[i] for i in labels[0]) == "ello"


def test_sines_ask_for_the_next_value_of_a_sine():
    xs, ys = data.sines(np.random.default_rng(0), B=4, T=40)
    assert xs.shape == ys.shape == (4, 40, 1)
    assert (xs[:, 1:] == ys[:, :-1]).all()
    x = xs[:, :, 0]  # a sine obeys x[t + 1] + x[t - 1] = 2 cos(2 pi / period) x[t]
    period = 2 * np.pi / np.arccos((x[:, 2] + x[:, 0]) / (2 * x[:, 1]))
    assert ((period > 10) & (period < 30)).all()
    step = 2 * np.cos(2 * np.pi / period)[:, None]
    assert np.allclose(x[:, 2:] + x[:, :-2], step * x[:, 1:-1], rtol=0, atol=1e-9)


def test_sines_depend_on_the_seed_alone():
    first, again, other = (
        data.sines(np.random.default_rng(seed), B=2, T=5, noise=0.1, dtype=np.float32)
        for seed in (1, 1, 2)
    )
    assert first[0].dtype == first[1].dtype == np.float32
    assert (first[0] == again[0]).all() and (first[0] != other[0]).any()


@pytest.mark.parametrize("wrong", [{"B": 0}, {"T": 0}, {"noise": -0.1}])
def test_sines_refuse_sizes_below_one(wrong):
    with pytest.raises(ValueError, match="must be .* or more, got"):
        data.sines(np.random.default_rng(0), **wrong)


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
    X[:], y[:] = -1, -1
    assert s.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("s", "length", "horizon", "sentence"),
    [
        (np.zeros((3, 1)), 1, 1, r"series must have shape \(N,\), got \(3, 1\)"),
        (np.zeros(3), 0, 1, "length and horizon must be 1 or more, got 0 and 1"),
        (np.zeros(3), 1, 0, "length and horizon must be 1 or more, got 1 and 0"),
        (np.zeros(3), 3, 1, "need at least 4 values, got 3"),
    ],
)
def test_windows_say_what_is_wrong(s, length, horizon, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.windows(s, length, horizon)


@given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 99))
def test_adding_asks_for_the_sum_of_one_number_of_each_half(B, T, seed):
    xs, ys = data.adding(np.random.default_rng(seed), B, T)
    assert xs.shape == (B, T, 2) and ys.shape == (B, 1)
    numbers, marks = xs[..., 0], xs[..., 1]
    assert ((numbers >= 0) & (numbers < 1)).all()
    for row in range(B):
        first, second = np.flatnonzero(marks[row])
        assert first < T // 2 <= second
        assert (marks[row, [first, second]] == 1).all()
        assert ys[row, 0] == numbers[row, first] + numbers[row, second]


def test_adding_marks_every_step_and_has_the_variance_of_two_even_numbers():
    xs, ys = data.adding(np.random.default_rng(0), B=20_000, T=5, dtype=np.float32)
    assert xs.dtype == ys.dtype == np.float32
    share = xs[..., 1].mean(axis=0)  # two steps share one mark, three the other
    assert np.allclose(share, [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], atol=0.02)
    assert abs(ys.mean() - 1) < 0.02 and abs(ys.var() - 1 / 6) < 0.01


def test_adding_depends_on_the_seed_alone():
    first, again, other = (data.adding(np.random.default_rng(s)) for s in (1, 1, 2))
    assert (first[0] == again[0]).all() and (first[0] != other[0]).any()


@pytest.mark.parametrize("wrong", [{"B": 0}, {"T": 1}])
def test_adding_refuses_sizes_that_hold_no_two_marks(wrong):
    with pytest.raises(ValueError, match="B must be 1 or more and T 2 or more, got"):
        data.adding(np.random.default_rng(0), **wrong)


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
def test_streams_go_on_from_chunk_to_chunk(B, T, K, more, vectors):
    N = B * T * K + 1 + more
    series = np.arange(2 * N).reshape(N, 2) if vectors else np.arange(N)
    xs, ys = data.streams(series, B, T)
    assert xs.shape == ys.shape == (len(xs), B, T, *series.shape[1:])
    rows, after = (a.swapaxes(0, 1).reshape(B, -1, *series.shape[1:]) for a in (xs, ys))
    step = 2 if vectors else 1
    assert (after == rows + step).all() and (rows[:, 1:] == after[:, :-1]).all()
    # Stream b starts (N - 1) // B values after stream b - 1, and no chunk more fits.
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
        (np.arange(6), 0, 3, "B and T must be 1 or more, got B = 0 and T = 3"),
        (5.0, 1, 1, r"series must have shape \(N, ...\), got one number, 5.0"),
    ],
)
def test_streams_say_what_they_need(series, B, T, sentence):
    with pytest.raises(ValueError, match=sentence):
        data.streams(series, B, T)
