"""Train GRUs with both gates, without one, and with one for both; then hold a gate.

    python tests/benchmarks/gates.py [--jobs 1] [--quick]

The kinds are the GRU; "z = 0" and "r = 1", which never have that gate; and the MGU. The
tasks are those of chapter 11: the next character of Python's reference, and the adding
problem. At each look the file keeps the error on data that training has not seen, by
look and seed: of the network ("score"), and of a GRU also with one gate held in each
unit at its mean over other data ("z held", "r held"). What a seed draws, weights and
data, is the same for all kinds, except that an MGU has weights of its own.

Seeds come in blocks of ten. `b_z` is added to the first bias of z. Rates can be
chosen on those seeds that are called "search", which are reported for nothing else. On
text the file also tells what a GRU's gates do (see `inside`), what its weights do in a
GRU with the reset before the product ("wrong place"; "moved" is how far its outputs
move, over their size), and for the runs that are looked at closely the loss of a
character that is the k-th after a zero state ("context"), and each unit's mean gates,
sorted. Chapter 11 reads `book/data/gates.json`, which this script writes. It takes
about a quarter of an hour on one core.
"""

import copy

import bench
import numpy as np
import torch
from abreast import Abreast, BeforeLoop
from replicates import cross_entropy, mse, nats

from unrolled import GRU, MGU, Linear, Model, data, tasks

KINDS = ["GRU", "z = 0", "r = 1", "MGU"]
HELD = {"z = 0": ("z", -100), "r = 1": ("r", 100)}
RATES = [0.003, 0.01, 0.03, 0.1]
BLOCKS = {"0-9": range(10), "10-19": range(10, 20), "search": range(100, 104)}
STEPS = 4050  # the most updates there are
LOOKS = {"text": (150, 450, 1350, 4050), "adding": (125, 250, 500, 1000)}
B, LAST, KEEPERS, CONTEXT = 32, 320, 4, 48
F = np.float32


class Text:
    """The next character; windows of 32 streams, the state carried along."""

    outputs, carry, loss = "all", True, staticmethod(cross_entropy)

    def __init__(self, T):
        text = np.array([*data.reference()])
        self.alphabet, labels = np.unique(text, return_inverse=True)
        self.I = self.O = len(self.alphabet)
        self.xs, self.ys = data.streams(labels, B, T)
        self.unseen = LAST // T  # windows at the end

    def one_hot(self, labels):
        """Return labels as inputs."""
        return data.one_hot(labels, self.I, F)

    def batches(self, seeds):
        """Read on from a window of each seed's own, over and over."""
        seen = len(self.xs) - self.unseen
        at = np.array([np.random.default_rng([s, 1]).integers(seen) for s in seeds])
        while True:
            yield self.one_hot(self.xs[at]), self.ys[at]
            at = (at + 1) % seen

    def judge(self, seeds, part):
        """Return the last windows, or as many from the start of the training text."""
        some = slice(-self.unseen, None) if part == "test" else slice(self.unseen)
        return [(self.one_hot(x), y) for x, y in zip(self.xs[some], self.ys[some],
                                                     strict=True)]  # fmt: skip

    def last(self):
        """Return what is held out as (B, steps) of inputs, and of targets."""
        return [np.concatenate(part[-self.unseen :], 1) for part in (self.xs, self.ys)]


class Adding:
    """The sum of two marked numbers."""

    outputs, carry, loss, I, O = "last", False, staticmethod(mse), 2, 1

    def __init__(self, T):
        self.T = T

    def draw(self, rngs, B):
        """Draw some sequences for each seed."""
        draws = (tasks.adding(rng, B, self.T, F) for rng in rngs)
        return [np.stack(part) for part in zip(*draws, strict=True)]

    def batches(self, seeds):
        """Draw batches without end."""
        rngs = [np.random.default_rng([seed, 1]) for seed in seeds]
        while True:
            yield self.draw(rngs, B)

    def judge(self, seeds, part):
        """Draw a thousand sequences, a hundred at a time."""
        rngs = [np.random.default_rng([seed, 2, part == "test"]) for seed in seeds]
        return [self.draw(rngs, 100) for _ in range(10)]


TASKS = {"text": Text, "adding": Adding}


def make(task, kind, H, seed, start="orthogonal", b_z=0):
    """Make a network of some kind; a gate that it has not is shut or open for good."""
    rng = np.random.default_rng([seed, 0])
    layer = (MGU if kind == "MGU" else GRU)(task.I, H, rng=rng, dtype=F)
    model = Model(layer, Linear(H, task.O, rng=rng, dtype=F), task.outputs)
    if start == "uniform":
        bench.as_pytorch(model.params, rng, H)
    if b_z:
        layer.params["b"][layer.columns("z")] += b_z
    if kind in HELD:
        gate, a = HELD[kind]
        for name, value in (("W_x", 0), ("W_h", 0), ("b", a)):
            layer.params[name][..., layer.columns(gate)] = value
    return model


def read(net, batches, carry):
    """Run networks; yield outputs, targets, states and gates, batch by batch."""
    state = None
    for xs, targets in batches:
        ys, hs = net.forward(xs, state)
        state = net.loop.last() if carry else None
        yield ys, torch.as_tensor(targets), hs, net.loop.inside()


def score(net, task, batches):
    """Return the mean loss of each network."""
    found = [task.loss(ys, targets)
             for ys, targets, *_ in read(net, batches, task.carry)]  # fmt: skip
    return torch.stack(found).mean(0).numpy()


def other(net, change):
    """Return a copy of the networks whose parameters a function has changed."""
    net = copy.copy(net)
    net.params, net.loops = {k: p.detach().clone() for k, p in net.params.items()}, None
    change(net)
    return net


def lesion(net, gate, mean):
    """Return the networks with one gate held at a mean (R, H) of its own a unit."""

    def hold(net):
        columns = net.models[0].layer.columns(gate)
        values = {"W_x": 0, "W_h": 0, "b": torch.logit(mean, 1e-6)[:, None]}
        for name, value in values.items():
            net.params[f"layer.{name}"][..., columns] = value

    return other(net, hold)


def reset_before(net):
    """Return GRUs with the same weights and the reset before the product."""

    def move(net):
        net.make, b_hn = BeforeLoop, net.params.pop("layer.b_hn")
        net.params["layer.b"][..., -b_hn.shape[-1] :] += b_hn

    return other(net, move)


@torch.no_grad()
def look(net, task, seeds, closer):
    """Return what is kept of networks: a number, or a list, for each."""
    test, rest = task.judge(seeds, "test"), task.judge(seeds, "train")
    found = {"score": score(net, task, test)}
    if net.models[0].layer.order == "rzn" and not shut(net):
        means = [{gate: g.mean((0, 3)) for gate, g in gates.items()}
                 for *_, gates in read(net, rest, task.carry)]  # fmt: skip
        for gate in "zr":
            mean = torch.stack([m[gate] for m in means]).mean(0)
            found[f"{gate} held"] = score(lesion(net, gate, mean), task, test)
        if task.carry:
            found |= inside(net, task, closer) | wrong_place(net, task, test)
    if closer:
        found["context"] = context(net, task)
    return found


def shut(net):
    """Tell whether a gate is left out."""
    return bool((net.params["layer.b"].abs() > 50).any())


def inside(net, task, closer):
    """Return what the gates of each GRU do on the text that was held out.

    The shares of them between 0.1 and 0.9; the mean of r at blanks and elsewhere; and
    the mean of z in those units that keep most, where they read the first letter of a
    word, less where they read one inside. Looked at closely, also each unit's means.
    """
    pieces = [{gate: g.numpy().copy() for gate, g in gates.items()}
              for *_, gates in read(net, task.judge((), "test"), True)]  # fmt: skip
    r, z = (np.concatenate([piece[gate] for piece in pieces]) for gate in "rz")
    read_now = task.alphabet[task.last()[0]].T  # (steps, B)
    blank, letter = read_now == " ", np.char.isalpha(read_now)
    first, within = np.zeros_like(letter), np.zeros_like(letter)
    first[1:], within[1:] = letter[1:] & blank[:-1], letter[1:] & letter[:-1]
    mean = {"r": r.mean((0, 3)), "z": z.mean((0, 3))}

    def over(gate, where):  # the mean of each unit, (R, H)
        return np.einsum("trhb,tb->rh", gate, where / where.sum(), optimize=True)

    change = over(z, first) - over(z, within)
    keepers = mean["z"].argsort(1)[:, -KEEPERS:]
    found = {f"half {gate}": ((0.1 < g) & (g < 0.9)).mean((0, 2, 3))
             for gate, g in (("r", r), ("z", z))}  # fmt: skip
    found["r at blanks"] = over(r, blank).mean(1)
    found["r elsewhere"] = over(r, ~blank).mean(1)
    found["z of keepers"] = np.take_along_axis(change, keepers, 1).mean(1)
    return found | ({g: np.sort(m, 1) for g, m in mean.items()} if closer else {})


def wrong_place(net, task, test):
    """Return what becomes of loss and outputs with the reset before the product."""
    before, parts = reset_before(net), [0, 0]
    for (*_, right, _), (*_, wrong, _) in zip(
        read(net, test, True), read(before, test, True), strict=True
    ):
        parts[0] += ((right - wrong) ** 2).mean((0, 2, 3))
        parts[1] += (right**2).mean((0, 2, 3))
    moved = (parts[0] / parts[1]).sqrt().numpy()
    return {"wrong place": score(before, task, test), "moved": moved}


def context(net, task):
    """Return the mean loss of the k-th character after a zero state, (R, CONTEXT)."""
    xs, ys = task.last()
    starts = np.arange(0, xs.shape[1] - CONTEXT, 4).reshape(-1, 4)[:, :, None]
    pieces = []
    for some in starts:
        cut = some + np.arange(CONTEXT)
        batch = (part[:, cut].reshape(-1, CONTEXT) for part in (xs, ys))
        pieces.append([task.one_hot(next(batch)), next(batch)])
    found = [nats(logits, labels) for logits, labels, *_ in read(net, pieces, False)]
    return torch.stack(found).mean((0, 2)).numpy()


def run(task, kind, H, T, start, b_z, rate, updates, closer, seeds):
    """Train a network for each seed of a block; look at them now and then."""
    looks, task, state = LOOKS[task], TASKS[task](T), None
    models = [make(task, kind, H, seed, start, b_z) for seed in BLOCKS[seeds]]
    net = Abreast(models, [rate] * len(models), loss=task.loss, clip=1.0)
    draws, looked = task.batches(BLOCKS[seeds]), []
    for n in range(1, min(updates, STEPS) + 1):
        net.update(*next(draws), state=state)
        state = net.loop.last() if task.carry else None
        if n in looks or n == STEPS:
            looked.append(look(net, task, BLOCKS[seeds], closer))
    return {name: bench.digits(np.stack([found[name] for found in looked]), 4)
            for name in looked[0]}  # fmt: skip


def settings():
    """List all runs."""
    text = {"task": ["text"], "kind": KINDS[:3], "H": [32], "T": [16],
            "start": ["orthogonal"], "b_z": [0], "rate": [0.01], "updates": [1350],
            "closer": [True], "seeds": ["10-19"]}  # fmt: skip
    long = text | {"updates": [4050], "seeds": ["0-9"]}
    short = text | {"updates": [450], "closer": [False], "seeds": ["0-9"]}
    adding = text | {"task": ["adding"], "kind": KINDS, "H": [24], "T": [24],
                     "updates": [1000], "closer": [False]}  # fmt: skip
    first, searched = {"seeds": ["0-9"]}, {"rate": RATES, "seeds": ["search"]}
    near, uniform = {"rate": [0.003, 0.03]}, {"start": ["uniform"]}
    return [
        *bench.grid(**adding | searched),
        *bench.grid(**adding | searched | {"rate": [0.3]}),
        *bench.grid(**short | {"kind": ["MGU"], "updates": [1350]}),
        *bench.grid(**text),
        *bench.grid(**long),
        *bench.grid(**short | near | {"updates": [1350]}),
        *bench.grid(**short | searched),
        *bench.grid(**short | uniform | {"updates": [1350]}),
        *bench.grid(**short | {"T": [32]}),
        *bench.grid(**short | {"H": [64]}),
        *bench.grid(**short | {"kind": ["GRU"], "b_z": [1, 2]}),
        *bench.grid(**adding),
        *bench.grid(**adding | first),
        *bench.grid(**adding | first | near),
        *bench.grid(**adding | first | uniform),
        *bench.grid(**adding | first | {"T": [48], "updates": [500]}),
    ]


def main():
    _, how = bench.asked(__doc__, seeds=20)
    file = "gates.json", {"B": B, "held out": LAST, "looks": LOOKS, "clip": 1.0}
    bench.sweep(run, settings(), *file, **how)


if __name__ == "__main__":
    main()
