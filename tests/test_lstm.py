"""The LSTM: the plain one against torch.nn, its options against sense."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree
from cases import Case, drawn
from oracle_onnx import by_onnx
from source import statements
from style import BOOK, read_page
from transcription import by_torch_nn, by_transcription
from unrolled import LSTM

BOTH = [np.float64, np.float32]
PLAIN = st.just({})
PROJECTED = st.fixed_dictionaries({"projection_size": st.integers(1, 3)})


def lstm(**options):
    """Make a layer with I = 3 and H = 4."""
    return LSTM(3, 4, rng=np.random.default_rng(0), **options)


@given(drawn(LSTM, PLAIN, BOTH))
def test_outputs_and_gradients_are_those_of_torch(case):
    assert_agree(case.run(), by_torch_nn(case), case.layer.dtype)


@given(drawn(LSTM, PROJECTED, BOTH).filter(  # torch has no P >= H
    lambda case: case.options["projection_size"] < case.shape[3]))  # fmt: skip
def test_a_projection_is_that_of_torch(case):
    assert_agree(case.run(), by_torch_nn(case), case.layer.dtype)


@given(drawn(LSTM, PLAIN | PROJECTED, BOTH, T=st.integers(0, 6)))
def test_outputs_and_gradients_are_those_of_the_equations(case):
    assert_agree(case.run(), by_transcription(case), case.layer.dtype)


# Long enough for several blocks of steps, the first of them shorter than the others.
LONG = {"B": 8, "T": 50, "I": 20, "H": 64}


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("sizes", [LONG, LONG | {"T": 101, "B": 5}, LONG | {"H": 200}])
def test_a_long_sequence_is_still_that_of_torch(sizes, dtype):
    case = Case(LSTM, **sizes, dtype=dtype)
    assert_agree(case.run(), by_torch_nn(case), dtype)


def test_saturated_gates_overflow_nowhere():
    case = Case(LSTM, dtype=np.float32)
    case.layer.params["b"] *= 1e4
    with np.errstate(all="raise", under="ignore"):
        assert_agree(case.run(), by_torch_nn(case), np.float32)


SHAPES = {  # at I = 3 and H = 4
    "plain": ({}, {"W_x": (3, 16), "W_h": (4, 16), "b": (16,)}),
    "coupled": (
        {"coupled": True, "peephole": True},
        {"W_x": (3, 12), "W_h": (4, 12), "b": (12,), "p_f": (4,), "p_o": (4,)},
    ),
    "a gate missing": (
        {"forget_gate": False, "peephole": True},
        {"W_x": (3, 16), "W_h": (4, 16), "b": (16,)}
        | {"p_i": (4,), "p_f": (4,), "p_o": (4,)},
    ),
    "gate recurrence": (
        {"gate_recurrence": True},
        {"W_x": (3, 16), "W_h": (4, 16), "b": (16,), "W_gates": (12, 12)},
    ),
    "projection": (
        {"projection_size": 2},
        {"W_x": (3, 16), "W_h": (2, 16), "b": (16,), "W_proj": (4, 2)},
    ),
    "layer norm": (
        {"layer_norm": True, "coupled": True},
        {"W_x": (3, 12), "W_h": (4, 12), "b": (12,), "gain_x": (12,)}
        | {"gain_h": (12,), "gain_c": (4,), "b_c": (4,)},
    ),
}


@pytest.mark.parametrize(("options", "shapes"), SHAPES.values(), ids=SHAPES)
def test_each_option_brings_its_parameters(options, shapes):
    layer = lstm(**options)
    assert {name: p.shape for name, p in layer.params.items()} == shapes
    assert layer.size == sum(np.prod(shape) for shape in shapes.values())


@pytest.mark.parametrize("option", ["input_gate", "forget_gate", "output_gate"])
def test_a_missing_gates_columns_stay_and_are_ignored(option):
    case, letter = Case(LSTM, {option: False, "peephole": True}), option[0]
    want, layer = case.run(), case.layer
    columns = layer.columns(letter)
    for name in ("W_x", "W_h", "b"):
        assert not layer.grads[name][..., columns].any()
        layer.params[name][..., columns] = 7
    assert not layer.grads[f"p_{letter}"].any()
    layer.params[f"p_{letter}"][...] = 7
    for name, array in case.run().items():
        np.testing.assert_array_equal(array, want[name])


@pytest.mark.parametrize("options", [{}, {"coupled": True}, {"peephole": True}])
def test_the_forget_bias_is_the_first_value_of_its_columns(options):
    layer = lstm(forget_bias=1.5, **options)
    want = np.zeros(layer.params["b"].size)
    want[slice(0, 4) if layer.coupled else slice(4, 8)] = 1.5
    np.testing.assert_array_equal(layer.params["b"], want)
    assert not lstm(**options).params["b"].any()


def test_gains_start_at_one_and_peepholes_at_zero():
    params = lstm(layer_norm=True).params
    assert all((params[f"gain_{k}"] == 1).all() for k in "xhc")
    assert not params["b_c"].any() and not lstm(peephole=True).params["p_o"].any()


def test_the_gates_before_the_first_step_are_zero():
    case = Case(LSTM, {"gate_recurrence": True}, state=False)
    want = case.run()
    zeros = np.zeros((3, 5)), np.zeros((3, 5)), np.zeros((3, 15))
    case.state = zeros
    for name, array in case.run().items():
        np.testing.assert_array_equal(array, want[name])
    _, (h, c, gates) = case.layer.forward(case.xs)
    assert gates.shape == (3, 15) and (gates > 0).all() and (gates < 1).all()
    np.testing.assert_allclose(by_onnx(case)["gates_T"], gates, rtol=5e-6)


OWN = "ValueError: gate_recurrence=True needs three gates of their own"
PAIR = "ValueError: coupled=True makes i = 1 - f, so it needs both of these gates"
NORM = "ValueError: layer_norm=True is defined for gates that see x and h alone"
ACTIVATION = (
    "ValueError: activation must be one of 'identity', 'relu', 'sigmoid', "
    "'tanh', got 'tan'"
)
XS, DHS = np.ones((2, 5, 3)), np.ones((2, 5, 4))


def ran(**options):
    """Make a layer that waits for a backward pass."""
    layer = lstm(**options)
    layer.forward(XS)
    return layer


REFUSED = {
    "coupled to no input gate": (lambda: lstm(coupled=True, input_gate=False), PAIR),
    "coupled to no forget gate": (lambda: lstm(coupled=True, forget_gate=False), PAIR),
    "gates that recur, coupled": (
        lambda: lstm(gate_recurrence=True, coupled=True),
        OWN,
    ),
    "gates that recur, one missing": (
        lambda: lstm(gate_recurrence=True, output_gate=False),
        OWN,
    ),
    "normalised, with peepholes": (lambda: lstm(layer_norm=True, peephole=True), NORM),
    "normalised, gates that recur": (
        lambda: lstm(layer_norm=True, gate_recurrence=True),
        NORM,
    ),
    "a bias for no gate": (
        lambda: lstm(forget_bias=1.0, forget_gate=False),
        "ValueError: forget_bias needs the forget gate, got forget_gate=False",
    ),
    "an unknown input activation": (lambda: lstm(input_activation="tan"), ACTIVATION),
    "an unknown output activation": (lambda: lstm(output_activation="tan"), ACTIVATION),
    "no projection": (
        lambda: lstm(projection_size=0),
        "ValueError: projection_size must be at least 1, got 0",
    ),
    "a projection with a fraction": (
        lambda: lstm(projection_size=2.5),
        "TypeError: projection_size must be a whole number, got 2.5",
    ),
    "a state of one array": (
        lambda: lstm().forward(XS, np.ones((2, 4))),
        "ValueError: state must hold (h, c), got one array",
    ),
    "a state of three": (
        lambda: lstm().forward(XS, 3 * (np.ones((2, 4)),)),
        "ValueError: state must hold (h, c), got 3",
    ),
    "a state without its gates": (
        lambda: lstm(gate_recurrence=True).forward(XS, 2 * (np.ones((2, 4)),)),
        "ValueError: state must hold (h, c, gates), got 2",
    ),
    "a cell of another size": (
        lambda: lstm(projection_size=2).forward(XS, 2 * (np.ones((2, 2)),)),
        "ValueError: state c must have shape (2, 4), got (2, 2)",
    ),
    "a cell with NaN": (
        lambda: lstm().forward(XS, (np.ones((2, 4)), np.full((2, 4), np.nan))),
        "ValueError: state c must be finite, got nan at index (0, 0)",
    ),
    "a gradient of one array": (
        lambda: ran().backward(DHS, np.ones((2, 4))),
        "ValueError: dstate must hold (h, c), got one array",
    ),
    "a gradient of c that would broadcast": (
        lambda: ran().backward(DHS, (np.ones((2, 4)), np.ones(4))),
        "ValueError: dstate c must have shape (2, 4), got (4,)",
    ),
    "dhs of the cell's size": (
        lambda: ran(projection_size=2).backward(DHS),
        "ValueError: dhs must have shape (2, 5, 2), got (2, 5, 4)",
    ),
}


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_gets_one_sentence(mistake, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert f"{caught.type.__name__}: {caught.value}" == sentence


def test_chapter_8_goes_back_by_the_same_lines():
    cells = read_page(BOOK / "08-lstm-gradients.ipynb").code
    page = next(cell.text for cell in cells if "def step_backward(" in cell.text)
    page = page.replace("W_h.T", "w.W_h.T").replace("np.hstack([", "beside(")
    page = page.replace("da_o])", "da_o)")
    unpack, *ours, _weights, _return = statements(page)
    unpack_theirs, *theirs, _return = statements(inspect.getsource(LSTM.step_back))
    assert ours == theirs and unpack == f"x, {unpack_theirs}"
