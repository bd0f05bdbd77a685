"""Time a masked training step of the LSTM: what a mask costs, and what it saves.

    python tests/benchmarks/masks.py [--steps 35 200 1000] [--rounds 15] [--packed]

B, I, H = 32, 64, 128, float32, one thread. The lengths are spread evenly so that their
mean fills 76 or 53 % of T. Printed are medians in milliseconds, and how they compare
with our pass without a mask: first in the fast room, then in the loop of equations.
PyTorch pads, which computes all steps, or packs. Packing 1000 steps takes half a
minute a step, so it is left out there unless asked for. Nothing is asserted.
"""

import argparse
import sys

import bench

B, I, H = 32, 64, 128
FILLED = (0.76, 0.53)


def contestant(who, filled, T):
    """Return a function that runs one training step."""
    import numpy as np

    filled, T = float(filled), int(T)
    rng = np.random.default_rng(0)
    xs = rng.standard_normal((B, T, I)).astype(np.float32)
    dhs = rng.standard_normal((B, T, H)).astype(np.float32)
    lengths = np.round(T * np.linspace(2 * filled - 1, 1, B)).astype(int)
    rng.shuffle(lengths)
    if who.startswith("torch"):
        return torch_step(xs, dhs, lengths, packed=who == "torch packed")

    from unrolled import LSTM

    layer = LSTM(I, H, rng=rng, dtype=np.float32)
    if who == "equations":
        layer.fast = False
    mask = {} if filled == 1 else {"mask": lengths}

    def step():
        layer.forward(xs, **mask)
        layer.backward(dhs)

    return step


def torch_step(xs, dhs, lengths, packed):
    """Return a step of PyTorch's layer, padded or packed."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    torch.set_num_threads(1)
    net = torch.nn.LSTM(I, H, batch_first=True)
    x, dh = torch.tensor(xs, requires_grad=True), torch.tensor(dhs)
    form = {"batch_first": True}

    def step():
        net.zero_grad()
        x.grad = None
        if packed:
            rows = pack_padded_sequence(x, lengths, enforce_sorted=False, **form)
            hs, _ = pad_packed_sequence(net(rows)[0], total_length=x.shape[1], **form)
        else:
            hs, _ = net(x)
        hs.backward(dh)

    return step


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, nargs="+", default=[35, 200, 1000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--packed", action="store_true", help="pack 1000 steps too")
    asked = parser.parse_args()
    print(bench.machine())
    for T in asked.steps:
        racers = [(who, filled) for who in ("fast", "equations")
                  for filled in (1, *FILLED)] + [("torch padded", 1)]  # fmt: skip
        if T < 1000 or asked.packed:
            racers += [("torch packed", filled) for filled in FILLED]
        words = {key: (*key, T) for key in racers}
        seconds = bench.race(words, rounds=asked.rounds)
        print(f"\nT = {T:4}      filled       ms  /fast, 1  /equations, 1")
        for (who, filled), s in seconds.items():
            ratios = s / seconds["fast", 1], s / seconds["equations", 1]
            print(f"{who:12}{filled:8.0%}{1e3 * s:11.2f}{ratios[0]:9.2f}"
                  f"{ratios[1]:15.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        bench.serve(contestant(*sys.argv[2:]))
    else:
        main()
