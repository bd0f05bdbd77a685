"""Train the LSTM and its eight variants on two tasks, at one size, over five rates.

    python tests/benchmarks/ablation.py [--seeds 20] [--jobs 1] [--quick]

The variants are those of Greff et al. (2017). They and the tasks stand in the cells of
chapter 10 that carry the tag `ablation`, so that the page and the file mean the same.
Each variant gets the hidden size that brings its
parameters nearest to those of the first, then a learning rate, chosen on seeds that are
not used again, and then fresh seeds. Kept is the error on fresh and longer streams, as
a share of the target's variance: by rate, by number of updates (half the budget, the
budget, twice the budget) and by seed, and null where training broke off. Some variants
are also trained from PyTorch's uniform start, and with a first forget bias of 0; each
searches anew. Chapter 10 reads `book/data/lstm-ablation.json`, which this script
writes. It takes about a quarter of an hour on one core.
"""

import bench
import numpy as np
from replicates import Replicates

from unrolled import LSTM, Linear, Model

H, B, T, LONG = 10, 16, 40, 200
RATES = [0.003, 0.01, 0.03, 0.1, 0.3]
SEARCH_SEEDS = [*range(100, 108)]

PAGE = bench.chapter("10-lstm-variants", "ablation")
VARIANTS, resets, timing = (PAGE[name] for name in ("VARIANTS", "resets", "timing"))
TASKS = {"resets": (resets, 2, 200), "timing": (timing, 1, 300)}


def build(
    I, variant, hidden, seed=0, start="orthogonal", forget_bias=1.0, outputs="all"
):
    """Make a model of a variant; count the parameters that act on its output.

    The first variant of all has peepholes. The rows of a missing gate do not count.
    """
    rng = np.random.default_rng([seed, 0])
    options = {"peephole": True} | VARIANTS[variant]
    if options.get("forget_gate", True):
        options["forget_bias"] = forget_bias
    layer = LSTM(I, hidden, rng=rng, dtype=np.float32, **options)
    head = Linear(hidden, 1, rng=rng, dtype=np.float32)
    model = Model(layer, head, outputs=outputs)
    if start == "uniform":
        uniform_start(model, rng, options.get("forget_bias"))
    gates = "input_gate", "forget_gate", "output_gate"
    missing = sum(not options.get(gate, True) for gate in gates)
    idle = missing * hidden * (I + hidden + 1 + options["peephole"])
    return model, sum(p.size for p in model.params.values()) - idle


def uniform_start(model, rng, forget_bias):
    """Draw all parameters as torch.nn does, uniformly; the forget bias is added."""
    layer = model.layer
    bench.as_pytorch(model.params, rng, layer.hidden_size)
    if forget_bias is not None:
        layer.params["b"][layer.columns("f")] += forget_bias


def size(I, variant, units=H):
    """Find the hidden size whose parameters come nearest to those of V."""
    budget = build(I, "V", units)[1]
    sizes = range(1, 2 * units)
    return min(sizes, key=lambda hidden: abs(build(I, variant, hidden)[1] - budget))


def run(stage, task, variant, start, forget_bias, rates, seeds):
    """Train a network for each rate and seed; a seed's data are the same for all."""
    draw, I, budget = TASKS[task]
    hidden = size(I, variant)
    built = [build(I, variant, hidden, seed, start, forget_bias) for seed in seeds]
    models = [model for model, _ in built] * len(rates)
    nets = Replicates(models, np.repeat(rates, len(seeds)), clip=1.0)

    def data(rngs, B, T):
        parts = zip(*(draw(rng, B, T) for rng in rngs), strict=True)
        return [np.concatenate([np.stack(part)] * len(rates)) for part in parts]

    def errors():
        xs, ys = data([np.random.default_rng([seed, 2]) for seed in seeds], 100, LONG)
        squares = ((nets.predict(xs) - ys) ** 2).mean((1, 2, 3))
        return (squares / ys.var((1, 2, 3))).reshape(len(rates), -1)

    streams = [np.random.default_rng([seed, 1]) for seed in seeds]
    draws = (data(streams, B, T) for _ in range(2 * budget))
    looks = [errors() for _ in nets.train(draws, 2 * budget, (budget // 2, budget))]
    error = bench.digits(np.stack(looks, axis=1))
    return {"hidden": hidden, "parameters": built[0][1], "error": error}


def best_rate(row):
    """Return the rate with the lowest median error at the budget; null is the worst."""
    medians = [
        np.median([np.inf if e is None else e for e in looks[1]])
        for looks in row["error"]
    ]
    return row["rates"][int(np.argmin(medians))]


def contests():
    """Return who meets whom: a variant and all that it is trained with."""
    base = {"task": TASKS, "variant": VARIANTS, "start": ["orthogonal"],
            "forget_bias": [1.0], "rates": [RATES]}  # fmt: skip
    uniform = {"variant": ["V", "NP", "CIFG", "NFG"], "start": ["uniform"]}
    shut = {"variant": ["V", "NP", "CIFG"], "forget_bias": [0.0]}
    return [
        *bench.grid(**base),
        *bench.grid(**base | uniform),
        *bench.grid(**base | shut),
    ]


def search_and_test(run, contests, best_rate, seeds, *file, **how):
    """Find the best rate of each contest on seeds of its own, then run the others."""
    searches = [
        {"stage": "search"} | contest | {"seeds": SEARCH_SEEDS} for contest in contests
    ]
    tests = [
        {name: row[name] for name in searches[0]}
        | {"stage": "test", "rates": [best_rate(row)], "seeds": [*range(seeds)]}
        for row in bench.sweep(run, searches, *file, **how)
    ]
    bench.sweep(run, tests, *file, **how)


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    sizes = {"B": B, "T": T, "test": LONG, "clip": 1.0}
    budgets = {task: [b // 2, b, 2 * b] for task, (_, _, b) in TASKS.items()}
    file = "lstm-ablation.json", {"sizes": sizes, "updates": budgets}
    search_and_test(run, contests(), best_rate, seeds, *file, **how)


if __name__ == "__main__":
    main()
