"""Mistakes planted in what reads and writes weights, and what finds each.

Each is caught by another package's answer. A round trip is blind to most of them: what
is wrong on the way out is wrong again on the way in.
"""

import sys

import numpy as np
import pytest

from agreement import error
from cases import VARIANTS, Case
from test_interop import compare_with_torch, keras_difference
from test_interop_onnx import SINGLE, foreign_difference, onnx_difference
from test_planted_gates import run_again
from unrolled.interop.layouts import ONNX


def torch_gap(name, read=None):
    """Return how far from torch a layer is that was read from it.

    I = H, so that every matrix is as wide as high, but for the number of gates.
    """
    got, want = compare_with_torch(name, depth=1, ways=1, read=read)
    return max(error(got[key], want[key], 1.0) for key in got)


def written_gap(name, write):
    """Return how far from ours ONNX Runtime is with what we wrote."""
    cls, options = VARIANTS[name]
    return onnx_difference(Case(cls, options, dtype=np.float32), write)[0]


WRONG_ORDERS = {
    "torch LSTM as ONNX has it": (
        "torch.nn", "LSTM", "iofg", lambda: torch_gap("LSTM"),
    ),
    "torch GRU as Keras has it": ("torch.nn", "GRU", "zrn", lambda: torch_gap("GRU")),
    "Keras LSTM as ONNX has it": (
        "Keras", "LSTM", "iofg",
        lambda: min(keras_difference("LSTM", "tanh", True)),
    ),
    "Keras GRU as torch has it": (
        "Keras", "GRU", "rzn", lambda: min(keras_difference("GRU", "tanh", True)),
    ),
    "ONNX LSTM as torch has it": (
        "ONNX", "LSTM", "ifgo", lambda: foreign_difference(op="LSTM"),
    ),
    "ONNX GRU as torch has it": (
        "ONNX", "GRU", "rzn", lambda: foreign_difference(op="GRU"),
    ),
    "ONNX peepholes as its gates would be": (
        "ONNX", "peepholes", "ifo",
        lambda: foreign_difference(op="LSTM", peephole=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_ORDERS)
def test_a_wrong_order_of_gates_is_caught(name, monkeypatch):
    package, kind, wrong, gap = WRONG_ORDERS[name]
    assert gap() < SINGLE
    monkeypatch.setitem(ORDER[package], kind, wrong)
    assert gap() > 1e-2


@pytest.mark.parametrize(
    ("key", "wrong", "variant"),
    [("LSTM", "ifgo", "LSTM"), ("GRU", "rzn", "GRU, reset after"),
     ("peepholes", "ifo", "LSTM, peephole")],
)  # fmt: skip
def test_a_wrong_order_in_what_we_write_is_caught(key, wrong, variant, monkeypatch):
    cls, options = VARIANTS[variant]
    monkeypatch.setitem(ORDER["ONNX"], key, wrong)
    run, read = onnx_difference(Case(cls, options, dtype=np.float32))
    assert run > 1e-2
    assert read < SINGLE  # a round trip is blind to it


MISTAKES = {
    "torch: not transposed": (
        "interop", "w.detach().cpu().numpy().T", "w.detach().cpu().numpy()",
        "from_torch", lambda read: torch_gap("RNN", read),
    ),
    "torch: the first bias alone": (
        "layouts", '"b": b_x + b_h', '"b": b_x',
        "from_torch", lambda read: torch_gap("LSTM", read),
    ),
    "the bias behind the reset folded": (
        "layouts", 'new["b"][-H:], new["b_hn"] = b_x[-H:], b_h[-H:]', "pass",
        "from_torch", lambda read: torch_gap("GRU", read),
    ),
    "the same, in ONNX": (
        "layouts", 'new["b"][-H:], new["b_hn"] = b_x[-H:], b_h[-H:]', "pass",
        "from_onnx",
        lambda read: foreign_difference(read, op="GRU", linear_before_reset=1),
    ),
    "Keras: the biases of a GRU exchanged": (
        "interop", 'b_x, b_h = expect("bias"', 'b_h, b_x = expect("bias"',
        "from_keras", lambda read: keras_difference("GRU", "tanh", True, read=read)[0],
    ),
    "ONNX: not transposed": (
        "interop_onnx", "[W[d].T, R[d].T,", "[W[d].T, R[d],",
        "from_onnx", lambda read: foreign_difference(read, op="RNN"),
    ),
    "ONNX: coupled gates with the sign of i": (
        "interop_onnx", 'gates["f"] = _turned(gates["i"])', 'gates["f"] = gates["i"]',
        "from_onnx", lambda read: foreign_difference(read, op="LSTM", input_forget=1),
    ),
    "ONNX, written: coupled gates with the sign of f": (
        "interop_onnx", 'gates["i"] = _turned(gates["f"])', 'gates["i"] = gates["f"]',
        "to_onnx", lambda write: written_gap("LSTM, coupled", write),
    ),
    "ONNX, written: a missing gate shut": (
        "interop_onnx", "b_x + FAR", "b_x - FAR",
        "to_onnx", lambda write: written_gap("LSTM, no input gate", write),
    ),
    "ONNX, written: z of an MGU not turned": (
        "interop_onnx", '"z": _turned(gates["f"])', '"z": gates["f"]',
        "to_onnx", lambda write: written_gap("MGU", write),
    ),
    "ONNX, written: not transposed": (
        "interop_onnx", '"R": R.T', '"R": R',
        "to_onnx", lambda write: written_gap("RNN, tanh", write),
    ),
}  # fmt: skip


def planted(module, line, wrong):
    """Run the three modules anew, with one line of one of them replaced."""
    scopes = {}
    for name in ("layouts", "interop_onnx", "interop"):
        change = (line, wrong) if name == module else ()
        scopes[name] = run_again(sys.modules[f"unrolled.{name}"], *change)
        shared = {"cut", "side_by_side", "take_apart", "put_together"}
        for key in shared & scopes[name].keys():
            scopes[name][key] = scopes["layouts"][key]
    return scopes["interop"] | scopes["interop_onnx"]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(name):
    module, line, wrong, function, gap = MISTAKES[name]
    assert gap(planted("", line, wrong)[function]) < SINGLE
    assert gap(planted(module, line, wrong)[function]) > 1e-2
