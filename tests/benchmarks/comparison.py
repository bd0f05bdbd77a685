"""Repeat the whole search for a cell, many times over, for chapter 13.

    python tests/benchmarks/comparison.py [--seeds 20] [--jobs 1] [--quick]

A replicate is what somebody does who needs a network: draw eight pairs of a learning
rate and a gate bias, train a network with each, and keep the one with the best score
on validation data. The pairs are drawn anew for each replicate, and are the same for
all cells; so are the data. Five cells meet on seven tasks, at two sizes, once with
states as large as the LSTM's and once with as many parameters. Kept are, for each of
the eight, the scores on validation and on test data after a quarter, half, and all of
the updates, null where training broke off. Chapter 13 reads
`book/data/comparison.json`, which this script writes. It takes some five hours on one
core, and goes on where it was stopped.
"""

import bench
import numpy as np
import torch
from abreast import Abreast
from replicates import cross_entropy, mse

from unrolled import GRU, LSTM, MGU, RNN, Linear, Model, data, tasks

BLOCK, CONFIGURATIONS, CLIP = 4, 8, 1.0
LOWEST, HIGHEST, OPEN = 0.001, 0.3, 4.0
LOOKS = (0.25, 0.5, 1.0)  # of the updates
SIZES = (16, 32)  # units of the LSTM
CONTRASTS = ("GRU", "LSTM"), ("GRU, before", "GRU"), ("MGU", "GRU"), ("RNN", "LSTM")
SOLVED = {"adding": 0.01, "copying 10": 0.01, "copying 30": 0.01, "parity": 0.01}
MARGINS = {  # a difference in score that nobody would care about
    "adding": 0.02,
    "copying 10": 0.02,
    "copying 30": 0.02,
    "parity": 0.02,
    "counting": 0.02,
    "text": 0.02,
    "sunspots": 0.05,
}
F = np.float32

# A cell, its options, and the block of columns whose bias keeps the state, with the
# sign with which it does so.
CELLS = {
    "RNN": (RNN, {}, None, 0),
    "MGU": (MGU, {}, "f", -1),
    "GRU": (GRU, {}, "z", 1),
    "GRU, before": (GRU, {"reset": "before"}, "z", 1),
    "LSTM": (LSTM, {}, "f", 1),
}


def over_variance(ys, targets):
    """Return the squared error over that of the mean: 1 is to have learned nothing."""
    return ((ys - targets) ** 2).mean((1, 2, 3)[: ys.ndim - 1]) / targets.var()


def wrong(ys, labels, mask=True):
    """Return the share of answers that are wrong."""
    missed = (ys.argmax(-1) != labels) & mask
    return missed.sum((1, 2)) / np.sum(np.ones_like(labels) & mask)


class Adding:
    """The sum of two marked numbers among fifty."""

    I, O, outputs, updates = 2, 1, "last", 600
    loss, score = staticmethod(mse), staticmethod(over_variance)

    def batch(self, rng, part):
        """Draw sequences, to train on or to judge by."""
        return tasks.adding(rng, 32 if part == "train" else 300, 50, F)


class Copying:
    """Four symbols again, after a delay."""

    I, O, outputs, updates = 6, 4, "all", 600
    loss, score = staticmethod(cross_entropy), staticmethod(wrong)

    def __init__(self, delay):
        self.delay = delay

    def batch(self, rng, part):
        """Draw sequences, to train on or to judge by."""
        return tasks.copying(rng, 32 if part == "train" else 200, self.delay, dtype=F)


class Parity:
    """Odd or even so far: trained on 20 bits, judged on the last hundred of 200."""

    I, O, outputs, updates = 1, 2, "all", 600
    loss, score = staticmethod(cross_entropy), staticmethod(wrong)

    def batch(self, rng, part):
        """Draw strings, to train on or to judge by."""
        if part == "train":
            return tasks.parity(rng, 32, 20, F)
        xs, labels = tasks.parity(rng, 100, 200, F)
        return xs, labels, np.broadcast_to(np.arange(200) >= 100, labels.shape)


class Counting:
    """Ones since the last reset: trained on 40 steps, judged on 200."""

    I, O, outputs, updates = 2, 1, "all", 400
    loss, score = staticmethod(mse), staticmethod(over_variance)

    def batch(self, rng, part):
        """Draw streams, to train on or to judge by."""
        B, T = (32, 40) if part == "train" else (100, 200)
        return tasks.counting(rng, B, T, dtype=F)


class Text:
    """Bits a character, on a text that was not seen in training."""

    outputs, updates, loss = "all", 2000, staticmethod(cross_entropy)

    def __init__(self):
        labels = letters()
        self.I = self.O = labels.max() + 1
        parts = np.split(labels, [len(labels) - 41_000, len(labels) - 20_500])
        self.parts = dict(zip(("train", "validation", "test"), parts, strict=True))

    def batch(self, rng, part):
        """Draw pieces of 50 characters to train on, or cut pieces of 200 to judge."""
        labels = self.parts[part]
        if part == "train":
            starts = rng.integers(0, len(labels) - 51, 16)
            cut = labels[starts[:, None] + np.arange(51)]
        else:
            cut = labels[: 100 * 200].reshape(100, 200)
        return data.one_hot(cut[:, :-1], self.I, F), cut[:, 1:]

    def score(self, ys, labels):
        """Return the bits a character."""
        nats = cross_entropy(torch.from_numpy(ys), torch.from_numpy(labels))
        return nats.numpy() / np.log(2)


class Sunspots:
    """The next year's number, over the error of saying this year's again."""

    I, O, outputs, updates, loss = 1, 1, "last", 300, staticmethod(mse)
    LENGTH, YEARS = 20, 25

    def __init__(self, origin):
        years, counts = data.sunspots()
        X, y = data.windows(counts / 100, self.LENGTH)
        cuts = np.searchsorted(years[self.LENGTH :], [origin, origin + self.YEARS])
        parts = np.split(np.arange(len(X)), [*cuts, cuts[1] + self.YEARS])[:3]
        self.parts = {
            name: (X[some, :, None].astype(F), y[some, None].astype(F))
            for name, some in zip(("train", "validation", "test"), parts, strict=True)
        }

    def batch(self, rng, part):
        """Draw 32 windows to train on, or take all of them to judge by."""
        X, y = self.parts[part]
        some = rng.integers(0, len(X), 32) if part == "train" else slice(None)
        self.same = X[some, -1]
        return X[some], y[some]

    def score(self, ys, targets):
        """Return the squared error over that of saying the same again."""
        return ((ys - targets) ** 2).mean((1, 2)) / ((self.same - targets) ** 2).mean()


def letters():
    """Return Python's reference as labels: letters, space, full stop, and all else."""
    alphabet = {c: k for k, c in enumerate("abcdefghijklmnopqrstuvwxyz .")}
    return np.array([alphabet.get(c, 27) for c in data.reference()])


ORIGINS = (1850, 1880, 1910, 1940, 1955)
TASKS = {
    "adding": Adding,
    "copying 10": lambda: Copying(10),
    "copying 30": lambda: Copying(30),
    "parity": Parity,
    "counting": Counting,
    "text": Text,
    **{f"sunspots {year}": lambda year=year: Sunspots(year) for year in ORIGINS},
}


def make(task, cell, H, bias, rng):
    """Make a network whose state is kept by a gate with a first bias."""
    cls, options, gate, sign = CELLS[cell]
    layer = cls(task.I, H, rng=rng, dtype=F, **options)
    if gate:
        layer.params["b"][layer.columns(gate)] = sign * bias
    return Model(layer, Linear(H, task.O, rng=rng, dtype=F), task.outputs)


def count(task, cell, H):
    """Return how many parameters a cell of some size has, with its head."""
    model = make(task, cell, H, 0, np.random.default_rng(0))
    return sum(p.size for p in model.params.values())


def width(task, cell, H, equal):
    """Return a cell's size beside an LSTM with H units."""
    if equal == "states":
        return H
    budget = count(task, "LSTM", H)
    return min(range(H, 3 * H), key=lambda n: abs(count(task, cell, n) - budget))


def configurations(seed):
    """Draw the learning rates and the gate biases of a replicate."""
    rng = np.random.default_rng([seed, 0])
    rates = np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST), CONFIGURATIONS))
    return rates, rng.uniform(0, OPEN, CONFIGURATIONS)


def drawn(task, cell, H, seed, k, make=make):
    """Draw network k of a replicate; return it and its learning rate."""
    rates, biases = configurations(seed)
    rng = np.random.default_rng([seed, 4, k])
    return make(task, cell, H, biases[k], rng), rates[k]


def repeated(batches):
    """Stack the batches of a block, each for all the networks of its replicate."""
    return [
        np.repeat(part, CONFIGURATIONS, axis=0)
        for part in map(np.stack, zip(*batches, strict=True))
    ]


def judge(task, many, part, seeds):
    """Return the score of each network on validation or test data."""
    found = []
    for k, seed in enumerate(seeds):
        rng = np.random.default_rng([seed, {"validation": 2, "test": 3}[part]])
        xs, *targets = task.batch(rng, part)
        mine = slice(k * CONFIGURATIONS, (k + 1) * CONFIGURATIONS)
        scores = task.score(many.predict(xs, mine), *targets)
        found += bench.digits(scores, 4)
    return found


def run(task, cell, H, block, make=make):
    """Train the networks of some replicates side by side."""
    task, seeds = TASKS[task](), range(block * BLOCK, (block + 1) * BLOCK)
    every = [(seed, k) for seed in seeds for k in range(CONFIGURATIONS)]
    pairs = [drawn(task, cell, H, seed, k, make) for seed, k in every]
    many = Abreast(*zip(*pairs, strict=True), loss=task.loss, clip=CLIP)
    rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
    found = {"validation": [], "test": []}
    draws = (
        repeated([task.batch(rng, "train") for rng in rngs])
        for _ in range(task.updates)
    )
    for _ in many.train(draws, task.updates, [s * task.updates for s in LOOKS]):
        for part, scores in found.items():
            scores.append(judge(task, many, part, seeds))
    return found


def settings(blocks):
    """List all blocks, one of each cell before the next of any."""
    drawn = {name: make_task() for name, make_task in TASKS.items()}
    sizes = {
        (H, name): dict.fromkeys(
            (cell, width(task, cell, H, equal))
            for cell in CELLS
            for equal in ("states", "parameters")
        )
        for H in SIZES
        for name, task in drawn.items()
    }
    return [
        {"task": name, "cell": cell, "H": units, "block": block}
        for block in range(blocks)
        for (_, name), pairs in sizes.items()
        for cell, units in pairs
    ]


def main():
    """Make the runs that the file lacks."""
    seeds, how = bench.asked(__doc__, seeds=20)
    fixed = {
        "configurations": CONFIGURATIONS,
        "rates": [LOWEST, HIGHEST],
        "biases": [0, OPEN],
        "looks": LOOKS,
        "contrasts": CONTRASTS,
        "margins": MARGINS,
        "solved": SOLVED,
        "updates": {name: task().updates for name, task in TASKS.items()},
    }
    bench.sweep(run, settings(seeds // BLOCK), "comparison.json", fixed, **how)


if __name__ == "__main__":
    main()
