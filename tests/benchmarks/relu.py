"""Forecast three real series by LSTMs with tanh and with ReLU, at one search budget.

    python tests/benchmarks/relu.py [--seeds 10] [--jobs 1] [--quick]

Kept are, for each series, activation, learning rate and seed: the errors on the
validation and the test part, over those of persistence; and the largest cell while the
net reads the test part as one sequence, or null where it is not finite. Errors are null
if training broke off. Chapter 10 reads `book/data/lstm-relu.json`, which this script
writes. It takes about five minutes on one core.
"""

import bench
import numpy as np

from unrolled import LSTM, Adam, Linear, Model, data, losses, train

LENGTH, H, STEPS, RATES = 8, 8, 150, (0.02, 0.05, 0.1)
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
    with np.errstate(all="ignore"):
        for y in values:
            _, state = layer.forward(y[None, None], state)
            largest = np.maximum(largest, np.abs(state[1]).max())  # keeps a nan
            if not np.isfinite(largest):
                break
    return largest


def run(series, activation, lr, seed):
    """Train once."""
    fit, *held_out = split(read(series))
    rng = np.random.default_rng(seed)
    both = {"input_activation": activation, "output_activation": activation}
    layer = LSTM(1, H, rng=rng, dtype=np.float32, forget_bias=1.0, **both)
    head = Linear(H, 1, rng=rng, dtype=np.float32)
    model = Model(layer, head, outputs="last")
    found = dict.fromkeys(("validation", "test", "cell"))
    try:
        train(model, [fit] * STEPS, losses.mse, Adam(lr), clip=1.0)
    except FloatingPointError:
        return found
    for part, (X, y) in zip(found, held_out, strict=False):
        naive = losses.mse(X[:, -1], y)[0]
        found[part] = np.sqrt(losses.mse(model.forward(X)[0], y)[0] / naive)
    found["cell"] = largest_cell(layer, held_out[1][1])
    return {
        name: float(f"{value:.4g}") if np.isfinite(value) else None
        for name, value in found.items()
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=10)
    settings = bench.grid(
        series=SERIES, activation=("tanh", "relu"), lr=RATES, seed=range(seeds)
    )
    sizes = {"H": H, "window": LENGTH, "clip": 1.0, "steps": STEPS}
    fixed = {"sizes": sizes, "rates": RATES}
    bench.sweep(run, settings, "lstm-relu.json", fixed, **how)


if __name__ == "__main__":
    main()
