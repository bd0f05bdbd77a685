"""Train one layer, or two or three narrower ones, with as many parameters.

    python tests/benchmarks/depth.py [--seeds 20] [--jobs 1] [--quick]

Text, adding and counting are those of `comparison.py`, judged on data not trained on:
bits a character on text after the text that was read; the squared error over the
variance of the target, for counting on streams five times as long. `layers` is 1, 2,
3, or "3 skip", where each layer but the lowest adds what it reads to what it puts out.
All H of a stack are equal; `sizes` has at each task the H and the parameters, head
included, which agree within two per cent.

Each start is searched and tested by itself: "orthogonal", the module's own with a
forget bias of 1; "uniform", as torch.nn draws all. A run of the part "search" has
`score[look][rate][seed]` on seeds that are used for nothing else, null where
training broke off. A run of the part "test" has `score[look][seed]` at a `rate` with
the lowest median of the search at some look; for another look, read the run at its own
best rate, and compare seed by seed: data and batches are the same for all. The looks
are half of the updates and all of them. Three layers are tested on adding at a rate of
0.01 as well. The part "longer" has `score` as a search: of text three times the
updates, of stacks of three on adding twice as many, at the rates and for the number of
seeds that `longer` names. Chapter 14 reads `book/data/depth.json`. It takes half an
hour on one core.
"""

import bench
import comparison
import numpy as np
from abreast import Abreast
from deep import Skipping

from unrolled import LSTM, Linear, Model, Stack, tasks

F = np.float32
RATES = {
    "text": (0.003, 0.01, 0.03, 0.1),
    "adding": (0.003, 0.01, 0.03, 0.1, 0.3),
    "counting": (0.003, 0.01, 0.03, 0.1, 0.3),
}
STARTS, LAYERS = ("orthogonal", "uniform"), (1, 2, 3, "3 skip")
CELLS = {"LSTM": LSTM}
SEARCH = {
    "text": range(100, 103),
    "adding": range(100, 103),
    "counting": range(100, 109),
}
CLIP = 1.0
LOOKS = 0.5, 1.0  # of the updates


class Text(comparison.Text):
    """Bits a character, learned from pieces of 25."""

    def batch(self, rng, part):
        """Draw pieces to train on, or take those to judge by."""
        xs, labels = super().batch(rng, part)
        return (xs[:, :25], labels[:, :25]) if part == "train" else (xs, labels)


class Adding(comparison.Adding):
    """The sum of two marked numbers among thirty."""

    def batch(self, rng, part):
        """Draw sequences, to train on or to judge by."""
        return tasks.adding(rng, 32 if part == "train" else 300, 30, F)


TASKS = {"text": Text, "adding": Adding, "counting": comparison.Counting}
LONGER = {  # how many times the updates, at which rates, for how many seeds
    "text": (3, (0.01, 0.03, 0.1), 5),
    "adding": (2, (0.003, 0.01, 0.03), 20),
}
SLOWER = 0.01  # for three layers on adding, which stand still at a higher rate
UPDATES = {"text": 600, "adding": 900, "counting": 300}
WIDEST = {"text": 32, "adding": 24, "counting": 24}  # units of one layer, at most


def make(task, cell, layers, H, start, seed):
    """Make a stack with its head."""
    rng, sizes = np.random.default_rng([seed, 0]), [task.I] + [H] * depth(layers)
    first = {"forget_bias": 1.0} if cell == "LSTM" and start == "orthogonal" else {}
    stack = [
        CELLS[cell](below, H, rng=rng, dtype=F, **first)
        for below, H in zip(sizes, sizes[1:], strict=False)
    ]
    model = Model(Stack(stack), Linear(H, task.O, rng=rng, dtype=F), task.outputs)
    if start == "uniform":
        bench.as_pytorch(model.params, rng, H)
    return model


def depth(layers):
    """Return how many layers there are."""
    return int(str(layers)[0])


def matched(task, cell, widest):
    """Return H and the parameters by depth, for the fairest H of one layer."""

    def count(layers, H):
        return make(task, cell, layers, H, "uniform", 0).size

    def rest(H):
        budget = count(1, H)
        sizes = {1: H}
        for layers in (2, 3):
            sizes[layers] = min(
                range(4, H), key=lambda n: abs(count(layers, n) - budget)
            )
        counts = {layers: count(layers, n) for layers, n in sizes.items()}
        return max(counts.values()) / min(counts.values()), sizes, counts

    _, sizes, counts = min(map(rest, range(widest // 2, widest + 1)),
                           key=lambda found: found[0])  # fmt: skip
    return {str(layers): [sizes[layers], counts[layers]] for layers in sizes}


def run(part, task, cell, layers, H, start, rate, seeds):
    """Train the networks of all seeds, in a search at all rates, side by side."""
    name, task, times = task, TASKS[task](), 1
    seeds = SEARCH[name] if part == "search" else range(seeds)
    rates = RATES[name] if part == "search" else [rate]
    if part == "longer":
        times, rates, _ = LONGER[name]
    pairs = [(make(task, cell, layers, H, start, seed), rate)
             for rate in rates for seed in seeds]  # fmt: skip
    kind = Skipping if "skip" in str(layers) else Abreast
    many = kind(*zip(*pairs, strict=True), loss=task.loss, clip=CLIP)
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    updates, found = UPDATES[name] * times, []
    draws = (drawn(task, rngs, "train", len(rates)) for _ in range(updates))
    for _ in many.train(draws, updates, [int(look * updates) for look in LOOKS]):
        judges = [np.random.default_rng([seed, 3]) for seed in seeds]
        found.append(judge(task, many, judges, len(rates)))
    return {"score": [bench.digits(row[0] if part == "test" else row, 4)
                      for row in found]}  # fmt: skip


def drawn(task, rngs, part, times):
    """Draw a batch for each seed, and repeat all of them for each rate."""
    batches = [task.batch(rng, part) for rng in rngs]
    return [np.concatenate([np.stack(parts)] * times)
            for parts in zip(*batches, strict=True)]  # fmt: skip


def judge(task, many, rngs, times):
    """Return the scores (rates, seeds) on data that nobody trained on."""
    scores = np.empty((times, len(rngs)))
    for k, rng in enumerate(rngs):
        xs, *targets = task.batch(rng, "test")
        some = slice(k, None, len(rngs))
        scores[:, k] = task.score(many.predict(xs, some), *targets)
    return scores


def best(run):
    """Return for each look the rate with the lowest median."""
    scores = np.array(run["score"], float)  # None becomes NaN
    medians = np.median(np.where(np.isnan(scores), np.inf, scores), axis=2)
    return [RATES[run["task"]][k] for k in medians.argmin(axis=1)]


def arms():
    """List what is searched, and then tested."""
    sizes = {(name, cell): matched(task(), cell, WIDEST[name])
             for name, task in TASKS.items() for cell in CELLS}  # fmt: skip
    found = [
        arm | {"H": sizes[arm["task"], arm["cell"]][f"{depth(arm['layers'])}"][0]}
        for arm in bench.grid(cell=CELLS, task=TASKS, start=STARTS, layers=LAYERS)
    ]
    return found, {f"{name}, {cell}": size for (name, cell), size in sizes.items()}


def main():
    """Make the runs that the file lacks."""
    seeds, how = bench.asked(__doc__, seeds=20)
    some, sizes = arms()
    fixed = {
        "rates": RATES,
        "longer": LONGER,
        "search": {name: [*seeds] for name, seeds in SEARCH.items()},
        "looks": LOOKS,
        "clip": CLIP,
        "updates": UPDATES,
        "sizes": sizes,
    }
    searched = bench.sweep(
        run,
        [
            {"part": "search", **arm, "rate": None, "seeds": len(SEARCH[arm["task"]])}
            for arm in some
        ],
        "depth.json",
        fixed,
        **how,
    )
    tested = [
        {**row, "part": "test", "rate": rate, "seeds": seeds}
        for row in searched
        if row is not None
        for rate in dict.fromkeys(best(row))
    ]
    for row in tested:
        del row["score"]
    longer = [
        {**arm, "part": "longer", "rate": None, "seeds": LONGER[arm["task"]][2]}
        for arm in some
        if (arm["task"], arm["start"]) == ("text", "uniform")
        or (arm["task"] == "adding" and depth(arm["layers"]) == 3)
    ]
    slower = [
        {**arm, "part": "test", "rate": SLOWER, "seeds": seeds}
        for arm in some
        if (arm["task"], arm["layers"]) == ("adding", 3)
    ]
    bench.sweep(run, tested + longer + slower, "depth.json", fixed, **how)


if __name__ == "__main__":
    main()
