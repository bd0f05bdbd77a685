"""Train the LSTM and its eight variants on two tasks, at one size and one budget.

    python tests/benchmarks/ablation.py [--seeds 10] [--jobs 1] [--quick]

The variants are those of Greff et al. (2017). Each gets the hidden size that brings its
parameters nearest to those of the first, the same learning rates to choose from on
seeds that are not used again, and then fresh seeds with the best rate. Kept is the
error on fresh and longer streams, as a share of the target's variance, or null if
training broke off. Chapter 10 reads `book/data/lstm-ablation.json`, which this script
writes. It takes about half an hour on one core.
"""

import bench
import numpy as np

from unrolled import LSTM, Adam, Linear, Model, losses, train

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


def build(task, variant, hidden, seed=0):
    """Make a model of a variant; count the parameters that act on its output.

    The first variant of all has peepholes. The rows of a missing gate do not count.
    """
    rng, (_, I, _) = np.random.default_rng([seed, 0]), TASKS[task]
    options = {"peephole": True} | VARIANTS[variant]
    if options.get("forget_gate", True):
        options["forget_bias"] = 1.0
    layer = LSTM(I, hidden, rng=rng, dtype=np.float32, **options)
    model = Model(layer, Linear(hidden, 1, rng=rng, dtype=np.float32))
    gates = "input_gate", "forget_gate", "output_gate"
    missing = sum(not options.get(gate, True) for gate in gates)
    idle = missing * hidden * (I + hidden + 1 + options["peephole"])
    return model, sum(p.size for p in model.params.values()) - idle


def size(task, variant):
    """Find the hidden size whose parameters come nearest to those of V."""
    budget = build(task, "V", H)[1]
    sizes = range(2, 2 * H)
    return min(sizes, key=lambda hidden: abs(build(task, variant, hidden)[1] - budget))


def run(task, variant, lr, seed):
    """Train once; the seed decides the data for all variants alike."""
    draw, _, steps = TASKS[task]
    hidden = size(task, variant)
    model, count = build(task, variant, hidden, seed)
    rng = np.random.default_rng([seed, 1])
    error = np.inf
    try:
        batches = (draw(rng, B, T) for _ in range(steps))
        train(model, batches, losses.mse, Adam(lr), clip=1.0)
        xs, ys = draw(np.random.default_rng([seed, 2]), 200, LONG)
        error = losses.mse(model.forward(xs)[0], ys)[0] / ys.var()
    except FloatingPointError:
        pass
    return {
        "hidden": hidden,
        "parameters": count,
        "error": float(f"{error:.4g}") if np.isfinite(error) else None,
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=10)
    sizes = {"B": B, "T": T, "test": LONG, "clip": 1.0}
    steps = {f"steps, {task}": steps for task, (_, _, steps) in TASKS.items()}
    search = {"rates": RATES, "seeds": SEARCH_SEEDS}
    file = "lstm-ablation.json", {"sizes": sizes | steps, "search": search}
    settings = bench.grid(task=TASKS, variant=VARIANTS, lr=RATES, seed=SEARCH_SEEDS)
    searched = bench.sweep(run, settings, *file, **how)
    rates = bench.best(searched, ("task", "variant"), "lr", "error")
    settings = [
        {"task": task, "variant": variant, "lr": lr, "seed": seed}
        for seed in range(seeds)
        for (task, variant), lr in rates.items()
    ]
    bench.sweep(run, settings, *file, **how)


if __name__ == "__main__":
    main()
