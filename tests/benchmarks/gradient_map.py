"""Measure what a hundred steps do to the gradient of LSTMs, drawn and trained.

    python tests/benchmarks/gradient_map.py [--seeds 20] [--jobs 1] [--quick]

It runs the cells of chapter 9 that carry the tag `map`. The first part changes one
setting of the page's map at a time: for forget biases and scales of W_h, the rate of a
seed is the number of powers of ten that 100 steps multiply a nudge by, from step 100 to
400. The second part trains LSTMs from first biases and scales on two tasks, and takes
their rates on the way. Chapter 9 reads `book/data/gradient-map.json`, which this script
writes. It takes about twenty-five minutes on one core.
"""

from functools import cache

import bench
import numpy as np

from unrolled import LSTM, Adam, Linear, Model, losses, tasks, train

BIASES, SCALES = tuple(range(-2, 9)), tuple(2.0 ** np.arange(-2, 4.1, 0.5))
CONDITIONS = {  # what differs from the page's map
    "as on the page": {},
    "no input": {"strength": 0.0},
    "input times 0.1": {"strength": 0.1},
    "input times 3": {"strength": 3.0},
    "normal numbers as input": {"inputs": "normal"},
    "4 units": {"H": 4},
    "64 units": {"H": 64},
    "256 units": {"H": 256},
    "1024 units": {"H": 1024},
    "W_h by Glorot": {"weights": "glorot"},
    "all uniform, as in PyTorch": {"weights": "uniform"},
    "input bias the negative": {"moved": (-1, 1, 0, 0)},
    "all 1200 steps": {"T": 1200},
    "64 units, all 1200 steps": {"H": 64, "T": 1200},
    "256 units, all 1200 steps": {"H": 256, "T": 1200},
}
WIDE = {"256 units": 5, "256 units, all 1200 steps": 5, "1024 units": 10}  # seeds over
B, H, UPDATES = 32, 16, (0, 100, 200, 400, 800, 1600)
RATES, STARTS = (0.003, 0.01, 0.03), (0, 1, "12 W_h")
TASKS = {"last 20": (20, (0, "12 W_h")), "add 100": (100, STARTS)}


@cache
def page():
    """Return what the chapter's tagged cells define."""
    return bench.chapter("09-lstm-memory", "map")


def draw(seed, weights, H):
    """Draw a layer with a forget bias of 0."""
    layer, rng = page()["drawn"](seed, 0.0, H=H), np.random.default_rng([seed, 1])
    if weights == "glorot":
        p = layer.params["W_h"]
        p[...] = rng.uniform(-1, 1, p.shape) * np.sqrt(3 / H)
    if weights == "uniform":
        bench.as_pytorch(layer.params, rng, H)
        layer.params["b"][layer.columns("f")] = 0
    return layer


def rates(condition, bias, seeds, T=400, strength=1.0, inputs="marked", weights=None,
          H=H, moved=(0, 1, 0, 0)):  # fmt: skip
    """Return the median over seeds for each scale, and how many are above 1."""
    xs = page()["waiting"](range(seeds), T)
    if inputs == "normal":
        xs = np.random.default_rng(1).standard_normal(xs.shape)
    layers = [draw(s, weights, H) for s in range(seeds)]
    scale = np.array(SCALES)[:, None]
    logs = page()["growth"](layers, strength * xs, float(bias), scale, moved)
    found = page()["rate"](logs)  # (seeds, scales)
    return {"rates": [round(float(x), 3) for x in np.median(found, axis=0)],
            "above 1": [int(n) for n in (found > 1).sum(axis=0)]}  # fmt: skip


def first(start, rng):
    """Draw a layer to be trained."""
    layer = LSTM(2, H, rng=rng, dtype=np.float32)
    large = start == "12 W_h"
    layer.params["b"][layer.columns("f")] = 1 if large else start
    layer.params["W_h"] *= 12 if large else 1
    return layer


def batch(task, T, rng):
    """Draw a batch: add the marked numbers, or answer with the last number."""
    xs, ys = tasks.adding(rng, B, T, np.float32)
    return (xs, ys) if task.startswith("add") else (xs, xs[:, -1, :1])


def stage(layer, history):
    """Return the rate, that of the cell alone, the error, the bias and the scale."""
    xs = page()["waiting"](range(8))
    found = page()["rate"](page()["growth"]([layer] * 8, xs))
    weights, zero = {k: p.astype(float) for k, p in layer.params.items()}, np.zeros(H)
    tapes = [page()["forward"](x, zero, zero, **weights)[2] for x in xs]
    fs = [[kept[3] for kept in tape[100:]] for tape in tapes]  # (8, 300, H)
    cell = 100 * np.log10(fs).mean(axis=1).max(axis=1)  # of the unit that keeps most
    bias, W_h = weights["b"][layer.columns("f")], weights["W_h"]
    size = np.linalg.norm(W_h) / np.sqrt(4 * H)  # 1 if its blocks are orthogonal
    error = np.mean(history.loss[-25:]) if history else np.nan
    row = np.median(found), np.median(cell), error, bias.mean(), size
    return [round(float(x), 4) if np.isfinite(x) else None for x in row]


def trained(task, start, lr, seed):
    """Train, and stop at each of UPDATES to measure."""
    T, rng = TASKS[task][0], np.random.default_rng(seed)
    layer = first(start, rng)
    head = Linear(H, 1, rng=rng, dtype=np.float32)
    model, adam, rows, history = Model(layer, head, "last"), Adam(lr), [], None
    for before, now in zip((0, *UPDATES), UPDATES, strict=False):
        if now:
            batches = (batch(task, T, rng) for _ in range(now - before))
            history = train(model, batches, losses.mse, adam, clip=1.0)
        rows.append(stage(layer, history))
    names = "rate", "cell", "error", "bias", "size"
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def run(part, **setting):
    """Make one run of either part."""
    if part == "trained":
        return trained(**setting)
    return rates(**setting, **CONDITIONS[setting["condition"]])


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    usual = [name for name in CONDITIONS if name not in WIDE]
    settings = bench.grid(part=["map"], condition=usual, bias=BIASES, seeds=[seeds])
    for name, fewer in WIDE.items():
        settings += bench.grid(part=["map"], condition=[name], bias=(0, 1, 3, 5, 8),
                               seeds=[max(seeds // fewer, 2)])  # fmt: skip
    for task, (_, starts) in TASKS.items():
        settings += bench.grid(part=["trained"], task=[task], start=starts, lr=RATES,
                               seed=range(seeds // 4))  # fmt: skip
    fixed = {"scales": [round(s, 4) for s in SCALES], "updates": UPDATES, "B": B,
             "H": H, "unit": "powers of ten in 100 steps"}  # fmt: skip
    bench.sweep(run, settings, "gradient-map.json", fixed, **how)


if __name__ == "__main__":
    main()
