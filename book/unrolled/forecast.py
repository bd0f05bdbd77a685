"""What a forecast is held against: baselines, an autoregression, scores, adjustments.

An *origin* o is how many values of a series are known: ``series[:o]``. The forecast
made there is a row, for the steps 1 to ``horizon`` after the last known value, so N
origins give an array (N, horizon). Only `targets` looks past an origin. A series is an
array (N,) of finite numbers; all is computed in float64.
"""

import numpy as np

from .arguments import all_finite, expect, positive, rectangular, shape_text

FLOAT = np.dtype(float)


def rolling(length, first, horizon=1, every=1):
    """Return the origins first, first + every, … of a series of so many values.

    From the last of them the whole horizon still lies within the series.
    """
    first, every = positive("first", first), positive("every", every)
    length, horizon = positive("length", length), positive("horizon", horizon)
    needs = f"an origin of {first} and a horizon of {horizon} need"
    _expect_length(length, first + horizon, needs)
    return np.arange(first, length - horizon + 1, every)


def targets(series, origins, horizon):
    """Return what came after each origin, shape (N, horizon)."""
    series, steps = _series("series", series), np.arange(positive("horizon", horizon))
    return series[_origins(origins, 0, len(series) - len(steps))[:, None] + steps]


def persistence(series, origins, horizon):
    """Repeat the last known value, shape (N, horizon)."""
    return seasonal_naive(series, origins, horizon, 1)


def seasonal_naive(series, origins, horizon, period):
    """Repeat the last known period, shape (N, horizon).

    So the forecast of step k is the value ceil(k / period) whole periods before it.
    """
    series, steps = _series("series", series), np.arange(positive("horizon", horizon))
    origins = _origins(origins, positive("period", period), len(series))
    return series[origins[:, None] - period + steps % period]


class Autoregression:
    """The linear forecast from the last values, with weights of its own for each step.

    Parameters
    ----------
    lags, horizon : int
        How many known values it sees, and how many steps it forecasts.

    Attributes
    ----------
    W : array, shape (lags + 1, horizon)
        After `fit`: the weights of the oldest value first, and the bias last.
    """

    def __init__(self, lags, horizon=1):
        self.lags, self.horizon = positive("lags", lags), positive("horizon", horizon)

    def fit(self, known):
        """Find the least squared error over all windows of a series; return itself."""
        known, lags, horizon = _series("known", known), self.lags, self.horizon
        needs = f"{lags} lags and a horizon of {horizon} need"
        _expect_length(len(known), 2 * lags + horizon, needs)  # a window for a weight
        origins = rolling(len(known), lags, horizon)
        X, wanted = self._inputs(known, origins), targets(known, origins, horizon)
        self.W = np.linalg.lstsq(X, wanted, rcond=None)[0]
        return self

    def forecast(self, series, origins):
        """Forecast from the last values before each origin, shape (N, horizon)."""
        if not hasattr(self, "W"):
            raise ValueError("an autoregression needs fit before forecast")
        return self._inputs(_series("series", series), origins) @ self.W

    def _inputs(self, series, origins):
        """Return the values before each origin and a one, shape (N, lags + 1)."""
        origins = _origins(origins, self.lags, len(series))
        X = series[origins[:, None] - self.lags + np.arange(self.lags)]
        return np.column_stack([X, np.ones(len(X))])


def mae(ys, targets):
    """Return the mean absolute error, in the unit of the series."""
    return float(np.abs(_errors(ys, targets)).mean())


def rmse(ys, targets):
    """Return the root of the mean squared error, in the unit of the series."""
    return float(np.sqrt((_errors(ys, targets) ** 2).mean()))


def mase(ys, targets, known, period=1):
    """Return the mean absolute scaled error of Hyndman and Koehler (2006).

    It is `mae` over the mean change of the known values in a period, which is the error
    of the seasonal naive forecast of one step (with period 1, of persistence) there.
    """
    scale = np.abs(difference(known, period)).mean()
    if scale == 0:
        raise ValueError("a series that repeats itself exactly gives MASE no scale")
    return float(mae(ys, targets) / scale)


def difference(series, period=1):
    """Return series[t] - series[t - period], shorter than the series by a period.

    What is value number t of the series is number t - period here; so are origins.
    """
    series, period = _series("series", series), positive("period", period)
    _expect_length(len(series), period + 1, f"changes over a period of {period} need")
    return series[period:] - series[:-period]


def undifference(changes, series, origins, period=1):
    """Turn forecasts of the changes over a period into forecasts of the series.

    Both are (N, horizon), and the origins are those of the series. The result is the
    seasonal naive forecast, and on it all changes so far at this place in the period.
    """
    origins = _origins(origins)
    changes = expect("changes", changes, (len(origins), "horizon"), FLOAT)
    ys = seasonal_naive(series, origins, changes.shape[1], period)
    for first in range(period):
        ys[:, first::period] += changes[:, first::period].cumsum(axis=1)
    return ys


def season(known, period):
    """Return how far each place in a period lies above the trend, shape (period,).

    The trend is a mean over one period around each value. What is left is averaged over
    all periods, and the mean of these averages is taken off. Place p is that of the
    values p, p + period, …; the trend looks ahead, so give it known values alone.
    """
    known, period = _series("known", known), positive("period", period)
    _expect_length(len(known), 2 * period, f"a season with a period of {period} needs")
    ends, half = [0.5] * (period % 2 == 0), period // 2
    weights = np.r_[ends, np.ones(period - len(ends)), ends] / period
    inner, left = slice(half, len(known) - half), np.full(len(known), np.nan)
    left[inner] = known[inner] - np.convolve(known, weights, mode="valid")
    places = np.array([np.nanmean(left[place::period]) for place in range(period)])
    return places - places.mean()


def deseason(series, places):
    """Take the season out of a series; places[0] is that of its first value."""
    series, places = _series("series", series), _series("places", places)
    return series - np.resize(places, len(series))


def reseason(ys, origins, places):
    """Put the season back into forecasts (N, horizon) of a series without it."""
    places, origins = _series("places", places), _origins(origins)
    ys = expect("ys", ys, (len(origins), "horizon"), FLOAT)
    steps = np.arange(ys.shape[1])
    return ys + places[(origins[:, None] + steps) % len(places)]


def _series(name, series):
    """Return a series in float64, or say what is wrong with it."""
    series = expect(name, series, ("N",), FLOAT)
    if len(series) == 0:
        raise ValueError(f"{name} must hold at least one value, got none")
    return series


def _expect_length(length, least, needs):
    """Say that a series is too short, if it is."""
    if length < least:
        raise ValueError(f"{needs} at least {least} values, got {length}")


def _origins(origins, least=0, most=np.inf):
    """Return origins within their limits, or say what is wrong with them."""
    origins = rectangular("origins", origins)
    if origins.ndim != 1 or origins.dtype.kind not in "iu":
        got = f"{shape_text(origins.shape)} of {origins.dtype}"
        raise ValueError(f"origins must be whole numbers, shape (N,), got {got}")
    wrong = origins[(origins < least) | (origins > most)]
    if wrong.size:
        raise ValueError(f"an origin must lie in {least} … {most}, got {wrong[0]}")
    return origins.astype(int)


def _errors(ys, targets):
    """Return ys - targets, which must have one shape and hold a number."""
    targets = all_finite("targets", rectangular("targets", targets))
    if targets.size == 0:
        raise ValueError("a score needs at least one target, got none")
    return expect("ys", ys, targets.shape, FLOAT) - targets
