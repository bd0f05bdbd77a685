"""Train the text networks that chapter 13's searches chose four times as long.

    python tests/benchmarks/comparison_longer.py [--seeds 20] [--jobs 1] [--quick]

`comparison.py` stops at 2000 updates, where the curves still fall. Here each search's
best network starts again from the same weights, sees the same text, and goes on to
8000 updates. Kept are its bits a character on validation and on test data after 2000,
4000 and 8000; the first of the three is what `comparison.json` holds. Chapter 13 reads
`book/data/comparison-longer.json`. It takes half an hour on one core, and goes on where
it was stopped.
"""

import json

import bench
import numpy as np
from abreast import Abreast
from comparison import (
    BLOCK,
    CELLS,
    CLIP,
    CONFIGURATIONS,
    SIZES,
    TASKS,
    drawn,
    width,
)

LOOKS = 2000, 4000, 8000


def chosen(cell, H):
    """Return the configuration with the best validation score of each replicate."""
    rows = json.loads((bench.DATA / "comparison.json").read_text("utf-8"))["runs"]
    best = {}
    for row in rows:
        if (row["task"], row["cell"], row["H"]) == ("text", cell, H):
            last = [np.inf if s is None else s for s in row["validation"][-1]]
            winners = np.reshape(last, (BLOCK, CONFIGURATIONS)).argmin(1)
            best |= dict(enumerate(winners.tolist(), row["block"] * BLOCK))
    return best


def run(cell, H, seeds):
    """Train the chosen networks side by side."""
    task, best = TASKS["text"](), chosen(cell, H)
    pairs = [drawn(task, cell, H, seed, best[seed]) for seed in range(seeds)]
    many = Abreast(*zip(*pairs, strict=True), loss=task.loss, clip=CLIP)
    rngs = [np.random.default_rng([seed, 1]) for seed in range(seeds)]
    draws = (
        map(np.stack, zip(*(task.batch(rng, "train") for rng in rngs), strict=True))
        for _ in range(LOOKS[-1])
    )
    found = {"validation": [], "test": []}
    for _ in many.train(draws, LOOKS[-1], LOOKS):
        for part, scores in found.items():
            xs, labels = task.batch(None, part)
            scores.append(bench.digits(task.score(many.predict(xs), labels), 4))
    return found


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    task = TASKS["text"]()
    settings = [
        {"cell": cell, "H": width(task, cell, SIZES[0], "parameters"), "seeds": seeds}
        for cell in CELLS
    ]
    fixed = {"looks": LOOKS}
    bench.sweep(run, settings, "comparison-longer.json", fixed, **how)


if __name__ == "__main__":
    main()
