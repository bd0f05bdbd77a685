"""Time sequences of different lengths: padded, packed, masked; and why packing is slow.

    python tests/benchmarks/packing.py [--quick]

One training step, forward and backward, of one layer: B, I, H = 32, 64, 128, float32,
one thread. The lengths are spread evenly so that their mean fills 76 or 53 % of T.
Medians in milliseconds of the processor's time, system's included; the contestants
take turns in processes of their own. Chapter 14 reads `book/data/packing.json`.

A run of the part "table" is a cell and a T, with `ms` of

- "torch padded": all T steps of all sequences, which is what a mask of the loss needs;
- "torch packed, 76", and 53: packed, run, and padded again;
- "ours", "ours masked, 76", and 53: `unrolled` without a mask, and with the lengths.

A run of the part "why" is an LSTM at 76 %, packed unless the name says else. On the
CPU, PyTorch multiplies all rows by W_x at once, and cuts a slice for each step. Going
back, each slice makes an array of zeros as large as the whole product, (rows, 4H), to
put its few rows of gradient in, and adds that to the others: `zeros` says how many
gigabytes are written so. Rows grow as T does, so it is a square. `ms` has

- "padded, forward", "padded", "packed, forward", "packed": PyTorch's layer;
- "slices": the same loop in Python, with a slice for each step;
- "split": that loop, but cut once by `Tensor.split`, whose gradient is one `cat`;
- "packed, memory kept": glibc told by its environment to keep what was freed. An
  array above 32 MB is else given back and fetched anew, a fault for each page.

At T = 1000 there are only those that say something new. The run of the part "faults"
has how many page faults one packed step of T = 1000 makes, by the system's count. Ten
minutes on one core.
"""

import os
import resource
import sys

import bench

B, I, H = 32, 64, 128
FILLED = 76, 53
TABLE, WHY = (35, 200, 1000), (50, 100, 200, 400, 1000)
KEEP = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": f"{1 << 40}"}
ROUNDS = {35: 15, 50: 9, 100: 9, 200: 7, 400: 5, 1000: 3}


def lengths(T, filled):
    """Return B lengths up to T, in any order, that fill so many per cent."""
    import numpy as np

    spread = np.round(T * np.linspace(filled / 50 - 1, 1, B)).astype(int)
    return np.random.default_rng(0).permutation(spread)


def contestant(cell, who, T, filled):
    """Return a function that runs one training step."""
    import numpy as np

    T, filled = int(T), int(filled)
    rng = np.random.default_rng(1)
    xs = rng.standard_normal((B, T, I)).astype(np.float32)
    dhs = rng.standard_normal((B, T, H)).astype(np.float32)
    if who != "ours":
        return torch_step(cell, who, xs, dhs, lengths(T, filled))

    import unrolled

    layer = getattr(unrolled, cell)(I, H, rng=rng, dtype=np.float32)
    mask = {} if filled == 100 else {"mask": lengths(T, filled)}

    def step():
        layer.forward(xs, **mask)
        layer.backward(dhs)

    return step


def torch_step(cell, who, xs, dhs, lengths):
    """Return a step of PyTorch's layer, or of its loop by hand."""
    import torch

    torch.set_num_threads(1)
    who, *only = who.split(", ")
    net = getattr(torch.nn, cell)(xs.shape[-1], dhs.shape[-1], batch_first=True)
    x, dh = torch.tensor(xs, requires_grad=True), torch.tensor(dhs)

    def step():
        net.zero_grad()
        x.grad = None
        hs = net(x)[0] if who == "padded" else packed(net, who, x, lengths)
        if "forward" not in only:
            hs.backward(dh)

    return step


def packed(net, who, x, lengths):
    """Pack, run, and pad again; by "slices" and "split" the loop is ours."""
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    rows = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    if who == "packed":
        rows, _ = net(rows)
    else:
        rows = rows._replace(data=loop(net, rows.data, rows.batch_sizes, who))
    return pad_packed_sequence(rows, batch_first=True, total_length=x.shape[1])[0]


def loop(net, x, sizes, who):
    """Run an LSTM over packed rows as PyTorch does, or with one cut for all steps."""
    import torch
    from torch.nn.functional import linear

    W_x, W_h, b_x, b_h = net.parameters()
    a, sizes, hs = linear(x, W_x, b_x), sizes.tolist(), []
    h = c = a.new_zeros(sizes[0], W_h.shape[1])
    if who == "split":
        parts = a.split(sizes)
    else:
        ends = torch.tensor(sizes).cumsum(0).tolist()
        parts = [a[end - n : end] for n, end in zip(sizes, ends, strict=True)]
    for a_t, n in zip(parts, sizes, strict=True):
        i, f, g, o = (a_t + linear(h[:n], W_h, b_h)).chunk(4, 1)
        c = f.sigmoid() * c[:n] + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        hs.append(h)
    return torch.cat(hs)


def run(part, cell, T):
    """Let those of a row of the table, or of the reasons, take turns."""
    if part == "faults":
        return {"faults": faults(contestant(cell, "packed", T, FILLED[0]))}
    if part == "table":
        some = FILLED[: 1 if T == 1000 else 2]  # half a minute a step
        racers = {"torch padded": ("padded", 100), "ours": ("ours", 100)}
        racers |= {f"torch packed, {f}": ("packed", f) for f in some}
        racers |= {f"ours masked, {f}": ("ours", f) for f in FILLED}
    else:
        names = ["packed, forward", "split", "packed, memory kept"]
        if T < 1000:
            names += ["padded, forward", "padded", "packed", "slices"]
        racers = {name: (name, FILLED[0]) for name in names}
    words = {name: (cell, who, T, f) for name, (who, f) in racers.items()}
    seconds = bench.race(words, rounds=ROUNDS.get(T, 1))
    rows = int(lengths(T, FILLED[0]).sum())
    return {
        "ms": {name: bench.digits(1e3 * s) for name, s in seconds.items()},
        "zeros": bench.digits(T * rows * 4 * H * 4 / 1e9) if part == "why" else None,
    }


def faults(step):
    """Return the page faults of one step."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def main():
    """Make the runs that the file lacks."""
    _, how = bench.asked(__doc__, seeds=1)
    settings = bench.grid(part=["faults"], cell=["LSTM"], T=[1000])
    settings += bench.grid(part=["table"], cell=["LSTM", "GRU"], T=TABLE)
    settings += bench.grid(part=["why"], cell=["LSTM"], T=WHY)
    settings.sort(key=lambda setting: setting["T"])
    if how["quick"]:
        settings = [setting for setting in settings if setting["T"] < 200]
    fixed = {"sizes": {"B": B, "I": I, "H": H}, "rounds": ROUNDS}
    bench.sweep(run, settings, "packing.json", fixed, **how)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        if "kept" in sys.argv[3] and not KEEP.items() <= os.environ.items():
            os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP)
        bench.serve(contestant(*sys.argv[2:]))
    else:
        main()
