"""States that are kept now and then: the same gradients, and otherwise the layer."""

import copy

import numpy as np
import pytest

from agreement import assert_agree, assert_same
from cases import COPIES, PASSES, Case
from nets import SMALL, Net
from unrolled import LSTM, RNN, Bidirectional, Checkpointed, Stack

each = pytest.mark.parametrize("variant", PASSES.values(), ids=PASSES)
MASKS = {"whole": None, "lengths": [3, 0, 5], "holes": np.eye(3, 5) == 0}
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def plain(**options):
    """Make a layer."""
    return RNN(3, 4, rng=np.random.default_rng(0), **options)


@each
@each_mask
@pytest.mark.parametrize("every", [None, 1, 2, 3, 5, 99])
def test_checkpoints_change_no_gradient(variant, every, mask):
    case = Case(*variant)
    want, case.layer = case.run(mask), Checkpointed(case.layer, every)
    assert_agree(case.run(mask), want, np.float64)
    assert_agree(case.run(mask), want, np.float64)  # nothing is left of the last pass


@each
@pytest.mark.parametrize("T", [0, 1])
@pytest.mark.parametrize("every", [None, 2])
def test_checkpoints_of_few_steps(variant, T, every):
    case = Case(*variant, T=T, dtype=np.float32)
    want, case.layer = case.run(), Checkpointed(case.layer, every)
    assert_agree(case.run(), want, np.float32)


@each
def test_without_a_gradient_of_the_outputs(variant):
    case = Case(*variant)
    case.dhs = None
    want, case.layer = case.run(), Checkpointed(case.layer, 2)
    assert_agree(case.run(), want, np.float64)


@pytest.mark.parametrize(
    ("T", "every", "kept"),
    [(9, None, 3), (10, None, 3), (16, None, 4), (0, None, 0), (7, 3, 3), (7, 7, 1)],
)
def test_it_keeps_a_state_for_every_window(T, every, kept):
    """Their length is the root of T, rounded up: ten steps are 4 + 4 + 2."""
    layer = Checkpointed(plain(), every)
    layer.forward(np.ones((2, T, 3)))
    _, loop, _ = layer._run._tape
    assert len(loop._tape[-1]) == kept


@each
def test_nobody_can_write_into_the_tape(variant):
    case = Case(*variant)
    case.layer = Checkpointed(case.layer)
    want = case.run()
    hs, last = case.layer.forward(case.xs, case.state)
    lasts = case.parts(last).values()
    outputs = hs.copy(), case.packed([part.copy() for part in lasts])
    firsts = case.parts(case.state).values()
    for array in [case.xs, hs, *firsts, *lasts, *case.layer.params.values()]:
        array[...] = np.nan
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)


def test_what_is_wrapped_is_still_the_layer():
    case = Case(LSTM, {"projection_size": 2})
    layer = Checkpointed(case.layer)
    assert layer.params is case.layer.params and layer.dtype == np.float64
    assert (layer.input_size, layer.output_size) == (4, 2)
    assert layer.size == case.layer.size and layer.order == "ifgo"
    hs, state = layer.forward(case.xs)
    np.testing.assert_array_equal(layer.last_output(state), hs[:, -1])
    layer.backward(case.dhs)
    assert layer.grads is case.layer.grads and layer.grads.keys() == layer.params.keys()
    with pytest.raises(AttributeError, match="nonsense"):
        _ = layer.nonsense


each_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


@each_copy
def test_it_goes_back_once_and_a_copy_not_at_all(copied):
    case = Case(LSTM)
    case.layer = Checkpointed(case.layer, 2)
    with pytest.raises(RuntimeError, match="call forward first"):
        case.layer.backward(case.dhs)
    want = case.run()
    with pytest.raises(RuntimeError, match="and backward once after it"):
        case.layer.backward(case.dhs)
    outputs = case.layer.forward(case.xs, case.state)
    other = Case(LSTM)
    other.layer = copied(case.layer)
    with pytest.raises(RuntimeError, match="call forward first"):
        other.layer.backward(case.dhs)
    assert type(other.layer) is Checkpointed and other.layer.every == 2
    assert_same(other.run(), want)
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)


def test_a_copy_shares_nothing_and_a_twin_the_parameters():
    layer = Checkpointed(plain())
    for other in (copy.deepcopy(layer), layer.astype(np.float64)):
        for name, p in layer.params.items():
            assert not np.shares_memory(other.params[name], p)
    assert layer.twin().params is layer.params
    assert layer.astype(np.float32).dtype == np.float32


def test_an_empty_one_does_not_recurse():
    """As `copy` makes it, before it has a layer."""
    with pytest.raises(AttributeError, match="layer"):
        _ = Checkpointed.__new__(Checkpointed).params


def test_what_is_set_on_it_reaches_the_layer_or_is_refused():
    layer = Checkpointed(plain(), 2)
    layer.fast = False
    assert not layer.layer.fast and not layer.fast
    layer.params = dict(layer.params)
    assert layer.layer.params is layer.params
    for name, value in {"layer": plain(), "every": 3}.items():
        before = getattr(layer, name)
        with pytest.raises(AttributeError) as caught:
            setattr(layer, name, value)
        assert str(caught.value) == (
            f"{name} is fixed when the Checkpointed is made, got {value!r}: "
            "make another one"
        )
        assert getattr(layer, name) is before
    with pytest.raises(AttributeError, match="hidden_size is fixed when the RNN is"):
        layer.hidden_size = 7


def test_a_refused_gradient_leaves_the_pass_and_a_refused_forward_none():
    case = Case(LSTM)
    case.layer = Checkpointed(case.layer, 2)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    with pytest.raises(ValueError, match="dhs must have shape"):
        case.layer.backward(np.ones((9, 9, 9)))
    with pytest.raises(ValueError, match="dstate must hold"):
        case.layer.backward(case.dhs, case.dhs)
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)
    with pytest.raises(ValueError, match="state must hold"):
        case.layer.forward(case.xs, case.dhs)
    with pytest.raises(RuntimeError, match="call forward first"):
        case.layer.backward(case.dhs)


@each_mask
@pytest.mark.parametrize("name", SMALL)
def test_inside_what_layers_are_put_into(name, mask):
    net = Net(SMALL[name])
    want = net.run(mask=mask)
    assert_agree(net.run(wrapped(net.layer), mask), want, np.float64)


def wrapped(layer):
    """Put checkpoints around every layer of a net."""
    if isinstance(layer, Stack):
        return Stack([wrapped(part) for part in layer.layers])
    if isinstance(layer, Bidirectional):
        return Bidirectional(*map(wrapped, layer.layers))
    return layer if isinstance(layer, Checkpointed) else Checkpointed(layer, 2)


REFUSED = {
    "no steps between states": (
        lambda: Checkpointed(plain(), 0), "every must be at least 1, got 0",
    ),
    "half a step": (
        lambda: Checkpointed(plain(), 0.5), "every must be a whole number, got 0.5",
    ),
    "checkpoints around checkpoints": (
        lambda: Checkpointed(Checkpointed(plain())),
        "Checkpointed takes one recurrent layer, got Checkpointed: wrap the layers in "
        "it",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_gets_one_sentence(mistake, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert str(caught.value) == sentence
