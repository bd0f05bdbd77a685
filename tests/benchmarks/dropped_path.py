"""Train an LSTM on the adding problem with and without the gradient along the cell.

    python tests/benchmarks/dropped_path.py [--seeds 20] [--jobs 1] [--quick]

For each first bias, length and way back, networks train side by side at each rate and
seed. It keeps, by rate and seed: after how many updates the error, a mean over 20
updates, first falls below a tenth of the baseline's, or null if it does not within
1600; and where it is after 400. The ways back are the right one and those that chapter
9 calls "without dc", "dh overwritten" and the cut of 1997. Chapter 9 reads
`book/data/dropped-path.json`, which this script writes. It takes about six minutes on
one core.
"""

import bench
import numpy as np
from abreast import Abreast, batches, learn, network

from unrolled import tasks
from unrolled.initialise import chrono

B, H, STEPS, LONG = 32, 8, 400, 4
LEARNED, WINDOW, BASELINE = 0.1, 20, 1 / 6
RATES, LENGTHS = [0.01, 0.03, 0.1], (40, 100, 200, 400)
WAYS = "right", "without dc", "dh overwritten", "cut of 1997"


def draw(seed, start, T):
    """Draw a network with first weights of a kind."""
    if start == "chrono":
        b_i, b_f = chrono(np.random.default_rng(seed), H, T)
        return network(seed, H, b_i=b_i, b_f=b_f)
    if start == "uniform":
        return network(seed, H, weights="uniform")
    return network(seed, H, b_f=start)


def run(start, T, way, rates, seeds):
    """Train a network for each rate and seed; say when each has learned the task."""
    models = [draw(seed, start, T) for _ in rates for seed in range(seeds)]
    net = Abreast(models, np.repeat(rates, seeds), clip=1.0, way=way)
    draws = batches(lambda rng, B: tasks.adding(rng, B, T), seeds, len(rates), B)
    level = LEARNED * BASELINE
    updates, end = learn(net, draws, level, WINDOW, LONG * STEPS, least=STEPS)
    by_rate = range(0, len(models), seeds)
    return {
        "updates": [updates[k : k + seeds] for k in by_rate],
        "end": [bench.digits(end[k : k + seeds] / BASELINE) for k in by_rate],
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    base = {"start": ["chrono"], "T": [20], "way": WAYS[:2], "rates": [RATES],
            "seeds": [seeds]}  # fmt: skip
    once = base | {"rates": [RATES[1:2]]}
    settings = [
        *bench.grid(**base),
        *bench.grid(**once | {"T": LENGTHS}),
        *bench.grid(**once | {"T": [100], "start": [1]}),
        *bench.grid(**base | {"start": [1, "uniform"], "rates": [RATES[:2]]}),
        *bench.grid(**once | {"T": [20, 100], "way": WAYS[2:]}),
        *bench.grid(**base | {"T": [100], "rates": [[0.01, 0.1]]}),
    ]
    fixed = {"unit": "by rate and seed", "limit": LONG * STEPS, "ends": STEPS, "B": B,
             "H": H, "learned": LEARNED, "window": WINDOW}  # fmt: skip
    bench.sweep(run, settings, "dropped-path.json", fixed, **how)


if __name__ == "__main__":
    main()
