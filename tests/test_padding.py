"""What stands where no step counts, and what becomes of the mask: neither matters."""

import warnings

import numpy as np
import pytest

from agreement import assert_same
from cases import PASSES, Case
from models import Whole
from nets import SMALL, Net
from unrolled import RNN, Checkpointed, Embedding, Stack, losses
from unrolled.masks import counting

each = pytest.mark.parametrize("variant", PASSES.values(), ids=PASSES)
NETS_TRIED = SMALL | {
    name: ("leaf", name, 3) for name in ("LSTM", "RNN, tanh", "GRU, reset after", "MGU")
}
HOLES = np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 1]]) == 1
MASKS = {"lengths": [3, 0, 5], "holes": HOLES}
each_net = pytest.mark.parametrize("net", NETS_TRIED.values(), ids=NETS_TRIED)
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
each_rubbish = pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e300])


@pytest.fixture
def aloud():
    """Turn each warning into an error: nothing in the padding is computed with."""
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        yield


@each
@each_mask
@each_rubbish
def test_nothing_that_stands_in_the_padding_counts(variant, mask, rubbish, aloud):
    for wrap in (lambda layer: layer, Checkpointed):
        case = Case(*variant)
        case.layer, padding = wrap(case.layer), ~counting(mask, 3, 5)
        want = case.run(mask)
        case.xs[padding], case.dhs[padding] = rubbish, -rubbish
        case.xs[padding, 0] = -rubbish  # so that a sum of both has no value
        assert_same(case.run(mask), want)


@each_net
@each_mask
@each_rubbish
def test_nor_in_that_of_layers_put_together(net, mask, rubbish, aloud):
    case, padding = Net(net), ~counting(mask, 3, 5)
    want = case.run(mask=mask)
    case.xs[padding], case.dhs[padding] = rubbish, -rubbish
    case.xs[padding, 0] = -rubbish
    assert_same(case.run(mask=mask), want)


@each_net
@each_mask
@each_rubbish
@pytest.mark.parametrize("outputs", ["all", "last"])
def test_nor_in_that_of_a_model(net, mask, rubbish, outputs, aloud):
    whole, padding = Whole(net, outputs), ~counting(mask, 3, 5)
    want = whole.run(mask)
    whole.xs[padding] = rubbish
    if outputs == "all":
        whole.dys[padding] = rubbish
    assert_same(whole.run(mask), want)


@each_net
@each_mask
@pytest.mark.parametrize("no_label", [-1, 99])
def test_what_stands_in_the_padding_need_not_be_a_label(net, mask, no_label):
    whole, padding = Whole(net, embedding=True), ~counting(mask, 3, 5)
    want = whole.run(mask)
    whole.xs[padding] = no_label
    assert_same(whole.run(mask), want)
    with pytest.raises(ValueError, match="labels must lie in 0 … 3"):
        whole.model.forward(whole.xs)


def test_nor_need_there_be_a_second_label():
    rng = np.random.default_rng(0)
    only = Embedding(1, 2, rng=rng)
    stack = Stack([RNN(2, 3, rng=rng)], embedding=only)
    got, _ = stack.forward([[0, 0, -1]], None, [2])
    want, _ = stack.forward([[0, 0]])
    np.testing.assert_array_equal(got[:, :2], want)


@pytest.mark.parametrize("loss", [losses.mse, losses.cross_entropy])
@each_rubbish
def test_nor_in_that_of_a_loss(loss, rubbish, aloud):
    rng = np.random.default_rng(0)
    ys, counts = rng.normal(size=(3, 5, 4)), counting(MASKS["lengths"], 3, 5)
    labels = rng.integers(0, 4, (3, 5))
    targets = labels if loss is losses.cross_entropy else rng.normal(size=ys.shape)
    want, dwant = loss(ys, targets, counts)
    ys[~counts] = rubbish
    targets[~counts] = -1 if loss is losses.cross_entropy else rubbish
    value, dys = loss(ys, targets, counts)
    assert value == want
    np.testing.assert_array_equal(dys, dwant)


@each
def test_what_happens_to_the_mask_after_forward_does_not_matter(variant):
    case, mask = Case(*variant), HOLES.copy()
    want = case.run(mask)
    outputs = case.layer.forward(case.xs, case.state, mask)
    mask[...] = ~mask
    assert_same(case.named(outputs, case.layer.backward(case.dhs, case.dstate)), want)


def test_nor_to_that_of_a_model():
    whole, mask = Whole(SMALL["a stack of both"], embedding=True), HOLES.copy()
    want, whole.model.forward = whole.run(mask), turning(whole.model.forward, mask)
    assert_same(whole.run(mask), want)


def turning(forward, mask):
    """Turn a mask round after the forward pass."""

    def changed(*args):
        result = forward(*args)
        mask[...] = ~mask
        return result

    return changed
