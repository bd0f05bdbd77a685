"""The league's forecasts: none sees ahead, and statsmodels rolls as it would."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel

from unrolled import forecast

sys.path.append(str(Path(__file__).parent / "benchmarks"))
league = import_module("league")

N, K = 240, 9
RNG = np.random.default_rng(0)
WEEK = np.array([3.0, 0, -2, 1, 4, -3, -3])
TOY = 20 + np.resize(WEEK, N) + 0.3 * RNG.standard_normal(N).cumsum()
SEASONS = {"none": (), "places": (7,), "harmonics": (7.0, 3)}


def toy(values=TOY, season="places", d=0):
    """Return a series with a week."""
    return league.Series(values, K, (3, 5, 8), 7, SEASONS[season], d)


@pytest.mark.parametrize("before", league.BEFORE)
@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("k", [1, K])
def test_what_is_done_to_a_series_is_undone(before, season, k):
    if season == "none" and "season" in before:
        before = "raw"
    view, origins = league.View(toy(season=season), before, 150, k), np.arange(150, 200)
    ys = view.back(view.targets(origins), origins)
    wanted = forecast.targets(TOY, origins, k)
    np.testing.assert_allclose(ys, wanted, rtol=0, atol=1e-11)
    known = view.known(5)
    assert view.windows(known, 5).shape == (len(known), 5, 1)
    assert known[-1] + k == 150 and known[0] == 6
    if before == "raw":
        assert (view.windows(known, 5)[:, -1, 0] == TOY[known - 1]).all()


def test_harmonics_are_the_season_where_it_is_made_of_them():
    line = 2 + 0.1 * np.arange(N)
    series = toy(line + np.resize(WEEK - WEEK.mean(), N), "harmonics")
    season = league.season_at(series, 150)
    np.testing.assert_allclose(season, np.resize(WEEK - WEEK.mean(), N), atol=1e-9)


def test_blocks_follow_one_another_and_the_first_is_for_choosing():
    series = toy()
    (cut, first), *blocks = series.blocks(K)
    assert cut == int(0.8 * 144) and first[0] == cut and first[-1] + K == 144
    origins = np.concatenate([origins for _, origins in blocks])
    assert (origins == np.arange(144, N - K + 1)).all()
    assert [cut for cut, _ in blocks] == [origins[0] for _, origins in blocks]


def forecasts(values, model, before, k, cut, origins):
    """Forecast a series with what is chosen before its first cut."""
    league.SERIES["toy"] = lambda: toy(values, "places", d=int(model == "ARIMA"))
    league.series_of.cache_clear()
    try:
        chosen, at = league.fitted("toy", before, k, model)
        return chosen, at(cut, origins)
    finally:
        del league.SERIES["toy"]
        league.series_of.cache_clear()


@pytest.mark.parametrize("k", [1, K])
@pytest.mark.parametrize(
    ("model", "before"),
    [(model, "raw") for model in league.MODELS if model != "truth"]
    + [("linear", before) for before in league.BEFORE],
)
@pytest.mark.filterwarnings("ignore")
def test_no_model_sees_what_comes(model, before, k, monkeypatch):
    monkeypatch.setattr(league, "ORDERS", ((1, 0), (1, 1)))
    cut, origins, last = 160, np.array([160, 170]), 170
    other = TOY.copy()
    other[last:] = 1e3 * RNG.random(N - last)
    chosen, ys = forecasts(TOY, model, before, k, cut, origins)
    again, others = forecasts(other, model, before, k, cut, origins)
    assert chosen == again
    np.testing.assert_allclose(ys, others, rtol=0, atol=1e-8)
    assert ys.shape == (2, k)


@pytest.mark.parametrize("before", ["raw", "difference", "season and level"])
def test_no_network_sees_what_comes(before, monkeypatch):
    monkeypatch.setattr(league, "STEPS", 4)
    other = TOY.copy()
    first = toy().cuts[0]
    other[first:] = 1e3 * RNG.random(N - first)
    found = [league.networks(toy(s), before, 2, "GRU", "", 2) for s in (TOY, other)]
    (chosen, ys), (again, others) = found
    assert chosen == again
    for y, z in zip(ys[0], others[0], strict=True):  # the first origin of the first cut
        np.testing.assert_allclose(y[0], z[0], rtol=1e-6)
        assert y.shape == (len(toy().blocks(2)[1][1]), 2)


def test_the_linear_forecast_is_that_of_the_module():
    view, origins = league.View(toy(), "raw", 150, K), np.arange(150, 200)
    want = forecast.Autoregression(5, K).fit(TOY[1:150]).forecast(TOY, origins)
    got = league.linear(view, 5, origins)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-9)


@pytest.mark.parametrize("form", ["ETS(A,N)", "ETS(A,A)", "ETS(A,Ad)"])
@pytest.mark.filterwarnings("ignore")
def test_ets_rolls_as_statsmodels_forecasts(form):
    for series in (toy(), toy(season="none")):
        model = league.Smooth(series, "ETS", 150)
        fit = model.fit(form)
        for o in (150, 163):
            states = model.ets(TOY[:o], form).smooth(fit.params)
            got = model.forecast(form, np.array([o]), K)[0]
            np.testing.assert_allclose(got, states.forecast(K), rtol=1e-9)


@pytest.mark.parametrize(
    "form", ["(2,1,1)", "(2,1,1) with drift", "(2,1,0) with season"]
)
@pytest.mark.filterwarnings("ignore")
def test_arima_rolls_as_statsmodels_forecasts(form):
    model = league.Smooth(toy(d=1), "ARIMA", 150)
    fit = model.fit(f"ARIMA{form}")
    for o in (150, 163):
        after = fit.append(model.view.x[150:o], refit=False) if o > 150 else fit
        want = after.forecast(K) + model.view.season[o : o + K]
        got = model.forecast(f"ARIMA{form}", np.array([o]), K)[0]
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_theta_rolls_as_statsmodels_forecasts():
    model = league.Smooth(toy(), "Theta", 150)
    fit = ThetaModel(model.view.x[:150], period=1, deseasonalize=False).fit()
    got = model.forecast("Theta", np.array([150]), K)[0]
    want = fit.forecast(K).to_numpy() + model.view.season[150 : 150 + K]
    np.testing.assert_allclose(got, want, rtol=1e-9)


def test_truth_is_the_floor_of_what_was_simulated():
    series = league.series_of("AR(2)")
    origins = np.arange(1000, 1900)
    ys = league.truth(series.values, league.TRUTH["AR(2)"], origins, 1)
    errors = forecast.targets(series.values, origins, 1) - ys
    e = np.random.default_rng([15, 0]).standard_normal(2000)[origins]
    np.testing.assert_allclose(errors[:, 0], e, rtol=0, atol=1e-12)
    walk = league.series_of("random walk").values
    ys = league.truth(walk, (1.0,), origins, 12)
    assert (ys == forecast.persistence(walk, origins, 12)).all()
