"""Mistakes planted in the backward pass, and the check of chapter 3 that finds each.

Every mistake is one line of ``RNN._run_back`` written wrongly. Most of them train all
the same. A mistake also has its blind spots: shapes at which the wrong line computes
the right thing. They are tested too, since they say which shapes a check needs.
"""

import inspect
import textwrap
from typing import NamedTuple

import numpy as np
import pytest

from unrolled import RNN, rnn
from unrolled.verify import (
    autograd,
    check_layer,
    compare,
    complex_step,
    finite_differences,
)


class Mistake(NamedTuple):
    """One line, what was written in its place, and where that does no harm."""

    line: str
    wrong: str
    blind: tuple = ()  # changes to SHARP under which nothing can be seen
    activation: str = "tanh"


# Every size above 1 and no two alike, a state, a bias, weights without symmetry.
SHARP = {"B": 2, "T": 4, "I": 3, "H": 5, "state": True, "symmetric": False}
T_1, B_1, H_1, I_1 = {"T": 1}, {"B": 1}, {"H": 1}, {"I": 1}
NO_STATE, SYMMETRIC = {"state": False}, {"symmetric": True}
ONE_STEP_NO_STATE, LINEAR = T_1 | NO_STATE, {"activation": "identity"}
CHANGES = [T_1, B_1, H_1, I_1, NO_STATE, SYMMETRIC, ONE_STEP_NO_STATE, LINEAR]

START = "dh = dh.copy()"
DF = "self._f().df(h[1:], da)"
LOOP = "zip(da[::-1], dhs[::-1], strict=True)"
DH = "np.add(dh, dh_t, dh)"
DH_NEXT = "np.dot(da_t, W_hT, dh)"
DW_X, DW_H = "rows(x).T @ rows(da)", "rows(h[:-1]).T @ rows(da)"
DB = '"b": dW_x[-1]'
DX = "np.matmul(rows(da), W_x.T, out=rows(x))"
LEAVE = "return x[..., :-1], dh"

MISTAKES = {
    "W_h: no sum over time": Mistake(DW_H, "h[-2].T @ da[-1]", (T_1,)),
    "W_x: no sum over time": Mistake(DW_X, "x[-1].T @ da[-1]", (T_1,)),
    "b: no sum over time": Mistake(DB, '"b": da[-1].sum(axis=0)', (T_1,)),
    "sigmoid for its derivative": Mistake(DF, "da[...] = h[1:]", activation="sigmoid"),
    "tanh' as 1 - a**2": Mistake(DF, "da[...] = 1 - np.arctanh(h[1:]) ** 2"),
    "tanh' of the step before": Mistake(DF, "self._f().df(h[:-1], da)", (LINEAR,)),
    "no derivative": Mistake(DF, "da[...] = 1", (LINEAR,)),
    "W_h not transposed": Mistake(
        DH_NEXT, "np.dot(da_t, W_hT.T.copy(), dh)", (H_1, SYMMETRIC, ONE_STEP_NO_STATE)
    ),
    "state gradient dropped": Mistake(DH, "dh[...] = dh_t"),
    "output gradient dropped": Mistake(DH, "pass"),
    "only the last output's gradient": Mistake(
        START, START + "; dhs = dhs * np.eye(len(dhs))[-1][:, None, None]", (T_1,)
    ),
    "overwritten where two meet": Mistake(DH, "dh[...] = dh if dh.any() else dh_t"),
    "multiplied where two meet": Mistake(DH, "np.multiply(dh, dh_t, dh)"),
    "gradient of the last state ignored": Mistake(START, "dh = 0 * dh"),
    "dh_0 not returned": Mistake(LEAVE, "return x[..., :-1], 0 * dh", (NO_STATE,)),
    "h_t for h_{t-1}": Mistake(DW_H, "rows(h[1:]).T @ rows(da)"),
    "b: mean over the batch": Mistake(DB, DB + " / len(dh)", (B_1,)),
    "W_x: mean over the batch": Mistake(
        '"W_x": dW_x[:-1]', '"W_x": dW_x[:-1] / len(dh)', (B_1,)
    ),
    "W_x: time and batch mixed up": Mistake(
        DW_X, "rows(x.swapaxes(0, 1)).T @ rows(da)", (T_1, B_1)
    ),
    "W_x: x not reversed with da": Mistake(DW_X, "rows(x[::-1]).T @ rows(da)", (T_1,)),
    "forward in time": Mistake(LOOP, "zip(da, dhs, strict=True)", (T_1,)),
    "dx through the wrong weight": Mistake(
        DX, "np.matmul(rows(da), np.roll(W_x, 1, 0).T, out=rows(x))"
    ),
    "the place of dx taken too early": Mistake(DF, DF + "; " + "x[...] = 0"),
}


def plant(line, wrong):
    """Make an RNN whose backward pass has one line written wrongly."""
    source = textwrap.dedent(inspect.getsource(RNN._run_back))
    assert source.count(line) == 1, f"{line!r} must occur once in RNN._run_back"
    scope = dict(vars(rnn))
    exec(source.replace(line, wrong), scope)
    return type("Planted", (RNN,), {"_run_back": scope["_run_back"]})


def case(cls, activation="tanh", *, B, T, I, H, state, symmetric):
    """Draw a layer, inputs and a state."""
    rng = np.random.default_rng(0)
    layer = cls(I, H, activation, rng=rng)
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
    f = getattr(torch, layer.activation, lambda a: a)

    def loss(xs, h_0, W_x, W_h, b):
        h, total = h_0, 0
        for t in range(xs.shape[1]):
            h = f(xs[:, t] @ W_x + h @ W_h + b)
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
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "identity"])
def test_the_healthy_layer_passes(judge, activation):
    report = judge(*case(RNN, activation, **SHARP), rng=np.random.default_rng(1))
    assert report.worst < 1e-9, report


@each_judge
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_caught(mistake, judge):
    planted = plant(mistake.line, mistake.wrong)
    report = judge(
        *case(planted, mistake.activation, **SHARP), rng=np.random.default_rng(1)
    )
    assert report.worst > 1e-3, f"missed:\n{report}"


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_hides_only_where_it_is_said_to(mistake, change):
    """T = 1 hides a missing sum over time, and so on: none hides anywhere unsaid."""
    planted = plant(mistake.line, mistake.wrong)
    options = SHARP | {"activation": mistake.activation} | change
    with np.errstate(invalid="ignore"):  # arctanh of what is no tanh
        worst = check_layer(
            *case(planted, **options), rng=np.random.default_rng(1)
        ).worst
    if any(blind.items() <= change.items() for blind in mistake.blind):
        assert worst < 1e-9, "it is no longer hidden here: take it off the list"
    else:
        assert worst > 1e-3, f"it hides here too: {worst}"


def test_a_mistake_that_cannot_be_planted_says_so():
    with pytest.raises(AssertionError, match="must occur once"):
        plant("no such line", "1")
