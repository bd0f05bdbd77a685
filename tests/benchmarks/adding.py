"""Train chapter 6's layers on the adding problem, at rates tuned for each length.

    python tests/benchmarks/adding.py [--seeds 5] [--jobs 1] [--quick]

It runs the cells of the chapter that carry the tag `adding`, so that the page and the
file mean the same layers, task and score. For each layer and length two seeds search
the learning rate; while the best is at the edge of the search, the search is widened.
With the best rate the layer is then trained from other seeds. A run ends when its
error on fresh sequences is below a tenth of the baseline's, or after 6000 updates. A
second part changes the clipping, the budget and the optimiser. Chapter 6 reads
`book/data/adding.json`, which this script writes, in about half an hour on one core.
"""

import itertools
from functools import cache

import bench

import unrolled

LAYERS = "tanh, orthogonal", "ReLU, identity"  # at all three lengths
OTHERS = ("ReLU, orthogonal", "leaky 0.02, orthogonal", "ReLU, uniform",
          "tanh, Glorot", "tanh, uniform", "tanh, identity")  # fmt: skip
THREE = OTHERS[:2]  # at all three too; the rest at the two shorter ones
LEAKS = "leaky 0.01, orthogonal", "leaky 0.1, orthogonal"  # at 50, to vary the leak
LENGTHS, SEARCH_SEEDS = (20, 50, 100), (100, 101)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)  # it starts with three
STEPS, PATIENCE, LOOK, SOLVED = 6000, 12_000, 250, 0.1
OPTIMISERS = {"Adam": unrolled.Adam, "SGD": unrolled.SGD}
SGD_RATES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


@cache
def chapter():
    """Return what the chapter's tagged cells define."""
    names = {"itertools": itertools, **vars(unrolled.initialise)}
    return bench.chapter("06-training", "adding", **names)


def run(layer, T, optimiser, clip, rate, steps, seed):
    """Train once; look at the error every so often, and stop when it is small."""
    scope = chapter()
    model, batches = scope["learner"](layer, T, seed)
    descent, errors, stopped = OPTIMISERS[optimiser](rate), [], None
    for _ in range(0, steps, LOOK):
        try:
            unrolled.train(model, itertools.islice(batches, LOOK),
                                 unrolled.losses.mse, descent, clip=clip)  # fmt: skip
        except FloatingPointError as error:
            stopped = str(error)
            break
        errors.append(float(f"{min(scope['score'](model, T), 1e9):.4g}"))
        if errors[-1] < SOLVED:
            break
    solved = bool(errors) and errors[-1] < SOLVED
    updates = LOOK * len(errors) if solved else None
    cost = updates or (None if stopped else steps * (1 + errors[-1]))
    return {"updates": updates, "errors": errors, "stopped": stopped, "cost": cost}


def settings(layers, lengths, rates, seeds, optimiser="Adam", clip=1.0, steps=STEPS):
    """Return a setting for each combination."""
    return bench.grid(layer=layers, T=lengths, optimiser=[optimiser], clip=[clip],
                      rate=rates, steps=[steps], seed=seeds)  # fmt: skip


def searched(layer, T, sweep, optimiser="Adam", rates=RATES, first=slice(2, 5)):
    """Return the best of some neighbouring rates; widen while it is at the edge."""
    low, high = first.start, first.stop
    while True:
        now = rates[low:high]
        runs = sweep(settings([layer], [T], now, SEARCH_SEEDS, optimiser))
        ((_, best),) = bench.best(runs, ("layer",), "rate", "cost").items()
        if best == now[0] and low > 0:
            low -= 1
        elif best == now[-1] and high < len(rates):
            high += 1
        else:
            return best


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    fixed = {
        "unit": "mean squared error over 1/6, that of always saying the mean",
        "look": LOOK, "solved": SOLVED, "search": SEARCH_SEEDS,
    }  # fmt: skip

    def sweep(settings):
        return bench.sweep(run, settings, "adding.json", fixed, **how)

    def tuned(layer, T):
        rate = searched(layer, T, sweep)
        sweep(settings([layer], [T], [rate], range(seeds)))
        return rate

    for layer in LAYERS:
        for T in LENGTHS:
            rate = tuned(layer, T)
            if T > 20:
                k = RATES.index(rate)
                near = RATES[k - 1 : k + 2]
                sweep(settings([layer], [T], near, range(seeds), clip=None))
    tanh = LAYERS[:1]
    rate = [searched(*tanh, 20, sweep, "SGD", SGD_RATES, slice(6))]
    sweep(settings(tanh, [20], rate, range(seeds), "SGD"))
    rate = [tuned(*tanh, 100)]
    sweep(settings(tanh, [100], rate, range(seeds), steps=PATIENCE))
    for layer in OTHERS:
        for T in LENGTHS if layer in THREE else LENGTHS[:2]:
            tuned(layer, T)
    sweep(settings(LEAKS, [50], RATES[4:7], SEARCH_SEEDS))


if __name__ == "__main__":
    main()
