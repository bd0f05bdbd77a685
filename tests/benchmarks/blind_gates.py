"""Look into trained LSTMs: who can know what a cell holds while its gate is shut?

    python tests/benchmarks/blind_gates.py [--seeds 10] [--jobs 1] [--quick]

It runs the cells of chapter 10 that carry the tag `blind`, so that the page and the
file mean the same task, network and measure. Layers of 2, 4 and 10 units are trained
as on the page, and then with one thing changed at a time. Kept is, by seed, what
`look_inside` of the chapter finds. Chapter 10 reads `book/data/blind-gates.json`, which
this script writes. It takes about five minutes on one core.
"""

import bench

CHANGES = {
    "none": {},
    "rate 0.013": {"rate": 0.013},
    "rate 0.1": {"rate": 0.1},
    "800 updates": {"updates": 800},
    "1600 updates": {"updates": 1600},
    "uniform start": {"uniform": True},
    "forget bias 0": {"forget_bias": 0.0},
}


def run(change, H, seeds):
    """Train a network for each seed; return what was found, a list over seeds."""
    page = bench.chapter("10-lstm-variants", "blind")
    found = []
    for seed in seeds:
        layer, head = page["learn"](seed, H, **CHANGES[change])
        found.append(page["look_inside"](layer, head, seed))
    return {name: [rounded(one[name]) for one in found] for name in found[0]}


def rounded(numbers):
    """Round a number, or each of a list, to four digits behind the point."""
    if isinstance(numbers, list):
        return [rounded(number) for number in numbers]
    return round(float(numbers), 4)


def main():
    seeds, how = bench.asked(__doc__, seeds=10)
    settings = bench.grid(change=CHANGES, H=(10, 4, 2), seeds=[[*range(seeds)]])
    bench.sweep(run, settings, "blind-gates.json", {"shut": "o below 0.1"}, **how)


if __name__ == "__main__":
    main()
