"""Train character models from two starts, and measure how far their gradients reach.

    python tests/benchmarks/reach.py [--seeds 5] [--jobs 1] [--quick]

It runs the cells of chapter 5 that carry the tag `reach`, so that the page and the file
mean the same text, models and measures. The first block has two starts and three
learning rates; its runs are measured before training, and then whenever the number of
updates has doubled. The second changes one thing at a time, and is measured before and
after. Chapter 5 reads `book/data/reach.json`, which this script writes. It takes about
half an hour on one core.
"""

import bench
import numpy as np

from unrolled import SGD, Adam, Model, losses, train
from unrolled.initialise import glorot, orthogonal

RATES, RATE = (0.002, 0.006, 0.02), 0.006
UPDATES = (0, 75, 150, 300, 600, 1200, 2400, 4800)
LAGS = (0, 5, 20)
CONTEXTS = (1, 2, 5, 10, 50)
CHANGED = 1200  # updates of the runs in which something else is changed
STARTS = ("orthogonal", "uniform")
ABSOLUTE = 0.01  # nats for a nudge of length 1: what counts as an influence
CHANGES = {  # one thing at a time, at the middle rate
    "half orthogonal": {"start": "orthogonal, times 0.5"},
    "more than orthogonal": {"start": "orthogonal, times 1.5"},
    "Glorot": {"start": "glorot"},
    "SGD": {"optimiser": "SGD", "lr": 1.5},
    "shuffled text": {"text": "shuffled", "updates": UPDATES[-1]},
    "text never seen twice": {"text": "endless", "updates": UPDATES[-1]},
    "an eighth of the text": {"text": "an eighth"},
    "rate 0.05": {"lr": 0.05},
    "16 units": {"H": 16},
    "excerpts of 100": {"T": 100, "B": 8},
    "excerpts of 12": {"T": 12, "B": 64},
    "128 units": {"H": 128},
}


def chapter():
    """Return what the chapter's tagged cells define."""
    return bench.chapter("05-gradient-flow", "reach")


def draw(page, rng, start, H):
    """Draw a model from one of the chapter's two starts, or from another."""
    model = page["first_model"](rng, "uniform" if start == "uniform" else "", H)
    W_h = model.layer.params["W_h"]
    if start == "glorot":
        W_h[...] = glorot(rng, H, H)
    elif "times" in start:
        W_h[...] = float(start.split()[-1]) * orthogonal(rng, H)
    return model


def measure(page, model, codes):
    """Return what is known of a model after some updates."""
    horizon = page["horizon"]
    xs, labels = page["excerpts"](codes, np.random.default_rng(0), 300, 100)
    every = page["influence"](model, xs, labels)
    C, mean = np.median(every, axis=0), every.mean(axis=0)
    alone = [horizon(row, row[0] / 100) for row in every]
    W_h = model.layer.params["W_h"]
    hs = model.layer.forward(xs)[0][:, 20:]
    short, after = page["excerpts"](codes, np.random.default_rng(1), 1000, 50)
    judge = Model(model.layer, model.head, outputs="last")

    def loss_from(k):
        ys, _ = judge.forward(short[:, -k:])
        return float(losses.cross_entropy(ys, after[:, -1])[0])

    return {
        "horizon": horizon(C, C[0] / 100),
        "horizon, tenth": horizon(C, C[0] / 10),
        "horizon, thousandth": horizon(C, C[0] / 1000),
        "horizon of the mean": horizon(mean, mean[0] / 100),
        "horizon, one place in 20": int(np.percentile(alone, 95)),
        "absolute horizon": horizon(C, ABSOLUTE),
        "radius": bench.digits(np.abs(np.linalg.eigvals(W_h)).max()),
        "slope": bench.digits(np.mean(1 - hs**2)),
        "C": [bench.digits(C[k]) for k in LAGS],
        "loss": [round(loss_from(k), 3) for k in CONTEXTS],
    }


def run(change, start, lr, seed, H=64, T=25, B=32, updates=UPDATES[-1], text="",
        optimiser="Adam"):  # fmt: skip
    """Train once, and stop to measure."""
    page, rng = chapter(), np.random.default_rng(seed)
    seen, unseen = page["seen"], page["unseen"]
    if text == "an eighth":
        seen = seen[: len(seen) // 8]
    elif text:
        seen, unseen = (np.random.default_rng(5).permutation(c) for c in (seen, unseen))
    model, done, found = draw(page, rng, start, H), 0, {"measured at": []}
    moves = SGD(lr) if optimiser == "SGD" else Adam(lr)
    for stop in UPDATES if change is None else (0, updates):
        batches = (page["excerpts"](fresh(seen, rng, text), rng, B, T)
                   for _ in range(stop - done))  # fmt: skip
        try:
            train(model, batches, losses.cross_entropy, moves, clip=1.0)
        except FloatingPointError as error:
            return found | {"stopped": str(error)}
        measured = {"measured at": stop} | measure(page, model, unseen)
        for name, value in measured.items():
            found.setdefault(name, []).append(value)
        done = stop
    return found


def fresh(codes, rng, text):
    """Return the text, or a new one whose characters are as frequent as in it."""
    return rng.choice(codes, 2000) if text == "endless" else codes


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = bench.grid(change=[None], start=STARTS, lr=RATES, seed=range(seeds))
    for change, other in CHANGES.items():
        starts = [other["start"]] if "start" in other else STARTS
        for row in bench.grid(change=[change], start=starts, seed=range(seeds)):
            settings.append(row | {"lr": RATE, "updates": CHANGED} | other)
    fixed = {"absolute": ABSOLUTE, "lags": LAGS, "contexts": CONTEXTS}
    fixed |= {"characters": len(chapter()["alphabet"])}
    bench.sweep(run, settings, "reach.json", fixed, **how)


if __name__ == "__main__":
    main()
