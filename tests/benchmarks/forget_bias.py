"""Train an LSTM on the adding problem from different first biases; keep the figures.

    python tests/benchmarks/forget_bias.py [--seeds 5] [--jobs 1] [--quick]

For each first bias, learning rate and seed: after how many steps the loss, a mean over
25 steps, first falls below 0.05 (the best constant answer has 1/6), or null if it
never does. Two plain layers with about as many weights stand beside it. Chapter 9
reads `book/data/forget-bias.json`, which this script writes. It takes about twenty
minutes on one core.
"""

import bench
import numpy as np

from unrolled import LSTM, RNN, Adam, Linear, Model, losses, tasks, train
from unrolled.initialise import chrono, identity
from unrolled.train import History

B, STEPS, RATES, LEARNED, WINDOW = 32, 800, (0.003, 0.01, 0.03), 0.05, 25
STARTS = {  # first biases of input gate and forget gate, from those of chrono
    "0": lambda b_i, b_f: (0, 0),
    "1": lambda b_i, b_f: (0, 1),
    "3": lambda b_i, b_f: (0, 3),
    "5": lambda b_i, b_f: (0, 5),
    "3, input -3": lambda b_i, b_f: (-3, 3),
    "chrono, f only": lambda b_i, b_f: (0, b_f),
    "chrono": lambda b_i, b_f: (b_i, b_f),
}
PLAIN = {"RNN, tanh": "tanh", "RNN, relu": "relu"}
RUNS = {100: [*STARTS, *PLAIN], 400: ["1", "3, input -3", "chrono", "RNN, relu"]}


def make(start, T, rng):
    """Return an LSTM with 16 units, or a plain layer with 33: about 1200 weights."""
    if start in PLAIN:
        layer = RNN(2, 33, PLAIN[start], rng=rng, dtype=np.float32)
        if start == "RNN, relu":
            layer.params["W_h"][...] = identity(33)
        return layer
    layer = LSTM(2, 16, rng=rng, dtype=np.float32)
    b = layer.params["b"]
    first = STARTS[start](*chrono(rng, 16, T))
    b[layer.columns("i")], b[layer.columns("f")] = first
    return layer


def run(T, start, lr, seed):
    """Train until the task is learned."""
    rng = np.random.default_rng(seed)
    layer = make(start, T, rng)
    head = Linear(layer.hidden_size, 1, rng=rng, dtype=np.float32)
    history = History()

    def learned():
        return len(history.loss) >= WINDOW and np.mean(history.loss[-WINDOW:]) < LEARNED

    def batches():
        while not learned() and len(history.loss) < STEPS:
            yield tasks.adding(rng, B, T, dtype=np.float32)

    model, adam = Model(layer, head, outputs="last"), Adam(lr)
    try:
        train(model, batches(), losses.mse, adam, clip=1.0, history=history)
    except FloatingPointError:
        return {"steps": None}
    return {"steps": len(history.loss) if learned() else None}


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = [
        setting
        for T, starts in RUNS.items()
        for setting in bench.grid(T=[T], start=starts, lr=RATES, seed=range(seeds))
    ]
    summary = bench.over_seeds("steps")
    fixed = {"limit": STEPS, "B": B, "learned": LEARNED, "window": WINDOW}
    bench.sweep(run, settings, "forget-bias.json", fixed, summary=summary, **how)


if __name__ == "__main__":
    main()
