"""Train two layers on little text, with dropout between them, or none.

    python tests/benchmarks/dropout.py [--seeds 10] [--jobs 1] [--quick]

The text is Python's reference in 28 letters, of which the networks see so few that
they learn them by heart. `way` is "a step", where the mask is drawn anew at every step
(Zaremba et al., 2014), "a sequence", where a sequence keeps its mask (Gal and
Ghahramani, 2016), or "none". A run has `train` and `held`, bits a character on pieces
of the text that was read and of another, dropping nothing, by look and seed; and
`stopped`, by seed, `held` at that look at which a third text was predicted best, which
is what somebody gets who stops early. Weights and batches of a seed are the same for
all ways and shares. Chapter 14 reads `book/data/dropout.json`.
It takes five minutes on one core.
"""

from itertools import product

import bench
import comparison
import numpy as np
from deep import Dropping
from replicates import cross_entropy

from unrolled import LSTM, Linear, Model, Stack, data

F = np.float32
SEEN, PIECE, B, H = 3000, 25, 16, 32  # characters, and units of a layer
RATE, RATES = 0.01, (0.003, 0.03)  # the latter for one share alone
SHARE, SHARES = 0.5, (0.1, 0.25, 0.5, 0.75)
LOOKS = 25, 50, 100, 200, 400, 800
STEPS = LOOKS[-1]  # updates


class Text(comparison.Text):
    """Pieces of a short text, and of another from the end."""

    def __init__(self):
        super().__init__()
        self.parts = {
            "train": self.parts["train"][:SEEN],
            "other": self.parts["validation"][: 2 * SEEN],
            "held": self.parts["test"][: 2 * SEEN],
        }

    def piece(self, labels, start):
        """Return inputs and labels of pieces from some places on."""
        cut = labels[start[..., None] + np.arange(PIECE + 1)]
        return data.one_hot(cut[..., :-1], self.I, F), cut[..., 1:]

    def draw(self, rngs):
        """Draw a batch for each network."""
        last = SEEN - PIECE
        starts = np.array([rng.integers(0, last, B) for rng in rngs])
        return self.piece(self.parts["train"], starts)

    def judge(self, part):
        """Return pieces of a hundred characters that cover a part."""
        labels = self.parts[part]
        cut = labels[: len(labels) // 101 * 101].reshape(-1, 101)
        return data.one_hot(cut[:, :-1], self.I, F), cut[:, 1:]


def make(task, seed, start):
    """Make two layers with their head."""
    rng = np.random.default_rng([seed, 0])
    first = {"forget_bias": 1.0} if start == "orthogonal" else {}
    layers = [LSTM(I, H, rng=rng, dtype=F, **first) for I in (task.I, H)]
    model = Model(Stack(layers), Linear(H, task.O, rng=rng, dtype=F))
    if start == "uniform":
        bench.as_pytorch(model.params, rng, H)
    return model


def run(way, share, start, rate, seeds):
    """Train a network for each seed, side by side."""
    task, found = Text(), {"train": [], "held": [], "other": []}
    many = Dropping(
        [make(task, seed, start) for seed in range(seeds)],
        [rate] * seeds,
        loss=cross_entropy,
        clip=1.0,
        shares=[share] * seeds,
        shared=[way == "a sequence"] * seeds,
        rngs=[np.random.default_rng([seed, 2]) for seed in range(seeds)],
    )
    rngs = [np.random.default_rng([seed, 1]) for seed in range(seeds)]
    draws = (task.draw(rngs) for _ in range(STEPS))
    looks = [look for look in LOOKS if look <= STEPS]
    for _ in many.train(draws, STEPS, looks):
        for part, rows in found.items():
            xs, labels = task.judge(part)
            rows.append(bench.digits(task.score(many.predict(xs), labels), 4))
    at = np.array(found.pop("other"), float).argmin(axis=0)
    stopped = np.take_along_axis(np.array(found["held"], float), at[None], axis=0)
    return found | {"stopped": bench.digits(stopped[0], 4)}


def main():
    """Make the runs that the file lacks."""
    seeds, how = bench.asked(__doc__, seeds=10)
    settings = []
    for start, rate in [("orthogonal", RATE), ("uniform", RATE)] + [
        ("orthogonal", rate) for rate in RATES
    ]:
        shares = [SHARE] if settings else SHARES  # all of them in the first setting
        ways = [("none", 0.0), *product(("a step", "a sequence"), shares)]
        settings += [
            {"way": way, "share": share, "start": start, "rate": rate, "seeds": seeds}
            for way, share in ways
        ]
    fixed = {"seen": SEEN, "B": B, "H": H, "piece": PIECE, "looks": LOOKS}
    bench.sweep(run, settings, "dropout.json", fixed, **how)


if __name__ == "__main__":
    main()
