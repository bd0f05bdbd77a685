"""ONNX models as layers."""

import numpy as np

from ..arguments import expect, floating
from .layouts import ACTIVATIONS, CLASSES, ONNX, layer_of, stack_of
from .onnx_run import as_model, import_package

MOVES = "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity"  # axes, not numbers
INPUTS = "X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"
OURS = {theirs.lower(): ours for ours, theirs in ONNX.activations.items()}


def from_onnx(model):
    """Make a layer of the recurrent nodes of an ONNX model.

    Parameters
    ----------
    model : onnx.ModelProto, or bytes
        Its RNN, LSTM and GRU nodes have to stand one on the other, with nothing between
        them that computes. What is below the first and above the last is not read, nor
        are initial states.

    Returns
    -------
    RNN, LSTM, GRU, Bidirectional or Stack
        It computes what the nodes compute. What was built for `to_onnx` is read as
        built: a missing gate as one with a large bias, an MGU as a GRU.
    """
    model, onnx = as_model(model), import_package("onnx")
    arrays = {a.name: onnx.numpy_helper.to_array(a) for a in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    levels, below = [], None
    for node in model.graph.node:
        if node.op_type not in CLASSES:
            continue
        name = _source(node.input[0], makers)
        if below is not None and name != below.output[0]:
            raise ValueError(
                "the recurrent nodes of a model must stand one on the other, got "
                f"{node.op_type} on {makers[name].op_type if name in makers else name}"
            )
        value = onnx.helper.get_attribute_value
        attributes = {a.name: value(a) for a in node.attribute}
        levels.append(_level(node, attributes, arrays))
        below = node
    if not levels:
        raise ValueError("a model must have an RNN, LSTM or GRU node, got none")
    return stack_of(levels)


def _source(name, makers):
    """Follow a name down to where its numbers are computed."""
    while name in makers and makers[name].op_type in MOVES:
        name = makers[name].input[0]
    return name


def _level(node, attributes, arrays):
    """Make a layer of each direction of a node."""
    kind, direction = node.op_type, attributes.get("direction", b"forward")
    _refuse(direction == b"reverse", kind, "direction 'reverse'")
    _refuse("clip" in attributes, kind, "clip")
    given = {key: name for key, name in zip(INPUTS, node.input, strict=False) if name}
    D = 2 if direction == b"bidirectional" else 1
    W, R, B, P = _weights(kind, given, arrays, D)
    level = []
    for d, options in enumerate(_options(kind, attributes, D)):
        b_x, b_h = np.split(B[d], 2)
        gates = ONNX.split(kind, W[d].T, R[d].T, b_x, b_h)
        if kind == "LSTM":
            for gate, p in zip(ONNX.order["peepholes"], np.split(P[d], 3), strict=True):
                gates[gate] = gates[gate]._replace(p=p)
            options["peephole"] = "P" in given
            if options["coupled"]:
                gates["f"] = gates["i"].negated()
        level.append(layer_of(kind, gates, **options))
    return level


def _weights(kind, given, arrays, D):
    """Return W, R, B and P of D directions, zeros where a node has no B or P."""
    for key in "WRBP":
        if given.get(key) not in arrays and (key in given or key in "WR"):
            raise ValueError(
                f"{key} of an ONNX node must be among the model's initialisers"
            )
    W, R = arrays[given["W"]], arrays[given["R"]]
    dtype, H = floating(W.dtype), R.shape[-1]
    kH = len(ONNX.order[kind]) * H
    B = arrays.get(given.get("B"), np.zeros((D, 2 * kH)))
    P = arrays.get(given.get("P"), np.zeros((D, 3 * H)))
    return (
        expect("W", W, (D, kH, "I"), dtype),
        expect("R", R, (D, kH, H), dtype),
        expect("B", B, (D, 2 * kH), dtype),
        expect("P", P, (D, 3 * H), dtype),
    )


def _options(kind, attributes, D):
    """Return our options for each direction of a node."""
    scales = ("activation_alpha", 1), ("activation_beta", 0)
    scaled = any({*attributes.get(key, [])} - {one} for key, one in scales)
    _refuse(scaled, kind, "scaled activations", "them")
    after = attributes.get("linear_before_reset")
    variant = {
        "RNN": {},
        "LSTM": {"coupled": bool(attributes.get("input_forget"))},
        "GRU": {"reset": "after" if after else "before"},
    }[kind]
    names, options = ACTIVATIONS[kind], []
    given = [f.decode() for f in attributes.get("activations", [])]
    ours = [OURS.get(f.lower()) for f in given]
    for d in range(D):
        found = ours[d * len(names) : (d + 1) * len(names)]
        named = zip(names, found, strict=False)
        chosen = {name: f for name, f in named if name not in ONNX.activations}
        known = found == [chosen.get(name, name) for name in names] and all(found)
        _refuse(given and not known, kind, f"activations {', '.join(given)}", "them")
        options.append(variant | chosen)
    return options


def _refuse(unknown, kind, what, pronoun="it"):
    """Raise if a node has what ours has not."""
    if unknown:
        raise ValueError(f"our {kind} has no {what}: got a node that has {pronoun}")
