"""Train the LSTM and its eight variants on two tasks, at one size and one budget.

    python tests/benchmarks/ablation.py [--seeds 10] [--jobs 1]

The variants are those of Greff et al. (2017). Each gets the hidden size that brings its
parameters nearest to those of the first, the same learning rates to choose from on
seeds that are not used again, and then fresh seeds with the best rate. Kept is the
error on fresh and longer streams, as a share of the target's variance, or null if
training broke off. Chapter 8 reads `book/data/lstm-ablation.json`, which this script
writes with the command, the date and the machine. It saves as it goes, and goes on from
what is there. It takes about half an hour on one core.
"""

import argparse
import datetime
import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is loaded

import numpy as np

BOOK = Path(__file__).resolve().parent.parent.parent / "book"
sys.path.insert(0, str(BOOK))
from unrolled import LSTM, Adam, Linear, Model, losses, train  # noqa: E402

KEPT = BOOK / "data" / "lstm-ablation.json"
H, B, T, LONG = 10, 32, 40, 200
RATES, SEARCH_SEEDS = (0.01, 0.02, 0.04), (100, 101)

VARIANTS = {
    "V": {},
    "NIG": {"input_gate": False},
    "NFG": {"forget_gate": False},
    "NOG": {"output_gate": False},
    "NIAF": {"input_activation": "identity"},
    "NOAF": {"output_activation": "identity"},
    "NP": {"peephole": False},
    "CIFG": {"coupled": True},
    "FGR": {"gate_recurrence": True},
}


def resets(rng, B, T):
    """Add up what comes, and start anew at a reset, with probability 1/10."""
    values, reset = rng.uniform(-1, 1, (B, T)), rng.random((B, T)) < 0.1
    start = np.maximum.accumulate(np.where(reset, np.arange(T), 0), axis=1)
    before = np.pad(values.cumsum(1), ((0, 0), (1, 0)))
    sums = before[:, 1:] - np.take_along_axis(before, start, 1)
    xs = np.stack([values, reset], -1)
    return xs.astype(np.float32), sums[..., None].astype(np.float32)


def timing(rng, B, T, short=4, long=12):
    """Answer a spike of height k / long with a spike of height 1, k steps later."""
    xs, ys = np.zeros((2, B, T, 1), np.float32)
    for x, y in zip(xs, ys, strict=True):
        t = rng.integers(0, 5)
        while t < T:
            k = rng.integers(short, long + 1)
            x[t] = k / long
            y[t + k : t + k + 1] = 1
            t += k + rng.integers(1, 5)
    return xs, ys


TASKS = {"resets": (resets, 2, 250), "timing": (timing, 1, 400)}


def options(variant):
    """Return what LSTM is called with; the first of all has peepholes."""
    chosen = {"peephole": True} | VARIANTS[variant]
    biased = chosen.get("forget_gate", True)
    return chosen | ({"forget_bias": 1.0} if biased else {})


def used(layer, head):
    """Count the parameters that act on the output: a missing gate's do not."""
    count = sum(p.size for part in (layer, head) for p in part.params.values())
    missing = [gate for gate, there in layer.gates.items() if not there]
    I, width = layer.input_size, layer.hidden_size
    peephole = width if layer.peephole else 0
    return count - len(missing) * (width * (I + layer.output_size + 1) + peephole)


def build(task, variant, hidden, seed):
    """Make a model of a variant, and count its parameters."""
    rng = np.random.default_rng([seed, 0])
    _, I, _ = TASKS[task]
    layer = LSTM(I, hidden, rng=rng, dtype=np.float32, **options(variant))
    head = Linear(hidden, 1, rng=rng, dtype=np.float32)
    return Model(layer, head), used(layer, head)


def size(task, variant):
    """Find the hidden size whose parameters come nearest to those of V."""
    budget = build(task, "V", H, 0)[1]
    return min(
        range(2, 2 * H), key=lambda h: abs(build(task, variant, h, 0)[1] - budget)
    )


def learn(task, variant, lr, seed):
    """Train once; the seed decides the data for all variants alike."""
    draw, _, steps = TASKS[task]
    hidden = size(task, variant)
    model, count = build(task, variant, hidden, seed)
    rng = np.random.default_rng([seed, 1])
    error = None
    try:
        batches = (draw(rng, B, T) for _ in range(steps))
        train(model, batches, losses.mse, Adam(lr), clip=1.0)
        xs, ys = draw(np.random.default_rng([seed, 2]), 200, LONG)
        error = losses.mse(model.forward(xs)[0], ys)[0] / ys.var()
    except FloatingPointError:
        pass
    row = {"task": task, "variant": variant, "lr": lr, "seed": seed}
    finite = error is not None and np.isfinite(error)
    return row | {
        "hidden": hidden,
        "parameters": count,
        "error": float(f"{error:.4g}") if finite else None,
    }


def best_rate(rows, task, variant):
    """Choose the rate with the lowest median error over the search seeds."""

    def median(lr):
        errors = [
            np.inf if row["error"] is None else row["error"]
            for row in rows
            if (row["task"], row["variant"], row["lr"]) == (task, variant, lr)
            and row["seed"] in SEARCH_SEEDS
        ]
        return np.median(errors)

    return min(RATES, key=median)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {"runs": []}
    rows = kept["runs"]

    def save():
        head = {
            "command": f"python tests/benchmarks/ablation.py --seeds {asked.seeds}",
            "date": datetime.date.today().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread a "
            f"run, Python {platform.python_version()}, NumPy {np.__version__}",
            "sizes": {"B": B, "T": T, "test": LONG, "clip": 1.0}
            | {f"steps, {task}": steps for task, (_, _, steps) in TASKS.items()},
            "search": {"rates": RATES, "seeds": SEARCH_SEEDS},
        }
        lines = ",\n".join("  " + json.dumps(row) for row in rows)
        text = json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n{lines}\n ]\n}}\n'
        part = KEPT.with_suffix(".part")
        part.write_text(text, "utf-8")
        part.replace(KEPT)

    def run(pool, wanted):
        done = {(r["task"], r["variant"], r["lr"], r["seed"]) for r in rows}
        todo = [key for key in wanted if key not in done]
        for row in pool.map(learn, *zip(*todo, strict=True)) if todo else ():
            rows.append(row)
            save()
            print(*row.values(), flush=True)

    pairs = [(task, variant) for task in TASKS for variant in VARIANTS]
    with ProcessPoolExecutor(asked.jobs) as pool:
        run(pool, [(*p, lr, s) for p in pairs for s in SEARCH_SEEDS for lr in RATES])
        rates = {p: best_rate(rows, *p) for p in pairs}
        run(pool, [(*p, rates[p], s) for s in range(asked.seeds) for p in pairs])


if __name__ == "__main__":
    main()
