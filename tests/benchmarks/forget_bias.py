"""Train an LSTM on the adding problem from different first biases; keep the figures.

    python tests/benchmarks/forget_bias.py [--seeds 5] [--steps 800]

For each first bias, learning rate and seed: after how many steps the loss, a mean over
25 steps, first falls below 0.05 (the best constant answer has 1/6), or null if it
never does. Two plain layers with about as many weights stand beside it. Chapter 7
reads `book/data/forget-bias.json`, which this script writes, with the command and the
machine. It takes about twenty minutes on one core.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK))
from unrolled import LSTM, RNN, Adam, Linear, Model, data, losses, train  # noqa: E402
from unrolled.initialise import chrono, identity  # noqa: E402
from unrolled.train import History  # noqa: E402

B, RATES, LEARNED, WINDOW = 32, (0.003, 0.01, 0.03), 0.05, 25
STARTS = {  # first biases of input gate and forget gate, from those of chrono
    "0": lambda b_i, b_f: (0, 0),
    "1": lambda b_i, b_f: (0, 1),
    "3": lambda b_i, b_f: (0, 3),
    "5": lambda b_i, b_f: (0, 5),
    "3, input -3": lambda b_i, b_f: (-3, 3),
    "chrono, f only": lambda b_i, b_f: (0, b_f),
    "chrono": lambda b_i, b_f: (b_i, b_f),
}
PLAIN = {"RNN, tanh": "tanh", "RNN, relu": "relu"}
RUNS = {100: [*STARTS, *PLAIN], 400: ["1", "3, input -3", "chrono", "RNN, relu"]}


def make(start, T, rng):
    """Return an LSTM with 16 units, or a plain layer with 33: about 1200 weights."""
    if start in PLAIN:
        layer = RNN(2, 33, PLAIN[start], rng=rng, dtype=np.float32)
        if start == "RNN, relu":
            layer.params["W_h"][...] = identity(33)
        return layer
    layer = LSTM(2, 16, rng=rng, dtype=np.float32)
    b = layer.params["b"]
    first = STARTS[start](*chrono(rng, 16, T))
    b[layer.columns("i")], b[layer.columns("f")] = first
    return layer


def learn(start, T, lr, seed, steps):
    rng = np.random.default_rng(seed)
    layer = make(start, T, rng)
    head = Linear(layer.hidden_size, 1, rng=rng, dtype=np.float32)
    history = History()

    def learned():
        return len(history.loss) >= WINDOW and np.mean(history.loss[-WINDOW:]) < LEARNED

    def batches():
        while not learned() and len(history.loss) < steps:
            yield data.adding(rng, B, T, dtype=np.float32)

    model, adam = Model(layer, head, outputs="last"), Adam(lr)
    try:
        train(model, batches(), losses.mse, adam, clip=1.0, history=history)
    except FloatingPointError:
        return None
    return len(history.loss) if learned() else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=800)
    options = parser.parse_args()
    rows = []
    for T, starts in RUNS.items():
        for start in starts:
            for lr in RATES:
                steps = [learn(start, T, lr, seed, options.steps)
                         for seed in range(options.seeds)]  # fmt: skip
                rows.append({"T": T, "start": start, "lr": lr, "steps": steps})
                print(*rows[-1].values())
    command = "python tests/benchmarks/forget_bias.py"
    kept = {
        "command": f"{command} --seeds {options.seeds} --steps {options.steps}",
        "machine": f"{platform.machine()}, one thread of {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "limit": options.steps,
        "runs": rows,
    }
    lines = json.dumps(kept, indent=1).replace("\n    ", " ").replace("\n   ]", " ]")
    (BOOK / "data" / "forget-bias.json").write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
