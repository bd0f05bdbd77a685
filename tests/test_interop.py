"""What each package has not, and what holds for all of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cases import VARIANTS
from exchange import make, refusal
from unrolled import (
    GRU,
    LSTM,
    MGU,
    RNN,
    Bidirectional,
    Checkpointed,
    Embedding,
    Stack,
    interop,
)
from unrolled.interop import layouts

NO = {
    "sigmoid": "activation 'sigmoid'",
    "identity": "activation 'identity'",
    "relu": "activation 'relu'",
    "apart": "input activation apart from the output activation",
    "peephole": "peepholes",
    "coupled": "coupled gates",
    "input": "option to leave out the input gate",
    "forget": "option to leave out the forget gate",
    "output": "option to leave out the output gate",
    "recurrence": "gate recurrence",
    "norm": "layer normalisation",
    "projection": "projection",
    "before": "reset before the product",
    "minimal": "minimal gated unit",
}
# Of each variant what torch.nn, Keras and ONNX lack; "" where they have it.
REFUSED = {
    "RNN, tanh": ("", "", ""),
    "RNN, relu": ("", "", ""),
    "RNN, sigmoid": ("sigmoid", "", ""),
    "RNN, identity": ("identity", "", ""),
    "LSTM": ("", "", ""),
    "LSTM, peephole": ("peephole", "peephole", ""),
    "LSTM, coupled": ("coupled", "coupled", ""),
    "LSTM, coupled peephole": ("peephole", "peephole", ""),
    "LSTM, no input gate": ("input", "input", ""),
    "LSTM, no forget gate": ("forget", "forget", ""),
    "LSTM, no output gate": ("output", "output", ""),
    "LSTM, gate recurrence": ("recurrence", "recurrence", "recurrence"),
    "LSTM, the same, linear output": ("recurrence", "recurrence", "recurrence"),
    "LSTM, no input activation": ("identity", "apart", ""),
    "LSTM, no output activation": ("identity", "apart", ""),
    "LSTM, relu": ("relu", "", ""),
    "LSTM, projection": ("", "projection", "projection"),
    "LSTM, layer norm": ("norm", "norm", "norm"),
    "LSTM, forget bias": ("", "", ""),
    "GRU, reset after": ("", "", ""),
    "GRU, reset before": ("before", "", ""),
    "MGU": ("minimal", "minimal", ""),
}


def test_every_variant_has_its_row():
    assert REFUSED.keys() == VARIANTS.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_a_variant_is_written_or_refused_by_name(name):
    cls, options = VARIANTS[name]
    layer = make(cls, H=5, **options)
    kind = {"MGU": "GRU"}.get(cls.__name__, cls.__name__)
    keras = "SimpleRNN" if kind == "RNN" else kind
    writers = [
        (interop.to_torch, f"torch.nn.{kind}"),
        (interop.to_keras, f"Keras's {keras}"),
        (interop.to_onnx, f"ONNX's {kind}"),
    ]
    for (write, where), lacking in zip(writers, REFUSED[name], strict=True):
        if lacking:
            with refusal(f"{where} has no {NO[lacking]}"):
                write(layer)
            if write is not interop.to_keras:  # nor has it two of them
                with refusal(f"{where} has no {NO[lacking]}"):
                    write(Bidirectional(layer, layer.twin()))
        else:
            write(layer)


WRITERS = [interop.to_torch, interop.to_keras, interop.to_onnx]


def test_an_option_that_no_table_lists_is_refused(monkeypatch):
    monkeypatch.delitem(layouts.WORDS, "gate_recurrence")
    with refusal("ONNX's LSTM has no gate_recurrence"):
        interop.to_onnx(make(LSTM, gate_recurrence=True))


@pytest.mark.parametrize("write", [interop.to_torch, interop.to_onnx])
def test_an_embedding_is_refused(write):
    table = Embedding(7, 3, rng=np.random.default_rng(0))
    for layers in ([make(), make()], [make()]):
        with refusal("layer must be without an embedding, got a Stack with one: "
                     "pass a Stack of its layer.layers"):  # fmt: skip
            write(Stack(layers, embedding=table))


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("cls", [RNN, LSTM, GRU, MGU])
def test_what_is_no_layer_of_ours_is_refused(cls, write):
    class Own(cls):
        """A subclass may compute anything."""

    class OwnStack(Stack):
        """So may this."""

    class OwnPair(Bidirectional):
        """And this."""

    sentence = ("layer must be an RNN, LSTM, GRU or MGU, a Bidirectional of them, or a "
                "Stack of these, got a {} inside")  # fmt: skip
    stack = Stack([make(cls), make(cls)])
    for layer in (
        Checkpointed(make(cls)),
        Own(2, 3, rng=np.random.default_rng(0)),
        OwnStack([make(cls)]),
        OwnPair(make(cls), make(cls)),
        Stack([stack]),
        Bidirectional(stack, stack.twin()),
        torch.nn.LSTM(2, 3),
    ):
        known = type(layer) in (Stack, Bidirectional)
        inside = layer.layers[0] if known else layer
        with refusal(sentence.format(type(inside).__name__)):
            write(layer)


@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_nothing_is_shared_with_what_came_or_went(cls):
    layer = make(cls)
    kept = {name: p.copy() for name, p in layer.params.items()}
    name = "SimpleRNN" if cls is RNN else cls.__name__
    module, weights = interop.to_torch(layer), interop.to_keras(layer)
    read = [interop.from_torch(module), interop.from_keras(name, weights)]
    for array in weights:
        array[...] = 99
    with torch.no_grad():
        for w in module.parameters():
            w.fill_(99)
    for each in (layer, *read):
        for name, p in kept.items():
            np.testing.assert_array_equal(each.params[name], p)
            assert each.params[name].flags.c_contiguous
            assert each.params[name].flags.writeable


def test_what_the_module_offers():
    names = {f"{way}_{package}" for way in ("to", "from")
             for package in ("torch", "keras", "onnx")}  # fmt: skip
    assert {*interop.__all__} == names | {"run_onnx"}
    assert all(callable(getattr(interop, name)) for name in interop.__all__)


def test_the_module_imports_none_of_the_packages():
    book = Path(__file__).resolve().parent.parent / "book"
    names = "{'torch', 'onnx', 'onnxruntime'}"
    code = f"import sys, unrolled; print(*{names} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=book,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
