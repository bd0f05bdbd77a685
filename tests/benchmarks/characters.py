"""Train a plain layer and an LSTM of as many weights to predict characters.

    python tests/benchmarks/characters.py [--seeds 5] [--jobs 1] [--quick]

The text, the batches and the steps are those of chapter 5. For each learning rate and
seed: the loss on unseen text in nats, and the dependency horizon, both after training.
Chapter 9 reads `book/data/characters.json`, which this script writes. It takes about
three minutes on one core.
"""

import bench
import numpy as np

from unrolled import LSTM, RNN, Adam, Linear, Model, data, losses, train

RATES, STEPS = (0.01, 0.02, 0.04, 0.08, 0.16), 300
TEXT = data.reference()
ALPHABET = sorted(set(TEXT))
V = len(ALPHABET)
CODES = np.array([ALPHABET.index(c) for c in TEXT])
SEEN, UNSEEN = CODES[20_000:100_000], CODES[200_000:240_000]


def excerpts(codes, rng, B, T):
    at = rng.integers(0, len(codes) - T - 1, B)[:, None] + np.arange(T + 1)
    return data.one_hot(codes[at[:, :-1]], V, np.float32), codes[at[:, 1:]]


def horizon(model, xs, labels):
    """Return the largest lag with a hundredth of the influence of lag 0."""
    last = Model(model.layer, model.head, outputs="last")
    ys, _ = last.forward(xs)
    dxs, _ = last.backward(losses.cross_entropy(ys, labels[:, -1], reduction="sum")[1])
    C = np.median(np.linalg.norm(dxs, axis=-1)[:, ::-1], axis=0)
    return int(np.flatnonzero(C >= C[0] / 100).max())


def run(layer, lr, seed):
    """Train once."""
    rng = np.random.default_rng(seed)
    if layer == "RNN":
        net = RNN(V, 64, rng=rng, dtype=np.float32)
    else:
        net = LSTM(V, 23, rng=rng, dtype=np.float32, forget_bias=1.0)
    model = Model(net, Linear(net.hidden_size, V, rng=rng, dtype=np.float32))
    batches = (excerpts(SEEN, rng, 32, 25) for _ in range(STEPS))
    train(model, batches, losses.cross_entropy, Adam(lr), clip=1.0)
    xs, labels = excerpts(UNSEEN, np.random.default_rng(0), 300, 100)
    loss = losses.cross_entropy(model.forward(xs)[0], labels)[0]
    return {
        "weights": sum(p.size for p in net.params.values()),
        "loss": round(float(loss), 4),
        "horizon": horizon(model, xs, labels),
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = bench.grid(layer=("RNN", "LSTM"), lr=RATES, seed=range(seeds))
    summary = bench.over_seeds("loss", "horizon")
    fixed = {"steps": STEPS}
    bench.sweep(run, settings, "characters.json", fixed, summary=summary, **how)


if __name__ == "__main__":
    main()
