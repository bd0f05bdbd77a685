"""ONNX models that we wrote or somebody else, in ONNX Runtime and as our layers."""

import numpy as np
import onnx

from agreement import error, floats
from oracle_onnx import load, one_node
from unrolled import interop


def onnx_difference(case, write=None):
    """Return how far ONNX Runtime is from our float32, and a layer read from ours."""
    model = (write or interop.to_onnx)(case.layer)
    onnx.checker.check_model(model, full_check=True)
    start = {f"{key}_0": part for key, part in case.parts(case.state).items()}
    hs, last = interop.run_onnx(model, case.xs, start)
    want, end = case.layer.forward(case.xs, case.state)
    again, _ = interop.from_onnx(model).forward(case.xs, case.state)
    ends = {f"{key}_T": part for key, part in case.parts(end).items()}
    assert ends.keys() == last.keys()
    gaps = [error(last[key], part, 1.0) for key, part in ends.items()]
    return max(error(hs, want, 1.0), *gaps), error(again, want, 1.0)


def foreign(op, I=3, H=2, ways=1, seed=0, peephole=False, bias=True, **attributes):
    """Make a model of one node with random weights."""
    rng = np.random.default_rng(seed)
    k = {"RNN": 1, "LSTM": 4, "GRU": 3}[op]
    shapes = {"W": (ways, k * H, I), "R": (ways, k * H, H)}
    if bias:
        shapes["B"] = ways, 2 * k * H
    if peephole:
        shapes["P"] = ways, 3 * H
    arrays = {
        name: floats(rng, *shape, low=-1, high=1).astype(np.float32)
        for name, shape in shapes.items()
    }
    inputs = ["X", "W", "R", "B" if bias else ""]
    inputs += ["", "", "", "P"] if peephole else []
    if ways == 2:
        attributes["direction"] = "bidirectional"
    return one_node(op, inputs, ["Y"], arrays, hidden_size=H, **attributes)


def run_foreign(model, xs):
    """Run it on xs (B, T, I); return (B, T, ways H)."""
    (Y,) = load(model).run(None, {"X": xs.swapaxes(0, 1).astype(np.float32)})
    return np.concatenate([*Y.transpose(1, 2, 0, 3)], axis=-1)


def foreign_difference(read=None, **node):
    """Return how far a layer that was read is from the node that ONNX Runtime runs."""
    model = foreign(**node)
    xs = floats(np.random.default_rng(1), 4, 5, node.get("I", 3))
    got, _ = (read or interop.from_onnx)(model).forward(xs)
    return error(got, run_foreign(model, xs), 1.0)
