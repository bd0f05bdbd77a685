"""Forecasts of the plain kind: against loops, statsmodels, and mistakes put in."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planted import plant_in
from unrolled import data, forecast
from unrolled.forecast import Autoregression

SEEDS = st.integers(0, 2**32 - 1)


def walk(seed, length):
    """Return whole numbers, so that sums of them are exact."""
    return np.random.default_rng(seed).integers(-9, 10, length).astype(float)


@given(
    SEEDS, st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(0, 9)
)
def test_origins_roll_as_far_as_targets_go(seed, first, horizon, every, more):
    s = walk(seed, first + horizon + more)
    origins = forecast.rolling(len(s), first, horizon, every)
    wanted, o = [], first
    while o + horizon <= len(s):
        wanted, o = [*wanted, o], o + every
    assert origins.tolist() == wanted
    got = forecast.targets(s, origins, horizon)
    assert got.tolist() == [s[o : o + horizon].tolist() for o in wanted]


def naive_in_loops(s, origins, horizon, period):
    """Step back whole periods until the value is known."""
    ys = np.empty((len(origins), horizon))
    for n, o in enumerate(origins):
        for k in range(horizon):
            at = o + k
            while at >= o:
                at -= period
            ys[n, k] = s[at]
    return ys


@given(SEEDS, st.integers(1, 6), st.integers(1, 15), st.integers(0, 9))
def test_naive_forecasts_are_those_of_a_loop(seed, period, horizon, more):
    s = walk(seed, period + more)
    origins = np.arange(period, len(s) + 1)
    got = forecast.seasonal_naive(s, origins, horizon, period)
    assert (got == naive_in_loops(s, origins, horizon, period)).all()
    got = forecast.persistence(s, origins, horizon)
    assert (got == naive_in_loops(s, origins, horizon, 1)).all()


@given(SEEDS, st.integers(1, 4), st.integers(1, 4))
def test_an_autoregression_solves_the_normal_equations(seed, lags, horizon):
    s = np.random.default_rng(seed).normal(size=40)
    model = Autoregression(lags, horizon).fit(s)
    rows = [[*s[o - lags : o], 1.0] for o in range(lags, len(s) - horizon + 1)]
    wanted = [s[o : o + horizon] for o in range(lags, len(s) - horizon + 1)]
    X = np.array(rows)
    W = np.linalg.solve(X.T @ X, X.T @ np.array(wanted))
    np.testing.assert_allclose(model.W, W, rtol=0, atol=1e-10)
    ys = model.forecast(s, [lags, len(s)])
    want = [[*s[:lags], 1] @ W, [*s[-lags:], 1] @ W]
    np.testing.assert_allclose(ys, want, rtol=0, atol=1e-10)


def check_against_statsmodels():
    from statsmodels.tsa.ar_model import AutoReg

    _, spots = data.sunspots()
    model = Autoregression(9).fit(spots[:250])
    theirs = AutoReg(spots[:250], lags=9, trend="c").fit()
    want = theirs.params[[*range(9, 0, -1), 0]]  # theirs: bias first, newest first
    np.testing.assert_allclose(model.W[:, 0], want, rtol=1e-9, atol=0)
    origins = np.arange(250, 309)
    want = theirs.append(spots[250:]).predict(250, 308)
    np.testing.assert_allclose(
        model.forecast(spots, origins)[:, 0], want, rtol=1e-9, atol=0
    )


def test_an_autoregression_is_that_of_statsmodels():
    check_against_statsmodels()


def test_scores_by_hand():
    ys, wanted = np.array([[1.0, 5.0]]), np.array([[2, 2]])
    assert forecast.mae(ys, wanted) == 2
    assert forecast.rmse(ys, wanted) == np.sqrt(5)
    assert forecast.mase(ys, wanted, [0.0, 2.0, 1.0]) == 2 / 1.5
    assert forecast.mase(ys, wanted, [0.0, 2.0, 1.0], period=2) == 2


@given(SEEDS, st.integers(1, 5))
def test_on_what_it_was_scaled_by_the_naive_forecast_scores_one(seed, period):
    s = np.random.default_rng(seed).normal(size=30)
    origins = forecast.rolling(len(s), period)
    ys = forecast.seasonal_naive(s, origins, 1, period)
    wanted = forecast.targets(s, origins, 1)
    assert np.isclose(forecast.mase(ys, wanted, s, period), 1, rtol=1e-14)
    assert np.isclose(forecast.mase(1e6 * ys, 1e6 * wanted, 1e6 * s, period), 1)


def check_round_trip(seed, period, horizon, more):
    """What really changed, put back, is what really came: exact on whole numbers."""
    s = walk(seed, period + 1 + horizon + more)
    origins = forecast.rolling(len(s), period, horizon)
    changes = forecast.targets(
        forecast.difference(s, period), origins - period, horizon
    )
    ys = forecast.undifference(changes, s, origins, period)
    assert (ys == forecast.targets(s, origins, horizon)).all()


@given(SEEDS, st.integers(1, 6), st.integers(1, 15), st.integers(0, 9))
def test_differences_go_there_and_back(seed, period, horizon, more):
    check_round_trip(seed, period, horizon, more)


@given(SEEDS, st.integers(1, 6), st.integers(1, 12))
def test_no_change_is_the_seasonal_naive_forecast(seed, period, horizon):
    s, origins = walk(seed, 20), np.arange(period, 21)
    none = np.zeros((len(origins), horizon))
    ys = forecast.undifference(none, s, origins, period)
    assert (ys == forecast.seasonal_naive(s, origins, horizon, period)).all()


def test_differences_of_differences_go_there_and_back():
    s = walk(0, 60)
    by_season = forecast.difference(s, 12)
    changes = forecast.difference(by_season)
    origins = forecast.rolling(len(s), 20, 15)
    ys = forecast.targets(changes, origins - 13, 15)
    ys = forecast.undifference(ys, by_season, origins - 12)
    ys = forecast.undifference(ys, s, origins, 12)
    assert (ys == forecast.targets(s, origins, 15)).all()


def check_season(period):
    """Hold the season against the classical decomposition of statsmodels."""
    from statsmodels.tsa.seasonal import seasonal_decompose

    s = data.sunspots()[1][:100]
    places = forecast.season(s, period)
    want = seasonal_decompose(s, period=period).seasonal
    np.testing.assert_allclose(np.resize(places, 100), want, rtol=0, atol=1e-10)
    flat = forecast.deseason(s, places)
    np.testing.assert_allclose(flat + want, s, rtol=0, atol=1e-10)
    origins = forecast.rolling(len(s), 40, 15)
    ys = forecast.targets(flat, origins, 15)
    ys = forecast.reseason(ys, origins, places)
    wanted = forecast.targets(s, origins, 15)
    np.testing.assert_allclose(ys, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("period", [2, 3, 11, 12])
def test_a_season_is_that_of_statsmodels(period):
    check_season(period)


def test_a_season_without_a_season():
    assert forecast.season(walk(0, 9), 1) == [0]
    line = 3 + 0.5 * np.arange(40)
    np.testing.assert_allclose(forecast.season(line, 7), 0, rtol=0, atol=1e-13)


def check_blindness(make):
    """What comes after an origin does not change what is forecast there."""
    s = np.random.default_rng(0).normal(size=80)
    origins, future = np.array([40, 50]), s.copy()
    future[50:] = 1e6
    np.testing.assert_array_equal(make(s, origins), make(future, origins))


BLIND = {
    "persistence": lambda s, origins: forecast.persistence(s, origins, 20),
    "seasonal naive": lambda s, origins: forecast.seasonal_naive(s, origins, 20, 7),
    "autoregression": lambda s, origins: (
        Autoregression(5, 3).fit(s[:40]).forecast(s, origins)
    ),
    "undifference": lambda s, origins: forecast.undifference(
        np.ones((2, 20)), s, origins, 7
    ),
}


@pytest.mark.parametrize("name", BLIND)
def test_no_forecast_sees_the_future(name):
    check_blindness(BLIND[name])


PLANTED = {
    "naive: one period back, however far": (
        forecast.seasonal_naive,
        {"return": "series[(origins[:, None] - period + steps)"
                   ".clip(max=len(series) - 1)]"},
    ),
    "naive: counted from the target": (
        forecast.seasonal_naive,
        {"return": "series[origins[:, None] - 1 - steps % period]"},
    ),
    "the windows one value late": (
        Autoregression._inputs,
        {"X": "series[(origins[:, None] + 1 - self.lags + np.arange(self.lags))"
              ".clip(max=len(series) - 1)]"},
    ),
    "the windows one value early": (
        Autoregression._inputs,
        {"X": "series[origins[:, None] - 1 - self.lags + np.arange(self.lags)]"},
    ),
    "no bias": (
        Autoregression._inputs,
        {"return": "np.column_stack([X, np.zeros(len(X))])"},
    ),
    "changes not added up": (
        forecast.undifference,
        {"ys[:, first::period]": "ys[:, first::period] + changes[:, first::period]"},
    ),
    "changes added up from step to step": (
        forecast.undifference,
        {"ys[:, first::period]": "ys[:, first::period]"
                                 " + changes.cumsum(axis=1)[:, first::period]"},
    ),
    "changes to the next value": (
        forecast.difference,
        {"return": "series[:-period] - series[period:]"},
    ),
    "the season begins at the first full window": (
        forecast.season,
        {"places@1": "np.array([np.nanmean(left[half + place::period])"
                     " for place in range(period)])"},
    ),
    "a trend over a period and a step": (
        forecast.season,
        {"weights": "np.ones(2 * half + 1) / (2 * half + 1)"},
    ),
    "the season put back a step late": (
        forecast.reseason,
        {"return": "ys + places[(origins[:, None] + 1 + steps) % len(places)]"},
    ),
}  # fmt: skip


def check_all():
    """Run what the tests above rest on."""
    for period, horizon in [(1, 1), (1, 4), (3, 2), (3, 8)]:
        check_round_trip(0, period, horizon, 9)
        s, origins = walk(1, 20), np.arange(period, 20)
        got = forecast.seasonal_naive(s, origins, horizon, period)
        assert (got == naive_in_loops(s, origins, horizon, period)).all()
    check_against_statsmodels()
    check_season(12)
    for make in BLIND.values():
        check_blindness(make)


def test_nothing_is_found_where_nothing_is_wrong():
    check_all()


@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_is_found(monkeypatch, name):
    plant_in(monkeypatch, *PLANTED[name])
    with pytest.raises((AssertionError, IndexError)):
        check_all()


S = np.arange(10.0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: forecast.rolling(5, 4, 2),
         "an origin of 4 and a horizon of 2 need at least 6 values, got 5"),
        (lambda: forecast.rolling(5, 4, 0), "horizon must be at least 1, got 0"),
        (lambda: forecast.targets(S, [3, 9], 2), "an origin must lie in 0 … 8, got 9"),
        (lambda: forecast.targets(S, [-1], 2), "an origin must lie in 0 … 8, got -1"),
        (lambda: forecast.targets(S, 3, 2),
         "origins must be whole numbers, shape (N,), got () of int64"),
        (lambda: forecast.targets(S, [3.0], 2),
         "origins must be whole numbers, shape (N,), got (1,) of float64"),
        (lambda: forecast.persistence(S, [0], 2),
         "an origin must lie in 1 … 10, got 0"),
        (lambda: forecast.seasonal_naive(S, [4], 2, 5),
         "an origin must lie in 5 … 10, got 4"),
        (lambda: forecast.seasonal_naive(S, [4], 2, 0),
         "period must be at least 1, got 0"),
        (lambda: forecast.persistence(S[:, None], [3], 2),
         "series must have shape (N,), got (10, 1)"),
        (lambda: forecast.persistence([1, np.nan], [1], 2),
         "series must be finite, got nan at index (1,)"),
        (lambda: forecast.persistence([], [1], 2),
         "series must hold at least one value, got none"),
        (lambda: Autoregression(0), "lags must be at least 1, got 0"),
        (lambda: Autoregression(5, 2).fit(S),
         "5 lags and a horizon of 2 need at least 12 values, got 10"),
        (lambda: Autoregression(3).forecast(S, [4]),
         "an autoregression needs fit before forecast"),
        (lambda: Autoregression(3).fit(S).forecast(S, [2]),
         "an origin must lie in 3 … 10, got 2"),
        (lambda: forecast.mae([1.0], [1.0, 2.0]), "ys must have shape (2,), got (1,)"),
        (lambda: forecast.mae([], []), "a score needs at least one target, got none"),
        (lambda: forecast.rmse([np.inf], [1.0]),
         "ys must be finite, got inf at index (0,)"),
        (lambda: forecast.mase([1.0], [2.0], np.ones(5)),
         "a series that repeats itself exactly gives MASE no scale"),
        (lambda: forecast.mase([1.0], [2.0], [1.0]),
         "changes over a period of 1 need at least 2 values, got 1"),
        (lambda: forecast.difference(S, 10),
         "changes over a period of 10 need at least 11 values, got 10"),
        (lambda: forecast.undifference(np.ones((2, 3)), S, [4]),
         "changes must have shape (1, horizon), got (2, 3)"),
        (lambda: forecast.undifference(np.ones((2, 3)), S, 4),
         "origins must be whole numbers, shape (N,), got () of int64"),
        (lambda: forecast.season(S, 6),
         "a season with a period of 6 needs at least 12 values, got 10"),
        (lambda: forecast.reseason(np.ones((1, 2)), [-1], [1.0, 2.0]),
         "an origin must lie in 0 … inf, got -1"),
        (lambda: forecast.deseason(S, []),
         "places must hold at least one value, got none"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        call()
