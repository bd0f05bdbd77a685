"""Train a plain layer and an LSTM of as many weights to predict characters.

    python tests/benchmarks/characters.py [--seeds 5] [--steps 300]

The text, the batches and the steps are those of chapter 5. For each learning rate and
seed: the loss on unseen text in nats, and the dependency horizon, both after training.
Chapter 7 reads `book/data/characters.json`, which this script writes, with the command
and the machine. It takes about three minutes on one core.
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

RATES = (0.01, 0.02, 0.04, 0.08, 0.16)
TEXT = data.reference()
ALPHABET = sorted(set(TEXT))
V = len(ALPHABET)
CODES = np.array([ALPHABET.index(c) for c in TEXT])
SEEN, UNSEEN = CODES[20_000:100_000], CODES[200_000:240_000]


def excerpts(codes, rng, B, T):
    at = rng.integers(0, len(codes) - T - 1, B)[:, None] + np.arange(T + 1)
    return data.one_hot(codes[at[:, :-1]], V, np.float32), codes[at[:, 1:]]


def horizon(model, xs, labels):
    """Return the largest lag with a hundredth of the influence of lag 0."""
    last = Model(model.layer, model.head, outputs="last")
    ys, _ = last.forward(xs)
    dxs, _ = last.backward(losses.cross_entropy(ys, labels[:, -1], reduction="sum")[1])
    C = np.median(np.linalg.norm(dxs, axis=-1)[:, ::-1], axis=0)
    return int(np.flatnonzero(C >= C[0] / 100).max())


def learn(name, lr, seed, steps):
    rng = np.random.default_rng(seed)
    if name == "RNN":
        layer = RNN(V, 64, rng=rng, dtype=np.float32)
    else:
        layer = LSTM(V, 23, rng=rng, dtype=np.float32, forget_bias=1.0)
    head = Linear(layer.hidden_size, V, rng=rng, dtype=np.float32)
    model = Model(layer, head)
    batches = (excerpts(SEEN, rng, 32, 25) for _ in range(steps))
    train(model, batches, losses.cross_entropy, Adam(lr), clip=1.0)
    xs, labels = excerpts(UNSEEN, np.random.default_rng(0), 300, 100)
    loss = losses.cross_entropy(model.forward(xs)[0], labels)[0]
    weights = sum(p.size for p in layer.params.values())
    return round(float(loss), 4), horizon(model, xs, labels), weights


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    options = parser.parse_args()
    rows = []
    for name in ("RNN", "LSTM"):
        for lr in RATES:
            runs = [learn(name, lr, s, options.steps) for s in range(options.seeds)]
            loss, reach, weights = (list(part) for part in zip(*runs, strict=True))
            rows.append({"layer": name, "weights": weights[0], "lr": lr,
                         "loss": loss, "horizon": reach})  # fmt: skip
            print(*rows[-1].values())
    command = "python tests/benchmarks/characters.py"
    kept = {
        "command": f"{command} --seeds {options.seeds} --steps {options.steps}",
        "machine": f"{platform.machine()}, one thread of {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "runs": rows,
    }
    lines = json.dumps(kept, indent=1).replace("\n    ", " ").replace("\n   ]", " ]")
    (BOOK / "data" / "characters.json").write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main()
