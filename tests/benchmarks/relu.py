"""Forecast three real series by LSTMs with tanh and with ReLU, at one search budget.

    python tests/benchmarks/relu.py [--seeds 10] [--steps 150]

Kept are, for each series, activation, learning rate and seed: the errors on the
validation and the test part, over those of persistence; and the largest cell while the
net reads the test part as one sequence, or null where it is not finite. Errors are null
if training broke off. Chapter 8 reads `book/data/lstm-relu.json`, which this script
writes with the command, the date and the machine. It takes about five minutes on one
core.
"""

import argparse
import datetime
import json
import os
import platform
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np

BOOK = Path(__file__).resolve().parent.parent.parent / "book"
sys.path.insert(0, str(BOOK))
from unrolled import LSTM, Adam, Linear, Model, data, losses, train  # noqa: E402

KEPT = BOOK / "data" / "lstm-relu.json"
LENGTH, H, RATES = 8, 8, (0.02, 0.05, 0.1)


def series():
    """Return the three series by name."""
    _, spots = data.sunspots()
    _, ppm = data.co2()
    level = ppm[: len(ppm) // 4 * 4].reshape(-1, 4).mean(axis=1)
    return {"sunspots": spots, "CO2 level": level, "CO2 change": np.diff(level)}


def split(values):
    """Return windows (M, 8, 1) and targets (M, 1): to fit, to choose, to test."""
    X, y = data.windows(values, LENGTH)
    n, m = int(0.7 * len(X)), int(0.56 * len(X))
    X, y = ((v - X[:m].mean()) / X[:m].std() for v in (X, y))
    X, y = X[..., None].astype(np.float32), y[:, None].astype(np.float32)
    return [(X[part], y[part]) for part in (slice(m), slice(m, n), slice(n, None))]


def finite(value):
    """Round a number, or return nothing if it is not finite."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def fit(parts, activation, lr, seed, steps):
    """Train once; return two errors and the largest cell."""
    rng = np.random.default_rng(seed)
    both = {"input_activation": activation, "output_activation": activation}
    layer = LSTM(1, H, rng=rng, dtype=np.float32, forget_bias=1.0, **both)
    head = Linear(H, 1, rng=rng, dtype=np.float32)
    model = Model(layer, head, outputs="last")
    try:
        train(model, [parts[0]] * steps, losses.mse, Adam(lr), clip=1.0)
    except FloatingPointError:
        return [None] * 3
    errors = []
    for X, y in parts[1:]:
        naive = losses.mse(X[:, -1], y)[0]
        errors.append(np.sqrt(losses.mse(model.forward(X)[0], y)[0] / naive))
    state, largest = None, 0.0
    with np.errstate(all="ignore"):
        for y in parts[2][1]:
            _, state = layer.forward(y[None, None], state)
            largest = np.maximum(largest, np.abs(state[1]).max())  # keeps a nan
            if not np.isfinite(largest):
                break
    return [finite(value) for value in (*errors, largest)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=150)
    asked = parser.parse_args()
    rows = []
    for name, values in series().items():
        parts = split(values)
        for activation in ("tanh", "relu"):
            for lr in RATES:
                for seed in range(asked.seeds):
                    chosen, test, cell = fit(parts, activation, lr, seed, asked.steps)
                    rows.append(
                        {"series": name, "activation": activation, "lr": lr}
                        | {"seed": seed, "validation": chosen, "test": test}
                        | {"cell": cell}
                    )
                tests = [row["test"] for row in rows[-asked.seeds :]]
                print(name, activation, lr, tests, flush=True)
    head = {
        "command": f"python tests/benchmarks/relu.py --seeds {asked.seeds} "
        f"--steps {asked.steps}",
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "sizes": {"H": H, "window": LENGTH, "clip": 1.0},
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    text = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n{lines}\n ]\n}}\n'
    KEPT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
