"""The measured series: whole, in order, and those that their sources describe."""

import json
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from unrolled import data, series

sys.path.append(str(Path(__file__).parent / "benchmarks"))

COPIES = {
    "seattle": "seattle.json",
    "seattle_normals": "seattle-normals.json",
    "new_york": "new-york.json",
    "bikes": "bikes.json",
    "exchange": "exchange.json",
    "dow_jones": "exchange.json",
}


def head(name):
    return json.loads((series.DATA / COPIES[name]).read_text("utf-8"))


def one_by_one(times, first, last):
    steps = np.diff(times)
    ends = [str(time) for time in times[[0, -1]]]
    return (steps == np.timedelta64(1)).all() and ends == [first, last]


def closest(times, values, when):
    return values[times == np.datetime64(when)].item()


# --- each series --------------------------------------------------------------------


def test_seattle_has_four_years_of_days():
    dates, values = data.seattle()
    assert one_by_one(dates, "2012-01-01", "2015-12-31") and values.shape == (1461, 4)
    assert values.sum(axis=0).round(1).tolist() == [24017.5, 12031.0, 4426.0, 4735.3]
    high, low, rain, wind = values.T
    assert (high >= low).all() and rain.min() == 0 and wind.min() > 0
    assert str(dates[high.argmax()]) == "2014-08-11" and high.max() == 35.6
    assert str(dates[low.argmin()]) == "2013-12-07" and low.min() == -7.1


def test_what_is_called_seattle_in_2010_is_no_measurement():
    hours, fahrenheit = data.seattle_normals()
    (late,) = np.flatnonzero(np.diff(hours) != np.timedelta64(1))
    assert [str(hour) for hour in hours[late : late + 2]] == [
        "2010-03-14T02", "2010-03-14T04",
    ]  # fmt: skip
    assert len(hours) == 8759 and fahrenheit.sum().round(1) == 455713.5
    assert fahrenheit.min() == 37.5 and fahrenheit.max() == 75.9
    # Where one measured, a day differs from the next by more than 15 times as much.
    days = fahrenheit[late + 23 :][: 280 * 24].reshape(280, 24).mean(axis=1)
    _, celsius = data.new_york()
    measured = celsius[23:][: 360 * 24].reshape(360, 24).mean(axis=1)
    steps = [np.abs(np.diff(x)).mean() for x in (days / 1.8, measured)]
    assert steps[0] < steps[1] / 15


def test_new_york_repeats_the_last_value_in_a_gap():
    hours, celsius = data.new_york()
    assert one_by_one(hours, "2013-01-01T01", "2013-12-30T18")
    assert celsius.shape == (8730,) and celsius.sum().round(1) == 115258.4
    assert str(hours[celsius.argmax()]) == "2013-07-18T14" and celsius.max() == 37.2
    raw = np.array(head("new_york")["temperature"], dtype=float)
    gaps = np.isnan(raw)
    assert gaps.sum() == 24 and (celsius[~gaps] == raw[~gaps]).all()
    for k in np.flatnonzero(gaps):
        assert celsius[k] == celsius[k - 1]


def test_bikes_count_nothing_where_the_source_has_no_hour():
    hours, rentals, inputs = data.bikes()
    assert one_by_one(hours, "2011-01-01T00", "2011-12-31T23")
    assert rentals.shape == (8760,) and inputs.shape == (8760, 4)
    assert (rentals == 0).sum() == 115 and rentals.sum() == 1243103
    assert closest(hours, rentals, "2011-08-23T14") == rentals.max() == 651
    assert closest(hours, rentals, "2011-03-13T02") == 0  # no such hour by the clock
    days = rentals.reshape(365, 24).sum(axis=1)
    assert days[:5].tolist() == [985, 801, 1349, 1562, 1600]  # as in the source's days
    assert str(hours[24 * days.argmax()])[:10] == "2011-07-04" and days.max() == 6043


def test_inputs_of_bikes_are_known_at_every_hour():
    hours, _, inputs = data.bikes()
    assert np.isfinite(inputs).all()
    assert inputs.sum(axis=0).round(1).tolist() == [130097.7, 567328.0, 12690.0, 6000.0]
    celsius, humidity, sky, working = inputs.T
    assert closest(hours, celsius, "2011-07-22T14") == celsius.max() == 37.12
    assert humidity.min() == 8 and humidity.max() == 100
    assert set(sky) == {1, 2, 3, 4} and (sky == 4).sum() == 1
    weekday = (hours.astype("M8[D]").astype(int) + 3) % 7  # 1 January 1970: a Thursday
    assert not working[weekday > 4].any()
    holidays = {str(day)[:10] for day in hours[(weekday < 5) & (working == 0)]}
    assert len(holidays) == 10 and {"2011-07-04", "2011-11-24"} <= holidays


def test_the_exchange_trades_on_weekdays():
    dates, values = data.exchange()
    assert values.shape == (6051, 3) and (dates < np.datetime64("1980")).sum() == 4281
    assert [str(day) for day in dates[[0, -1]]] == ["1962-12-03", "1986-12-31"]
    gaps = np.bincount(np.diff(dates).astype(int))
    assert gaps.tolist() == [0, 4696, 98, 1123, 132, 1]
    assert ((dates.astype(int) + 3) % 7 < 5).all()
    assert values.sum(axis=0).round(3).tolist() == [-50.441, 1.072, -59558.256]
    # The first and the last row of the source.
    wanted = [0.032573, -0.004461, -13.1274], [-0.264986, -0.006655, -9.9355]
    assert np.abs(values[[0, -1]] - wanted).max() < 1e-4


def test_the_exchange_has_the_published_score():
    # James et al. (2023), section 10.5.2: five days of all three series, 0.41; and 0.18
    # for the value of the day before.
    dates, values = data.exchange()
    y = values[5:, 0]
    X = np.hstack([np.ones((len(y), 1)), *(values[k : k - 5] for k in range(5))])
    test = dates[5:] >= np.datetime64("1980")
    weights, *_ = np.linalg.lstsq(X[~test], y[~test])
    spread = y[test].var()
    for forecast, wanted in ((X @ weights, 0.41), (values[4:-1, 0], 0.18)):
        score = 1 - np.square(y - forecast)[test].mean() / spread
        assert round(score, 2) == wanted


def test_the_dow_closes_where_it_did():
    dates, prices = data.dow_jones()
    closes = {
        "1966-02-09": 995.15,
        "1973-01-11": 1051.70,
        "1974-12-06": 577.60,
        "1982-08-12": 776.92,
        "1986-12-31": 1895.95,
    }
    for day, close in closes.items():
        assert abs(closest(dates, prices, day) - close) < 0.02
    assert prices.min() == closest(dates, prices, "1974-12-06")


# --- all of them --------------------------------------------------------------------


@pytest.mark.parametrize("name", COPIES)
def test_arrays_are_fresh_and_of_floats(name):
    load = getattr(data, name)
    times, *values = load()
    assert times.dtype.kind == "M" and all(v.dtype == np.float64 for v in values)
    assert len({len(array) for array in (times, *values)}) == 1
    for array in (times, *values):
        array[:] = array[-1]
    assert (load()[0] != times).any() and (load()[1] != values[0]).any()


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_says_where_it_is_from(name):
    told = head(name)
    assert told["command"] == "python tests/benchmarks/series.py FOLDER"
    assert all(told[key] for key in ("source", "licence", "unit"))
    path = series.DATA / COPIES[name]
    assert path.stat().st_size < 150_000
    assert max(map(len, path.read_text("utf-8").splitlines())) < 300


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_that_is_missing_or_damaged_is_named(name, monkeypatch, tmp_path):
    whole = (series.DATA / COPIES[name]).read_text("utf-8")
    monkeypatch.setattr(series, "DATA", tmp_path)
    path, load = tmp_path / COPIES[name], getattr(data, name)
    again = r"It comes with the course, .*; tests/benchmarks/series.py makes it\.$"
    with pytest.raises(FileNotFoundError, match=rf"{path.name} is missing\. {again}"):
        load()
    lost = whole[: whole.rindex(",")] + whole[whole.rindex("]") :]  # the last value
    for text in (whole[:-3], lost, '{"values": [1]}', '{"length": 1, "values": []}'):
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=rf"{path.name} is damaged: .*\. {again}"):
            load()


@pytest.mark.parametrize(("hours", "ends"), [(1, "T05"), (24, "")])
def test_what_the_script_writes_is_read_as_it_was(hours, ends, monkeypatch, tmp_path):
    script = import_module("series")
    monkeypatch.setattr(script.bench, "DATA", tmp_path)
    monkeypatch.setattr(series, "DATA", tmp_path)
    start, step = datetime(2011, 1, 30, 5 if ends else 0), hours * script.HOUR
    rows = {start + k * step: k for k in (0, 1, 3, 40)}
    times, rows = script.on_a_grid(rows, step)
    script.write("toy.json", times, {"unit": "°C"}, k=script.column(rows, float))
    held = series._read("toy.json")
    known = np.isfinite(held["k"])
    assert held["k"][known].tolist() == np.flatnonzero(known).tolist() == [0, 1, 3, 40]
    assert str(series._times(held)[0]) == f"2011-01-30{ends}"
    assert len(series._times(held)) == 41
