"""Start the GRU's update gate at many biases, and watch what the gate does.

    python tests/benchmarks/update_bias.py [--seeds 10] [--jobs 1] [--quick]

The adding problem, with the module's GRU and Adam, the norm of the gradient clipped at
1. After some numbers of updates the file keeps the error over the baseline's by rate,
look and seed, and how far the gate is open, 1 - z, at marked steps and at others: the
mean over 500 fresh sequences, their steps and the units, and of these the median over
the seeds. Chapter 12 reads `book/data/update-bias.json`, which this script writes.
"""

import bench
import numpy as np
import torch
from abreast import Abreast, batches, network

from unrolled import GRU, tasks

H, B = 12, 16
RATES = 0.006, 0.02, 0.06
LOOKS = 0, 75, 150, 300


def model(seed, bias, weights, change):
    """Draw a network with a bias of z, and change its start if that was asked for."""
    net = network(seed, H, cls=GRU, weights=weights)
    p, z = net.params, slice(H, 2 * H)
    p["layer.b"][z] += bias
    if change == "open at marks":
        p["layer.W_x"][1, z] -= 3
    if change == "larger head":
        p["head.W_y"][...] *= np.exp(2)
    return net


def look(net, xs, ys):
    """Return the error of each network, and 1 - z at marked steps and at others."""
    with torch.no_grad():
        found = net.forward(xs)[0]
    errors = 6 * ((found - torch.tensor(ys)) ** 2).mean((1, 2)).numpy()
    w = 1 - net.loop.inside()["z"].numpy()  # (T, R, H, B)
    marks = xs[..., 1].T > 0
    gate = [np.einsum("trhb,tb->r", w, m / m.sum() / H) for m in (marks, ~marks)]
    return errors, *gate


def run(bias, weights, T, change, seeds):
    """Train a network for each rate and seed; look at all of them now and then."""
    models = [model(s, bias, weights, change) for _ in RATES for s in range(seeds)]
    net = Abreast(models, np.repeat(RATES, seeds), clip=1.0)
    draws = batches(
        lambda rng, B: tasks.adding(rng, B, T, np.float32), seeds, len(RATES), B
    )
    test = tasks.adding(np.random.default_rng(99), 500, T, np.float32)
    looks = [look(net, *test)]
    looks += [look(net, *test) for _ in net.train(draws, LOOKS[-1], LOOKS)]
    by_rate = np.array(looks).transpose(1, 2, 0).reshape(3, -1, seeds, len(looks))
    errors, at, off = by_rate
    return {
        "error": bench.digits(errors.swapaxes(1, 2)),
        "at": bench.digits(np.median(at, axis=1)),
        "off": bench.digits(np.median(off, axis=1)),
    }


def main():
    seeds, how = bench.asked(__doc__, seeds=10)
    settings = [
        {"bias": bias, "weights": weights, "T": T, "change": change, "seeds": seeds}
        for change, weights, T, biases in (
            ("none", "orthogonal", 60, (0, 1, 3, 5)),
            ("open at marks", "orthogonal", 60, (5,)),
            ("larger head", "orthogonal", 60, (5, 3)),
            ("none", "uniform", 60, (3, 5, 0)),
            ("none", "orthogonal", 120, (3, 5)),
        )
        for bias in biases
    ]
    fixed = {"unit": "error by rate, look and seed; at and off by rate and look",
             "rates": RATES, "looks": LOOKS, "H": H, "B": B}  # fmt: skip
    bench.sweep(run, settings, "update-bias.json", fixed, **how)


if __name__ == "__main__":
    main()
