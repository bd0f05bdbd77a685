"""Mistakes planted in the backward pass, and the check of chapter 3 that finds each.

Every mistake is one equation of the way back written wrongly, in the cell, in the loop
or in the room `fast`. Most of them train all the same. A mistake also has its blind
spots: shapes at which the wrong equation computes the right thing. They are tested too,
since they say which shapes a check needs.
"""

from typing import NamedTuple

import numpy as np
import pytest

from planted import is_fast, plant_in
from transcription import STEPS
from unrolled import RNN
from unrolled.fast.loop import FastLoop
from unrolled.fast.rnn import FastRNN
from unrolled.recurrent import Loop, Recurrent, _total
from unrolled.verify import (
    autograd,
    check_layer,
    compare,
    complex_step,
    finite_differences,
)


class Mistake(NamedTuple):
    """Where it is, what was written there, and where that does no harm."""

    where: callable
    wrong: dict
    blind: tuple = ()  # changes to SHARP under which nothing can be seen
    activation: str = "tanh"


# Every size above 1 and no two alike, a state, a bias, weights without symmetry.
SHARP = {"B": 2, "T": 4, "I": 3, "H": 5, "state": True, "symmetric": False}
T_1, B_1, H_1, I_1 = {"T": 1}, {"B": 1}, {"H": 1}, {"I": 1}
NO_STATE, SYMMETRIC = {"state": False}, {"symmetric": True}
ONE_STEP_NO_STATE, LINEAR = T_1 | NO_STATE, {"activation": "identity"}
CHANGES = [T_1, B_1, H_1, I_1, NO_STATE, SYMMETRIC, ONE_STEP_NO_STATE, LINEAR]

CELL, READ, LOOP = RNN.step_back, Recurrent.read_back, Loop.run_back
READ_ROWS = "(layer.read(w, packing.gather(xs))[0], {})"

BY_EQUATIONS = {
    "W_h: no sum over time": Mistake(
        LOOP,
        {"grads[name]": "_total([received[-1][name]], das[-1:], das[-1])"},
        (T_1,),
    ),
    "W_x: no sum over time": Mistake(  # B = 2: the rows of the last step
        READ, {"W_x": "(x[-2:], da_x[-2:])"}, (T_1,)
    ),
    "b: no sum over time": Mistake(READ, {"b": "da_x[-2:]"}, (T_1,)),
    "sigmoid for its derivative": Mistake(CELL, {"da": "dh * h"}, activation="sigmoid"),
    "tanh' as 1 - a**2": Mistake(CELL, {"da": "dh * (1 - np.arctanh(h) ** 2)"}),
    "tanh' of the step before": Mistake(
        CELL, {"da": "dh * self._f().df(h_prev)"}, (LINEAR,)
    ),
    "no derivative": Mistake(CELL, {"da": "dh"}, (LINEAR,)),
    "W_h not transposed": Mistake(
        CELL, {"dh_prev": "da @ w.W_h"}, (H_1, SYMMETRIC, ONE_STEP_NO_STATE)
    ),
    "state gradient dropped": Mistake(LOOP, {"dstate_t[0]": "dh_above"}),
    "output gradient dropped": Mistake(LOOP, {"dstate_t[0]": "dstate_t[0]"}),
    "only the last output's gradient": Mistake(
        LOOP,
        {"for dh_above": "packing.by_step(dhs * np.eye(len(dhs[0]))[-1:].T)[::-1]"},
        (T_1,),
    ),
    "overwritten where two meet": Mistake(
        LOOP, {"dstate_t[0]": "dstate_t[0] if dstate_t[0].any() else dh_above"}
    ),
    "multiplied where two meet": Mistake(
        LOOP, {"dstate_t[0]": "dstate_t[0] * dh_above"}
    ),
    "gradient of the last state ignored": Mistake(
        Recurrent.backward, {"ends@2": "[0 * packing.sort(part) for part in ends]"}
    ),
    "dh_0 not returned": Mistake(
        LOOP, {"return": "[0 * part for part in dstate], grads"}, (NO_STATE,)
    ),
    "h_t for h_{t-1}": Mistake(CELL, {"W_h": "(h, da)"}),
    "b: mean over the batch": Mistake(
        LOOP, {"return": "dstate, grads | {'b': grads['b'] / len(dhs)}"}, (B_1,)
    ),
    "W_x: mean over the batch": Mistake(
        LOOP, {"return": "dstate, grads | {'W_x': grads['W_x'] / len(dhs)}"}, (B_1,)
    ),
    "W_x: time and batch mixed up": Mistake(
        Loop.run,
        {"a_x, kept_x": READ_ROWS.format("xs.reshape(-1, xs.shape[-1])")},
        (T_1, B_1),
    ),
    "W_x: x not reversed with da": Mistake(
        Loop.run,
        {"a_x, kept_x": READ_ROWS.format("packing.gather(xs[:, ::-1])")},
        (T_1,),
    ),
    "forward in time": Mistake(
        LOOP,
        {
            "for dh_above": "packing.by_step(dhs)",
            "dprev, received_t": "step_back(w, kept.pop(0), *dstate_t)",
        },
        (T_1,),
    ),
    "dx through the wrong weight": Mistake(
        READ,
        {"return": "da_x @ np.roll(w.W_x, 1, 0).T, {'W_x': (x, da_x), 'b': da_x}"},
        (I_1,),
    ),
    "b: the mean of all rows": Mistake(
        _total, {"return@3": "np.concatenate(values).mean(axis=0)"}
    ),
}


SLOPE = "activation(layer.activation)._replace(df={})"
FORTH, BACK, SUMS = FastRNN.run_steps, FastRNN.run_steps_back, FastLoop.run_back
FAST = {
    "W_h: no sum over time": Mistake(
        SUMS, {"dW_h": "rows.before(states[0])[-2:].T @ a[-2:]"}
    ),
    "W_x: no sum over time": Mistake(SUMS, {"W_x": "x[-2:, :-1].T @ a[-2:]"}),
    "b: no sum over time": Mistake(SUMS, {"b": "a[-2:].sum(axis=0)"}),
    "sigmoid for its derivative": Mistake(
        FORTH, {"self._f": SLOPE.format("np.positive")}, activation="sigmoid"
    ),
    "tanh' as 1 - a**2": Mistake(
        FORTH,
        {"self._f": SLOPE.format("lambda h, to: np.subtract(1, np.arctanh(h)**2, to)")},
    ),
    "tanh' of the step before": Mistake(
        FORTH,
        {
            "self._f": SLOPE.format(
                "lambda h, to: np.subtract(1, np.roll(h, 2, 0)**2, to)"
            )
        },
    ),
    "no derivative": Mistake(BACK, {"da_t": "dh_n"}),
    "W_h not transposed": Mistake(BACK, {"dh_n@2": "da_t @ W_hT.T"}),
    "state gradient dropped": Mistake(BACK, {"dh_n@1": "dh_t"}),
    "output gradient dropped": Mistake(BACK, {"dh_n@1": "dh_n"}),
    "only the last output's gradient": Mistake(
        BACK, {"dh_n@1": "dh_n + dh_t * (dh_t is dhs[-1])"}
    ),
    "overwritten where two meet": Mistake(
        BACK, {"dh_n@1": "dh_n if dh_n.any() else dh_t"}
    ),
    "multiplied where two meet": Mistake(BACK, {"dh_n@1": "dh_n * dh_t"}),
    "gradient of the last state ignored": Mistake(SUMS, {"room[...]": "0"}),
    "dh_0 not returned": Mistake(
        SUMS, {"return": "[0 * part for part in ends], grads"}
    ),
    "h_t for h_{t-1}": Mistake(SUMS, {"dW_h": "states[0][packing.B :].T @ a"}),
    "b: mean over the batch": Mistake(SUMS, {"b": "dW[-1] / packing.B"}),
    "W_x: mean over the batch": Mistake(SUMS, {"W_x": "dW[:-1] / packing.B"}),
    "W_x: time and batch mixed up": Mistake(
        SUMS,
        {"dW": "x.reshape(-1, 2, len(W)).swapaxes(0, 1).reshape(x.shape).T @ a"},
    ),
    "W_x: x not reversed with da": Mistake(SUMS, {"dW": "x[::-1].T @ a"}),
    "forward in time": Mistake(BACK, {"for da_t, dh_n, dh_t": "views"}),
    "dx through the wrong weight": Mistake(SUMS, {"x": "a @ np.roll(W, 1, 0).T"}),
    "the place of dx taken too early": Mistake(SUMS, {"dW": "(x.fill(0), x.T @ a)[1]"}),
}
PLANTED = {f"by its equations: {name}": m for name, m in BY_EQUATIONS.items()}
PLANTED |= {f"fast: {name}": mistake for name, mistake in FAST.items()}


def case(activation="tanh", fast=False, *, B, T, I, H, state, symmetric):
    """Draw a layer, inputs and a state."""
    rng = np.random.default_rng(0)
    layer = RNN(I, H, activation, rng=rng)
    layer.fast = fast
    for param in layer.params.values():
        param[...] = rng.uniform(-1, 1, param.shape)
    if symmetric:
        layer.params["W_h"] = (layer.params["W_h"] + layer.params["W_h"].T) / 2
    xs = rng.uniform(-1, 1, (B, T, I))
    return layer, xs, rng.uniform(-0.9, 0.9, (B, H)) if state else None


def by_autograd(layer, xs, state, *, rng):
    """Do as check_layer does, with torch in the place of the estimate."""
    import torch

    hs, last = layer.forward(xs, state)
    dhs, dlast = rng.standard_normal(hs.shape), rng.standard_normal(last.shape)
    dxs, dh_0 = layer.backward(dhs, dlast)

    def loss(xs, h_0, **params):
        h, total = h_0, 0
        for t in range(xs.shape[1]):
            (h,) = STEPS["RNN"](params, xs[:, t], h, layer.activation)
            total = total + (h * torch.tensor(dhs[:, t])).sum()
        return total + (h * torch.tensor(dlast)).sum()

    h_0 = np.zeros(last.shape) if state is None else state
    want = autograd(loss, {"xs": xs, "h_0": h_0, **layer.params})
    return compare({"xs": dxs, "h_0": dh_0, **layer.grads}, want)


def estimate(method):
    """Check with the function of chapter 3."""
    return lambda *a, rng: check_layer(*a, rng=rng, method=method)


JUDGES = {
    "finite differences": estimate(finite_differences),
    "complex step": estimate(complex_step),
    "torch": by_autograd,
}
each_judge = pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)


@each_judge
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
def test_the_healthy_layer_passes(judge, activation, fast):
    report = judge(*case(activation, fast, **SHARP), rng=np.random.default_rng(1))
    assert report.worst < 1e-9, report


@each_judge
@pytest.mark.parametrize("mistake", PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught(mistake, judge, monkeypatch):
    plant_in(monkeypatch, mistake.where, mistake.wrong)
    drawn = case(mistake.activation, is_fast(mistake.where), **SHARP)
    report = judge(*drawn, rng=np.random.default_rng(1))
    assert report.worst > 1e-3, f"missed:\n{report}"


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("mistake", BY_EQUATIONS.values(), ids=BY_EQUATIONS)
def test_a_mistake_hides_only_where_it_is_said_to(mistake, change, monkeypatch):
    """T = 1 hides a missing sum over time, and so on: none hides anywhere unsaid."""
    plant_in(monkeypatch, mistake.where, mistake.wrong)
    drawn = case(**SHARP | {"activation": mistake.activation} | change)
    with np.errstate(invalid="ignore"):  # arctanh of what is no tanh
        report = JUDGES["complex step"](*drawn, rng=np.random.default_rng(1))
    if any(blind.items() <= change.items() for blind in mistake.blind):
        assert report.worst < 1e-9, "it is no longer hidden here: take it off the list"
    else:
        assert report.worst > 1e-3, f"it hides here too: {report.worst}"
