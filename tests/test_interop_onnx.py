"""ONNX models that we write, run by ONNX Runtime and read again."""

import sys

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper

from agreement import error, floats
from cases import VARIANTS, Case
from exchange import BOTH, SEED, SINGLE, SIZE, assert_same_layer, make, refusal, stacked
from foreign import onnx_difference
from nets import Net
from unrolled import GRU, LSTM, RNN, Bidirectional, Stack, interop

IN_ONNX = [
    name
    for name, (_, options) in VARIANTS.items()
    if not options.keys() & {"gate_recurrence", "projection_size", "layer_norm"}
]


@pytest.mark.parametrize("name", IN_ONNX)
@pytest.mark.parametrize("state", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_onnx_runtime_runs_what_we_wrote(name, state, seed):
    cls, options = VARIANTS[name]
    case = Case(cls, options, dtype=np.float32, state=state, seed=seed, T=3 + seed)
    run, read = onnx_difference(case)
    assert run < SINGLE
    assert read < SINGLE


@given(st.sampled_from([(LSTM, ["peephole", "coupled", "output_gate"]), (RNN, []),
                        (GRU, [])]), st.data(), SIZE, SIZE, SIZE, SEED)  # fmt: skip
def test_options_together_in_onnx_runtime(kind, data, B, I, H, seed):
    cls, switches = kind
    options = {key: data.draw(st.booleans()) for key in switches}
    acts = st.sampled_from(["tanh", "relu", "sigmoid", "identity"])
    if cls is RNN:
        options["activation"] = data.draw(acts)
    elif cls is GRU:
        options["reset"] = data.draw(st.sampled_from(["after", "before"]))
    else:
        for key in ("input_activation", "output_activation"):
            options[key] = data.draw(acts)
    case = Case(cls, options, B=B, I=I, H=H, seed=seed, dtype=np.float32)
    assert max(onnx_difference(case)) < SINGLE


NETS = {
    "two layers": ("stack", ("leaf", "LSTM", 3), ("leaf", "GRU, reset before", 2)),
    "two ways": ("both", ("leaf", "LSTM", 2), ("leaf", "LSTM, relu", 2)),
    "two ways, one with peepholes": (
        "both", ("leaf", "LSTM", 2), ("leaf", "LSTM, peephole", 2),
    ),
    "coupled both ways": (
        "both", ("leaf", "LSTM, coupled", 2), ("leaf", "LSTM, coupled", 2),
    ),
    "a stack of both": (
        "stack",
        ("both", ("leaf", "GRU, reset after", 2), ("leaf", "GRU, reset after", 2)),
        ("both", ("leaf", "RNN, tanh", 3), ("leaf", "RNN, identity", 3)),
        ("leaf", "MGU", 2),
    ),
    "a stack of one": ("stack", ("leaf", "LSTM", 2)),
}  # fmt: skip


def by_name(net, state, end):
    """Name the parts of a net's state as the model does."""

    def walk(layer, state, prefix):
        if isinstance(layer, Stack | Bidirectional):
            both = isinstance(layer, Bidirectional)
            names = ["forward", "backward"] if both else range(len(state))
            for name, part, inner in zip(names, layer.layers, state, strict=True):
                walk(part, inner, f"{prefix}{name}.")
        else:
            parts = state if isinstance(state, tuple) else (state,)
            for letter, part in zip(layer.state_sizes, parts, strict=True):
                named[f"{prefix}{letter}_{end}"] = part

    named = {}
    walk(net.layer, state, "")
    return named


@pytest.mark.parametrize("name", NETS)
def test_onnx_runtime_runs_stacks_and_two_directions(name):
    net = Net(NETS[name], dtype=np.float32)
    model = interop.to_onnx(net.layer)
    onnx.checker.check_model(model, full_check=True)
    hs, last = interop.run_onnx(model, net.xs, by_name(net, net.state, "0"))
    want, end = net.layer.forward(net.xs, net.state)
    assert error(hs, want, 1.0) < SINGLE
    ends = by_name(net, end, "T")
    assert ends.keys() == last.keys()
    for key, part in ends.items():
        assert error(last[key], part, 1.0) < SINGLE
    again = interop.from_onnx(model)
    got, _ = again.forward(net.xs)
    assert error(got, net.layer.forward(net.xs)[0], 1.0) < SINGLE


def test_a_model_is_of_the_opset_that_the_oracle_has():
    model = interop.to_onnx(make())
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 22)]
    assert model.ir_version == 10


def test_one_model_takes_any_batch_and_any_length():
    layer = make(LSTM, dtype=np.float32)
    model = interop.to_onnx(layer).SerializeToString()
    for B, T in ((1, 1), (4, 7), (2, 30)):
        xs = floats(np.random.default_rng(0), B, T, 3)
        assert error(interop.run_onnx(model, xs)[0], layer.forward(xs)[0], 1.0) < SINGLE


@given(st.sampled_from(["RNN, tanh", "RNN, relu", "RNN, sigmoid", "RNN, identity",
                        "LSTM", "LSTM, peephole", "LSTM, coupled",
                        "LSTM, coupled peephole", "LSTM, relu",
                        "LSTM, no input activation", "GRU, reset after",
                        "GRU, reset before"]), st.integers(1, 3), st.integers(1, 2),
       SIZE, SIZE, BOTH, SEED)  # fmt: skip
def test_to_onnx_and_back_bit_for_bit(name, depth, ways, I, H, dtype, seed):
    cls, options = VARIANTS[name]
    layer = stacked(cls, depth, ways, I, H, dtype, seed, **options)
    again = interop.from_onnx(interop.to_onnx(layer).SerializeToString())
    assert_same_layer(again, layer)
    inner = again.layers[0] if depth > 1 else again
    inner = inner.layers[0] if ways == 2 else inner
    for key, value in options.items():
        assert getattr(inner, key) == value


@pytest.mark.parametrize("gate", ["input", "forget", "output"])
def test_the_weights_of_a_missing_gate_do_not_matter(gate):
    options = {f"{gate}_gate": False, "peephole": True}
    case = Case(LSTM, options, dtype=np.float32)
    columns, params = case.layer.columns(gate[0]), case.layer.params
    for array in (*(params[name][..., columns] for name in ("W_x", "W_h", "b")),
                  params[f"p_{gate[0]}"]):  # fmt: skip
        array[...] = 1e4 * np.sign(array)  # more than any bias makes up for
    assert max(onnx_difference(case)) < SINGLE


@pytest.mark.parametrize("name", ["LSTM, no input gate", "LSTM, no forget gate",
                                  "LSTM, no output gate", "MGU"])  # fmt: skip
def test_what_was_built_is_read_as_built(name):
    cls, options = VARIANTS[name]
    model = interop.to_onnx(make(cls, **options))
    again = interop.to_onnx(interop.from_onnx(model))
    for got, want in zip(again.graph.initializer, model.graph.initializer, strict=True):
        assert got.name == want.name
        np.testing.assert_array_equal(
            numpy_helper.to_array(got), numpy_helper.to_array(want)
        )


def test_two_directions_that_onnx_has_not():
    with refusal("ONNX's two directions are of one kind, size and variant, got RNN of "
                 "H = 3 and GRU of H = 3"):  # fmt: skip
        interop.to_onnx(Bidirectional(make(), make(GRU)))


def test_running_asks_for_float32_and_for_known_names():
    with refusal("ONNX Runtime runs recurrent nodes in float32 alone: "
                 "call to_onnx with layer.astype(np.float32)"):  # fmt: skip
        interop.run_onnx(interop.to_onnx(make()), np.zeros((2, 4, 3)))
    model = interop.to_onnx(make(LSTM).astype(np.float32))
    with refusal("state must hold h_0, c_0, got h_T"):
        interop.run_onnx(model, np.zeros((2, 4, 3)), {"h_T": np.zeros((2, 3))})
    with refusal("h_0 must have shape (2, 3), got (1, 3)"):
        interop.run_onnx(model, np.zeros((2, 4, 3)), {"h_0": np.zeros((1, 3))})
    with refusal("xs must have shape (B, T, 3), got (4, 3): "
                 "add the batch axis with xs[None]"):  # fmt: skip
        interop.run_onnx(model, np.zeros((4, 3)))


@pytest.mark.parametrize("name", ["onnx", "onnxruntime"])
def test_without_onnx_a_sentence_says_what_to_install(name, monkeypatch):
    model = interop.to_onnx(make().astype(np.float32))
    monkeypatch.setitem(sys.modules, name, None)
    sentence = f"^ONNX models need {name}: pip install {name}$"
    with pytest.raises(ImportError, match=sentence):
        interop.run_onnx(model, np.zeros((2, 4, 3)))
