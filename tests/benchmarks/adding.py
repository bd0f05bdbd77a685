"""Train chapter 5's five layers on the adding problem for longer than a page may take.

    .venv/bin/python tests/benchmarks/adding.py > book/data/adding.json

It runs the cells of the chapter that carry the tag `adding`, so that the page and the
file mean the same layers, the same task and the same training loop.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

BOOK = Path(__file__).resolve().parents[2] / "book"
sys.path.insert(0, str(BOOK))

import numpy as np  # noqa: E402

import unrolled  # noqa: E402

LENGTHS, STEPS, SEEDS = (10, 50, 100), 2000, 5
RATES = (0.001, 0.01)  # tried besides the chapter's own, at T = 50


def chapter():
    """Return what the chapter's tagged cells define."""
    scope = {"np": np, **vars(unrolled), **vars(unrolled.initialise)}
    cells = json.loads((BOOK / "05-gradient-flow.ipynb").read_text("utf-8"))["cells"]
    for cell in cells:
        if "adding" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), scope)
    return scope


def run(scope, name, T, seed, steps, lr=0.003):
    """Train once; return the first losses and the errors on fresh sequences."""
    try:
        model, history = scope["solve"](name, T, seed, steps, lr)
    except FloatingPointError as error:
        return {"seed": seed, "stopped": str(error)}
    return {
        "seed": seed,
        "first": [float(f"{6 * loss:.4g}") for loss in history.loss[:10]],
        "error": round(scope["score"](model, T), 5),
        "error at 2 T": round(scope["score"](model, 2 * T), 5),
    }


def main():
    """Train everything and print the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    options = parser.parse_args()
    scope, steps, seeds = chapter(), options.steps, range(options.seeds)
    result = {
        "command": "python tests/benchmarks/adding.py > book/data/adding.json",
        "machine": f"{os.cpu_count()} cores of {platform.machine()}, one thread, "
        f"Python {platform.python_version()}, NumPy {np.__version__}",
        "unit": "mean squared error over 1/6, that of always saying the mean",
        "steps": steps,
        "runs": {},
        "rates": {},
    }
    for name in scope["RECIPES"]:
        for T in LENGTHS:
            runs = [run(scope, name, T, seed, steps) for seed in seeds]
            result["runs"].setdefault(name, {})[str(T)] = runs
            print(name, T, [r.get("error") for r in runs], file=sys.stderr, flush=True)
        for lr in RATES:
            runs = [run(scope, name, 50, seed, steps, lr) for seed in seeds[:3]]
            errors = [r.get("error") for r in runs]
            result["rates"].setdefault(name, {})[str(lr)] = errors
            print(name, "lr", lr, errors, file=sys.stderr, flush=True)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
