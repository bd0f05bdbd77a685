"""Time one training step of each layer, as a textbook and torch.nn write it, and ours.

    python tests/benchmarks/layers.py [--threads 1] [--layers RNN GRU LSTM]
        [--dtype float32] [--points 0 1 2 3 4] [--rounds 15] [--before PATH_TO_BOOK]

`equations` is our cell in the loop that all cells share, `fast` the room for speed that
is taken by default, `floor` the matrix products that nobody can avoid, and `before` the
module of another checkout. All of them use one data type, each runs in a process of its
own, and they take turns. Printed are medians in milliseconds, and ratios. Nothing is
asserted.
"""

import argparse
import os
import sys
from math import prod
from pathlib import Path

import bench

POINTS = [
    (1, 100, 32, 64),
    (32, 35, 65, 128),
    (64, 50, 128, 256),
    (20, 35, 650, 650),
    (32, 128, 256, 512),
]
CONTESTANTS = "fast", "equations", "torch", "textbook", "floor"
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
RATIOS = [("fast", "torch"), ("equations", "torch"), ("equations", "fast"),
          ("textbook", "fast"), ("fast", "floor"), ("fast", "before")]  # fmt: skip


def torch_step(layer, xs, dhs):
    """Return a step of PyTorch's layer."""
    import torch

    H = dhs.shape[-1]
    x, dh = torch.tensor(xs, requires_grad=True), torch.tensor(dhs)
    torch.set_num_threads(int(os.environ[bench.THREADS[0]]))
    net = getattr(torch.nn, layer)(xs.shape[-1], H, batch_first=True, dtype=x.dtype)

    def step():
        net.zero_grad()
        x.grad = None
        net(x)[0].backward(dh)

    return step


def floor_step(layer, xs, dhs):
    """Return a step that only multiplies matrices."""
    import numpy as np

    (B, T, I), H, dtype = xs.shape, dhs.shape[-1], xs.dtype
    kH = GATES[layer] * H
    x, a, hs = (np.ones((T * B, N), dtype) for N in (I, kH, H))
    h, da = np.ones((B, H), dtype), np.ones((B, kH), dtype)
    W_x, W_h, W_hT = (np.zeros(s, dtype) for s in ((I, kH), (H, kH), (kH, H)))

    def step():
        np.matmul(x, W_x, a)
        for _ in range(T):
            np.matmul(h, W_h, da)
        for _ in range(T):
            np.matmul(da, W_hT, h)
        x.T @ a, hs.T @ a, a @ W_x.T

    return step


def contestant(who, layer, dtype, book, *point):
    """Return a function that runs one training step."""
    import numpy as np

    B, T, I, H = map(int, point)
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((B, T, I)).astype(dtype)
    dhs = rng.standard_normal((B, T, H)).astype(dtype)
    if who == "torch":
        return torch_step(layer, xs, dhs)
    if who == "floor":
        return floor_step(layer, xs, dhs)

    sys.path.insert(0, book)
    import textbook

    import unrolled

    net = getattr(unrolled, layer)(I, H, rng=rng, dtype=np.dtype(dtype))
    if who == "textbook":
        loop = getattr(textbook, layer.lower())
        return lambda: loop(xs, dhs, **net.params)
    if who == "equations":
        net.fast = False

    def step():
        net.forward(xs)
        net.backward(dhs)

    return step


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--layers", nargs="+", default=[*GATES], choices=GATES)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--points", type=int, nargs="+", default=range(5))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--before", metavar="PATH_TO_BOOK")
    asked = parser.parse_args()
    if asked.before and not (Path(asked.before) / "unrolled").is_dir():
        parser.error(f"--before must name a folder with unrolled, got {asked.before}")
    books = dict.fromkeys(CONTESTANTS, bench.BOOK)
    if asked.before:
        books["before"] = asked.before
    ratios = [pair for pair in RATIOS if set(pair) <= books.keys()]
    print(bench.machine())
    for threads in asked.threads:
        kind = "computed" if threads == 1 else "elapsed"
        print(f"\n{asked.dtype}, {threads} thread(s), median ms {kind}, one step")
        print(f"{'':5}{'(B, T, I, H)':20}", *(f"{who:>9}" for who in books),
              *(f"{'/'.join(pair):>15}" for pair in ratios))  # fmt: skip
        table = []
        for layer in asked.layers:
            for point in (POINTS[k] for k in asked.points):
                racers = {
                    who: (who, layer, asked.dtype, book, *point)
                    for who, book in books.items()
                }
                s = bench.race(racers, threads, asked.rounds)
                table.append([s[ours] / s[theirs] for ours, theirs in ratios])
                print(f"{layer:5}{point!s:20}", *(f"{1e3 * s[who]:9.2f}" for who in s),
                      *(f"{r:15.2f}" for r in table[-1]), flush=True)  # fmt: skip
        means = (
            prod(column) ** (1 / len(table)) for column in zip(*table, strict=True)
        )
        blank = 25 + 10 * len(books)
        print(f"{'geometric mean':{blank}}", *(f"{mean:15.2f}" for mean in means))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        bench.serve(contestant(*sys.argv[2:]))
    else:
        main()
