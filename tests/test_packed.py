"""Sequences of different lengths: masked here, packed in torch, and one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import largest, worst
from oracle_torch import by_layer, by_module, drawn
from planted import plant_in
from unrolled import Bidirectional, Stack
from unrolled.fast.loop import StateRows

NAMES = ["RNN", "RNN, relu", "LSTM", "LSTM, projection", "GRU"]


def some_of(case, rows, steps=slice(None)):
    """Return some sequences of a case."""
    part = {name: case[name][rows, steps] for name in ("xs", "dhs")}
    return part | {
        name: [p[:, rows] for p in case[name]] for name in ("state", "dstate")
    }


def put(whole, results, rows, T):
    """Add the results of some sequences to those of all."""
    for name, part in results.items():
        if name in ("hs", "dxs"):
            whole[name][rows, : part.shape[1]] = part
        elif name.startswith(("last", "dfirst")):
            whole[name][:, rows] = part
        else:
            whole[name] = whole.get(name, 0) + part


def untouched(case, outputs):
    """Return what comes of sequences of no steps: states and gradients pass through."""
    B, T, I = case["xs"].shape
    whole = {"hs": np.zeros((B, T, outputs)), "dxs": np.zeros((B, T, I))}
    for name, parts in (("last", case["state"]), ("dfirst", case["dstate"])):
        whole |= {f"{name} {k}": part.copy() for k, part in enumerate(parts)}
    return whole


def three_ways(name, depth, ways, lengths, seed):
    """Return everything of a masked batch, a packed one, and one by one."""
    T, lengths = max(lengths), np.array(lengths)
    module, layer, case = drawn(name, depth, ways, 2, 3, len(lengths), T, seed)
    told = depth, ways, name.startswith("GRU")
    masked = by_layer(layer, case, *told, lengths)

    packed, some = untouched(case, layer.output_size), np.flatnonzero(lengths)
    put(packed, by_module(module, some_of(case, some), lengths[some]), some, T)

    alone = untouched(case, layer.output_size)
    for k, length in enumerate(lengths):
        row = [k]
        put(alone, by_layer(layer, some_of(case, row, slice(length)), *told), row, T)
    return masked, packed, alone


def apart(masked, *others):
    """Return how far a masked batch is from each other way, over the largest number."""
    scale = max(1.0, largest(masked))
    assert all(masked.keys() == other.keys() for other in others)
    return [max(worst(masked, other, scale)) for other in others]


@settings(max_examples=150)
@given(st.sampled_from(NAMES), st.integers(1, 3), st.integers(1, 2),
       st.lists(st.integers(0, 6), min_size=1, max_size=5).filter(any),
       st.integers(0, 999))  # fmt: skip
def test_masked_is_packed_is_one_by_one(name, depth, ways, lengths, seed):
    assert max(apart(*three_ways(name, depth, ways, lengths, seed))) < 1e-12


PLANTED = {
    "a sequence of no steps ends at zero": (
        StateRows.last, {"last@1": "np.zeros_like(states[:B])"}, (2, 1, [3, 0, 2]),
    ),
    "the way back reads the padding first": (
        Bidirectional.forward, {"turned": "told"}, (1, 2, [3, 1, 2]),
    ),
    "the state goes on to the longest": (
        StateRows.last, {"return@2": "states[-B:].copy()"}, (1, 1, [3, 1, 2]),
    ),
    "the mask for the lowest layer alone": (
        Stack.forward, {"xs, end": "layer.forward(xs, start, *told[k:])"},
        (2, 1, [3, 1, 2]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("where", "wrong", "net"), PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught_by_both(where, wrong, net, monkeypatch):
    assert max(apart(*three_ways("LSTM", *net, seed=0))) < 1e-12
    plant_in(monkeypatch, where, wrong)
    assert min(apart(*three_ways("LSTM", *net, seed=0))) > 1e-3
