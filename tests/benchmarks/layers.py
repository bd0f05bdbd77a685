"""Time one training step of each layer: ours, PyTorch's, a textbook's, and the floor.

    python tests/benchmarks/layers.py [--threads 1 2] [--layers RNN GRU LSTM]
            [--dtype float32] [--points 0 1 2 3 4] [--rounds 15]

Each contestant runs in a process of its own, and they take turns, so that whatever else
the machine does hits all of them. Printed are medians in milliseconds, and ratios. The
floor is the time of the matrix products that nobody can avoid. Nothing is asserted.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
POINTS = [
    (1, 100, 32, 64),
    (32, 35, 65, 128),
    (64, 50, 128, 256),
    (20, 35, 650, 650),
    (32, 128, 256, 512),
]
CONTESTANTS = ("ours", "torch", "textbook", "floor")
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def contestant(who, layer, dtype, point):
    """Return a function that runs one training step."""
    import numpy as np

    B, T, I, H = point
    k = GATES[layer]
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((B, T, I)).astype(dtype)
    dhs = rng.standard_normal((B, T, H)).astype(dtype)

    if who == "torch":
        import torch

        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        options = {"batch_first": True, "dtype": getattr(torch, dtype)}
        net = getattr(torch.nn, layer)(I, H, **options)
        x, dh = torch.tensor(xs, requires_grad=True), torch.tensor(dhs)

        def step():
            net.zero_grad()
            x.grad = None
            net(x)[0].backward(dh)

        return step

    if who == "floor":
        x, a, h = np.ones((T * B, I), dtype), np.ones((T * B, k * H), dtype), dhs[:, 0]
        h, hs = h.copy(), np.ones((T * B, H), dtype)
        W_x, W_h = np.zeros((I, k * H), dtype), np.zeros((H, k * H), dtype)
        W_hT, da = W_h.T.copy(), np.ones((B, k * H), dtype)

        def step():
            np.matmul(x, W_x, a)
            for _ in range(T):
                np.matmul(h, W_h, da)
            for _ in range(T):
                np.matmul(da, W_hT, h)
            x.T @ a, hs.T @ a, a @ W_x.T

        return step

    sys.path[:0] = [str(HERE), str(HERE.parents[1] / "book")]
    import unrolled

    net = getattr(unrolled, layer)(I, H, rng=rng, dtype=np.dtype(dtype))
    if who == "ours":

        def step():
            net.forward(xs)
            net.backward(dhs)

        return step

    import textbook

    loop = getattr(textbook, layer.lower())
    return lambda: loop(xs, dhs, **net.params)


def serve(who, layer, dtype, point):
    """Run a step for each line that comes in, and answer with the seconds it took."""
    from time import perf_counter

    step = contestant(who, layer, dtype, point)
    step()
    for line in sys.stdin:
        repeats = int(line)
        start = perf_counter()
        for _ in range(repeats):
            step()
        print((perf_counter() - start) / repeats, flush=True)


def race(layer, dtype, point, threads, rounds):
    """Let the contestants take turns; return the median seconds of each."""
    names = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"
    env = os.environ | dict.fromkeys(names, str(threads))
    processes = {}
    for who in CONTESTANTS:
        kind = "float64" if who == "textbook" else dtype  # as textbooks run
        call = [sys.executable, __file__, "--serve", who, layer, kind, *map(str, point)]
        processes[who] = subprocess.Popen(
            call, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    times = {who: [] for who in CONTESTANTS}
    try:
        ask(processes["ours"], 1)
        repeats = max(1, int(0.05 / ask(processes["ours"], 1)))
        for _ in range(rounds):
            for who, process in processes.items():
                times[who].append(ask(process, repeats))
    finally:
        for process in processes.values():
            process.stdin.close()
            process.wait()
    return {who: median(seconds) for who, seconds in times.items()}


def ask(process, repeats):
    """Have a contestant run, and return its seconds a step."""
    print(repeats, file=process.stdin, flush=True)
    return float(process.stdout.readline())


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layers", nargs="+", default=["RNN", "GRU", "LSTM"])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--points", type=int, nargs="+", default=range(5))
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    for threads in arguments.threads:
        print(f"\n{arguments.dtype}, {threads} thread(s), median ms of a training step")
        print(f"{'':6}{'(B, T, I, H)':22}{'ours':>9}{'torch':>9}{'floor':>9}"
              f"{'ours/torch':>12}{'textbook/ours':>15}")  # fmt: skip
        ratios = []
        for layer in arguments.layers:
            for point in (POINTS[k] for k in arguments.points):
                s = race(layer, arguments.dtype, point, threads, arguments.rounds)
                ratios.append(s["ours"] / s["torch"])
                times = "".join(
                    f"{1e3 * s[w]:9.2f}" for w in ("ours", "torch", "floor")
                )
                others = f"{ratios[-1]:12.2f}{s['textbook'] / s['ours']:15.2f}"
                print(f"{layer:6}{point!s:22}{times}{others}", flush=True)
        mean = 1.0
        for ratio in ratios:
            mean *= ratio ** (1 / len(ratios))
        print(f"geometric mean of ours/torch: {mean:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(*sys.argv[2:5], tuple(map(int, sys.argv[5:])))
    else:
        main()
