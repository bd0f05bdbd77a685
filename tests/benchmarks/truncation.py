"""Train chapter 4's networks on windows longer and shorter than their lag.

    python tests/benchmarks/truncation.py [--seeds 5] [--jobs 1] [--quick]

The inputs are random signs, and the target is the input some steps ago: the lag. For
each first state of the weights, optimiser, learning rate and window, with k1 = k2, it
trains networks for each lag and seed, all of them side by side. Last comes a lag of 32
steps in a window of 40, also from uniform weights whose W_h is scaled to a spectral
radius of one. Now and then it keeps the share of right signs on a fresh stream, with
the network's own head and with the best head that its states allow, found by least
squares. Chapter 4 reads `book/data/truncation.json`, which this script writes. It takes
about twenty minutes on one core.
"""

import bench
import numpy as np

from unrolled import RNN, SGD, Adam, Linear

LAGS, WINDOWS, B = (1, 2, 3, 4, 6, 8), (1, 2, 3, 4, 6, 8, 12), 16
LOOKS, STEPS = (0, 300, 600, 1200, 2400, 4800), 2400
RATES, SGD_RATES = (0.001, 0.003, 0.01), (0.03, 0.1, 0.3)
STARTS = "orthogonal", "uniform", "no head"
OPTIMISERS = {"Adam": Adam, "SGD": SGD}
NAMES = "W_x", "W_h", "b", "W_y", "b_y"


def first_params(start, H, rng):
    """Draw the five parameters of a network of H units."""
    layer, head = RNN(1, H, rng=rng), Linear(H, 1, rng=rng)
    params = {**layer.params, **head.params}
    for name, param in params.items():
        if start in ("uniform", "radius one"):  # as PyTorch draws them
            param[...] = rng.uniform(-1, 1, param.shape) / np.sqrt(H)
            if start == "radius one" and name == "W_h":
                param /= np.abs(np.linalg.eigvals(param)).max()
        elif start == "no head" and name == "W_y":
            param[...] = 0
    return [np.atleast_2d(params[name]).astype(np.float32) for name in NAMES]


def forward(params, xs, h):
    """Run networks (n, …) over xs (T, n, B, 1); return h_0 … h_T, and y_1 … y_T."""
    W_x, W_h, b, W_y, b_y = params
    hs = [h]
    for x in xs:
        hs.append(np.tanh(x * W_x + hs[-1] @ W_h + b))
    return hs, [h @ W_y + b_y for h in hs[1:]]


def backward(params, xs, hs, ys, targets):
    """Return the gradient of the mean squared error over a window, for each network."""
    _, W_h, _, W_y, _ = params
    grads, dh = [np.zeros_like(p) for p in params], 0.0
    for t in reversed(range(len(ys))):
        dy = (ys[t] - targets[t]) * (2 / ys[t].shape[1] / len(ys))
        da = (dy * W_y.swapaxes(1, 2) + dh) * (1 - hs[t + 1] ** 2)
        dh = da @ W_h.swapaxes(1, 2)
        grads[0] += (xs[t] * da).sum(1, keepdims=True)
        grads[1] += hs[t].swapaxes(1, 2) @ da
        grads[2] += da.sum(1, keepdims=True)
        grads[3] += hs[t + 1].swapaxes(1, 2) @ dy
        grads[4] += dy.sum(1, keepdims=True)
    return grads


def windows(rng, lag_of, k):
    """Yield inputs and targets (k, n, B, 1) of a stream, window by window."""
    n, longest, both = len(lag_of), max(lag_of), np.float32([-1, 1])
    x = rng.choice(both, (longest + k, n, B, 1))
    while True:
        x = np.concatenate([x[k:], rng.choice(both, (k, n, B, 1))])
        ago = [x[longest + t - lag_of, range(n)] for t in range(k)]
        yield x[longest:], np.stack(ago)


def by_rows(hs):
    """Put steps (T, n, B, width) behind each other, with a one beside: (n, T B, …)."""
    n, _, width = hs[0].shape
    rows = np.moveaxis(np.stack(hs).astype(float), 1, 0).reshape(n, -1, width)
    return np.concatenate([rows, np.ones((*rows.shape[:2], 1))], axis=2)


def share_right(params, lag_of, steps=320, skip=20):
    """Return the share of right signs, with a network's head and with the best one."""
    stream, skip = windows(np.random.default_rng(99), lag_of, steps), max(skip, *lag_of)
    H = params[1].shape[-1]
    zero = np.zeros((len(lag_of), B, H), np.float32)
    (fit, wanted), (xs, targets) = next(stream), next(stream)
    rows = by_rows(forward(params, fit, zero)[0][skip + 1 :])
    wanted, targets = (
        np.moveaxis(part[skip:], 1, 0).reshape(len(lag_of), -1, 1)
        for part in (wanted, targets)
    )
    back = rows.swapaxes(1, 2)
    best = np.linalg.solve(back @ rows + 1e-3 * np.eye(H + 1), back @ wanted)
    rows = by_rows(forward(params, xs, zero)[0][skip + 1 :])
    own = np.concatenate([params[3], params[4]], axis=1)
    return [((rows @ w > 0) == (targets > 0)).mean((1, 2)) for w in (own, best)]


def run(start, learns, carry, optimiser, lr, k2, seeds, H, lag=None):
    """Train a network for each lag and seed; look at all of them now and then."""
    lag_of = np.repeat(LAGS if lag is None else [lag], seeds)
    rng = np.random.default_rng(0)
    nets = [first_params(start, H, rng) for _ in lag_of]
    params = [np.stack(parts) for parts in zip(*nets, strict=True)]
    h, step = np.zeros((len(lag_of), B, H), np.float32), OPTIMISERS[optimiser](lr)
    moved = range(3, 5) if learns == "head" else range(5)
    steps = STEPS * (2 if k2 <= 4 and carry else 1)
    found = {"right": [], "best head": []}
    for n, (xs, targets) in enumerate(windows(rng, lag_of, k2)):
        if n in LOOKS:
            for shares, values in zip(
                found.values(), share_right(params, lag_of), strict=True
            ):
                shares.append(values.round(3).reshape(-1, seeds).tolist())
        if n == steps:
            return found
        hs, ys = forward(params, xs, h)
        grads = backward(params, xs, hs, ys, targets)
        step.step({k: params[k] for k in moved}, {k: grads[k] for k in moved})
        h = hs[-1] * np.float32(carry)


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    base = {"start": STARTS[:2], "learns": ["all"], "carry": [True],
            "optimiser": ["Adam"], "lr": RATES, "k2": WINDOWS,
            "seeds": [seeds], "H": [12]}  # fmt: skip
    once = base | {"start": STARTS[:1]}
    settings = [
        *bench.grid(**base),
        *bench.grid(**base | {"learns": ["head"], "k2": [1]}),
        *bench.grid(**base | {"start": STARTS[2:], "k2": WINDOWS[:4]}),
        *bench.grid(**once | {"optimiser": ["SGD"], "lr": SGD_RATES, "k2": [4]}),
        *bench.grid(**once | {"carry": [False], "lr": [0.003]}),
        *bench.grid(**once | {"lr": [0.003], "k2": [8, 12], "H": [4, 6]}),
        *bench.grid(
            **base
            | {"start": (*STARTS[:2], "radius one"), "k2": [40], "H": [64], "lag": [32]}
        ),
    ]
    fixed = {"unit": "share of right signs, by look, lag and seed",
             "lags": LAGS, "looks": LOOKS, "B": B}  # fmt: skip
    bench.sweep(run, settings, "truncation.json", fixed, **how)


if __name__ == "__main__":
    main()
