"""Train an LSTM with and without layer normalisation at rates three apart.

    python tests/benchmarks/layer_norm.py [--seeds 5] [--jobs 1] [--quick]

Text and counting are those of `depth.py`, with fewer updates, judged as there: bits a
character; the squared error over the variance. A run has `score[rate][seed]`, null
where training broke off. What a seed draws is the same for all. `clip` is the greatest
length of a gradient, or null. Chapter 14 reads `book/data/layer-norm.json`. It takes
three minutes on one core.
"""

import bench
import depth
import numpy as np
from replicates import Replicates

from unrolled import LSTM, Linear, Model

F = np.float32
RATES = 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
UPDATES = {"text": 300, "counting": 200}
STEPS, H = 300, 24  # STEPS at most


def make(task, layer_norm, start, seed):
    """Make one layer with its head."""
    rng = np.random.default_rng([seed, 0])
    first = {"forget_bias": 1.0} if start == "orthogonal" else {}
    layer = LSTM(task.I, H, rng=rng, dtype=F, layer_norm=layer_norm, **first)
    model = Model(layer, Linear(H, task.O, rng=rng, dtype=F), task.outputs)
    if start == "uniform":
        kept = {
            k: p.copy() for k, p in model.params.items() if "gain" in k or "b_c" in k
        }
        bench.as_pytorch(model.params, rng, H)
        for name, value in kept.items():
            model.params[name][...] = value
    return model


def run(task, layer_norm, start, clip, seeds):
    """Train the networks of all rates and seeds side by side."""
    updates, task = min(UPDATES[task], STEPS), depth.TASKS[task]()
    pairs = [(make(task, layer_norm, start, seed), rate)
             for rate in RATES for seed in range(seeds)]  # fmt: skip
    many = Replicates(*zip(*pairs, strict=True), loss=task.loss, clip=clip)
    rngs = [np.random.default_rng([seed, 1]) for seed in range(seeds)]
    for _ in range(updates):
        many.update(*depth.drawn(task, rngs, "train", len(RATES)))
    rngs = [np.random.default_rng([seed, 3]) for seed in range(seeds)]
    return {"score": bench.digits(depth.judge(task, many, rngs, len(RATES)), 4)}


def main():
    """Make the runs that the file lacks."""
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = [
        setting | {"seeds": seeds}
        for setting in bench.grid(
            task=UPDATES,
            start=depth.STARTS,
            clip=(1.0, None),
            layer_norm=(False, True),
        )
        if setting["clip"] or setting["start"] == "orthogonal"
    ]
    fixed = {"rates": RATES, "updates": UPDATES, "H": H}
    bench.sweep(run, settings, "layer-norm.json", fixed, **how)


if __name__ == "__main__":
    main()
