"""Train RNN, LSTM, GRU and MGU on five tasks, for chapter 13.

    python tests/benchmarks/comparison.py [--seeds 5] [--jobs 1] [--quick]

On every task, once with equal states and once with equal numbers of parameters, each
cell first searches its learning rate: the same five values, two seeds each, by the
score on validation data. With the best value it is then trained from other seeds and
scored on test data. Chapter 13 reads `book/data/comparison.json`, which this script
writes. A task of your own is one more class here: its runs are added to the file.
"""

import pydoc_data.topics
from itertools import islice

import bench
import numpy as np

from unrolled import GRU, LSTM, MGU, RNN, Linear, Model, data, losses, tasks
from unrolled.optimise import Adam, clip_by_norm
from unrolled.tasks import copying, parity

CELLS = {"RNN": (RNN, {}), "LSTM": (LSTM, {"forget_bias": 1.0}), "GRU": (GRU, {}),
         "MGU": (MGU, {})}  # fmt: skip
RATES, SEARCH_SEEDS = (0.001, 0.003, 0.01, 0.03, 0.1), (100, 101)
LOOKS = 16  # how often the score is taken on the way
F = np.float32


class Adding:
    """Mean squared error over that of the mean: 1 is to have learned nothing."""

    H, I, O, outputs, steps, carry = 32, 2, 1, "last", 800, False
    loss = staticmethod(losses.mse)

    def batches(self, rng):
        """Draw batches without end."""
        while True:
            yield tasks.adding(rng, 32, 50, dtype=F)

    def score(self, model, part):
        """Judge by 500 new sequences."""
        xs, targets = tasks.adding(
            np.random.default_rng(10_000 + part), 500, 50, dtype=F
        )
        return losses.mse(model.forward(xs)[0], targets)[0] / targets.var()


class Copying:
    """The share of symbols that come back wrong: three quarters is to guess."""

    H, I, O, outputs, steps, carry = 32, 6, 4, "all", 800, False
    loss = staticmethod(losses.cross_entropy)

    def batches(self, rng):
        """Draw batches without end."""
        while True:
            yield copying(rng, 32, 20, dtype=F)

    def score(self, model, part):
        """Judge by 500 new sequences."""
        xs, labels, mask = copying(
            np.random.default_rng(10_000 + part), 500, 20, dtype=F
        )
        return (model.forward(xs)[0].argmax(-1) != labels)[mask].mean()


class Parity:
    """Errors on the last hundred of 200 bits, trained on 20: half is to guess."""

    H, I, O, outputs, steps, carry = 8, 1, 2, "all", 400, False
    loss = staticmethod(losses.cross_entropy)

    def batches(self, rng):
        """Draw batches without end."""
        while True:
            yield parity(rng, 32, 20, dtype=F)

    def score(self, model, part):
        """Judge by 200 new strings."""
        xs, labels = parity(np.random.default_rng(10_000 + part), 200, 200, dtype=F)
        return (model.forward(xs)[0].argmax(-1) != labels)[:, 100:].mean()


class Text:
    """Bits a character, on prose that was not seen in training."""

    H, outputs, steps, carry = 32, "all", 600, True
    loss = staticmethod(losses.cross_entropy)

    def __init__(self):
        topics = pydoc_data.topics.topics
        prose = "\n".join(topics[name] for name in sorted(topics))
        alphabet, labels = np.unique([*prose[:240_000]], return_inverse=True)
        self.I = self.O = len(alphabet)
        self.train, *self.held_out = np.split(labels, [200_000, 220_000])

    def streams(self, labels, B):
        """Cut a text into B streams; return inputs and the characters that follow."""
        N = (len(labels) - 1) // B
        xs = labels[: B * N].reshape(B, N)
        return xs, labels[1 : B * N + 1].reshape(B, N)

    def batches(self, rng):
        """Read 32 streams in steps of 40, over and over; the state goes on."""
        xs, labels = self.streams(self.train, 32)
        while True:
            for start in range(0, xs.shape[1] - 39, 40):
                now = slice(start, start + 40)
                yield data.one_hot(xs[:, now], self.I, F), labels[:, now]

    def score(self, model, part):
        """Read 20 streams of the part of the text that is asked for."""
        xs, labels = self.streams(self.held_out[part], 20)
        ys, _ = model.forward(data.one_hot(xs, self.I, F))
        return losses.cross_entropy(ys, labels)[0] / np.log(2)


class Sunspots:
    """Squared error of next year's number over that of saying this year's again."""

    H, I, O, outputs, steps, carry = 32, 1, 1, "last", 300, False
    loss = staticmethod(losses.mse)

    def __init__(self):
        years, counts = data.sunspots()
        X, y = data.windows(counts / 100, 30)
        parts = np.split(np.arange(len(X)), np.searchsorted(years[30:], [1901, 1955]))
        self.train, *self.held_out = [(X[k, :, None].astype(F), y[k, None])
                                      for k in parts]  # fmt: skip

    def batches(self, rng):
        """Draw 32 windows at a time."""
        X, y = self.train
        while True:
            some = rng.integers(0, len(X), 32)
            yield X[some], y[some]

    def score(self, model, part):
        """Judge by the years that are asked for."""
        X, y = self.held_out[part]
        persistence = losses.mse(X[:, -1].astype(float), y)[0]
        return losses.mse(model.forward(X)[0], y)[0] / persistence


TASKS = {"adding": Adding, "copying": Copying, "parity": Parity, "text": Text,
         "sunspots": Sunspots}  # fmt: skip


def make(task, cell, H, rng):
    """Make a cell of some size with its head."""
    cls, options = CELLS[cell]
    layer = cls(task.I, H, rng=rng, dtype=F, **options)
    return Model(layer, Linear(H, task.O, rng=rng, dtype=F), task.outputs)


def count(task, cell, H):
    """Return how many parameters a cell of some size has, with its head."""
    model = make(task, cell, H, np.random.default_rng(0))
    return sum(p.size for p in model.params.values())


def widths(task, cell):
    """Return the size of the state as large as the LSTM's, and at equal parameters."""
    budget = count(task, "LSTM", task.H)
    sizes = range(task.H, 3 * task.H)  # no cell has more parameters a unit
    return task.H, min(sizes, key=lambda H: abs(count(task, cell, H) - budget))


def run(task, cell, H, stage, rate, seed):
    """Train one model; score it at several looks, the last at the end."""
    task, rng = TASKS[task](), np.random.default_rng(seed)
    model, optimiser = make(task, cell, H, rng), Adam(rate)
    part = {"search": 0, "test": 1}[stage]
    state, curve = None, []
    batches = islice(task.batches(rng), task.steps)
    for step, (xs, *targets) in enumerate(batches, 1):
        ys, last = model.forward(xs, state)
        model.backward(task.loss(ys, *targets)[1])
        clip_by_norm(grads := model.grads, 1.0)
        optimiser.step(model.params, grads)
        state = last if task.carry else None
        if step * LOOKS % task.steps == 0:
            curve.append(round(float(task.score(model, part)), 5))
    found = {"size": count(task, cell, H), "score": curve[-1]}
    return found | ({"curve": curve} if stage == "test" else {})


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    steps = {name: task.steps for name, task in TASKS.items()}
    file = "comparison.json", {"rates": RATES, "looks": LOOKS, "steps": steps}
    settings = [
        setting
        for name, task in ((name, task()) for name, task in TASKS.items())
        for cell in CELLS
        for setting in bench.grid(
            task=[name],
            cell=[cell],
            H=widths(task, cell),
            stage=["search"],
            rate=RATES,
            seed=SEARCH_SEEDS,
        )
    ]
    searched = bench.sweep(run, settings, *file, **how)
    rates = bench.best(searched, ("task", "cell", "H"), "rate", "score")
    settings = [
        {"task": task, "cell": cell, "H": H, "stage": "test", "rate": rate,
         "seed": seed}
        for (task, cell, H), rate in rates.items()
        for seed in range(seeds)
    ]  # fmt: skip
    bench.sweep(run, settings, *file, **how)


if __name__ == "__main__":
    main()
