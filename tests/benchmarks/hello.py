"""Train the network of "hello" from many first weights; keep how far it comes.

    python tests/benchmarks/hello.py [--seeds 20] [--jobs 1] [--quick]

Plain gradient descent, whose slopes are central differences as on the page, for two
words, sizes, starts and five rates; and once with W_h held at zero. All networks of a
setting, and all their displaced copies, are computed side by side: a row of `theta` is
one network. It keeps how many answer every letter right at each look, and at the end
the loss of each seed and how far apart the last two states are; for the networks of the
page also the losses at each look and all states. Chapter 2 reads
`book/data/hello.json`, which this script writes. It takes about ten minutes on a
core.
"""

import bench
import numpy as np

from unrolled import RNN, Linear
from unrolled.data import one_hot

STEPS = 2000
LOOKS = (0, 15, 30, 60, 125, 250, 500, 1000, 2000)
RATES = (0.03, 0.1, 0.3, 1, 3)
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


def slopes(theta, *task):
    """Return the central differences of all networks, from two copies a number."""
    N, size = theta.shape
    nudges = EPSILON * np.eye(size)
    copies = theta[:, None, None] + np.stack([nudges, -nudges])  # (N, 2, size, size)
    losses = loss(copies.reshape(-1, size), *task).reshape(N, 2, size)
    return (losses[:, 0] - losses[:, 1]) / (2 * EPSILON)


def run(word, H, start, memory, rate, seeds):
    """Train one network from each seed, all at a time."""
    V, task = len(set(word)), (word, H, memory)
    theta = np.array([first_weights(start, V, H, seed) for seed in range(seeds)])
    spelt, curves = [], []
    for update in range(STEPS + 1):
        if update in LOOKS:
            answers = forward(theta, *task)[1].argmax(axis=-1)
            right = np.array(indices(word)[1:])[:, None] == answers
            spelt.append(int(right.all(axis=0).sum()))
            curves.append([float(f"{x:.4g}") for x in loss(theta, *task)])
        theta = theta - rate * slopes(theta, *task)
    hs = forward(theta, *task)[0]
    apart = np.abs(hs[-1] - hs[-2]).max(axis=-1).round(4).tolist()
    found = {"spelt": spelt, "loss": curves[-1], "apart": apart}
    if task != ("hello", 2, True):  # only those are drawn
        return found | {"curves": [], "states": []}
    return found | {"curves": curves, "states": hs.swapaxes(0, 1).round(5).tolist()}


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    starts, end = ("orthogonal", "uniform"), {"rate": RATES, "seeds": [seeds]}
    settings = bench.grid(word=["hello"], H=(2, 4), start=starts, memory=[True], **end)
    settings += bench.grid(word=["hello"], H=[2], start=starts, memory=[False], **end)
    settings += bench.grid(word=["pssst"], H=(2, 4), start=starts, memory=[True], **end)
    bench.sweep(run, settings, "hello.json", {"looks": LOOKS, "steps": STEPS}, **how)


if __name__ == "__main__":
    main()
