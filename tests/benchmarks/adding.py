"""Train chapter 5's five layers on the adding problem for longer than a page may take.

    python tests/benchmarks/adding.py [--seeds 5] [--jobs 1] [--quick]

It runs the cells of the chapter that carry the tag `adding`, so that the page and the
file mean the same layers, the same task and the same training loop. Chapter 5 reads
`book/data/adding.json`, which this script writes.
"""

import json

import bench
import numpy as np

import unrolled

LENGTHS, STEPS, RATE = (10, 50, 100), 2000, 0.003
OTHER_RATES = (0.001, 0.01)  # tried besides the chapter's own, at T = 50


def chapter():
    """Return what the chapter's tagged cells define."""
    scope = {"np": np, **vars(unrolled), **vars(unrolled.initialise)}
    page = bench.BOOK / "05-gradient-flow.ipynb"
    for cell in json.loads(page.read_text("utf-8"))["cells"]:
        if "adding" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), scope)
    return scope


def run(name, T, lr, seed):
    """Train once; return the first losses and the errors on fresh sequences."""
    scope = chapter()
    try:
        model, history = scope["solve"](name, T, seed, STEPS, lr)
    except FloatingPointError as error:
        return {"stopped": str(error)}
    return {
        "first": [float(f"{6 * loss:.4g}") for loss in history.loss[:10]],
        "error": round(scope["score"](model, T), 5),
        "error at 2 T": round(scope["score"](model, 2 * T), 5),
    }


def summary(runs):
    """Sort the runs by layer and length, those with other rates by layer and rate."""
    tree = {"rates": {}, "runs": {}}
    for run in runs:
        name, T, lr, *found = run.items()
        kind, by, row = "runs", T, dict(found)
        if lr[1] != RATE:
            kind, by, row = "rates", lr, run.get("error")
        rows = tree[kind].setdefault(name[1], {}).setdefault(str(by[1]), [])
        rows.append(row)
    return tree


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    names = chapter()["RECIPES"]
    settings = [
        *bench.grid(name=names, T=LENGTHS, lr=[RATE], seed=range(seeds)),
        *bench.grid(name=names, T=[50], lr=OTHER_RATES, seed=range(3)),
    ]
    fixed = {
        "unit": "mean squared error over 1/6, that of always saying the mean",
        "steps": STEPS,
    }
    bench.sweep(run, settings, "adding.json", fixed, summary=summary, **how)


if __name__ == "__main__":
    main()
