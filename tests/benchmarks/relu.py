"""Forecast three real series by LSTMs with tanh and with ReLU, at one search budget.

    python tests/benchmarks/relu.py [--seeds 20] [--jobs 1] [--quick]

Kept are, for each series, activation, start and learning rate: the errors on the
validation and the test part, over those of persistence; and the largest cell while the
net reads the test part as one sequence. Each is a list over seeds after `STEPS` updates
and one after twice as many, with null for what is not finite. Chapter 10 reads
`book/data/lstm-relu.json`, which this script writes. It takes about ten minutes on one
core.
"""

from itertools import repeat

import bench
import numpy as np
from ablation import uniform_start
from replicates import Replicates

from unrolled import LSTM, Linear, Model, data

LENGTH, H, STEPS, RATES = 8, 8, 150, (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SERIES = "sunspots", "CO2 level", "CO2 change"


def read(series):
    """Return the values of one of the three series."""
    if series == "sunspots":
        return data.sunspots()[1]
    _, ppm = data.co2()
    level = ppm[: len(ppm) // 4 * 4].reshape(-1, 4).mean(axis=1)
    return level if series == "CO2 level" else np.diff(level)


def split(values):
    """Return windows (M, 8, 1) and targets (M, 1): to fit, to choose, to test."""
    X, y = data.windows(values, LENGTH)
    n, m = int(0.7 * len(X)), int(0.56 * len(X))
    X, y = ((v - X[:m].mean()) / X[:m].std() for v in (X, y))
    X, y = X[..., None].astype(np.float32), y[:, None].astype(np.float32)
    return [(X[part], y[part]) for part in (slice(m), slice(m, n), slice(n, None))]


def largest_cell(layer, values):
    """Return the largest |c| while a layer reads one long sequence."""
    state, largest = None, 0.0
    if not all(np.isfinite(param).all() for param in layer.params.values()):
        return np.nan
    with np.errstate(all="ignore"):
        for y in values:
            _, state = layer.forward(y[None, None], state)
            largest = np.maximum(largest, np.abs(state[1]).max())  # keeps a nan
            if not np.isfinite(largest):
                break
    return largest


def build(activation, start, seed):
    """Make a model with an activation in both places."""
    rng = np.random.default_rng(seed)
    both = {"input_activation": activation, "output_activation": activation}
    layer = LSTM(1, H, rng=rng, dtype=np.float32, forget_bias=1.0, **both)
    head = Linear(H, 1, rng=rng, dtype=np.float32)
    model = Model(layer, head, outputs="last")
    if start == "uniform":
        uniform_start(model, rng, forget_bias=1.0)
    return model


def run(series, activation, start, lr, seeds):
    """Train a network for each seed; look at them twice."""
    fit, *held_out = split(read(series))
    models = [build(activation, start, seed) for seed in range(seeds)]
    nets = Replicates(models, [lr] * seeds, clip=1.0)
    found = {"validation": [], "test": [], "cell": []}
    for _ in nets.train(repeat(fit), 2 * STEPS, [STEPS]):
        for part, (X, y) in zip(found, held_out, strict=False):
            naive = np.mean((X[:, -1] - y) ** 2)
            squares = np.mean((nets.predict(X) - y) ** 2, axis=(1, 2))
            found[part].append(bench.digits(np.sqrt(squares / naive)))
        cells = [largest_cell(net.layer, held_out[1][1]) for net in nets.unstack()]
        found["cell"].append(bench.digits(cells))
    return found


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    base = {"series": SERIES, "activation": ("tanh", "relu"), "start": ["orthogonal"],
            "lr": RATES, "seeds": [seeds]}  # fmt: skip
    settings = bench.grid(**base)
    settings += bench.grid(**base | {"start": ["uniform"], "seeds": [seeds // 2]})
    sizes = {"H": H, "window": LENGTH, "clip": 1.0, "steps": [STEPS, 2 * STEPS]}
    fixed = {"sizes": sizes, "rates": RATES}
    bench.sweep(run, settings, "lstm-relu.json", fixed, **how)


if __name__ == "__main__":
    main()
