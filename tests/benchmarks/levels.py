"""Train recurrent forecasters in other settings than the page's; keep their scores.

    python tests/benchmarks/levels.py [--seeds 5] [--jobs 1] [--quick]

Two experiments of chapter 15, run by the page's own functions. "levels": carbon dioxide
26 weeks ahead, from its values (m = 0), its changes over a week (1) and over a year
(52); the score is MASE over all origins of the last fifth. "spread": the same, longer,
where what goes into the network is divided by so many standard deviations. "width": the
quantiles 0.1, 0.5 and 0.9 of the next day's trading volume; kept are the share of days
between the outer two, before 1980 and after, and the quantile loss after, as a multiple
of that of an autoregression with the quantiles of its errors. Chapter 15 reads
`book/data/levels.json`, which this script writes. It takes about twelve minutes on one
core.
"""

import bench
import numpy as np

from unrolled import GRU, LSTM, RNN, data, forecast

PAGE = bench.chapter("15-forecasting", "forecaster")
Q = np.array([0.1, 0.5, 0.9])


def drawn(cell, start):
    """Return what makes the layer, with the page's first weights or PyTorch's."""

    def make(I, H, *, rng, dtype):
        layer = {"GRU": GRU, "LSTM": LSTM, "RNN": RNN}[cell](I, H, rng=rng, dtype=dtype)
        if start == "uniform":
            bench.as_pytorch(layer.params, rng, H)
        return layer

    return make


def levels(m, T, rng, **options):
    """Forecast the carbon dioxide, and return the score."""
    ppm = data.co2()[1]
    cut, K = int(0.8 * len(ppm)), 26
    o, ys, _ = PAGE["network_forecasts"](ppm, cut, m, T, K, rng, **options)
    score = forecast.mase(ys, forecast.targets(ppm, o, K), ppm[:cut])
    return {"score": round(score, 3)}


def width(T, rng, **options):
    """Forecast quantiles of the trading volume, and return how many days they hold."""
    days, values = data.exchange()
    s, cut = values[:, 0], int(np.searchsorted(days, np.datetime64("1980-01-01")))
    ys, wanted = PAGE["quantile_forecasts"](s, cut, T, Q, rng, **options), s[T:]
    held = (ys[:, 0] <= wanted) & (wanted <= ys[:, 2])
    past, later = slice(cut - T), slice(cut - T, None)
    o = np.arange(T, len(s))
    mean = forecast.Autoregression(T).fit(s[:cut]).forecast(s, o)
    rival = mean + np.quantile(wanted[past] - mean[past, 0], Q)
    cost, best = (PAGE["pinball"](x[later], wanted[later], Q)[0] for x in (ys, rival))
    found = {
        "past": held[past].mean(),
        "later": held[later].mean(),
        "cost": cost / best,
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def run(what, m, T, cell, start, lr, updates, seed, **spread):
    options = {"cell": drawn(cell, start), "lr": lr, "updates": updates} | spread
    rng = np.random.default_rng(seed)
    return width(T, rng, **options) if m is None else levels(m, T, rng, **options)


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = []
    wide = {"what": ["spread"], "T": [52], "cell": ["GRU"], "start": ["orthogonal"],
            "lr": [0.003], "updates": [2000]}  # fmt: skip
    for m, spreads in ((0, [1, 5, 20, 100]), (1, [1, 20])):
        settings += bench.grid(**wide, m=[m], spread=spreads, seed=range(seeds))
    for what, ms, T, Ts, lr, rates, updates, budgets in (
        ("levels", [0, 1, 52], 52, [26, 104], 0.01, [0.003, 0.01, 0.03], 400,
         [200, 400, 800]),
        ("width", [None], 20, [10, 40], 0.003, [0.001, 0.003, 0.01], 600,
         [300, 600, 1200]),
    ):  # fmt: skip
        usual = {"what": [what], "m": ms, "T": [T], "cell": ["GRU"],
                 "start": ["orthogonal"], "lr": [lr], "updates": [updates],
                 "seed": range(seeds)}  # fmt: skip
        for other in (
            {"lr": rates, "updates": budgets},
            {"cell": ["LSTM", "RNN"]},
            {"start": ["uniform"]},
            {"T": Ts},
        ):
            settings += bench.grid(**(usual | other))
    bench.sweep(run, settings, "levels.json", {}, **how)


if __name__ == "__main__":
    main()
