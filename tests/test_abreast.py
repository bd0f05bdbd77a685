"""The fast loops of the sweeps: what trains in them ends where it ends alone."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from transcription import STEPS
from unrolled import GRU, LSTM, MGU, RNN, Adam, Linear, Model, Stack, losses, train
from unrolled.planting import plant
from unrolled.tasks import adding, counting

sys.path.append(str(Path(__file__).parent / "benchmarks"))
abreast, deep = import_module("abreast"), import_module("deep")
RATES, UPDATES = (0.001, 0.01, 0.1), 4
MISTAKES = {
    "without dc": {"dc": "dh * o * (1 - tanh_c**2)"},
    "dh overwritten": {
        "dc_prev": "(dc + (da @ w.W_h.T - dh) * o * (1 - tanh_c**2)) * f"
    },
    "cut of 1997": {"dh_prev": "0 * dh"},
}
KINDS = {
    "tanh": (RNN, {}),
    "rectifier": (RNN, {"activation": "relu"}),
    "LSTM": (LSTM, {"forget_bias": 1.0}),
    "1997": (LSTM, {"forget_gate": False}),
    "GRU": (GRU, {}),
    "GRU, before": (GRU, {"reset": "before"}),
    "MGU": (MGU, {}),
} | {
    way: (type("LSTM", (LSTM,), {"step_back": plant(LSTM.step_back, mistake)}), {})
    for way, mistake in MISTAKES.items()
}


def build(kind, outputs):
    """Make a model for each rate, with weights of its own."""
    cls, how = KINDS[kind]
    made = []
    for seed in range(len(RATES)):
        rng = np.random.default_rng(seed)
        layer = cls(2, 3, rng=rng, **how)
        for p in layer.params.values():
            p += 0.3 * rng.standard_normal(p.shape)
        made.append(Model(layer, Linear(3, 1, rng=rng), outputs))
    return made


def batches(outputs):
    """Draw for each network and update: lists (updates, networks)."""
    draw = adding if outputs == "last" else counting
    rngs = [np.random.default_rng([7, k]) for k in range(len(RATES))]
    return [[draw(rng, 4, 6) for rng in rngs] for _ in range(UPDATES)]


def end_alike(many, models, rows, carry=False):
    """Train both ways, and compare all parameters."""
    state = None
    for row in rows:
        many.update(*map(np.stack, zip(*row, strict=True)), state=state)
        state = many.loop.last() if carry else None
    for k, (model, lr) in enumerate(zip(models, RATES, strict=True)):
        alone = [row[k] for row in rows]
        train(model, alone, losses.mse, Adam(lr), clip=0.05, carry=carry)
        for name, p in model.params.items():
            got = many.params[name][k].detach().numpy().reshape(p.shape)
            np.testing.assert_allclose(got, p, rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("outputs", ["last", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_abreast_is_one_by_one(kind, outputs):
    models, way = build(kind, outputs), kind if kind in MISTAKES else "right"
    many = abreast.Abreast(models, RATES, clip=0.05, way=way)
    end_alike(many, models, batches(outputs))


@pytest.mark.parametrize("kind", ["tanh", "LSTM", "GRU", "GRU, before", "MGU"])
def test_a_state_is_carried_and_its_gradient_cut(kind):
    models = build(kind, "all")
    many = abreast.Abreast(models, RATES, clip=0.05)
    end_alike(many, models, batches("all"), carry=True)


def test_those_that_stay_go_on_as_before():
    rows, ends = batches("last"), []
    for leave in (False, True):
        many = abreast.Abreast(build("LSTM", "last"), RATES, clip=1.0)
        for n, row in enumerate(rows):
            if leave and n == 2:
                many.keep([0, 2])
            row = [row[0], row[2]] if leave and n >= 2 else row
            many.update(*map(np.stack, zip(*row, strict=True)))
        ends.append(many.params["layer.W_h"].detach())
    assert torch.allclose(ends[0][[0, 2]], ends[1], rtol=1e-12)


def test_a_way_back_that_nobody_knows_is_refused():
    many = abreast.Abreast(build("LSTM", "last"), RATES, way="wrong")
    with pytest.raises(ValueError, match="way must be one of"):
        many.predict(np.zeros((3, 2, 4, 2)))


def test_the_gates_that_are_seen_are_those_of_the_equations():
    for kind, gates in (("GRU", "rz"), ("GRU, before", "rz"), ("MGU", "f")):
        models, (xs, _) = build(kind, "all"), counting(np.random.default_rng(0), 2, 12)
        many = abreast.Abreast(models, RATES)
        seen = many.forward(xs)[1].detach(), many.loop.inside()
        for k, model in enumerate(models):
            hs, before = model.layer.forward(xs)[0], np.zeros((2, 12, 3))
            before[:, 1:] = hs[:, :-1]
            for gate in gates:
                columns, p = model.layer.columns(gate), model.layer.params
                a = xs @ p["W_x"] + before @ p["W_h"] + p["b"]
                want = 1 / (1 + np.exp(-a[..., columns]))
                got = seen[1][gate][:, k].permute(2, 0, 1)
                np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("kind", ["tanh", "LSTM", "1997"])
def test_what_is_seen_inside_is_what_the_layer_does(kind):
    models, (xs, _) = build(kind, "all"), counting(np.random.default_rng(0), 2, 12)
    pieces = []
    for piece in abreast.Abreast(models, RATES).look(xs, piece=4):
        pieces.append({name: value.numpy().copy() for name, value in piece.items()})
    ys = np.concatenate([piece["ys"] for piece in pieces], axis=2)
    for k, model in enumerate(models):
        np.testing.assert_allclose(ys[k], model.forward(xs)[0][..., 0], rtol=1e-12)
        _, state = model.layer.forward(xs)
        if kind != "tanh":
            np.testing.assert_allclose(pieces[-1]["c"][-1, k].T, state[1], rtol=1e-12)
            f = np.concatenate([piece["f"][:, k] for piece in pieces])
            assert f.shape == (12, 3, 2) and (f == 1).all() == (kind == "1997")


OTHER = "(da_n @ blocks(w.W_h, 3)[2].T) * h_prev"
WRONG = {  # of GRU.step_back, and of GRU.step_before_back
    "right": {},
    "dz with its sign flipped": {"dz": "dh * (n - h_prev)"},
    "kept state dropped": {"dh_prev": "dp @ w.W_h.T"},
    "r from the other GRU": {"dr": OTHER},
    "b_hn without r": {"b_hn": "da_n"},
    "kept state alone": {"dh_prev": "dh * z"},
    "right, reset before": {},
    "W_hn without r": {"dW_h": "[(h_prev, da_r), (h_prev, da_z), (h_prev, da_n)]"},
    "as the vignette prints it": {
        "dz": "-dh * (n + 1 - z)",
        "dr": "ds * r",
        "dW_h": "[(h_prev, da_n), (h_prev, da_z), (s, da_r)]",
        "a_x": "beside(da_n, da_z, da_r)",
    },
}


@pytest.mark.parametrize("way", WRONG)
def test_the_mistakes_of_a_gru_are_those_of_its_layer(way):
    mistakes = import_module("gru_mistakes")
    after = mistakes.WAYS[way] is mistakes.After
    name = "step_back" if after else "step_before_back"
    wrong = {name: plant(getattr(GRU, name), WRONG[way]), "fast": False}
    KINDS["wrong"] = (
        type("GRU", (GRU,), wrong),
        {"reset": "after" if after else "before"},
    )
    models = build("wrong", "last")
    many = mistakes.going(abreast.Abreast(models, RATES, clip=0.05), way)
    end_alike(many, models, batches("last"))


STACKED = ["tanh", "LSTM", "GRU", "GRU, before", "MGU"]


def stacks(kind, outputs, depth=3, **dropout):
    """Make a model with a stack for each rate, with weights of its own."""
    (cls, how), made = KINDS[kind], []
    for seed in range(len(RATES)):
        rng = np.random.default_rng(seed)
        sizes = [2, 3, 4, 3][: depth + 1] if not dropout else [2, 3, 3]
        layers = [
            cls(below, H, rng=rng, **how)
            for below, H in zip(sizes, sizes[1:], strict=False)
        ]
        for layer in layers:
            for p in layer.params.values():
                p += 0.3 * rng.standard_normal(p.shape)
        rngs = {"rng": np.random.default_rng([seed, 9])} if dropout else {}
        head = Linear(sizes[-1], 1, rng=rng)
        made.append(Model(Stack(layers, **dropout, **rngs), head, outputs))
    return made


@pytest.mark.parametrize("outputs", ["last", "all"])
@pytest.mark.parametrize("kind", STACKED)
def test_stacks_abreast_are_one_by_one(kind, outputs):
    models = stacks(kind, outputs)
    many = abreast.Abreast(models, RATES, clip=0.05)
    end_alike(many, models, batches(outputs))


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("outputs", ["last", "all"])
def test_dropout_abreast_is_that_of_a_stack(outputs, shared):
    models = stacks("LSTM", outputs, dropout=0.5, shared=shared)
    rngs = [np.random.default_rng([seed, 9]) for seed in range(len(RATES))]
    told = {"shares": [0.5] * 3, "shared": [shared] * 3, "rngs": rngs}
    many = deep.Dropping(models, RATES, clip=0.05, **told)
    end_alike(many, models, batches(outputs))
    models[1].layer.training = False
    xs = np.random.default_rng(0).standard_normal((4, 6, 2))
    np.testing.assert_allclose(many.predict(xs)[1], models[1].forward(xs)[0], rtol=1e-7)


def test_a_skip_connection_adds_what_a_layer_reads():
    models, ((row, *_), *_) = stacks("LSTM", "all"), batches("all")
    for model in models:  # of equal sizes
        rng = np.random.default_rng(0)
        model.layer.parts["1"] = LSTM(3, 3, rng=rng)
        model.layer.parts["2"] = LSTM(3, 3, rng=rng)
    many = deep.Skipping(models, RATES)
    ys, _ = many.forward(row[0])
    got = torch.autograd.grad((ys[1] ** 3).sum(), many.params.values())
    params = {
        n: torch.tensor(p, requires_grad=True) for n, p in models[1].params.items()
    }
    xs = torch.tensor(row[0]).unbind(1)
    for k in range(3):
        own = {n[8:]: p for n, p in params.items() if n.startswith(f"layer.{k}.")}
        state, hs = 2 * (torch.zeros(4, 3).double(),), []
        for x in xs:
            state = STEPS["LSTM"](own, x, *state)
            hs.append(state[0] + x if k else state[0])
        xs = hs
    want = torch.stack(xs, 1) @ params["head.W_y"] + params["head.b_y"]
    np.testing.assert_allclose(ys[1].detach(), want.detach(), rtol=1e-12)
    grads = torch.autograd.grad((want**3).sum(), params.values())
    for grad, alone in zip(got, grads, strict=True):
        alone = alone.reshape(grad[1].shape)
        np.testing.assert_allclose(grad[1], alone, rtol=1e-10, atol=1e-14)
