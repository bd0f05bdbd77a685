"""Time and memory of computations whose cost is known."""

import time
import tracemalloc

import numpy as np
import pytest

from unrolled.measure import peak_memory, seconds, store


def test_the_shortest_time_is_kept():
    naps = iter([0.05, 0.01, 0.03])
    took = seconds(lambda scale: time.sleep(scale * next(naps)), 2, repeats=3)
    assert 0.02 <= took < 0.06
    assert next(naps, None) is None


def test_five_runs_are_timed_unless_told():
    calls = []
    seconds(calls.append, "once")
    assert calls == ["once"] * 5


@pytest.mark.parametrize("repeats", [0, True])
def test_no_run_has_no_time(repeats):
    with pytest.raises((TypeError, ValueError), match="^repeats must be"):
        seconds(print, repeats=repeats)


def test_the_peak_is_that_of_the_largest_moment():
    def run(count):
        first = np.zeros(count)  # 8 bytes each
        del first
        small = np.zeros(count // 2)
        return small.sum()

    assert 8 < peak_memory(run, 1_000_000) < 8.1


def test_memory_from_before_does_not_count_and_tracing_ends():
    held = np.zeros(1_000_000)
    assert peak_memory(held.sum) < 0.1
    with pytest.raises(ZeroDivisionError):
        peak_memory(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()


def test_stored_numbers_are_plain_and_named_for_the_prose(monkeypatch, capsys):
    kept = {}
    glue = "myst_nb.glue"
    monkeypatch.setattr(glue, lambda name, value, display: kept.update({name: value}))
    store({"bias 0.5": np.float32(0.25)}, steps=np.int64(7), cell="LSTM")
    assert kept == {"bias_0_5": 0.25, "steps": 7, "cell": "LSTM"}
    assert [type(value) for value in kept.values()] == [float, int, str]
    assert capsys.readouterr().out == "bias_0_5 = 0.25\nsteps = 7\ncell = LSTM\n"
