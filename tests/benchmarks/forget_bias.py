"""Train an LSTM on the adding problem from different first biases; keep the figures.

    python tests/benchmarks/forget_bias.py [--seeds 20] [--jobs 1] [--quick]

For each length, first weights and first bias, networks train side by side at each rate
and seed. It keeps, by rate and seed, after how many updates the loss, a mean over 25
updates, first falls below 0.05 (the best constant answer has 1/6), or null if it does
not within 800. Two plain layers with about as many weights stand beside them.
"uniform" draws all weights and biases as PyTorch does, and adds the first biases to
them. Chapter 9 reads `book/data/forget-bias.json`, which this script writes. It takes
about eight minutes on one core.
"""

import bench
import numpy as np
from abreast import Abreast, batches, learn, network

from unrolled import RNN, tasks
from unrolled.initialise import chrono, identity

B, STEPS, LEARNED, WINDOW = 32, 800, 0.05, 25
RATES = [0.01, 0.03, 0.1, 0.3]
STARTS = {  # first biases of input gate and forget gate, from those of chrono
    "chrono": lambda b_i, b_f: (b_i, b_f),
    "3, input -3": lambda b_i, b_f: (-3, 3),
    "1": lambda b_i, b_f: (0, 1),
    "3": lambda b_i, b_f: (0, 3),
    "0": lambda b_i, b_f: (0, 0),
    "5": lambda b_i, b_f: (0, 5),
    "chrono, f only": lambda b_i, b_f: (0, b_f),
    "0, input -3": lambda b_i, b_f: (-3, 0),
}
PLAIN = {"RNN, tanh": "tanh", "RNN, relu": "relu"}


def draw(seed, start, weights, T):
    """Draw an LSTM with 16 units, or a plain layer with 33: about 1200 weights."""
    if start in PLAIN:
        kind = {"cls": RNN, "activation": PLAIN[start]}
        model = network(seed, 33, weights=weights, **kind)
        if start == "RNN, relu":
            model.layer.params["W_h"][...] = identity(33)
        return model
    b_i, b_f = STARTS[start](*chrono(np.random.default_rng(seed), 16, T))
    return network(seed, 16, weights=weights, b_i=b_i, b_f=b_f)


def run(T, weights, start, rates, seeds):
    """Train a network for each rate and seed, until it has learned the task."""
    models = [draw(seed, start, weights, T) for _ in rates for seed in range(seeds)]
    net = Abreast(models, np.repeat(rates, seeds), clip=1.0)
    draws = batches(lambda rng, B: tasks.adding(rng, B, T), seeds, len(rates), B)
    updates, _ = learn(net, draws, LEARNED, WINDOW, STEPS)
    return {"updates": [updates[k : k + seeds] for k in range(0, len(updates), seeds)]}


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    both, alone, more = (
        ["chrono", "3, input -3"],
        "0, input -3",
        ["5", "chrono, f only"],
    )
    base = {"T": [100], "weights": ["orthogonal"], "start": both, "rates": [RATES],
            "seeds": [seeds]}  # fmt: skip
    once = base | {"rates": [RATES[1:2]]}
    settings = [
        *bench.grid(**base),
        *bench.grid(**base | {"start": ["1", "3", "0"], "rates": [RATES[:3]]}),
        *bench.grid(**once | {"T": [400]}),
        *bench.grid(**once | {"weights": ["uniform"], "start": [*both, "1", "0"]}),
        *bench.grid(**once | {"start": ["5", alone, "chrono, f only"]}),
        *bench.grid(**base | {"start": list(PLAIN), "rates": [RATES[:1]]}),
        *bench.grid(**base | {"start": ["1", "3", "0"], "rates": [RATES[3:]]}),
        *bench.grid(**base | {"start": [alone, *more], "rates": [[0.01, 0.1, 0.3]]}),
        *bench.grid(**base | {"start": list(PLAIN), "rates": [[0.003, 0.03, 0.1]]}),
        *bench.grid(**once | {"T": [400], "start": ["1", "0, input -3", "RNN, relu"]}),
    ]
    fixed = {"unit": "updates until learned, by rate and seed", "limit": STEPS, "B": B,
             "learned": LEARNED, "window": WINDOW}  # fmt: skip
    bench.sweep(run, settings, "forget-bias.json", fixed, **how)


if __name__ == "__main__":
    main()
