"""Train LSTMs with and without an output gate to say a number when asked.

    python tests/benchmarks/asked_number.py [--seeds 20] [--jobs 1] [--quick]

The streams are those of chapter 7, made by its cells. For each first weights, length
and size, with the gate and with its output gate held at 1, it trains networks at each
rate and seed side by side, from the first biases of the page, and looks at them after
some updates. It keeps by rate and look the mean squared error on fresh streams over the
variance of the answers, a list over the seeds. Chapter 7 reads
`book/data/asked-number.json`, which this script writes. It takes about five minutes on
one core.
"""

import bench
import numpy as np
from abreast import batches
from replicates import Replicates

from unrolled import LSTM, Linear, Model

STEPS, LOOKS = 600, (150, 300, 600)
RATES = [0.01, 0.03, 0.1]
page = bench.chapter("07-lstm", "holding")
asked_stream = bench.chapter("07-lstm", "asked", **page)["asked_stream"]


def draw(seed, H, output_gate, weights):
    """Draw a network as the page does, or with PyTorch's first weights."""
    rng = np.random.default_rng(seed)
    layer = LSTM(3, H, rng=rng, dtype=np.float32, output_gate=output_gate)
    model = Model(layer, Linear(H, 1, rng=rng, dtype=np.float32))
    if weights == "uniform":
        bench.as_pytorch(model.params, rng, H)
    for gate, bias in (("i", -3), ("f", 3)):
        layer.params["b"][layer.columns(gate)] = bias
    return model


def run(H, output_gate, weights, T, rates, updates, seeds):
    """Train a network for each rate and seed; look at all of them now and then."""
    models = [draw(s, H, output_gate, weights) for _ in rates for s in range(seeds)]
    net = Replicates(models, np.repeat(rates, seeds), clip=1.0)
    draws = batches(lambda rng, B: asked_stream(rng, B, T), seeds, len(rates))
    xs, ys = asked_stream(np.random.default_rng(77), 200, T)
    looks = []
    for _ in net.train(draws, updates, LOOKS):
        missed = ((net.predict(xs) - ys) ** 2).mean((1, 2, 3)) / ys.var()
        looks.append(bench.digits(missed.reshape(-1, seeds)))
    return {"missed": [list(rate) for rate in zip(*looks, strict=True)]}


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    base = {"H": [8, 1], "output_gate": [True, False], "weights": ["orthogonal"],
            "T": [30], "rates": [RATES], "updates": [STEPS],
            "seeds": [seeds]}  # fmt: skip
    settings = [
        *bench.grid(**base),
        *bench.grid(**base | {"weights": ["uniform"], "rates": [RATES[1:2]]}),
        *bench.grid(**base | {"T": [60], "rates": [RATES[1:2]]}),
    ]
    fixed = {"unit": "missed by rate, look and seed", "looks": LOOKS}
    bench.sweep(run, settings, "asked-number.json", fixed, **how)


if __name__ == "__main__":
    main()
