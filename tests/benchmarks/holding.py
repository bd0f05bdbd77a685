"""Train chapter 4's networks to hold a sign, at other rates, lengths and windows.

    python tests/benchmarks/holding.py [--seeds 5] [--jobs 1] [--quick]

It runs the cells of the chapter that carry the tag `holding`, so that the page and the
file mean the same task and the same network. For each setting it keeps the share of
right signs by the steps since the last sign, one list a seed. Chapter 4 reads
`book/data/holding.json`, which this script writes. It takes about five minutes on one
core.
"""

import bench

STEPS, RATES, WINDOWS = (400, 800, 1600), (0.002, 0.006, 0.02), (2, 4)


def chapter():
    """Return what the chapter's tagged cells define."""
    return bench.chapter("04-truncated-bptt", "holding")


def run(seed, **setting):
    """Train once, and try the network on signs that are far apart."""
    return {"right": [round(float(x), 3) for x in chapter()["hold"](seed, **setting)]}


def main():
    seeds, how = bench.asked(__doc__, seeds=5)
    settings = bench.grid(uniform=(False, True), k=WINDOWS, lr=RATES, updates=STEPS,
                          carry=(True, False), seed=range(seeds))  # fmt: skip
    fixed = {"unit": "share of right signs, a list for each seed",
             "ages": chapter()["ages"]}  # fmt: skip
    summary = bench.over_seeds("right")
    bench.sweep(run, settings, "holding.json", fixed, summary=summary, **how)


if __name__ == "__main__":
    main()
