"""Repeat some of chapter 13's searches from PyTorch's first weights.

    python tests/benchmarks/comparison_start.py [--seeds 8] [--jobs 1] [--quick]

In `comparison.py` every W_h starts orthogonal. Here all parameters start as torch.nn
draws them, and the first bias is added to that. Pairs, batches, scores and rows are
those of `comparison.py`. Chapter 13 reads `book/data/comparison-start.json`.
"""

import bench
import comparison
from comparison import BLOCK, CELLS, SIZES, TASKS, width

DELAYS = "copying 30", "copying 10"


def uniform(task, cell, H, bias, rng):
    """Make a network as torch.nn draws it, with a bias on the gate that keeps."""
    model = comparison.make(task, cell, H, 0, rng)
    bench.as_pytorch(model.params, rng, H)
    _, _, gate, sign = CELLS[cell]
    if gate:
        model.layer.params["b"][model.layer.columns(gate)] += sign * bias
    return model


def run(task, cell, H, block):
    """Train the networks of some replicates side by side."""
    return comparison.run(task, cell, H, block, uniform)


def main():
    """Make the runs that the file lacks."""
    seeds, how = bench.asked(__doc__, seeds=8)
    settings = [
        {
            "task": name,
            "cell": cell,
            "H": width(TASKS[name](), cell, SIZES[0], "parameters"),
            "block": block,
        }
        for name in DELAYS
        for block in range(seeds // BLOCK)
        for cell in ("RNN", "GRU", "LSTM")
    ]
    bench.sweep(run, settings, "comparison-start.json", {"start": "uniform"}, **how)


if __name__ == "__main__":
    main()
