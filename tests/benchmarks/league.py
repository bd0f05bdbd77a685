"""Ten series, eight kinds of forecast: who is how far from what came?

    python tests/benchmarks/league.py [--seeds 5] [--jobs 1] [--quick]

From 60 % of a series on there are six cuts, evenly spaced. At each cut everything is
fitted to what is known there; then the origins roll through the block up to the next
cut, and what is fitted stays as it is. Each forecast is direct: a model for one step,
and another for a row of `horizon` steps. Nothing after the first cut chooses anything:
lags, window, rate, updates and orders are those that are best in the last fifth of
what is known at the first cut, fitted to the four fifths before (orders: by AIC there).

A run is one line of `book/data/league.json`, which chapter 15 reads:

series, horizon, model
    As in `SERIES` and `MODELS`. "truth" forecasts with the numbers by which a series
    was simulated.
before
    What was done to the series first, and undone after. "raw": nothing but scaling;
    "difference": changes from step to step; "season": the season off, as fitted at the
    cut; "level": each window less its last value; "season and level": both; "root":
    the square root, of sunspots alone. ETS, ARIMA and Theta, "raw", see to the season
    themselves: see `Smooth`.
change
    "" in the league. Else what differs from it: "H 32" units, "uniform" first weights
    as PyTorch draws them, "four times the updates" that were chosen. "as published":
    12 units, uniform, batches of 64, 200 passes at a rate of 0.001, as in the lab of
    James et al. (2023), but by Adam and without dropout; nothing is chosen.
window, rate, updates, form
    What was chosen: values seen, rate and updates of Adam, order or kind; or null.
validation
    Its MASE where that was chosen, for nets a mean over three seeds.
mase, r2
    One list for each cut: a score for each seed, or one where nothing is drawn. A score
    is over all origins of the block and all steps of the row. MASE is over the error of
    persistence, one step ahead, on what is known at the cut; R² is over the variance of
    the block. Of "volume, as published" the one block is 1980 to 1986.
mae, rmse
    For each cut, in the unit of the series, a mean over the seeds.
together
    For each cut, the MASE of the mean of all seeds' forecasts.

The head has for each series its length, the cuts, the period and the windows tried.
The nets are GRUs of 16 units (see `SIZES`) with a linear head, one output for each step
of the row. It takes about an hour on one core.
"""

import warnings
from functools import cache
from typing import NamedTuple

import bench
import numpy as np
from abreast import Abreast
from scipy.signal import lfilter
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

from unrolled import GRU, LSTM, RNN, Linear, Model, data, forecast

CUTS, FIRST, CAP = 6, 0.6, 2000  # ETS, ARIMA, Theta: fitted to the last 2000 values
SIZES = {"H": 16, "B": 32, "clip": 1.0}
STEPS = 1600  # the most updates
ALL_RATES = 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3
RATES = ALL_RATES[2:6]  # of these as many more as it takes to have the best inside
LOOKS = 25, 50, 100, 200, 400, 800  # updates
SEARCH = 100, 101, 102  # seeds of the search, none of which is reported
AS_PUBLISHED = {"H": 12, "B": 64, "window": 5, "rate": 0.001, "updates": 200 * 67}
ORDERS = (1, 0), (2, 0), (3, 0), (9, 0), (0, 1), (1, 1), (2, 1), (2, 2), (3, 2)
BEFORE = "raw", "difference", "level", "season", "season and level", "root"
VARIED = (
    ("sunspots", 1, "level"), ("bikes, daily", 1, "season and level"),
    ("volume", 1, "raw"),
)  # fmt: skip
NETS = {"GRU": GRU, "LSTM": LSTM, "RNN": RNN}
MODELS = "mean", "persistence", "seasonal naive", "truth", "ETS", "ARIMA", "Theta"


# --- the series -----------------------------------------------------------------------


class Series(NamedTuple):
    """Values, the period of the naive forecast, the season, and what is tried."""

    values: np.ndarray
    row: int  # the longer horizon
    windows: tuple
    period: int = 1
    season: tuple = ()  # (period,) for one number a place, (period, K) for K harmonics
    d: int = 0  # how often ARIMA takes differences
    inputs: np.ndarray | None = None  # what a window holds, if not the values alone
    at: tuple = ()  # a cut, if not those of all

    @property
    def cuts(self):
        """Return the cuts, and the end of the last block."""
        N = len(self.values)
        return np.array(self.at or np.linspace(int(FIRST * N), N, CUTS + 1), int)

    def blocks(self, k):
        """Return cuts with their origins; those of the first are to choose by."""
        N, (first, *_) = len(self.values), self.cuts
        cut = int(0.8 * first)
        some = np.linspace(cut, first - k, min(300, first - k - cut + 1)).astype(int)
        ends = np.minimum(self.cuts[1:], N - k + 1)
        rolled = map(np.arange, self.cuts[:-1], ends)
        return [(cut, some), *zip(self.cuts[:-1], rolled, strict=True)]

    def about(self):
        """Return what the head of the file says of it."""
        season = [float(part) for part in self.season]
        return {"length": len(self.values), "cuts": self.cuts[:-1].tolist(),
                "period": self.period, "season": season, "d": self.d,
                "windows": list(self.windows)}  # fmt: skip


def simulated(phi, length=2000, seed=0):
    """Return a series s_t = phi_1 s_{t-1} + phi_2 s_{t-2} + … + e_t, e_t normal."""
    e = np.random.default_rng([15, seed]).standard_normal(length)
    s = np.zeros(length)
    for t in range(len(phi), length):
        s[t] = s[t - len(phi) : t][::-1] @ phi + e[t]
    return s


def daily(hourly):
    """Add up the hours of each day."""
    return hourly.reshape(-1, 24).sum(axis=1)


def published(exchange):
    """Return the volume with three inputs and the one cut of James et al. (2023)."""
    dates, values = exchange
    cut = int(np.searchsorted(dates, np.datetime64("1980-01-01")))
    at = cut, len(values)
    return Series(values[:, 0], 1, (5,), inputs=values, at=at)


TRUTH = {"random walk": (1.0,), "AR(2)": (1.6, -0.8)}
SERIES = {
    "sunspots": lambda: Series(data.sunspots()[1], 11, (6, 11, 22, 33, 44), 11),
    "CO2": lambda: Series(
        data.co2()[1], 52, (13, 26, 52, 78, 104), 52, (365.25 / 7, 3), d=1
    ),
    "Seattle, daily": lambda: Series(
        data.seattle()[1][:, 0], 12, (3, 7, 14, 28, 56), 365, (365.25, 2)
    ),
    "New York, hourly": lambda: Series(
        data.new_york()[1], 24, (12, 24, 48, 96), 24, (24,)
    ),
    "bikes, hourly": lambda: Series(
        data.bikes()[1], 24, (12, 24, 48, 96, 169), 168, (168,)
    ),
    "bikes, daily": lambda: Series(
        daily(data.bikes()[1]), 7, (3, 7, 14, 21, 28), 7, (7,)
    ),
    "Dow Jones": lambda: Series(data.dow_jones()[1], 12, (2, 5, 10, 20), 5, d=1),
    "volume": lambda: Series(data.exchange()[1][:, 0], 12, (5, 10, 20, 40), 5),
    "random walk": lambda: Series(
        simulated(TRUTH["random walk"]), 12, (2, 5, 10, 20), d=1
    ),
    "AR(2)": lambda: Series(simulated(TRUTH["AR(2)"]), 12, (2, 5, 10, 20)),
    "volume, as published": lambda: published(data.exchange()),
}  # fmt: skip


@cache
def series_of(name):
    """Return a series by its name."""
    return SERIES[name]()


def season_at(series, cut):
    """Return the season for all times, fitted to what is known at a cut."""
    s = series.values
    if len(series.season) == 1:
        return np.resize(forecast.season(s[:cut], series.period), len(s))
    period, K = series.season
    turns = 2 * np.pi * np.arange(len(s))[:, None] * np.arange(1, K + 1) / period
    X = np.column_stack(
        [np.ones(len(s)), np.arange(len(s)), np.cos(turns), np.sin(turns)]
    )
    return X[:, 2:] @ np.linalg.lstsq(X[:cut], s[:cut], rcond=None)[0][2:]


class View:
    """A series as a model sees it from a cut: adjusted, in windows, and back again."""

    def __init__(self, series, before, cut, k):
        self.before, self.cut, self.k, s = before, cut, k, series.values
        self.season = season_at(series, cut) if "season" in before else np.zeros(len(s))
        self.x = np.sqrt(s) if before == "root" else s - self.season
        self.inputs = series.inputs

    def known(self, T):
        """Return the origins whose windows and targets are known at the cut."""
        return forecast.rolling(self.cut, T + 1, self.k)  # one more for a difference

    def windows(self, origins, T):
        """Return windows (N, T, I)."""
        inputs = self.x[:, None] if self.inputs is None else self.inputs
        X = inputs[origins[:, None] - T - 1 + np.arange(T + 1)]
        if self.before == "difference":
            return np.diff(X, axis=1)
        return X[:, 1:] - X[:, -1:] if "level" in self.before else X[:, 1:]

    def targets(self, origins):
        """Return what is to be forecast, (N, k)."""
        if self.before == "difference":
            return forecast.targets(np.diff(self.x), origins - 1, self.k)
        return forecast.targets(self.x, origins, self.k) - self.level(origins)

    def level(self, origins):
        """Return the last known values, (N, 1), or 0 where they are left in."""
        return self.x[origins - 1][:, None] if "level" in self.before else 0.0

    def back(self, ys, origins):
        """Return forecasts of the series itself."""
        if self.before == "difference":
            ys = forecast.undifference(ys, self.x, origins)
        if self.before == "root":
            return np.maximum(ys, 0) ** 2
        season = forecast.targets(self.season, origins, self.k)
        return ys + self.level(origins) + season


# --- what is fitted -------------------------------------------------------------------


def plain(series, model, view, origins):
    """Forecast without fitting anything but a mean, (N, k)."""
    s, k = series.values, view.k
    if model == "mean":
        return np.full((len(origins), k), s[: view.cut].mean())
    period = series.period if model == "seasonal naive" else 1
    return forecast.seasonal_naive(s, origins, k, period)


def truth(s, phi, origins, k):
    """Forecast with the weights by which a series was simulated, (N, k)."""
    last, rows = [s[origins - n] for n in range(1, len(phi) + 1)], []
    for _ in range(k):
        rows.append(np.tensordot(phi, last, 1))
        last = [rows[-1], *last[:-1]]
    return np.stack(rows, axis=1)


def linear(view, T, origins):
    """Forecast by least squares, with weights of its own for each step, (N, k)."""
    known = view.known(T)
    X, new = (np.column_stack([view.windows(o, T).reshape(len(o), -1), np.ones(len(o))])
              for o in (known, origins))  # fmt: skip
    W = np.linalg.lstsq(X, view.targets(known), rcond=None)[0]
    return view.back(new @ W, origins)


class Smooth:
    """What statsmodels fits to the last values before a cut, rolled on as it is.

    The season is taken off first, as `before` does it; ETS has one of its own where the
    period is 24 or less, and ARIMA may have a lag of a period there.
    """

    def __init__(self, series, model, cut, before="raw"):
        own = model == "ETS" and series.season and series.period <= 24
        self.before = "season" if series.season and not own else before
        self.view, self.series = View(series, self.before, cut, 1), series
        self.model, self.cut, self.d = model, cut, series.d
        self.start = max(0, cut - CAP)
        self.period = series.period if series.season and series.period <= 24 else 0
        self.mean = self.view.x[self.start : cut].mean() * (1 - self.d)

    def forms(self):
        """Return what is tried."""
        if self.model == "ETS":
            return ["ETS(A,N)", "ETS(A,A)", "ETS(A,Ad)"]
        if self.model == "Theta":
            return ["Theta"]
        more = ["", *[" with drift"] * self.d, *[" with season"] * bool(self.period)]
        return [f"ARIMA({p},{self.d},{q}){also}" for also in more for p, q in ORDERS
                if "season" not in also or p < self.period]  # fmt: skip

    def fit(self, form):
        """Return the fit of one form, whose AIC says how good it is."""
        x = self.view.x[self.start : self.cut]
        if self.model == "ETS":
            return self.ets(x, form).fit(disp=0, maxiter=200)
        if self.model == "ARIMA":
            return self.arima(x, form).fit(disp=0, maxiter=50)
        return ThetaModel(x, period=1, deseasonalize=False).fit()

    def ets(self, x, form):
        """Return the model of an error, a level, perhaps a trend and a season."""
        trend = {"trend": "add"} if form != "ETS(A,N)" else {}
        trend["damped_trend"] = "Ad" in form
        season = {"seasonal": "add", "seasonal_periods": self.period}
        return ETSModel(x, **trend, **(season if self.period else {}),
                        initialization_method="heuristic")  # fmt: skip

    def arima(self, x, form):
        """Return the model of an order; its season is one lag of a period."""
        order = tuple(map(int, form.partition("(")[2].partition(")")[0].split(",")))
        last = (1, 0, 0, self.period) if "season" in form else (0, 0, 0, 0)
        trend = "c" if "drift" in form else "n"
        return SARIMAX(x - self.mean, order=order, seasonal_order=last, trend=trend)

    def forecast(self, form, origins, k):
        """Fit, and forecast from origins at the cut and later, (N, k)."""
        fit, x = self.fit(form), self.view.x[self.start :]
        steps = np.arange(1, k + 1)
        at = origins - self.start - 1  # the last known value
        if self.model == "ETS":
            states = self.ets(x, form).smooth(fit.params)
            ys = states.level[at][:, None] + np.zeros(k)
            if form != "ETS(A,N)":
                phi = states.phi if "Ad" in form else 1.0
                ys += states.slope[at][:, None] * (phi**steps).cumsum()
            if self.period:
                place = at[:, None] - self.period + 1 + (steps - 1) % self.period
                ys += states.season[place]
        elif self.model == "ARIMA":
            states = self.arima(x, form).filter(fit.params)
            a, rows = states.predicted_state[:, at + 1], []
            drift = states.model["state_intercept"].reshape(len(a), -1)[:, -1:]
            for _ in steps:
                rows.append((states.model["design"] @ a)[0] + self.mean)
                a = states.model["transition"] @ a + drift
            ys = np.stack(rows, axis=1)
        else:
            b, alpha = fit.params
            level, _ = lfilter([alpha], [1, alpha - 1], x, zi=[(1 - alpha) * x[0]])
            trend = steps - 1 + (1 - (1 - alpha) ** (at[:, None] + 1)) / alpha
            ys = level[at][:, None] + b / 2 * trend
        return View(self.series, self.before, self.cut, k).back(ys, origins)


# --- networks side by side ------------------------------------------------------------


def network(model, change, seed, I, k):
    """Draw a network with I inputs and k outputs, in float32."""
    H = int(change[2:]) if change.startswith("H ") else SIZES["H"]
    H = AS_PUBLISHED["H"] if change == "as published" else H
    rng = np.random.default_rng(seed)
    layer = NETS[model](I, H, rng=rng, dtype=np.float32)
    model = Model(layer, Linear(H, k, rng=rng, dtype=np.float32), "last")
    if change in ("uniform", "as published"):
        bench.as_pytorch(model.params, rng, H)
    return model


class Nets:
    """Networks side by side: one for each part of the data, rate and seed.

    Parameters
    ----------
    parts : list of (X, Y)
        Windows (M, T, I) and targets (M, k) to learn from, a pair for each network.
    seeds, rates : list
        One for each network.
    model, change : str
        See above.
    """

    def __init__(self, parts, seeds, rates, model, change):
        self.parts, self.scales = [], []
        for X, Y in parts:
            scale = X.mean((0, 1)), X.std((0, 1)), Y.mean(), Y.std()
            self.scales.append(scale)
            self.parts.append((self.scaled(X, scale), (Y - scale[2]) / scale[3]))
        self.seeds, I, k = seeds, parts[0][0].shape[2], parts[0][1].shape[1]
        models = [network(model, change, seed, I, k) for seed in seeds]
        self.net = Abreast(models, rates, clip=SIZES["clip"])
        self.B = (AS_PUBLISHED if change == "as published" else SIZES)["B"]

    def scaled(self, X, scale):
        """Return inputs of mean 0 and deviation 1 where the network learns."""
        return ((X - scale[0]) / scale[1]).astype(np.float32)

    def draws(self):
        """Yield batches of windows drawn at random, for each network its own."""
        rngs = [np.random.default_rng([15, seed]) for seed in self.seeds]
        while True:
            sizes = [len(X) for X, _ in self.parts]
            chosen = [rng.integers(size, size=self.B)
                      for rng, size in zip(rngs, sizes, strict=True)]  # fmt: skip
            pairs = list(zip(chosen, self.parts, strict=True))
            xs = np.stack([X[n] for n, (X, _) in pairs])
            yield xs, np.stack([Y[n] for n, (_, Y) in pairs]).astype(np.float32)

    def predict(self, X):
        """Return the outputs of each network for its X (M, T, I), in their own unit."""
        longest = max(map(len, X))
        xs = [self.scaled(np.resize(x, (longest, *x.shape[1:])), scale)
              for x, scale in zip(X, self.scales, strict=True)]  # fmt: skip
        ys = self.net.predict(np.stack(xs)).astype(float)
        return [y[: len(x)] * scale[3] + scale[2]
                for y, x, scale in zip(ys, X, self.scales, strict=True)]  # fmt: skip


def search(series, before, k, model, change):
    """Return the best window, rate and number of updates, and their error.

    Three windows are tried, and longer ones and other rates while the best is the last.
    """
    found, (cut, origins), n_seeds = {}, series.blocks(k)[0], len(SEARCH)
    view, looks = (
        View(series, before, cut, k),
        [n for n in LOOKS if n < STEPS] + [STEPS],
    )

    def tried(T, rates):
        known, X = view.known(T), view.windows(origins, T)
        part = view.windows(known, T), view.targets(known)
        R, rates = n_seeds * len(rates), np.repeat(rates, n_seeds)
        nets = Nets([part] * R, SEARCH * (R // n_seeds), rates, model, change)
        best = []
        for n in nets.net.train(nets.draws(), STEPS, looks):
            ys = [view.back(ys, origins) for ys in nets.predict([X] * R)]
            errors = [scores(series, cut, origins, y)["mase"] for y in ys]
            errors = np.nan_to_num(errors, nan=np.inf).reshape(-1, n_seeds).mean(1)
            for rate, error in zip(rates[::n_seeds], errors, strict=True):
                found[T, float(rate), n] = error
            best.append(errors.min())
            if np.argmin(best) < len(best) - 2:
                break  # the last two looks have found nothing better

    for T in series.windows[:3]:
        tried(T, RATES)
    while True:
        T, rate, n = best = min(found, key=found.get)
        longest = max(found)[0]
        if T == longest < series.windows[-1]:
            tried(series.windows[series.windows.index(T) + 1], RATES)
            continue
        places = [ALL_RATES.index(other) for _, other, _ in found]
        place = ALL_RATES.index(rate)
        further = {min(places): place - 1, max(places): place + 1}.get(place, -1)
        if not 0 <= further < len(ALL_RATES):
            return *best, found[best]
        tried(T, ALL_RATES[further : further + 1])


def networks(series, before, k, model, change, seeds):
    """Search, then train anew at each cut; return what was chosen, and forecasts."""
    if change == "as published":
        T, rate, updates = (
            AS_PUBLISHED[name] for name in ("window", "rate", "updates")
        )
        error = None
    else:
        T, rate, updates, error = search(series, before, k, model, change)
    blocks = series.blocks(k)[1:]
    views = [View(series, before, cut, k) for cut, _ in blocks]
    parts = [(view.windows(known, T), view.targets(known))
             for view in views for known in [view.known(T)]]  # fmt: skip
    each = np.repeat(np.arange(len(blocks)), seeds)  # the block of each network
    nets = Nets([parts[n] for n in each], [*range(seeds)] * len(blocks),
                [rate] * len(each), model, change)  # fmt: skip
    times = 4 if change == "four times the updates" else 1
    for _ in nets.net.train(nets.draws(), times * updates):
        pass
    X = [view.windows(o, T) for view, (_, o) in zip(views, blocks, strict=True)]
    ys = nets.predict([X[n] for n in each])
    ys = [views[n].back(y, blocks[n][1]) for n, y in zip(each, ys, strict=True)]
    chosen = {
        "window": T,
        "rate": rate,
        "updates": times * updates,
        "validation": error,
    }
    return chosen, [ys[n * seeds : (n + 1) * seeds] for n in range(len(blocks))]


# --- scores ---------------------------------------------------------------------------


def scores(series, cut, origins, ys):
    """Return the scores of forecasts (N, k)."""
    s = series.values
    wanted = forecast.targets(s, origins, ys.shape[1])
    if not np.isfinite(ys).all():
        return dict.fromkeys(("mase", "mae", "rmse", "r2"), np.nan)
    rmse = forecast.rmse(ys, wanted)
    return {"mase": forecast.mase(ys, wanted, s[:cut]), "mae": forecast.mae(ys, wanted),
            "rmse": rmse, "r2": 1 - rmse**2 / wanted.var()}  # fmt: skip


def fitted(name, before, k, model):
    """Return what was chosen, and a function that fits at a cut and forecasts."""
    series = series_of(name)
    cut, origins = series.blocks(k)[0]
    if model == "linear":
        view = View(series, before, cut, k)
        errors = {T: scores(series, cut, origins, linear(view, T, origins))["mase"]
                  for T in series.windows}  # fmt: skip
        T = min(errors, key=errors.get)
        return {"window": T}, lambda cut, o: linear(View(series, before, cut, k), T, o)
    if model in ("ETS", "ARIMA", "Theta"):
        tried = Smooth(series, model, cut, before)
        aic = {form: tried.fit(form).aic if model != "Theta" else 0
               for form in tried.forms()}  # fmt: skip
        form = min(aic, key=aic.get)
        return {"form": form}, lambda cut, o: Smooth(
            series, model, cut, before
        ).forecast(form, o, k)
    if model == "truth":
        return {}, lambda cut, o: truth(series.values, TRUTH[name], o, k)
    return {}, lambda cut, o: plain(series, model, View(series, before, cut, k), o)


def run(series, horizon, model, before, change, seeds):
    """Choose, fit at each cut, and score the block that follows."""
    warnings.simplefilter("ignore")  # of fits that stop at their limit
    which, k = series_of(series), horizon
    first, *blocks = which.blocks(k)
    if model in NETS:
        chosen, forecasts = networks(which, before, k, model, change, seeds)
    else:
        chosen, forecast_at = fitted(series, before, k, model)
        chosen["validation"] = scores(which, *first, forecast_at(*first))["mase"]
        forecasts = [[forecast_at(*block)] for block in blocks]
    kept = dict.fromkeys(("window", "rate", "updates", "form", "validation")) | chosen
    if kept["validation"] is not None:
        kept["validation"] = bench.digits(kept["validation"], 4)
    found = [[scores(which, *block, ys) for ys in row]
             for block, row in zip(blocks, forecasts, strict=True)]  # fmt: skip
    together = [scores(which, *block, np.mean(row, 0))["mase"]
                for block, row in zip(blocks, forecasts, strict=True)]  # fmt: skip
    each = {name: np.array([[score[name] for score in row] for row in found])
            for name in found[0][0]}  # fmt: skip
    kept |= {name: bench.digits(each[name], 4) for name in ("mase", "r2")}
    kept |= {name: bench.digits(each[name].mean(1), 4) for name in ("mae", "rmse")}
    return kept | {"together": bench.digits(together, 4)}


def adjustments(name):
    """Return what may be done to a series first."""
    root = ("root",) if name == "sunspots" else ()
    return *(BEFORE[:5] if series_of(name).season else BEFORE[:3]), *root


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = []

    def add(name, k, models, before="raw", change="", seeds=1):
        settings.extend(
            bench.grid(series=[name], horizon=[k], model=models, before=[before],
                       change=[change], seeds=[seeds])
        )  # fmt: skip

    *league, last = SERIES
    for name in league:
        series = series_of(name)
        for k in (1, series.row):
            for model in MODELS:
                lacks = {
                    "seasonal naive": series.period == 1,
                    "truth": name not in TRUTH,
                }
                if not lacks.get(model):
                    add(name, k, [model])
            for before in adjustments(name):
                more = ["ARIMA"] if before == "root" else []
                add(name, k, ["linear", *more], before)
    add(last, 1, ["mean", "persistence", "linear"])
    for model in NETS:
        add(last, 1, [model], change="H 12", seeds=4 * seeds)
    add(last, 1, ["RNN"], change="as published", seeds=4 * seeds)
    for name, k, before in VARIED:
        add(name, k, ["LSTM"], before, seeds=seeds)
        for change in ("H 32", "uniform", "four times the updates"):
            add(name, k, ["GRU"], before, change, seeds)
    for k in (1, 24):  # where the most updates were the best
        add("bikes, hourly", k, ["GRU"], "season", "four times the updates", seeds)
    for name in sorted(league, key=lambda name: len(series_of(name).values)):
        for k in (1, series_of(name).row):
            for before in reversed(adjustments(name)):
                add(name, k, ["GRU"], before, seeds=seeds)
    fixed = {"sizes": SIZES, "most": STEPS, "rates": RATES, "capped": CAP}
    fixed["series"] = {name: series_of(name).about() for name in SERIES}
    bench.sweep(run, settings, "league.json", fixed, **how)


if __name__ == "__main__":
    main()
