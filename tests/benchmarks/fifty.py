"""Ask the LSTM and its eight variants to tell 49 steps from 50.

    python tests/benchmarks/fifty.py [--seeds 20] [--jobs 1] [--quick]

After the two tasks of Gers et al. (2002). In `tell`, two spikes lie 49 or 50 steps
apart, and the last output says which. In `answer`, a spike of -1 or 1 has to be
answered by a spike 49 or 50 steps later, and by 0 at all other steps. The first spike
comes at one of five steps, so there are ten sequences, and every batch holds them all.
All nine variants meet in `tell`. V and NP meet in `answer` too, and with 9 or 10 steps
from ten units down to one; fewer than ten get five times the seeds, and two units are
also trained at three rates. Sizes, starts and the choice of a learning rate are those
of `ablation.py`. Kept is the share of the ten sequences that are right after half the
budget, the budget and twice the budget, by rate and seed; and the first update at which
the error was below a tenth of the target's variance, or null. Chapter 10 reads
`book/data/lstm-fifty.json`, which this script writes. It takes about twenty minutes on
one core.
"""

import bench
import numpy as np
from ablation import PAGE, VARIANTS, H, build, search_and_test, size
from replicates import Replicates

from transcription import lstm

STARTS = 5  # the steps at which the first spike may come
RATES = [0.001, 0.003, 0.01, 0.03]
WIDER = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]  # for few units and few steps
BUDGETS, LEARNED = {"tell": 300, "answer": 1000}, 0.1
BLIND = {"only p_o": ("p_i", "p_f"), "only p_i, p_f": ("p_o",)}


def tell(short=49):
    """Return two spikes, short or short + 1 steps apart; at the end, 0 or 1."""
    xs, ys = np.zeros((2, 2 * STARTS, short + STARTS + 1, 1), np.float32)
    for row, (start, late) in enumerate(np.ndindex(STARTS, 2)):
        xs[row, [start, start + short + late]] = 1
        ys[row, -1] = late
    return xs, ys[:, -1]


TASKS = {"tell": tell, "answer": PAGE["answer"]}


def right(outputs, targets):
    """Return for each network the share of sequences that it gets right."""
    if targets.ndim == 2:
        hits = (outputs > 0.5) == (targets > 0.5)
    else:
        hits = outputs.argmax(2) == targets.argmax(1)
    return hits.mean((1, 2))


def seeing(variant):
    """Return the step of a variant of which some peepholes are held at zero."""

    def step(p, *x_and_state, **options):
        return lstm(
            p | {name: 0 * p[name] for name in BLIND[variant]}, *x_and_state, **options
        )

    return step if variant in BLIND else None


def run(stage, task, short, variant, units, start, forget_bias, rates, seeds):
    """Train a network for each rate and seed on the ten sequences."""
    like = "V" if variant in BLIND else variant
    xs, ys = TASKS[task](short)
    hidden, budget = size(1, like, units), BUDGETS[task]
    outputs = "last" if task == "tell" else "all"
    first = start, forget_bias, outputs
    built = [build(1, like, hidden, seed, *first) for seed in seeds]
    models = [model for model, _ in built] * len(rates)
    rate_of = np.repeat(rates, len(seeds))
    nets = Replicates(models, rate_of, clip=1.0, step=seeing(variant))
    learned, looks = np.full(len(models), np.inf), []
    for k in range(1, 2 * budget + 1):
        errors = nets.update(xs, ys) / ys.var()
        learned = np.where(errors < LEARNED, np.minimum(learned, k), learned)
        if k in (budget // 2, budget, 2 * budget):
            looks.append(right(nets.predict(xs), ys).reshape(len(rates), -1))
    return {
        "hidden": hidden,
        "parameters": built[0][1],
        "right": bench.digits(np.stack(looks, axis=1)),
        "learned": bench.digits(learned.reshape(len(rates), -1)),
    }


def best_rate(row):
    """Return the rate with the highest mean share right at the budget.

    Of rates that do equally well it takes the middle one.
    """
    shares = [np.mean(looks[1]) for looks in row["right"]]
    best = [r for r, share in zip(row["rates"], shares, strict=True)
            if share == max(shares)]  # fmt: skip
    return best[len(best) // 2]


def contests():
    """Return who meets whom: a variant and all that it is trained with."""
    base = {"task": ["tell"], "short": [49], "variant": VARIANTS, "units": [H]}
    base |= {"start": ["orthogonal"], "forget_bias": [1.0], "rates": [RATES]}
    others = {"variant": [name for name in VARIANTS if name != "CIFG"]}
    coupled = {"variant": ["CIFG"], "rates": [[*RATES, 0.1, 0.3]]}  # best at 0.1
    pair = base | {"variant": ["V", "NP"]}
    answer = pair | {"task": ["answer"], "rates": [[0.0001, 0.0003, *RATES]]}
    return [
        *bench.grid(**base | others),
        *bench.grid(**base | coupled),
        *bench.grid(**answer),
        *bench.grid(**answer | {"short": [9], "units": [H], "rates": [WIDER]}),
        *bench.grid(**pair | {"start": ["uniform"]}),
        *bench.grid(**pair | {"forget_bias": [4.0]}),
    ]


def few():
    """Return who meets whom with few units."""
    base = {
        "task": ["answer"],
        "short": [9],
        "variant": ["V", "NP"],
        "units": [1, 2, 4],
    }
    base |= {"start": ["orthogonal"], "forget_bias": [1.0], "rates": [WIDER]}
    one = {"variant": [*BLIND], "units": [1]}
    uniform = {"start": ["uniform"], "rates": [[*WIDER, 1.0]]}
    return [
        *bench.grid(**base),
        *bench.grid(**base | one),
        *bench.grid(**base | uniform),
    ]


def other_rates():
    """Return two units at three rates, so that no search decides between them."""
    base = {"task": ["answer"], "short": [9], "variant": ["V", "NP"], "units": [2]}
    base |= {
        "start": ["orthogonal"],
        "forget_bias": [1.0],
        "rates": [[0.003, 0.01, 0.03]],
    }
    return [{"stage": "rates"} | contest for contest in bench.grid(**base)]


def main():
    seeds, how = bench.asked(__doc__, seeds=20)
    file = (
        "lstm-fifty.json",
        {
            "clip": 1.0,
            "updates": {task: [b // 2, b, 2 * b] for task, b in BUDGETS.items()},
            "learned": LEARNED,
        },
    )
    search_and_test(run, contests(), best_rate, seeds, *file, **how)
    search_and_test(run, few(), best_rate, 5 * seeds, *file, **how)  # fewer succeed
    bench.sweep(
        run,
        [row | {"seeds": [*range(5 * seeds)]} for row in other_rates()],
        *file,
        **how,
    )


if __name__ == "__main__":
    main()
