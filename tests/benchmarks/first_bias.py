"""Train LSTMs to count from several first forget biases, and look at their gates.

    python tests/benchmarks/first_bias.py [--seeds 10] [--jobs 1] [--quick]

The task, the test streams and the sizes are those of chapter 7. For each first weights
and first forget bias, and for the cell of 1997 without a forget gate (bias null), it
trains networks at each rate and seed side by side, and looks at them after some
updates. It keeps, by rate, look and seed: the share of forget gates above 0.95 and
their mean, both between resets; the share of i, f and o within 0.05 of 0 or 1; the
median of the trained forget biases; and the error on the first 50 steps and from step
500 on, over the variance of all counts. Of mean |c| near steps 50, 200 and 1000 of a
stream it keeps the least, the median and the largest over the seeds.
Chapter 7 reads `book/data/first-bias.json`, which this script writes. It takes about
four minutes on one core.
"""

import bench
import numpy as np
from abreast import Abreast, batches, network

from unrolled import tasks

H, T, STEPS, LONG = 8, 50, 1000, 3000
RATES, LOOKS = [0.01, 0.03, 0.1], (50, 100, 300, 1000, 3000)
NEAR = 50, 200, 1000  # steps of the stream; |c| is a mean over the ten before
BIASES, WEIGHTS = (1, 5, None, 3, 0), ("orthogonal", "uniform")
STREAM, COUNTS = tasks.counting(np.random.default_rng(60), 50, 1000, dtype=np.float32)
BETWEEN = STREAM[:, :200, 1].T == 0  # of the steps whose gates are looked at


def look(net):
    """Return what is kept, by name, a number (or a row) for each network."""
    ys, cells, gates = [], [], {"i": [], "f": [], "o": []}
    for n, piece in enumerate(net.look(STREAM, piece=10)):
        ys.append(piece["ys"].numpy().copy())
        if 10 * (n + 1) in NEAR:
            cells.append(piece["c"].abs().mean((0, 2, 3)).numpy())
        for gate, values in gates.items():
            if 10 * n < len(BETWEEN):
                values.append(piece[gate].numpy().copy())
    squares = (np.concatenate(ys, 2) - COUNTS[..., 0]) ** 2 / COUNTS.var()
    return {
        **shares(**{gate: np.concatenate(values) for gate, values in gates.items()}),
        "b_f": net.params["layer.b"][:, 0, H : 2 * H].detach().median(1)[0].numpy(),
        "c": np.stack(cells, -1),
        "early": squares[..., :50].mean((1, 2)),
        "late": squares[..., 500:].mean((1, 2)),
    }


def shares(i, f, o):
    """Return where the gates (T, R, H, B) of each network stand."""
    weights = BETWEEN / BETWEEN.sum() / H
    ends = [(gate < 0.05) | (gate > 0.95) for gate in (i, f, o)]
    return {
        "open": np.einsum("trhb,tb->r", f > 0.95, weights),
        "mean_f": np.einsum("trhb,tb->r", f, weights),
        "ends": np.mean([end.mean((0, 2, 3)) for end in ends], 0),
    }


def run(weights, bias, rates, updates, seeds):
    """Train a network for each rate and seed; look at all of them now and then."""
    how = {"forget_gate": False} if bias is None else {"b_f": bias}
    models = [
        network(seed, H, weights=weights, outputs="all", **how)
        for _ in rates
        for seed in range(seeds)
    ]
    net = Abreast(models, np.repeat(rates, seeds), clip=1.0)
    draws = batches(lambda rng, B: tasks.counting(rng, B, T), seeds, len(rates))
    looks = [look(net) for _ in net.train(draws, updates, LOOKS)]
    return {name: by_rate(name, np.stack([found[name] for found in looks]), seeds)
            for name in looks[0]}  # fmt: skip


def by_rate(name, values, seeds):
    """Sort numbers (looks, rates times seeds, …) by rate, look and seed."""
    values = values.reshape(len(values), -1, seeds, values[0, 0].size).swapaxes(0, 1)
    if name == "c":
        return bench.digits(
            np.quantile(values, (0, 0.5, 1), axis=2).transpose(1, 2, 3, 0), 2
        )
    values = values[..., 0]
    return bench.digits(values if name in ("early", "late") else values.round(2))


def main():
    seeds, how = bench.asked(__doc__, seeds=10)
    base = {"weights": WEIGHTS, "bias": BIASES[:3], "rates": [RATES],
            "updates": [STEPS], "seeds": [seeds]}  # fmt: skip
    once = base | {"weights": WEIGHTS[:1]}
    settings = [
        *bench.grid(**base),
        *bench.grid(**once | {"bias": BIASES[3:4]}),
        *bench.grid(**once | {"bias": BIASES[4:], "updates": [LONG]}),
    ]
    fixed = {"unit": "by rate, look and seed; c by rate, look, step near, and then "
                     "least, median, largest",
             "looks": LOOKS, "near": NEAR, "H": H, "T": T, "own": own()}  # fmt: skip
    bench.sweep(run, settings, "first-bias.json", fixed, **how)


def own():
    """Return the variance of the early and the late counts, over that of all."""
    parts = {"early": COUNTS[:, :50], "late": COUNTS[:, 500:]}
    return {
        name: bench.digits(part.var() / COUNTS.var()) for name, part in parts.items()
    }


if __name__ == "__main__":
    main()
