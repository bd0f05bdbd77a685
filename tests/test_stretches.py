"""Steps that do not count, and states that are kept now and then."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree, assert_same, worst
from cases import VARIANTS, Case
from nets import NETS, Net, flat
from oracle_onnx import by_onnx
from test_compose import SMALL
from unrolled import LSTM, RNN, Checkpointed, Linear, Masked, Model
from unrolled.compose import maskable
from unrolled.verify import finite_differences, mismatch

each = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
LENGTHS = np.array([3, 0, 5, 5, 1])


def parts(state):
    """Return the parts of a state."""
    return state if isinstance(state, tuple) else (state,)


def masked(case, mask):
    """Run a case with a mask; return everything by name."""
    layer = Masked(case.layer)
    outputs = layer.forward(case.xs, case.state, mask)
    return case.named(outputs, layer.backward(case.dhs, case.dstate))


@each
def test_a_batch_of_lengths_is_each_sequence_by_itself(variant):
    case = Case(*variant, B=5, T=5)
    got, layer = masked(case, LENGTHS), case.layer
    sums = {f"d{name}": 0.0 for name in layer.params}
    state, dstate = case.parts(case.state), case.parts(case.dstate)
    for k, length in enumerate(LENGTHS):
        one = slice(k, k + 1)
        hs, last = layer.forward(
            case.xs[one, :length], case.packed([part[one] for part in state.values()])
        )
        dxs, first = layer.backward(
            case.dhs[one, :length], case.packed([part[one] for part in dstate.values()])
        )
        want = case.named((hs, last), (dxs, first))
        for name in ("hs", "dxs"):
            np.testing.assert_allclose(got[name][one, :length], want[name], 0, 1e-13)
            assert not got[name][one, length:].any()
        for name in state:
            for key in (f"{name}_T", f"d{name}_0"):
                np.testing.assert_allclose(got[key][one], want[key], 0, 1e-13)
        sums = {name: total + want[name] for name, total in sums.items()}
    for name, total in sums.items():
        np.testing.assert_allclose(got[name], total, 0, 1e-12)


@given(st.builds(Net, NETS, B=st.just(3), T=st.integers(0, 5), given=st.booleans(),
                 seed=st.integers(0, 99)), st.data())  # fmt: skip
def test_any_net_with_any_mask_is_that_of_its_definition(net, data):
    B, T, _ = net.xs.shape
    drawn = st.lists(st.booleans(), min_size=B * T, max_size=B * T)
    mask = np.array(data.draw(drawn), bool).reshape(B, T)
    got = net.run(maskable(net.layer), mask)
    assert_agree(got, net.by_transcription(mask), np.float64)


@each
def test_onnx_runtime_ends_where_the_sequences_do(variant):
    case = Case(*variant, B=5, T=5)
    lengths = LENGTHS + (LENGTHS == 0)  # it has none of no steps
    want = by_onnx(case, lengths)
    if want is None:
        assert case.options.keys() & {"layer_norm", "gate_recurrence"}
        return
    outputs, _ = worst(masked(case, lengths), want, scale=1.0)
    assert outputs < 5e-6


@each
@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 1e300])
def test_nothing_that_stands_in_the_padding_counts(variant, rubbish):
    case = Case(*variant, B=5, T=5)
    counts = np.arange(5) < LENGTHS[:, None]
    want = masked(case, counts)
    for array in (case.xs, case.dhs):
        array[~counts] = rubbish
    assert_same(masked(case, LENGTHS), want)


@pytest.mark.parametrize("name", SMALL)
def test_where_padding_stands_does_not_matter(name):
    net = Net(SMALL[name], B=2, T=6)
    before = np.array([[0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]], bool)
    behind = np.array([3, 6])
    want = net.run(maskable(net.layer), before)
    net.xs[0], net.dhs[0] = np.roll(net.xs[0], -2, 0), np.roll(net.dhs[0], -2, 0)
    got = net.run(maskable(net.layer), behind)
    for array in ("hs", "dxs"):
        got[array][0] = np.roll(got[array][0], 2, 0)
    assert_agree(got, want, np.float64)


@each
def test_all_steps_are_no_mask(variant):
    case = Case(*variant)
    want = case.run()
    for mask in (None, [5, 5, 5], np.ones((3, 5), bool)):
        assert_agree(masked(case, mask), want, np.float64)


@each
@pytest.mark.parametrize("every", [None, 1, 2, 3, 5, 99])
def test_checkpoints_change_no_gradient(variant, every):
    case = Case(*variant)
    want, case.layer = case.run(), Checkpointed(case.layer, every)
    assert_agree(case.run(), want, np.float64)
    case.dhs, want["hs"] = None, want["hs"]
    case.run()


@each
@pytest.mark.parametrize("T", [0, 1])
def test_checkpoints_of_few_steps(variant, T):
    case = Case(*variant, T=T, dtype=np.float32)
    want, case.layer = case.run(), Checkpointed(case.layer)
    assert_agree(case.run(), want, np.float32)


@each
@pytest.mark.parametrize("wrap", [Checkpointed, Masked])
def test_nobody_can_write_into_the_tape(variant, wrap):
    case = Case(*variant)
    case.layer = wrap(case.layer)
    want = case.run()
    hs, last = case.layer.forward(case.xs, case.state)
    outputs = hs.copy(), case.packed([part.copy() for part in parts(last)])
    given = [case.xs, hs, *parts(case.state), *parts(last), *case.layer.params.values()]
    for array in given:
        array[...] = np.nan
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)


@pytest.mark.parametrize("wrap", [Checkpointed, Masked])
def test_what_is_wrapped_is_still_the_layer(wrap):
    case = Case(LSTM, {"projection_size": 2})
    layer = wrap(case.layer)
    assert layer.params is case.layer.params and layer.dtype == np.float64
    assert (layer.input_size, layer.output_size) == (4, 2)
    assert layer.size == case.layer.size
    layer.forward(case.xs)
    layer.backward(case.dhs)
    assert layer.grads is case.layer.grads
    with pytest.raises(AttributeError, match="nonsense"):
        _ = layer.nonsense
    other = wrap(layer)  # one around the other
    case.layer = other
    assert_agree(case.run(), Case(LSTM, {"projection_size": 2}).run(), np.float64)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("mask", [None, [2, 3]], ids=["whole", "lengths"])
def test_a_model_reads_the_last_output_that_counts(name, mask):
    net = Net(SMALL[name], B=2, T=3)
    head = Linear(net.layer.output_size, 2, rng=np.random.default_rng(0))
    model = Model(net.layer, head, "last")
    dys = np.array([[0.3, -0.5], [0.7, 0.2]])

    def loss():
        ys, last = model.forward(net.xs, net.state, mask)
        pairs = zip([ys, *flat(last)], [dys, *flat(net.dstate)], strict=True)
        return sum((a * d).sum() for a, d in pairs)

    loss()
    dxs, _ = model.backward(dys, net.dstate)
    grads = {"xs": dxs, **model.grads}
    for name, p in {"xs": net.xs, **model.params}.items():
        assert mismatch(grads[name], finite_differences(loss, p)).error < 1e-9, name
    if mask is None and "both" not in str(net.net):
        every = Model(net.layer, head)
        whole = every.forward(net.xs, net.state)[0]
        np.testing.assert_array_equal(whole[:, -1], model.forward(net.xs, net.state)[0])


def test_a_model_that_was_refused_goes_back_nowhere():
    rng = np.random.default_rng(0)
    model = Model(RNN(3, 4, rng=rng), Linear(4, 2, rng=rng))
    model.forward(np.ones((1, 2, 3)))
    with pytest.raises(ValueError, match="xs must have shape"):
        model.forward(np.ones((1, 2, 4)))
    with pytest.raises(RuntimeError, match="call forward first"):
        model.backward(np.ones((1, 2, 2)))


XS = np.ones((2, 5, 3))


def plain():
    """Make a layer."""
    return RNN(3, 4, rng=np.random.default_rng(0))


REFUSED = {
    "a length too many": (
        lambda: Masked(plain()).forward(XS, None, [1, 2, 3]),
        "mask must be (2, 5) of bool, or (2,) of whole numbers, the lengths; "
        "got (3,) of int64",
    ),
    "a mask of numbers": (
        lambda: Masked(plain()).forward(XS, None, np.ones((2, 5))),
        "mask must be (2, 5) of bool, or (2,) of whole numbers, the lengths; "
        "got (2, 5) of float64",
    ),
    "longer than the batch": (
        lambda: Masked(plain()).forward(XS, None, [2, 6]),
        "a length must lie in 0 … 5, got 6",
    ),
    "a length below zero": (
        lambda: Masked(plain()).forward(XS, None, [-1, 5]),
        "a length must lie in 0 … 5, got -1",
    ),
    "a state too small": (
        lambda: Masked(plain()).forward(XS, np.ones((1, 4)), [1, 2]),
        "state h must have shape (2, 4), got (1, 4)",
    ),
    "no steps between states": (
        lambda: Checkpointed(plain(), 0),
        "every must be at least 1, got 0",
    ),
}


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_gets_one_sentence(mistake, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert str(caught.value) == sentence


def test_a_number_that_is_not_finite_is_named_where_it_stands():
    xs = XS.copy()
    xs[1, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"got nan at index \(1, 2, 0\)"):
        Masked(plain()).forward(xs, None, [1, 3])
    Masked(plain()).forward(xs, None, [1, 2])
