"""Train LSTMs to say the last marked number, and see for how long they hold one.

    python tests/benchmarks/holding_number.py [--seeds 20] [--jobs 1] [--quick]

The streams are those of chapter 7, made by its cells: at each step a number, and a
mark at few of them; the network says at every step the last number that was marked.
For each first weights, first bias and length it trains networks at each rate and seed
side by side, and a plain layer. After some updates it tries them on streams that are
marked at step 1 alone, and measures the error some steps later, over the variance of
the numbers. It keeps by rate and update: the error after as many steps as the training
sequences have, a list over the seeds; the median of the error at each of the ages; how
many of the seeds lie below 0.05 and 0.1 there; and for the unit whose cell follows the
number best the medians of its forget gate and input gate at unmarked steps, and of its
input gate at marked ones. Chapter 7 reads `book/data/holding-number.json`, which this
script writes. It takes about ten minutes on one core.
"""

import bench
import numpy as np
from abreast import Abreast, batches, network
from forget_bias import STARTS

from unrolled import RNN
from unrolled.initialise import chrono

STEPS, LONG, LOOKS = 300, 1200, (150, 300, 600, 1200)
RATES, EDGE = [0.003, 0.01, 0.03, 0.1], [0.3]
AGES, BELOW = (10, 50, 100, 200, 500, 999), (0.05, 0.1)
BIASES = "0", "1", "3", "5", "3, input -3", "chrono"  # of STARTS
PLAIN = "RNN, 17 units"  # about as many weights as the LSTM with 8

marked_stream = bench.chapter("07-lstm", "holding")["marked_stream"]
ONCE = marked_stream(np.random.default_rng(99), 100, 1000, share=0)
AGAIN = marked_stream(np.random.default_rng(98), 50, 300)


def draw(seed, start, weights, T):
    """Draw a network by the name of its start."""
    if start == PLAIN:
        return network(seed, 17, cls=RNN, weights=weights, outputs="all")
    b_i, b_f = STARTS[start](*chrono(np.random.default_rng(seed), 8, T))
    return network(seed, 8, weights=weights, outputs="all", b_i=b_i, b_f=b_f)


def errors(net):
    """Return each network's error at each of the ages, (R, ages)."""
    xs, ys = ONCE
    said = np.concatenate([piece["ys"].numpy().copy() for piece in net.look(xs, 50)], 2)
    said = said[..., np.array(AGES)]  # step 1, at index 0, is the marked one
    return ((said - ys[:, AGES, 0]) ** 2).mean(1) / ys.var()


def gates(net):
    """Return f and i unmarked, and i marked, of the unit that holds the number."""
    xs, ys = AGAIN
    seen = {"c": [], "f": [], "i": []}
    for piece in net.look(xs, 50):
        for name, values in seen.items():
            values.append(piece[name].numpy().copy())
    c, f, i = (np.concatenate(values) for values in seen.values())  # (T, R, H, B)
    wanted, marked = ys[..., 0].T, xs[..., 1].T == 1  # (T, B)
    c = c - c.mean((0, 3), keepdims=True)
    follows = np.einsum("trhb,tb->rh", c, wanted - wanted.mean()) / c.std((0, 3))
    unit = np.abs(follows).argmax(1)
    means = [(f, ~marked), (i, ~marked), (i, marked)]
    return np.stack([
        np.einsum("trhb,tb->rh", gate, where / where.sum())[range(len(unit)), unit]
        for gate, where in means
    ], 1)  # fmt: skip


def kept(net, start, T, seeds):
    """Return what is kept of a look, by rate."""
    found = errors(net).reshape(-1, seeds, len(AGES))
    sure = np.where(np.isfinite(found), found, np.inf)
    below = [(sure < limit).sum(1).tolist() for limit in BELOW]
    inside = [None] * len(found)
    if start != PLAIN:
        inside = bench.digits(np.median(gates(net).reshape(-1, seeds, 3), 1), 2)
    return {
        "error": bench.digits(found[..., AGES.index(T)]),
        "median": bench.digits(np.median(sure, 1)),
        "below": np.swapaxes(below, 0, 1).tolist(),
        "gates": inside,
    }


def run(start, weights, T, rates, updates, seeds):
    """Train a network for each rate and seed; look at all of them now and then."""
    models = [draw(seed, start, weights, T) for _ in rates for seed in range(seeds)]
    net = Abreast(models, np.repeat(rates, seeds), clip=1.0)
    draws = batches(lambda rng, B: marked_stream(rng, B, T), seeds, len(rates))
    looks = [kept(net, start, T, seeds) for _ in net.train(draws, updates, LOOKS)]
    return {
        name: [list(rate) for rate in zip(*(look[name] for look in looks), strict=True)]
        for name in looks[0]
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    base = {"start": [*BIASES, PLAIN], "weights": ["orthogonal"], "T": [100],
            "rates": [RATES], "updates": [STEPS], "seeds": [seeds]}  # fmt: skip
    few = ["3, input -3", "1", PLAIN]
    settings = [
        *bench.grid(**base),
        *bench.grid(**base | {"start": few, "rates": [EDGE]}),
        *bench.grid(
            **base
            | {"start": [*few, "0"], "weights": ["uniform"], "rates": [RATES[2:]]}
        ),
        *bench.grid(
            **base | {"start": [PLAIN], "rates": [RATES[:2]], "updates": [LONG]}
        ),
        *bench.grid(**base | {"start": few[:2], "T": [200], "rates": [RATES[2:3]]}),
        *bench.grid(
            **base | {"start": ["0", *few[:2]], "rates": [RATES[:3]], "updates": [LONG]}
        ),
    ]
    fixed = {"unit": "error by rate, look and seed; median by rate, look and age; "
                     "below by rate, look, limit and age; gates by rate and look",
             "looks": LOOKS, "ages": AGES, "limits": BELOW}  # fmt: skip
    bench.sweep(run, settings, "holding-number.json", fixed, **how)


if __name__ == "__main__":
    main()
