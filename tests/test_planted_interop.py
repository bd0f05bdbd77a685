"""Mistakes planted in what reads and writes weights, and what finds each.

Each is caught by another package's answer. A round trip is blind to most of them: what
is wrong on the way out is wrong again on the way in.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from cases import VARIANTS, Case
from exchange import SINGLE
from foreign import foreign_difference, onnx_difference
from oracle_keras import keras_difference
from oracle_torch import torch_gap
from unrolled import interop
from unrolled.interop.layouts import KERAS, ONNX, TORCH


def written_gap(name, write):
    """Return how far from ours ONNX Runtime is with what we wrote."""
    cls, options = VARIANTS[name]
    return onnx_difference(Case(cls, options, dtype=np.float32), write)[0]


WRONG_ORDERS = {
    "torch LSTM as ONNX has it": (
        TORCH, "LSTM", "iofg", lambda: torch_gap("LSTM"),
    ),
    "torch GRU as Keras has it": (TORCH, "GRU", "zrn", lambda: torch_gap("GRU")),
    "Keras LSTM as ONNX has it": (
        KERAS, "LSTM", "iofg",
        lambda: min(keras_difference("LSTM", "tanh", True)),
    ),
    "Keras GRU as torch has it": (
        KERAS, "GRU", "rzn", lambda: min(keras_difference("GRU", "tanh", True)),
    ),
    "ONNX LSTM as torch has it": (
        ONNX, "LSTM", "ifgo", lambda: foreign_difference(op="LSTM"),
    ),
    "ONNX GRU as torch has it": (
        ONNX, "GRU", "rzn", lambda: foreign_difference(op="GRU"),
    ),
    "ONNX peepholes as its gates would be": (
        ONNX, "peepholes", "ifo",
        lambda: foreign_difference(op="LSTM", peephole=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_ORDERS)
def test_a_wrong_order_of_gates_is_caught(name, monkeypatch):
    layout, kind, wrong, gap = WRONG_ORDERS[name]
    assert gap() < SINGLE
    monkeypatch.setitem(layout.order, kind, wrong)
    assert gap() > 1e-2


@pytest.mark.parametrize(
    ("key", "wrong", "variant"),
    [("LSTM", "ifgo", "LSTM"), ("GRU", "rzn", "GRU, reset after"),
     ("peepholes", "ifo", "LSTM, peephole")],
)  # fmt: skip
def test_a_wrong_order_in_what_we_write_is_caught(key, wrong, variant, monkeypatch):
    cls, options = VARIANTS[variant]
    monkeypatch.setitem(ONNX.order, key, wrong)
    run, read = onnx_difference(Case(cls, options, dtype=np.float32))
    assert run > 1e-2
    assert read < SINGLE  # a round trip is blind to it


APART = 'params["b"][columns], params[f"b_h{gate}"][...] = b_x, b_h'
MISTAKES = {
    "torch: not transposed": (
        "torch", ".detach().cpu().numpy().T", ".detach().cpu().numpy()",
        "from_torch", lambda read: torch_gap("RNN", read),
    ),
    "torch: the first bias alone": (
        "layouts", "= b_x + b_h", "= b_x",
        "from_torch", lambda read: torch_gap("LSTM", read),
    ),
    "the bias behind the reset dropped": (
        "layouts", APART, 'params["b"][columns] = b_x',
        "from_torch", lambda read: torch_gap("GRU", read),
    ),
    "the bias behind the reset folded, in ONNX": (
        "layouts", APART, 'params["b"][columns] = b_x + b_h',
        "from_onnx",
        lambda read: foreign_difference(read, op="GRU", linear_before_reset=1),
    ),
    "Keras: the biases of a GRU exchanged": (
        "keras", 'b_x, b_h = expect("bias"', 'b_h, b_x = expect("bias"',
        "from_keras", lambda read: keras_difference("GRU", "tanh", True, read=read)[0],
    ),
    "Keras, written: the biases of a GRU exchanged": (
        "keras", "np.stack([b_x, b_h])", "np.stack([b_h, b_x])",
        "to_keras",
        lambda write: keras_difference("GRU", "tanh", True, write=write)[1],
    ),
    "ONNX: not transposed": (
        "onnx_read", "W[d].T, R[d].T,", "W[d].T, R[d],",
        "from_onnx", lambda read: foreign_difference(read, op="RNN"),
    ),
    "ONNX: coupled gates with the sign of i": (
        "onnx_read", 'gates["i"].negated()', 'gates["i"]',
        "from_onnx", lambda read: foreign_difference(read, op="LSTM", input_forget=1),
    ),
    "ONNX, written: coupled gates with the sign of f": (
        "onnx_write", 'gates["i"] = gates["f"].negated()', 'gates["i"] = gates["f"]',
        "to_onnx", lambda write: written_gap("LSTM, coupled", write),
    ),
    "ONNX, written: a missing gate shut": (
        "layouts", "zero.b_x + 100", "zero.b_x - 100",
        "to_onnx", lambda write: written_gap("LSTM, no input gate", write),
    ),
    "ONNX, written: z of an MGU not negated": (
        "onnx_write", '"z": gates["f"].negated()', '"z": gates["f"]',
        "to_onnx", lambda write: written_gap("MGU", write),
    ),
    "ONNX, written: not transposed": (
        "onnx_write", '"R": W_h.T', '"R": W_h',
        "to_onnx", lambda write: written_gap("RNN, tanh", write),
    ),
}  # fmt: skip


def planted(folder, name, right, wrong):
    """Import a copy of `unrolled.interop` in which one of the files is wrong."""
    source = Path(interop.__file__).parent
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1, f"{right!r} must stand once in {path.name}"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    for known in [key for key in sys.modules if key.startswith("unrolled.planted")]:
        del sys.modules[known]
    spec = importlib.util.spec_from_file_location(
        "unrolled.planted", folder / "__init__.py"
    )
    copy = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(name, tmp_path):
    file, right, wrong, function, gap = MISTAKES[name]
    sound = planted(tmp_path / "sound", file, right, right)
    assert gap(getattr(sound, function)) < SINGLE
    mistaken = planted(tmp_path / "mistaken", file, right, wrong)
    assert gap(getattr(mistaken, function)) > 1e-2
