"""What the scripts of this folder share: threads, paths, machine, files, many runs.

Import it before NumPy: it asks for one thread and makes `unrolled` importable.

A sweep is many runs of one function, each with its own setting. The runs go through
joblib, so that a Dask cluster takes over with one line before the sweep::

    joblib.parallel_config(backend="dask")  # after dask.distributed.Client(address)
"""

import argparse
import itertools
import json
import linecache
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

THREADS = "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"
for _name in THREADS:  # before anything loads NumPy, as joblib does
    os.environ.setdefault(_name, "1")

import joblib  # noqa: E402
import numpy as np  # noqa: E402

BOOK = Path(__file__).resolve().parents[2] / "book"
DATA = BOOK / "data"
sys.path.insert(0, str(BOOK))


# --- who made it, on what, and where it is kept -------------------------------------


def machine():
    """Say what a number was measured on, without the names of hosts and places."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")  # Linux tells the model only here
    for line in info.read_text("utf-8").splitlines() if info.exists() else ():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
    return (
        f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, torch {version('torch')}"
    )


def command():
    """Return the command that runs, as one types it at the root of the repository."""
    name, *options = sys.argv
    return shlex.join(["python", f"tests/benchmarks/{Path(name).name}", *options])


def write(path, tree):
    """Write JSON with a line for each record.

    The old file stays whole until the new one is. NaN and infinity are refused.
    """
    text = json.dumps(tree, indent=1, allow_nan=False)
    for flat in (r"\[[^][{}]*\]", r"\{[^{}]*\}"):  # lists of numbers, then records
        text = re.sub(flat, _one_line, text)
    part = path.with_suffix(".part")
    part.write_text(text + "\n", "utf-8")
    part.replace(path)


def _one_line(found):
    return re.sub(r"\n *", "", found[0].replace(",\n", ", \n"))


# --- what a chapter defines -----------------------------------------------------------


def chapter(name, tag, **names):
    """Run the cells of a chapter that carry a tag; return what they define.

    So a page and its sweep mean the same. The cells find `np`, all of `unrolled`, and
    what is given by name.
    """
    import unrolled

    scope = {"np": np, **vars(unrolled), **names}
    cells = json.loads((BOOK / f"{name}.ipynb").read_text("utf-8"))["cells"]
    for k, cell in enumerate(cells):
        if tag in cell["metadata"].get("tags", []):
            file, text = f"<{name}, cell {k}>", "".join(cell["source"])
            # `plant` asks for the source of what it copies.
            linecache.cache[file] = len(text), None, text.splitlines(True), file
            exec(compile(text, file, "exec"), scope)
    return scope


# --- many runs ----------------------------------------------------------------------


def asked(doc, seeds):
    """Read a sweep's command line: how many seeds, and how `sweep` shall run them."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--jobs", type=int, default=1, help="how many runs at a time")
    parser.add_argument("--quick", action="store_true",
                        help="three runs a stage, into a temporary file")  # fmt: skip
    options = vars(parser.parse_args())
    return options.pop("seeds"), options


def grid(**values):
    """Return a setting for each combination; the last name changes fastest."""
    return [
        dict(zip(values, combination, strict=True))
        for combination in itertools.product(*values.values())
    ]


def sweep(run, settings, name, fixed, *, summary=None, jobs=1, quick=False):
    """Make the runs that a file does not hold yet, and return all that are asked for.

    Every run is written as it ends, so a sweep that was stopped goes on where it was.

    Parameters
    ----------
    run : callable
        ``run(**setting)`` makes one run and returns a dict of what was found. It must
        not rely on other runs, which may be made in other processes.
    settings : list of dict
        What each run is called with. The file keeps it beside what was found.
    name : str
        The file in book/data.
    fixed : dict
        What all runs of the file share. It stands at the head of the file.
    summary : callable, optional
        Turns the list of runs into a dict, which is kept in their place. Until the
        last run has ended, the runs lie in a file of their own beside it.
    jobs : int
        How many runs are made at a time.
    quick : bool
        Make three of the runs, from all over the list, for a temporary file.

    Returns
    -------
    list of dict
        For each setting, the setting and what was found.

    Raises
    ------
    ValueError
        If the runs in the file share something else than `fixed` says.
    """
    path = DATA / name
    if quick:
        path = Path(tempfile.mkdtemp()) / name
        settings = settings[:: -(-len(settings) // 3)]
    store = path if summary is None else path.with_suffix(".runs.json")
    kept = json.loads(store.read_text("utf-8")) if store.exists() else {}
    before, made = kept.pop("runs", []), []
    head = _head(kept, json.loads(json.dumps(fixed)), store.name)

    def found(setting):
        fits = (row for row in before + made if setting.items() <= row.items())
        return next(fits, None)

    def one(setting):
        return setting | run(**setting)

    missing = [s for k, s in enumerate(settings)
               if s not in settings[:k] and not found(s)]  # fmt: skip
    parallel = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    for row in parallel(joblib.delayed(one)(setting) for setting in missing):
        made.append(row)
        write(store, head | {"runs": before + made})
        print(*row.values(), flush=True)
    made = [found(setting) for setting in missing]  # in order, however they ended
    rows = [found(setting) for setting in settings]
    if summary is not None:
        write(path, head | summary(rows))
        store.unlink(missing_ok=True)
    elif made:
        write(path, head | {"runs": before + made})
    print(f"{len(made)} of {len(rows)} runs made now: {path}")
    return rows


def _head(kept, fixed, file):
    """Return what stands above the runs, if the runs that are there may stay."""
    here = {"command": command(), "date": f"{date.today()}", "machine": machine()}
    old = {name: kept.pop(name, None) for name in here}
    _agree(kept, fixed, file)
    if old["machine"] not in (None, here["machine"]):
        here["machine"] = f"{old['machine']}; {here['machine']}"
    return here | fixed


def _agree(old, new, file, name=""):
    """Refuse runs that share other settings than those in the file."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old:  # what only the new ones have, such as one more task, may be
            _agree(old[key], new.get(key), file, f"{name} {key}")
    elif old != new:
        raise ValueError(
            f"{file} holds runs with{name} = {old}, and this call has {new}: "
            "go back to the old value, or remove the file to start anew"
        )


def best(runs, group, choice, score):
    """Find for each group of runs the choice with the lowest median score.

    `group` names what runs of a group agree in, `choice` what is chosen, and `score`
    what is judged; None is the worst. Returns a dict from groups to choices.
    """
    scores = {}
    for run in runs:
        choices = scores.setdefault(tuple(run[name] for name in group), {})
        value = float("inf") if run[score] is None else run[score]
        choices.setdefault(run[choice], []).append(value)
    return {
        which: min(choices, key=lambda c: median(choices[c]))
        for which, choices in scores.items()
    }


def over_seeds(*names):
    """Return a summary in which these become lists, with an entry for each seed."""

    def summary(runs):
        rows = {}
        for run in runs:
            same = {k: v for k, v in run.items() if k not in ("seed", *names)}
            row = rows.setdefault(str(same), same | {name: [] for name in names})
            for name in names:
                row[name].append(run[name])
        return {"runs": [*rows.values()]}

    return summary


# --- what many sweeps draw and keep ---------------------------------------------------


def as_pytorch(params, rng, H):
    """Draw all parameters as torch.nn does: even on ±1/sqrt(H)."""
    for param in params.values():
        param[...] = rng.uniform(-1, 1, param.shape) / np.sqrt(H)


def digits(tree, places=3):
    """Round an array to so many digits that count, as lists; None is not finite."""
    tree = np.asarray(tree, float)
    if tree.ndim:
        return [digits(part, places) for part in tree]
    return float(f"{tree:.{places}g}") if np.isfinite(tree) else None


# --- races --------------------------------------------------------------------------


def race(contestants, threads=1, rounds=15):
    """Let processes take turns, so that what else the machine does hits all of them.

    `contestants` has for each name the words behind ``--serve`` with which the script
    starts itself once more, to call `serve`. A turn lasts a twentieth of a second or
    one step. Returns the median seconds a step of each: those it computed with one
    thread, which a busy neighbour hardly moves, and those it took with more.
    """
    env = os.environ | dict.fromkeys(THREADS, str(threads))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = {}
    for name, words in contestants.items():
        call = [sys.executable, sys.argv[0], "--serve", *map(str, words)]
        processes[name] = subprocess.Popen(call, env=env, **pipes)

    def turn(name, repeats=1):
        print(repeats, file=processes[name].stdin, flush=True)
        answer = processes[name].stdout.readline()
        if not answer:
            raise RuntimeError(f"{name} broke off; its error stands above")
        return float(answer)

    try:
        repeats = {name: max(1, int(0.05 / turn(name))) for name in processes}
        times = {name: [] for name in processes}
        for _ in range(rounds):
            for name in processes:
                times[name].append(turn(name, repeats[name]))
    finally:
        for process in processes.values():
            process.stdin.close()
            process.wait()
    return {name: median(seconds) for name, seconds in times.items()}


def serve(step):
    """Take as many steps as each line asks for, and answer with the seconds of one."""
    alone = os.environ[THREADS[0]] == "1"
    clock = time.process_time if alone else time.perf_counter
    step()
    for line in sys.stdin:
        repeats = int(line)
        start = clock()
        for _ in range(repeats):
            step()
        print((clock() - start) / repeats, flush=True)
