"""Train an LSTM on the adding problem with and without the gradient along the cell.

    python tests/benchmarks/dropped_path.py [--seeds 5] [--jobs 1] [--quick]

For each way back, first bias, length, rate and seed: after how many steps the error, a
mean over 20 steps, first falls below a tenth of the baseline's, or null if it does not
within 800; and where it ends. Chapter 9 reads `book/data/dropped-path.json`, which this
script writes. It takes about ten minutes on one core.
"""

import bench
import numpy as np

from unrolled import LSTM, Adam, Linear, Model, losses, tasks, train
from unrolled.initialise import chrono
from unrolled.planting import plant

B, H, STEPS, LEARNED, WINDOW, BASELINE = 32, 8, 800, 0.1, 20, 1 / 6
RATES, LENGTHS = (0.01, 0.03, 0.1), (20, 40, 100)
MISTAKES = {"right": {}, "without dc": {"dc": "dh * o * (1 - tanh_c**2)"}}
WAYS = {
    name: type(name, (LSTM,), {"step_back": plant(LSTM.step_back, mistake)})
    for name, mistake in MISTAKES.items()
    if mistake
} | {"right": LSTM}


def make(way, start, T, rng):
    """Return an LSTM that goes back in a way, with first weights of a kind."""
    layer = WAYS[way](2, H, rng=rng, dtype=np.float32)
    if start == "chrono":
        for gate, first in zip("if", chrono(rng, H, T), strict=True):
            layer.params["b"][layer.columns(gate)] = first
    elif start == "uniform":  # as PyTorch draws all weights
        for p in layer.params.values():
            p[...] = rng.uniform(-1, 1, p.shape) / np.sqrt(H)
    else:
        layer.params["b"][layer.columns("f")] = start
    return layer


def run(start, T, lr, way, seed):
    """Train for all the steps; say when it was learned, and where it ended."""
    rng = np.random.default_rng(seed)
    layer = make(way, start, T, rng)
    head = Linear(H, 1, rng=rng, dtype=np.float32)
    model = Model(layer, head, outputs="last")
    batches = (tasks.adding(rng, B, T, np.float32) for _ in range(STEPS))
    history = train(model, batches, losses.mse, Adam(lr), clip=1.0)
    errors = np.convolve(history.loss, np.ones(WINDOW) / WINDOW, "valid") / BASELINE
    below = np.flatnonzero(errors < LEARNED)
    steps = int(below[0]) + WINDOW if below.size else None
    return {"steps": steps, "end": float(f"{errors[-1]:.3g}")}


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    ways, seeds = list(WAYS), range(seeds)
    settings = [
        *bench.grid(start=["chrono"], T=[20], lr=RATES, way=ways, seed=seeds),
        *bench.grid(start=[1, "uniform"], T=[20], lr=RATES[:2], way=ways, seed=seeds),
        *bench.grid(start=["chrono"], T=LENGTHS[1:], lr=[0.03], way=ways, seed=seeds),
    ]
    fixed = {"limit": STEPS, "B": B, "H": H, "learned": LEARNED, "window": WINDOW}
    summary = bench.over_seeds("steps", "end")
    bench.sweep(run, settings, "dropped-path.json", fixed, summary=summary, **how)


if __name__ == "__main__":
    main()
