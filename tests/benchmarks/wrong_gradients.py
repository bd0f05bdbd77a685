"""Train chapter 3's network with wrong gradients, in more ways than a page can.

    python tests/benchmarks/wrong_gradients.py [--seeds 6] [--jobs 1] [--quick]

It runs the cells of the chapter that carry the tag `wrong-gradients`, so that the page
and the file mean the same mistakes, networks and tasks. Chapter 3 reads
`book/data/wrong-gradients.json`, which this script writes. A run that broke off, since
a number was no longer finite, has null from there on.
"""

import bench
import numpy as np

from unrolled.planting import plant

STARTS = "orthogonal", "uniform"
RATES = {"hello": (0.17, 0.5, 1.5), "majority": (0.003, 0.01, 0.03)}
STOPS = {"hello": (150, 300, 600), "majority": (250, 500, 1000)}
LONGER = 51  # a second length, for these:
NAMES = "right", "nothing from the right", "last state for the first", "head alone"


def chapter():
    """Return what the chapter's tagged cells define."""
    return bench.chapter("03-bptt", "wrong-gradients", plant=plant)


def run(task, T, start, rate, name, seed):
    """Train once; return what the task's function says after each number of updates."""
    scope, found = chapter(), []
    try:
        if task == "hello":
            for steps in STOPS[task]:
                found.append(scope["spell"](name, seed, rate, steps, start)[-1])
        else:
            stops = STOPS[task]
            found.extend(scope["count"](name, seed, rate, stops, start, T))
    except FloatingPointError:
        pass
    found = [float(f"{x:.4g}") for x in found] + [None] * 3
    return {f"after {n}": x for n, x in zip(STOPS[task], found, strict=False)}


def summary(runs):
    """Sort by task; the numbers of the seeds of one setting are a list."""
    tree = {}
    for task, stops in STOPS.items():
        columns = bench.over_seeds(*(f"after {n}" for n in stops))
        rows = columns([run for run in runs if run["task"] == task])["runs"]
        tree[task] = [{k: v for k, v in row.items() if k != "task"} for row in rows]
    return tree


def main():
    seeds, how = bench.asked(__doc__, seeds=6)
    names = list(chapter()["ways"])
    settings = [
        setting
        for task, T in (("hello", 4), ("majority", 21))
        for setting in bench.grid(
            task=[task], T=[T], start=STARTS, rate=RATES[task], name=names,
            seed=range(seeds),
        )
    ]  # fmt: skip
    settings += bench.grid(
        task=["majority"], T=[LONGER], start=STARTS, rate=[0.01], name=NAMES,
        seed=range(seeds),
    )  # fmt: skip
    fixed = {
        "hello": {"what": "loss in nats", "units": 8, "optimiser": "SGD"},
        "majority": {"what": "share of 2000 fresh rows judged right", "units": 16,
                     "batch": 64, "optimiser": "Adam"},
    }  # fmt: skip
    fixed = {"settings": fixed}
    with np.errstate(all="ignore"):
        bench.sweep(
            run, settings, "wrong-gradients.json", fixed, summary=summary, **how
        )


if __name__ == "__main__":
    main()
