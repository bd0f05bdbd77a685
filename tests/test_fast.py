"""The room `fast` against the cells it stands for: when it is taken, what it keeps.

What holds for every layer is in `test_passes`, which runs both.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agree, assert_same, error
from cases import COPIES, PASSES, Case
from unrolled import GRU, LSTM, MGU, RNN, Checkpointed
from unrolled.fast.gru import FastGRU
from unrolled.fast.loop import CACHE, FastLoop, StateRows
from unrolled.fast.lstm import FastLSTM
from unrolled.fast.rnn import FastRNN
from unrolled.layer import Layer
from unrolled.masks import Packing
from unrolled.recurrent import Loop, Recurrent

ROOMS = {"RNN": (RNN, FastRNN), "GRU": (GRU, FastGRU), "LSTM": (LSTM, FastLSTM)}
CLASSES = {name: cls for name, (cls, _) in ROOMS.items()}
each = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
SIZE = st.integers(1, 4)


def both(cls, mask=None, every=None, without=(), **sizes):
    """Run a case in the fast loop, and the same by its equations."""
    results = []
    for fast in (True, False):
        case = Case(cls, {}, fast, **sizes)
        for name in without:
            setattr(case, name, None)
        if every:
            case.layer = Checkpointed(case.layer, every)
        results.append(case.run(mask))
    return results


@st.composite
def masks(draw, B, T):
    """Draw which steps count: all, lengths, or one by one."""
    lengths = st.lists(st.integers(0, T), min_size=B, max_size=B)
    holes = st.lists(st.booleans(), min_size=B * T, max_size=B * T)
    return draw(st.none() | lengths | holes.map(lambda c: np.reshape(c, (B, T)) == 1))


@settings(max_examples=200)
@given(
    st.sampled_from([*CLASSES.values()]),
    SIZE, st.integers(0, 7), SIZE, SIZE,
    st.sampled_from([None, 1, 2, 3]),
    st.sets(st.sampled_from(["state", "dhs", "dstate"])),
    st.integers(0, 2**32 - 1),
    st.data(),
)  # fmt: skip
def test_it_computes_what_the_cell_does(cls, B, T, I, H, every, without, seed, data):
    mask = data.draw(masks(B, T))
    got, want = both(cls, mask, every, without, B=B, T=T, I=I, H=H, seed=seed)
    for name, array in want.items():
        assert error(got[name], array, scale=1.0) < 1e-12, name


LONG = {"B": 8, "T": 120, "I": 3, "H": 64}
ENDS = [120, 120, 120, 119, 70, 70, 2, 0]


@each
@pytest.mark.parametrize("mask", [None, ENDS], ids=["whole", "lengths"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_does_so_over_several_blocks_of_steps(cls, mask, dtype):
    got, want = both(cls, mask, **LONG, dtype=dtype)
    scale = max(np.abs(array).max() for array in want.values())
    limit = 1e-12 if dtype == np.float64 else 1e-5
    for name, array in want.items():
        assert got[name].dtype == dtype
        assert error(got[name], array, scale) < limit, name


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.integers(1, CACHE))
def test_a_block_has_steps_of_as_many_sequences_and_fits_the_cache(lengths, bytes_each):
    counts = np.arange(9) < np.array(lengths)[:, None]
    sizes, seen = counts.sum(axis=0), []
    for start, stop, n in StateRows(Packing(len(lengths), 9, counts)).blocks(
        bytes_each
    ):
        assert (sizes[start:stop] == n).all() and start < stop
        assert stop - start == 1 or (stop - start) * n * bytes_each <= CACHE
        seen = [*range(start, stop), *seen]
    assert seen == [*range(max(lengths))]


def test_a_long_pass_has_several_blocks_of_several_steps():
    rows = StateRows(Packing(LONG["B"], LONG["T"]))
    found = [stop - start for start, stop, _ in rows.blocks(5 * 4 * LONG["H"])]
    assert len(found) > 1 and min(found) > 1


def overriding(name, cls=LSTM):
    """Make a class that brings a function of its own, which does the same."""
    function = getattr(cls, name)
    return type(cls.__name__, (cls,), {name: lambda self, *a: function(self, *a)})


def given_to_one(name, cls=LSTM):
    """Make a layer that has a function of its own."""
    layer = make(cls)
    setattr(layer, name, lambda *a: getattr(cls, name)(layer, *a))
    return layer


def make(cls=LSTM, **options):
    """Make a layer."""
    return cls(3, 4, rng=np.random.default_rng(0), **options)


TAKEN = {
    "RNN": (lambda: make(RNN), FastRNN),
    "RNN, relu": (lambda: make(RNN, activation="relu"), FastRNN),
    "GRU": (lambda: make(GRU), FastGRU),
    "LSTM": (lambda: make(LSTM), FastLSTM),
    "LSTM, forget bias": (lambda: make(forget_bias=1.0), FastLSTM),
    "a twin": (lambda: make().twin(), FastLSTM),
    "another type": (lambda: make().astype(np.complex128), FastLSTM),
    "a subclass alike": (lambda: make(type("Mine", (LSTM,), {})), FastLSTM),
    "GRU, reset before": (lambda: make(GRU, reset="before"), Loop),
    "MGU": (lambda: make(MGU), Loop),
    **{
        f"LSTM, {name}": (lambda option={name: value}: make(**option), Loop)
        for name, value in {
            "peephole": True, "coupled": True, "input_gate": False,
            "forget_gate": False, "output_gate": False, "gate_recurrence": True,
            "input_activation": "relu", "output_activation": "relu",
            "projection_size": 4, "layer_norm": True,
        }.items()
    },
    **{
        f"{cls.__name__}, {name} of {whose}": (
            lambda own=own, name=name, cls=cls: own(name, cls), Loop
        )
        for cls in CLASSES.values()
        for name in ("read", "step", "step_back", "read_back")
        for whose, own in {
            "a subclass": lambda name, cls: make(overriding(name, cls)),
            "its own": given_to_one,
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize(("build", "loop"), TAKEN.values(), ids=TAKEN)
def test_it_is_taken_for_the_plain_cell_alone(build, loop):
    layer = build()
    assert type(layer.loop()) is loop
    layer.forward(np.ones((2, 5, 3), layer.dtype))
    assert type(layer._tape[1]) is loop


@each
def test_it_is_turned_off_by_one_switch(cls, monkeypatch):
    one, other = make(cls), make(cls)
    fast = type(one.loop())
    assert issubclass(fast, FastLoop)
    one.fast = False
    assert type(one.loop()) is Loop and type(one.twin().loop()) is Loop
    assert type(other.loop()) is fast
    del one.fast
    assert type(one.loop()) is fast
    with monkeypatch.context() as patch:
        patch.setattr(Recurrent, "fast", False)
        assert type(one.loop()) is type(other.loop()) is Loop
    assert type(one.loop()) is type(other.loop()) is fast


@each
def test_a_pass_goes_back_in_the_loop_that_it_went_forth_in(cls):
    case = Case(cls)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    case.layer.fast = False
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)


def arrays(thing):
    """List every array that something holds, but for the numbers of rows."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if isinstance(thing, Packing | StateRows | Layer):
        return []
    if isinstance(thing, tuple | list):
        return [array for part in thing for array in arrays(part)]
    if isinstance(thing, dict):
        return arrays([*thing.values()])
    if isinstance(thing, SimpleNamespace | FastLoop | Loop):
        return arrays(vars(thing))
    return []


@pytest.mark.parametrize("variant", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("mask", [None, [5, 0, 3]], ids=["whole", "lengths"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_that_is_kept_is_of_the_type_of_the_layer(variant, mask, dtype):
    """A neutral 0 that is an int turns what it meets into float64, unseen."""
    case = Case(*variant, dtype=dtype)
    case.layer.forward(case.xs, case.state, mask)
    held = arrays(case.layer._tape)
    assert held and {array.dtype for array in held} == {np.dtype(dtype)}
    case.layer.backward(case.dhs, case.dstate)
    held = arrays(case.layer._loops)
    assert {array.dtype for array in held} <= {np.dtype(dtype)}


@each
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("mask", [None, 4], ids=["whole", "lengths"])
def test_nothing_that_leaves_it_is_kept(cls, B, mask):
    case = Case(cls, B=B)
    results = case.run(mask and B * [mask])
    kept = case.layer.loop()._arrays
    ours = [case.xs, case.dhs, *arrays(case.state), *arrays(case.dstate)]
    outside = [*ours, *case.layer.params.values(), *results.values()]
    for array in outside:
        assert not any(np.shares_memory(array, other) for other in kept.values())
    for name, array in kept.items():
        others = [other for key, other in kept.items() if key != name]
        assert not any(np.shares_memory(array, other) for other in others)


@each
def test_its_arrays_last_until_another_shape_or_type_is_asked_for(cls):
    case, larger = Case(cls), Case(cls, B=4)
    case.run()
    kept = dict(case.layer.loop()._arrays)
    case.run()
    for name, array in case.layer.loop()._arrays.items():
        assert array is kept[name]
    case.layer.forward(larger.xs)
    assert case.layer.loop()._arrays["x"] is not kept["x"]


@each
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_keeps_arrays_of_its_own(cls, copied):
    case, other = Case(cls), Case(cls, seed=1)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    other.layer = copied(case.layer)
    assert other.layer.loop() is not case.layer.loop()
    assert not arrays(other.layer.loop())
    with pytest.raises(RuntimeError, match="call forward first"):
        other.layer.backward(case.dhs)
    got = other.run()
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)
    other.layer = case.layer
    assert_same(got, other.run())


@each
def test_a_whole_batch_a_masked_one_and_a_whole_one(cls):
    """Views are kept of whole batches alone, and only while the arrays last."""
    case = Case(cls, B=3, T=5)
    masks = {"whole": None, "lengths": [5, 2, 0], "holes": np.eye(3, 5) == 0}
    want = {name: Case(cls, B=3, T=5).run(mask) for name, mask in masks.items()}
    for name in ["whole", "lengths", "whole", "holes", "lengths", "whole", "whole"]:
        assert_same(case.run(masks[name]), want[name])
    assert_agree(case.run([5, 5, 5]), want["whole"], np.float64)
