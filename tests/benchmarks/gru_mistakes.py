"""Train GRUs with wrong gradients, in more settings than a page can.

    python tests/benchmarks/gru_mistakes.py [--seeds 20] [--jobs 1] [--quick]

The mistakes are those of chapter 12, here as `Abreast` has its loops; a test holds the
two together. The task is the adding problem, and once counting with resets. After some
numbers of updates the file keeps the error over the baseline's by rate, look and seed.
All ways of a setting have the same first weights and see the same sequences, seed by
seed. Chapter 12 reads `book/data/gru-mistakes.json`, which this script writes.
"""

import bench
import numpy as np
import torch
from abreast import Abreast, BeforeLoop, GRULoop, batches, network, sigmoid_back
from torch import bmm

from unrolled import GRU, tasks

RATES = 0.006, 0.02, 0.06
LOOKS = 60, 120, 240
H = 8
TASKS = {"adding": (tasks.adding, "last"), "counting": (tasks.counting, "all")}


class After(GRULoop):
    """The GRU with the reset after the product, and what can go wrong on its way."""

    way = "right"

    def run_back(self, weights, dhs):
        """Return the gradient; that of b_hn perhaps without its r."""
        (self.W,) = weights
        (dW,) = super().run_back(weights, dhs)
        if self.way == "b_hn without r":
            _, _, dn, dq = dW.split(self.H, 1)
            dq[..., self.I] = dn[..., self.I]
        return (dW,)

    def step_back(self, t, dh):
        """Fill da, and keep what was kept, unless told otherwise."""
        super().step_back(t, dh)
        da_r, da_z, da_n, _ = self.da_gates
        if self.way == "dz with its sign flipped":
            da_z.neg_()
        if self.way == "kept state dropped":
            self.kept.zero_()
        if self.way == "r from the other GRU":
            W_hn = self.W[:, 3 * self.H :, self.I + 1 :]
            dr = bmm(W_hn.transpose(1, 2), da_n) * self.hs[t]
            sigmoid_back(dr, self.gates[t][0], grad_input=da_r)

    def after(self, t, dh):
        """Add what was kept, or take nothing else."""
        if self.way == "kept state alone":
            dh.zero_()
        super().after(t, dh)


class Before(BeforeLoop):
    """The GRU with the reset before the product, and what can go wrong on its way."""

    way = "right"

    def run_back(self, weights, dhs):
        """Return the gradients; those of r and n perhaps exchanged."""
        dW, *late = super().run_back(weights, dhs)
        if self.way == "as the vignette prints it":
            dr, dz, dn = dW.split(self.H, 1)
            dW = torch.cat([dn, dz, dr], 1)
        return dW, *late

    def through(self, t, da_n, ds):
        """Send da_n through the candidate's matrix; with a mistake, add another dV."""
        bmm(self.late[0].transpose(1, 2), da_n, out=ds)
        if self.way == "W_hn without r":
            self.dlate[0].baddbmm_(da_n, self.hs[t].transpose(1, 2))
        elif self.way != "as the vignette prints it":
            self.dlate[0].baddbmm_(da_n, self.s[t].transpose(1, 2))

    def step_back(self, t, dh):
        """Fill da, and keep what was kept."""
        super().step_back(t, dh)
        if self.way == "as the vignette prints it":
            (r, z, n), (da_r, da_z, _) = self.gates[t], self.da_gates
            sigmoid_back(-dh * (n + 1 - z), z, grad_input=da_z)
            sigmoid_back(self.room[2] * r, r, grad_input=da_r)
            self.dlate[0].baddbmm_(da_r, self.s[t].transpose(1, 2))


WAYS = {
    "right": After,
    "right, reset before": Before,
    "dz with its sign flipped": After,
    "kept state dropped": After,
    "r from the other GRU": After,
    "b_hn without r": After,
    "W_hn without r": Before,
    "as the vignette prints it": Before,
    "kept state alone": After,
}


def going(net, way):
    """Let networks go back in one of the ways; return them."""
    net.make = type("Loop", (WAYS[way],), {"way": way})
    return net


def run(way, weights, T, seeds, task="adding"):
    """Train a network for each rate and seed; test all of them now and then."""
    draw, outputs = TASKS[task]
    place = "after" if WAYS[way] is After else "before"
    models = [
        network(seed, H, cls=GRU, weights=weights, reset=place, outputs=outputs)
        for _ in RATES
        for seed in range(seeds)
    ]
    net = going(Abreast(models, np.repeat(RATES, seeds), clip=1.0), way)
    draws = batches(lambda rng, B: draw(rng, B, T, dtype=np.float32), seeds, 3)
    xs, ys = draw(np.random.default_rng(99), 1000, T, dtype=np.float32)
    variance = 1 / 6 if task == "adding" else ys.var()
    found = []
    for _ in net.train(draws, LOOKS[-1], LOOKS):
        squares = (net.predict(xs) - ys) ** 2
        errors = squares.reshape(len(models), -1).mean(1) / variance
        found.append(errors.reshape(len(RATES), seeds))
    return {"error": bench.digits(np.stack(found, 1))}


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    settings = [
        setting
        for weights, T in (("orthogonal", 12), ("uniform", 12), ("orthogonal", 24))
        for setting in bench.grid(way=WAYS, weights=[weights], T=[T], seeds=[seeds])
    ]
    settings += bench.grid(
        way=WAYS, weights=["orthogonal"], T=[30], seeds=[seeds], task=["counting"]
    )
    fixed = {"unit": "error by rate, look and seed", "rates": RATES, "looks": LOOKS,
             "H": H, "B": 32}  # fmt: skip
    bench.sweep(run, settings, "gru-mistakes.json", fixed, **how)


if __name__ == "__main__":
    main()
