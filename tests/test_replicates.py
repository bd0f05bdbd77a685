"""Networks that are trained side by side end where each of them ends alone."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from unrolled import GRU, LSTM, MGU, RNN, Adam, Linear, Model, losses, train
from unrolled.tasks import adding, copying

sys.path.append(str(Path(__file__).parent / "benchmarks"))
replicates = import_module("replicates")
RATES, UPDATES = (0.001, 0.01, 0.1), 4
KINDS = {
    "RNN": (RNN, {}),
    "rectifier": (RNN, {"activation": "relu"}),
    "LSTM": (LSTM, {"forget_bias": 1.0}),
    "peephole": (LSTM, {"peephole": True}),
    "coupled": (LSTM, {"coupled": True, "peephole": True}),
    "no input gate": (LSTM, {"input_gate": False, "peephole": True}),
    "gates see gates": (LSTM, {"gate_recurrence": True, "peephole": True}),
    "projected": (LSTM, {"projection_size": 2}),
    "normalised": (LSTM, {"layer_norm": True}),
    "GRU": (GRU, {}),
    "GRU, reset before": (GRU, {"reset": "before"}),
    "MGU": (MGU, {}),
}


def build(kind, outputs="last", sizes=(2, 1)):
    """Make a model for each rate, with weights of its own."""
    cls, how = KINDS[kind]
    made = []
    for seed in range(len(RATES)):
        rng = np.random.default_rng(seed)
        layer = cls(sizes[0], 3, rng=rng, **how)
        for p in layer.params.values():
            p += 0.3 * rng.standard_normal(p.shape)
        head = Linear(layer.output_size, sizes[1], rng=rng)
        made.append(Model(layer, head, outputs))
    return made


def batches(draw):
    """Draw for each network, and return one list a network and one for all."""
    rngs = [np.random.default_rng([7, k]) for k in range(len(RATES))]
    alone = [[draw(rng) for rng in rngs] for _ in range(UPDATES)]
    together = [[np.stack(part) for part in zip(*row, strict=True)] for row in alone]
    return [list(column) for column in zip(*alone, strict=True)], together


def agree(models, alone, together, loss, side_by_side, clip):
    """Train both ways, and compare losses and parameters."""
    many = replicates.Replicates(models, RATES, side_by_side, clip=clip)
    curves = np.array([many.update(*batch) for batch in together])
    outputs = many.predict(together[0][0])
    for k, model in enumerate(models):
        history = train(model, alone[k], loss, Adam(RATES[k]), clip=clip)
        np.testing.assert_allclose(curves[:, k], history.loss, rtol=1e-9)
        own = model.forward(together[0][0][k])[0]
        np.testing.assert_allclose(outputs[k], own, rtol=1e-8, atol=1e-10)
    trained = [{n: p.copy() for n, p in model.params.items()} for model in models]
    for model in models:
        for p in model.params.values():
            p[...] = 0
    for model, params in zip(many.unstack(), trained, strict=True):
        for name, p in model.params.items():
            np.testing.assert_allclose(p, params[name], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("clip", [None, 0.05])
@pytest.mark.parametrize("kind", KINDS)
def test_side_by_side_is_one_by_one(kind, clip):
    alone, together = batches(lambda rng: adding(rng, 4, 5))
    agree(build(kind), alone, together, losses.mse, replicates.mse, clip)


def test_labels_and_masks():
    alone, together = batches(lambda rng: copying(rng, 3, 4, count=2))
    models = build("LSTM", "all", (6, 4))
    loss, side_by_side = losses.cross_entropy, replicates.cross_entropy
    alone = [[(x, (y, m)) for x, y, m in rows] for rows in alone]

    def asked(ys, targets):
        return loss(ys, *targets)

    agree(models, alone, together, asked, side_by_side, 0.1)


def test_a_network_that_breaks_leaves_the_others_alone():
    _, together = batches(lambda rng: adding(rng, 4, 5))
    whole, broken = build("LSTM"), build("LSTM")
    broken[1].params["layer.W_h"][...] = np.nan
    ends = []
    for models in (whole, broken):
        many = replicates.Replicates(models, RATES, clip=1.0)
        ends.append([many.update(*batch) for batch in together][-1])
    assert np.isnan(ends[1][1])
    assert np.array_equal(ends[0][[0, 2]], ends[1][[0, 2]])


def test_the_same_streams_for_all_and_a_state_that_is_carried():
    many = replicates.Replicates(build("peephole", "all"), RATES)
    xs = np.random.default_rng(0).standard_normal((2, 6, 2))
    with torch.no_grad():
        whole, _ = many.forward(xs)
        first, state = many.forward(xs[:, :4])
        second, _ = many.forward(xs[:, 4:], state)
    assert torch.equal(whole, torch.cat([first, second], 2))


def test_training_pauses_where_it_is_asked_to_and_at_the_end():
    many = replicates.Replicates(build("peephole", "all"), RATES)
    one_by_one = replicates.Replicates(build("peephole", "all"), RATES)
    rng = np.random.default_rng(0)
    draws = [(rng.standard_normal((2, 6, 2)), rng.standard_normal((2, 6, 1)))] * 9
    paused = []
    for n in many.train(iter(draws), 7, (2, 5, 11)):
        while one_by_one.t < n:
            one_by_one.update(*draws[0])
        same = torch.equal(
            many.forward(draws[0][0])[0], one_by_one.forward(draws[0][0])[0]
        )
        paused.append((n, same))
    assert paused == [(2, True), (5, True), (7, True)]
