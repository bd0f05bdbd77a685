"""The runner of the benchmarks: each run is made once, kept, and in the book's form."""

import json
import os
import platform
import re
import sys
from importlib import import_module
from pathlib import Path

import joblib
import numpy as np
import pytest

from unrolled import RNN, Linear, Model, losses

sys.path.append(str(Path(__file__).parent / "benchmarks"))
bench = import_module("bench")
KEPT = bench.DATA
FLAT = {  # a row of the file is a run; here is one of them
    "relu": {"series": "sunspots", "activation": "tanh", "start": "uniform", "lr": 0.1,
             "seeds": 2},
    "ablation": {"stage": "test", "task": "timing", "variant": "NIG",
                 "start": "uniform", "forget_bias": 1.0, "rates": [0.1], "seeds": [0]},
    "fifty": {"stage": "test", "task": "answer", "short": 3, "variant": "only p_o",
              "units": 1, "start": "uniform", "forget_bias": 1.0, "rates": [0.1],
              "seeds": [0]},
    "blind_gates": {"change": "rate 0.1", "H": 2, "seeds": [0]},
    "hello": {"word": "hello", "H": 2, "start": "uniform", "memory": True, "rate": 1,
              "seeds": 200},
    "comparison": {"task": "adding", "cell": "GRU", "H": 2, "block": 0},
    "comparison_start": {"task": "copying 10", "cell": "GRU", "H": 2, "block": 0},
    "comparison_longer": {"cell": "GRU", "H": 16, "seeds": 2},
    "truncation": {"start": "orthogonal", "learns": "all", "carry": True,
                   "optimiser": "Adam", "lr": 0.1, "k2": 2, "seeds": 1, "H": 3,
                   "lag": 2},
    "adding": {"layer": "leaky 0.02, orthogonal", "T": 2, "optimiser": "Adam",
               "clip": 1.0, "rate": 0.003, "steps": 2, "seed": 0},
    "first_bias": {"weights": "uniform", "bias": None, "rates": [0.1], "updates": 2,
                   "seeds": 1},
    "holding_number": {"start": "chrono", "weights": "uniform", "T": 100,
                       "rates": [0.1], "updates": 2, "seeds": 1},
    "asked_number": {"H": 1, "output_gate": True, "weights": "uniform", "T": 5,
                     "rates": [0.1], "updates": 2, "seeds": 1},
    "forget_bias": {"T": 10, "weights": "uniform", "start": "chrono", "rates": [0.1],
                    "seeds": 1},
    "gru_mistakes": {"way": "right", "weights": "uniform", "T": 3, "seeds": 2,
                     "task": "counting"},
    "update_bias": {"bias": 3, "weights": "uniform", "T": 3, "change": "open at marks",
                    "seeds": 2},
    "gates": {"task": "text", "kind": "GRU", "H": 4, "T": 16, "start": "uniform",
              "b_z": 1, "rate": 0.1, "updates": 2, "closer": False, "seeds": "search"},
    "depth": {"part": "test", "task": "counting", "cell": "LSTM", "layers": "3 skip",
              "H": 2, "start": "uniform", "rate": 0.1, "seeds": 1},
    "dropout": {"way": "a step", "share": 0.5, "start": "uniform", "rate": 0.1,
                "seeds": 1},
    "layer_norm": {"task": "text", "layer_norm": True, "start": "uniform",
                   "clip": None, "seeds": 1},
    "packing": {"part": "why", "cell": "LSTM", "T": 50},
    "dropped_path": {"start": "chrono", "T": 10, "way": "without dc", "rates": [0.1],
                     "seeds": 1},
    "league": {"series": "bikes, daily", "horizon": 7, "model": "GRU",
               "before": "season and level", "change": "H 12", "seeds": 1},
}  # fmt: skip
SUMMED = {  # a run of the others, and what it finds
    "characters": ({"layer": "LSTM", "lr": 0.1, "seed": 0},
                   {"weights": 8372, "loss": 2.0, "horizon": 12}),
    "holding": ({"uniform": True, "k": 2, "lr": 0.1, "updates": 2, "carry": True,
                 "seed": 0}, {"right": [0.5] * 6}),
}  # fmt: skip
SETTINGS = bench.grid(a=(1, 2), b=("x", "y", "z"))


class Run:
    """A run that notes its settings, and breaks off at one of them."""

    def __init__(self, breaks_at=None):
        self.made, self.breaks_at = [], breaks_at

    def __call__(self, **setting):
        if setting == self.breaks_at:
            raise KeyboardInterrupt
        self.made.append(setting)
        return {"score": 10 * setting["a"]}


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    monkeypatch.setattr(bench, "DATA", tmp_path)
    monkeypatch.setattr(sys, "argv", ["/some/where/toy.py", "--seeds", "3"])
    return tmp_path


def kept(path):
    return json.loads(path.read_text("utf-8"))


def file_of(name):
    """Return the file that a script writes: its own name, or that at the end."""
    name = f"{name.replace('_', '-')}.json"
    return min(KEPT.glob(f"*{name}"), key=lambda path: len(path.name))


@pytest.mark.parametrize("summary", [None, bench.over_seeds("score")])
def test_an_interrupted_sweep_makes_only_what_is_missing(data, summary):
    for start, stop in ((0, 2), (2, 4)):
        run = Run(breaks_at=SETTINGS[stop])
        with pytest.raises(KeyboardInterrupt):
            bench.sweep(run, SETTINGS, "toy.json", {"B": 5}, summary=summary)
        assert run.made == SETTINGS[start:stop]
    run = Run()
    rows = bench.sweep(run, SETTINGS, "toy.json", {"B": 5}, summary=summary)
    assert run.made == SETTINGS[4:]
    assert rows == [s | {"score": 10 * s["a"]} for s in SETTINGS]
    expected = rows if summary is None else summary(rows)["runs"]
    assert kept(data / "toy.json")["runs"] == expected
    assert [path.name for path in data.iterdir()] == ["toy.json"]  # nothing is left


def test_a_complete_file_is_left_as_it_is(data, monkeypatch):
    rows = bench.sweep(Run(), SETTINGS, "toy.json", {"B": 5})
    monkeypatch.setattr(bench, "write", None)
    again = Run()
    assert bench.sweep(again, SETTINGS, "toy.json", {"B": 5}) == rows
    assert not again.made


def test_runs_that_end_in_any_order_are_kept_in_theirs(data):
    with joblib.parallel_config(backend="threading"):  # as a cluster would take over
        rows = bench.sweep(Run(), SETTINGS * 2, "toy.json", {}, jobs=3)
    assert kept(data / "toy.json")["runs"] == rows[:6] == rows[6:]


def test_more_settings_are_added_to_a_file(data):
    bench.sweep(Run(), SETTINGS[:2], "toy.json", {"tasks": {"one": 5}})
    more = Run()
    bench.sweep(more, SETTINGS[1:], "toy.json", {"tasks": {"one": 5, "two": 9}})
    assert more.made == SETTINGS[2:]
    assert len(kept(data / "toy.json")["runs"]) == 6


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ({"steps": 5}, {"steps": 6}, "runs with steps = 5, and this call has 6"),
        (
            {"sizes": {"B": 5}},
            {"sizes": {"B": 6}},
            "runs with sizes B = 5, and this call has 6",
        ),
        ({"rates": (1, 2)}, {}, r"runs with rates = \[1, 2\], and this call has None"),
    ],
)
def test_a_changed_setting_is_refused(data, old, new, sentence):
    bench.sweep(Run(), SETTINGS[:1], "toy.json", old)
    text, run = (data / "toy.json").read_text(), Run()
    with pytest.raises(ValueError, match=f"^toy.json holds {sentence}: go back"):
        bench.sweep(run, SETTINGS, "toy.json", new)
    assert not run.made and (data / "toy.json").read_text() == text


def test_two_machines_are_both_named(data, monkeypatch):
    bench.sweep(Run(), SETTINGS[:1], "toy.json", {})
    here = bench.machine()
    monkeypatch.setattr(bench, "machine", lambda: "another")
    bench.sweep(Run(), SETTINGS[:2], "toy.json", {})
    assert kept(data / "toy.json")["machine"] == f"{here}; another"


def test_a_file_is_whole_or_the_old_one(data, monkeypatch):
    path = data / "toy.json"
    bench.write(path, {"runs": [1]})

    def cut(self, text, encoding):
        with self.open("w") as file:
            file.write(text[:5])
        raise OSError

    with monkeypatch.context() as patch, pytest.raises(OSError):
        patch.setattr(Path, "write_text", cut)
        bench.write(path, {"runs": [2]})
    assert kept(path) == {"runs": [1]}
    with pytest.raises(ValueError, match="Out of range float"):
        bench.write(path, {"runs": [float("nan")]})
    assert kept(path) == {"runs": [1]}


def test_a_record_stands_on_one_line(data):
    runs = [{"name": "a, {b", "curve": [1, 2]}, {"name": "]", "curve": []}]
    tree = {"sizes": {"B": 32, "rates": [0.1, 0.2]}, "runs": runs}
    bench.write(data / "toy.json", tree)
    text = (data / "toy.json").read_text()
    assert '\n "sizes": {"B": 32, "rates": [0.1, 0.2]},\n' in text
    assert '\n  {"name": "]", "curve": []}\n' in text
    assert json.loads(text) == tree


def test_the_head_names_no_host_and_no_place(data):
    bench.sweep(Run(), SETTINGS[:1], "toy.json", {})
    head = kept(data / "toy.json")
    assert head["command"] == "python tests/benchmarks/toy.py --seeds 3"
    assert head["machine"] == bench.machine()
    assert f"{os.cpu_count()} cores, Python 3." in head["machine"]
    assert f"NumPy {np.__version__}, torch " in head["machine"]
    for secret in (rf"\b{platform.node()}\b", r"(^|\s)/\w", r"\w:\\"):
        assert not re.search(secret, head["machine"])


def test_a_quick_sweep_leaves_the_file_alone(data, capsys):
    run = Run()
    bench.sweep(run, SETTINGS, "toy.json", {}, quick=True)
    assert run.made == SETTINGS[::2] and not [*data.iterdir()]
    path = Path(capsys.readouterr().out.split()[-1])
    assert len(kept(path)["runs"]) == 3


def test_the_best_choice_has_the_lowest_median():
    rows = [("a", 1, 5.0), ("a", 1, None), ("a", 2, 7.0), ("a", 2, 8.0), ("b", 1, 0.0)]
    runs = [dict(zip("gcs", row, strict=True)) for row in rows]
    assert bench.best(runs, ("g",), "c", "s") == {("a",): 2, ("b",): 1}


@pytest.mark.parametrize("name", FLAT)
def test_a_script_asks_for_the_runs_that_the_book_reads(name, monkeypatch, capsys):
    script = import_module(name)
    monkeypatch.setattr(bench, "DATA", KEPT)
    monkeypatch.setattr(bench, "write", None)
    monkeypatch.setattr(script, "run", None)
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    script.main()  # has no run to make and nothing to write
    made = re.findall(r"^(\d+) of (\d+) runs made now", capsys.readouterr().out, re.M)
    assert sum(int(n) for k, n in made if k == "0") >= len(kept(file_of(name))["runs"])


@pytest.mark.parametrize("name", SUMMED)
def test_a_summary_has_the_form_that_the_book_reads(name, data, monkeypatch):
    script = import_module(name)
    monkeypatch.setattr(script, "run", lambda **setting: SUMMED[name][1])
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    script.main()
    (path,) = data.iterdir()
    new, old = kept(path), kept(KEPT / path.name)
    assert old.keys() <= new.keys()
    for part in ("runs", "rates"):
        assert form(new.get(part)) == form(old.get(part))


def form(tree):
    """Return the keys and lengths of a tree, without its numbers."""
    if isinstance(tree, dict):
        return {key: form(part) for key, part in tree.items()}
    return [form(part) for part in tree] if isinstance(tree, list) else None


@pytest.fixture
def short(monkeypatch):
    """Import a script, and have it train for two steps."""

    def imported(name):
        script = import_module(name)
        if name == "ablation":
            monkeypatch.setitem(script.TASKS, "timing", (script.timing, 1, 2))
        elif name == "fifty":
            monkeypatch.setattr(script, "BUDGETS", {"answer": 2})
        elif name == "blind_gates":
            monkeypatch.setitem(script.CHANGES, "rate 0.1", {"updates": 2})
        elif name == "comparison":
            monkeypatch.setattr(script.Adding, "updates", 4)
        elif name == "comparison_start":
            monkeypatch.setattr(script.comparison.Copying, "updates", 4)
        elif name == "comparison_longer":
            monkeypatch.setattr(script, "LOOKS", (1, 2, 3))
            monkeypatch.setattr(script, "chosen", lambda cell, H: {0: 0, 1: 1})
        elif name == "depth":
            monkeypatch.setitem(script.UPDATES, "counting", 2)
        elif name == "packing":
            monkeypatch.setattr(bench, "race", lambda words, rounds: {"padded": 0.1})
        elif name in ("gru_mistakes", "update_bias"):
            monkeypatch.setattr(script, "LOOKS", (0, 1, 2)[name == "gru_mistakes" :])
        else:
            monkeypatch.setattr(script, "STEPS", 2)
        return script

    return imported


@pytest.mark.parametrize("name", FLAT)
def test_a_run_finds_what_the_book_reads(name, short):
    row = FLAT[name] | short(name).run(**FLAT[name])
    assert row.keys() == kept(file_of(name))["runs"][-1].keys()


@pytest.mark.parametrize("name", SUMMED)
def test_a_run_finds_what_its_summary_reads(name, short):
    setting, found = SUMMED[name]
    assert short(name).run(**setting).keys() == found.keys()


def test_networks_side_by_side_are_those_of_the_module():
    script, rng = import_module("truncation"), np.random.default_rng(0)
    nets = [(RNN(1, 5, rng=rng), Linear(5, 1, rng=rng)) for _ in "ab"]
    params = [
        np.stack([np.atleast_2d({**a.params, **b.params}[name]) for a, b in nets])
        for name in script.NAMES
    ]
    xs, targets = rng.standard_normal((2, 5, 2, 3, 1))  # (T, networks, B, 1)
    h = rng.standard_normal((2, 3, 5))
    hs, ys = script.forward(params, xs, h)
    grads = script.backward(params, xs, hs, ys, targets)
    for n, net in enumerate(nets):
        model = Model(*net)
        out, _ = model.forward(xs[:, n].swapaxes(0, 1), h[n])
        model.backward(losses.mse(out, targets[:, n].swapaxes(0, 1))[1])
        for name, grad in zip(script.NAMES, grads, strict=True):
            want = np.atleast_2d({**net[0].grads, **net[1].grads}[name])
            assert np.allclose(grad[n], want, rtol=1e-12, atol=1e-14)
