"""Dropout between the layers of a stack: its mean, its gradient, its source."""

import numpy as np
import pytest

from nets import SMALL, Net, flat
from planted import plant_in
from unrolled import RNN, Stack
from unrolled.verify import finite_differences, mismatch

DEEP = ("stack", ("leaf", "LSTM", 3), ("leaf", "MGU", 2), ("leaf", "RNN, tanh", 3))


def layer(I, H):
    """Make one layer."""
    return RNN(I, H, rng=np.random.default_rng(0))


@pytest.mark.parametrize("shared", [False, True])
def test_dropout_acts_between_layers_and_keeps_the_mean(shared):
    rng = np.random.default_rng(0)
    below, above = layer(2, 50), layer(50, 3)
    stack = Stack([below, above], dropout=0.25, shared=shared, rng=rng)
    xs, seen = rng.normal(size=(20, 30, 2)), []
    above_forward = above.forward
    above.forward = lambda xs, *_: (seen.append(xs), above_forward(xs))[1]
    stack.forward(xs)
    factor = seen[0] / below.twin().forward(xs)[0]
    assert set(np.unique(factor.round(12))) == {0.0, round(1 / 0.75, 12)}
    assert (factor.std(axis=1).max() < 1e-12) == shared
    assert factor.std(axis=0).max() > 0.1  # sequences differ
    assert abs(factor.mean() - 1) < 0.05  # of 1000 masks or 30000: four deviations
    stack.training = False
    stack.forward(xs)
    np.testing.assert_array_equal(seen[1], below.twin().forward(xs)[0])


def gap(net, shared):
    """Return how far gradients are from differences with the same masks drawn."""
    net, rng = Net(net), np.random.default_rng(3)
    stack = Stack(net.layer.layers, dropout=0.5, shared=shared, rng=rng)
    drawn = rng.bit_generator.state
    got = net.run(stack)

    def loss():
        rng.bit_generator.state = drawn
        hs, last = stack.forward(net.xs, net.state)
        pairs = zip([hs, *flat(last)], [net.dhs, *flat(net.dstate)], strict=True)
        return sum((a * d).sum() for a, d in pairs)

    assert np.abs(got["dxs"] - net.run(net.layer)["dxs"]).max() > 1e-3
    return max(mismatch(got[f"d{name}"], finite_differences(loss, p)).error
               for name, p in {"xs": net.xs, **stack.params}.items())  # fmt: skip


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("net", [SMALL["stack"], DEEP], ids=["two", "three"])
def test_the_gradient_goes_through_the_same_mask(net, shared):
    assert gap(net, shared) < 1e-9


PLANTED = {
    "no mask on the way back": {"dhs": "dhs"},
    "the mask of another gap": {"dhs": "dhs * drops[0]"},
    "the scale left out on the way back": {"dhs": "dhs * (drops[k - 1] > 0)"},
}


@pytest.mark.parametrize("wrong", PLANTED.values(), ids=PLANTED)
def test_a_mistake_in_it_is_caught(wrong, monkeypatch):
    net = ("stack", *3 * [("leaf", "LSTM", 3)])
    assert gap(net, False) < 1e-9
    plant_in(monkeypatch, Stack.backward, wrong)
    assert gap(net, False) > 1e-3


DRAWN = {
    "a scale left out": {"return": "kept.astype(self.dtype)"},
    "the share kept for the share dropped": {
        "kept": "self.rng.random((B, 1 if self.shared else T, H)) < self.dropout"
    },
    "a mask for all sequences": {
        "kept": "self.rng.random((1, 1 if self.shared else T, H)) >= self.dropout"
    },
    "shared and not exchanged": {
        "kept": "self.rng.random((B, T if self.shared else 1, H)) >= self.dropout"
    },
}


@pytest.mark.parametrize("wrong", DRAWN.values(), ids=DRAWN)
def test_a_mistake_in_the_mask_is_caught(wrong, monkeypatch):
    plant_in(monkeypatch, Stack._draw, wrong)
    with pytest.raises(AssertionError):
        for shared in (False, True):
            test_dropout_acts_between_layers_and_keeps_the_mean(shared)


def test_what_the_lowest_reads_and_the_highest_puts_out_is_never_dropped():
    net, seen = Net(DEEP), []
    stack = Stack(net.layer.layers, dropout=0.5, rng=np.random.default_rng(0))
    for part in stack.layers:
        part.forward = lambda xs, *a, run=part.forward: (seen.append(xs), run(xs, *a))[
            1
        ]
    hs, _ = stack.forward(net.xs)
    below, *between = [np.mean(xs == 0) for xs in seen]
    assert (
        below == 0 and (hs != 0).all() and all(0.2 < share < 0.8 for share in between)
    )


def test_each_pass_draws_anew_and_a_copy_draws_for_itself():
    xs = np.random.default_rng(0).normal(size=(2, 3, 3))
    parts = [layer(3, 8), layer(8, 8)]
    stack = Stack(parts, dropout=0.5, rng=np.random.default_rng(0))
    other = stack.astype(np.float64)
    first = stack.forward(xs)[0]
    assert np.abs(stack.forward(xs)[0] - first).max() > 0.01
    np.testing.assert_array_equal(other.forward(xs)[0], first)
