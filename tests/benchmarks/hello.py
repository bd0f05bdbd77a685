"""Train the network of "hello" from many first weights; keep how far it comes.

    python tests/benchmarks/hello.py [--seeds 200] [--jobs 1] [--quick]

Plain gradient descent for two words, sizes, starts and five rates; and once with W_h
held at zero. The slopes come from the backward pass of chapter 3, and before each run
they are compared with central differences, which the page trains with. All networks of
a setting are computed side by side: a row of `theta` is one network. It keeps how many
answer every letter right at each look. Of each network of two
units that does not spell "hello" at the end, it keeps the loss, the two states of
different answers that are nearest to each other, and the greatest slope of tanh in
them; and it trains them on, up to 20000 updates, to see whether the loss falls below
0.1. Chapter 2 reads `book/data/hello.json`, which this script writes. It
takes about five minutes on a core.
"""

import itertools

import bench
import numpy as np

from unrolled import RNN, Linear
from unrolled.data import one_hot

STEPS, PATIENCE = 2000, 20_000
LOOKS = (0, 15, 30, 60, 125, 250, 500, 1000, 2000)
RATES = (0.03, 0.1, 0.3, 1, 3)
SURE = 0.1  # nats; the best answer without memory pays 0.35
DRAWN = 20  # networks whose losses are kept at every look
EPSILON = np.finfo(float).eps ** (1 / 3)


def first_weights(start, V, H, seed):
    """Return one network's numbers in a row: W_x, W_h, b, W_y, b_y."""
    rng = np.random.default_rng(seed)
    if start == "orthogonal":
        params = RNN(V, H, rng=rng).params | Linear(H, V, rng=rng).params
        return np.concatenate([param.ravel() for param in params.values()])
    sizes = (V * H, H * H, H, H, H * V, V)  # PyTorch's has two biases
    k = 1 / np.sqrt(H)
    W_x, W_h, b, b_too, W_y, b_y = (rng.uniform(-k, k, size) for size in sizes)
    return np.concatenate([W_x, W_h, b + b_too, W_y, b_y])


def forward(theta, word, H, memory=True):
    """Return states (T, N, H) and the letters' log probabilities (T, N, V)."""
    V = len(set(word))
    cuts = np.cumsum([V * H, H * H, H, H * V])
    W_x, W_h, b, W_y, b_y = np.split(theta, cuts, axis=1)
    W_x, W_y = W_x.reshape(-1, V, H), W_y.reshape(-1, H, V)
    W_h = W_h.reshape(-1, H, H) * memory
    hs, log_ps = [np.zeros((len(theta), H))], []
    for k in indices(word)[:-1]:
        hs.append(np.tanh(W_x[:, k] + (hs[-1][:, None] @ W_h)[:, 0] + b))
        y = (hs[-1][:, None] @ W_y)[:, 0] + b_y
        y -= y.max(axis=1, keepdims=True)
        log_ps.append(y - np.log(np.exp(y).sum(axis=1, keepdims=True)))
    return np.array(hs[1:]), np.array(log_ps)


def indices(word):
    """Return the place of each letter in the alphabet."""
    return [sorted(set(word)).index(letter) for letter in word]


def loss(theta, word, H, memory):
    """Return the mean cross entropy of each network, in nats."""
    log_ps = forward(theta, word, H, memory)[1]
    right = one_hot(np.array(indices(word)[1:]), log_ps.shape[-1])
    return -(log_ps * right[:, None]).sum(axis=-1).mean(axis=0)


def differences(theta, *task):
    """Return the central differences of all networks, from two copies a number."""
    N, size = theta.shape
    nudges = EPSILON * np.eye(size)
    copies = theta[:, None, None] + np.stack([nudges, -nudges])  # (N, 2, size, size)
    losses = loss(copies.reshape(-1, size), *task).reshape(N, 2, size)
    return (losses[:, 0] - losses[:, 1]) / (2 * EPSILON)


def slopes(theta, word, H, memory):
    """Return the slopes of each network's loss, by the backward pass of chapter 3."""
    N, V, letters = len(theta), len(set(word)), indices(word)
    cuts = np.cumsum([V * H, H * H, H, H * V])
    grads = np.zeros_like(theta)
    dW_x, dW_h, db, dW_y, db_y = np.split(grads, cuts, axis=1)  # views
    _, W_h, _, W_y, _ = np.split(theta, cuts, axis=1)
    W_h, W_y = W_h.reshape(N, H, H) * memory, W_y.reshape(N, H, V)
    hs, log_ps = forward(theta, word, H, memory)
    carry = np.zeros((N, H))
    for t in reversed(range(len(hs))):
        dy = np.exp(log_ps[t])
        dy[:, letters[t + 1]] -= 1
        dy /= len(hs)
        dW_y += (hs[t][:, :, None] * dy[:, None]).reshape(N, -1)
        db_y += dy
        da = ((W_y @ dy[:, :, None])[..., 0] + carry) * (1 - hs[t] ** 2)
        k = letters[t] * H
        dW_x[:, k : k + H] += da
        db += da
        if t:
            dW_h += memory * (hs[t - 1][:, :, None] * da[:, None]).reshape(N, -1)
        carry = (W_h @ da[:, :, None])[..., 0]
    return grads


def spells(theta, word, H, memory):
    """Tell of each network whether it answers every letter right."""
    answers = forward(theta, word, H, memory)[1].argmax(axis=-1)
    return (np.array(indices(word)[1:])[:, None] == answers).all(axis=0)


def describe(theta, *task):
    """Describe a network that does not spell the word."""
    word, hs = task[0], forward(theta, *task)[0][:, 0]
    pairs = itertools.combinations(range(len(hs)), 2)
    pairs = [(i, j) for i, j in pairs if word[i + 1] != word[j + 1]]
    i, j = min(pairs, key=lambda pair: np.abs(hs[pair[0]] - hs[pair[1]]).max())
    return {
        "loss": round(float(loss(theta, *task)[0]), 4),
        "pair": f"{i + 1} {j + 1}",
        "apart": round(float(np.abs(hs[i] - hs[j]).max()), 4),
        "slope": round(float((1 - hs[[i, j]] ** 2).max()), 4),
    }


def patience(theta, rate, *task):
    """Train on, and return after how many updates each network is sure of the word."""
    sure_at = [None] * len(theta)
    for update in range(STEPS, PATIENCE + 1):
        if update % 100 == 0:
            for k in np.flatnonzero(loss(theta, *task) < SURE):
                sure_at[k] = sure_at[k] or update
        theta = theta - rate * slopes(theta, *task)
    return sure_at


def run(word, H, start, memory, rate, seeds):
    """Train one network from each seed, all at a time."""
    V, task = len(set(word)), (word, H, memory)
    theta = np.array([first_weights(start, V, H, seed) for seed in range(seeds)])
    gap = slopes(theta[:3], *task) - differences(theta[:3], *task)
    assert np.abs(gap).max() < 1e-9
    spelt, curves = [], []
    for update in range(STEPS + 1):
        if update in LOOKS:
            spelt.append(int(spells(theta, *task).sum()))
            curves.append([float(f"{x:.4g}") for x in loss(theta, *task)])
        if update < STEPS:
            theta = theta - rate * slopes(theta, *task)
    found = {"spelt": spelt, "lowest": min(curves[-1])}
    found |= {"failed": [], "curves": [], "states": []}
    if task == ("hello", 2, True):
        failed = np.flatnonzero(~spells(theta, *task))
        later = patience(theta[failed], rate, *task) if len(failed) else []
        found["failed"] = [
            {"seed": int(k), **describe(theta[[k]], *task), "sure_at": at}
            for k, at in zip(failed, later, strict=True)
        ]
    if (*task, start, rate) != ("hello", 2, True, "uniform", 1):
        return found  # only those are drawn
    hs = forward(theta[:DRAWN], *task)[0].swapaxes(0, 1)
    curves = [curve[:DRAWN] for curve in curves]
    return found | {"curves": curves, "states": hs.round(5).tolist()}


def main():
    seeds, how = bench.asked(__doc__, seeds=200)
    starts, end = ("orthogonal", "uniform"), {"rate": RATES, "seeds": [seeds]}
    settings = bench.grid(word=["hello"], H=[2], start=starts, memory=[True], **end)
    settings += bench.grid(word=["hello"], H=[4], start=starts, memory=[True], **end)
    settings += bench.grid(word=["hello"], H=[2], start=starts, memory=[False], **end)
    settings += bench.grid(word=["pssst"], H=[2], start=starts, memory=[True], **end)
    fixed = {"looks": LOOKS, "steps": STEPS, "patience": PATIENCE}
    bench.sweep(run, settings, "hello.json", fixed, **how)


if __name__ == "__main__":
    main()
