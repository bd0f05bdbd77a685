"""Layers as ONNX models."""

import numpy as np

from ..compose import Stack
from ..gru import MGU
from .layouts import ACTIVATIONS, GATES, ONNX, gates_of, kind_of, levels_of
from .onnx_run import import_package


def to_onnx(layer):
    """Write a layer as an ONNX model: one RNN, LSTM or GRU node for each.

    What has no option of its own is built: a missing gate gets a bias at which sigmoid
    is 1; coupled gates are ``input_forget``, where f = 1 - i, with the sign of a_f
    turned, since sigmoid(-a) = 1 - sigmoid(a); so is z = 1 - f of an MGU.

    Parameters
    ----------
    layer : RNN, LSTM, GRU, MGU, Bidirectional or Stack
        Two directions have to be of one kind and size. Dropout is left out.

    Returns
    -------
    onnx.ModelProto
        Inputs ``xs`` (B, T, I), ``h_0`` and, of an LSTM, ``c_0`` (B, H); outputs ``hs``
        (B, T, H), ``h_T``, ``c_T``. B and T are free. In a stack or two directions,
        the states are named as parameters are: ``0.h_0``, ``1.backward.c_T``.
    """
    onnx, levels = import_package("onnx"), levels_of(layer, ONNX)
    graph = _Graph(onnx, layer.dtype)
    below = graph.declare("input", "xs", "B", "T", levels[0][0].input_size)
    graph.declare("output", "hs", "B", "T", layer.output_size)
    for k, directions in enumerate(levels):
        prefix = f"{k}." if isinstance(layer, Stack) else ""
        name = "hs" if k == len(levels) - 1 else f"{prefix}hs"
        below = _add_level(graph, prefix, directions, below, name)
    opset = onnx.helper.make_opsetid("", 22)
    return onnx.helper.make_model(graph.proto, opset_imports=[opset], ir_version=10)


class _Graph:
    """A model under construction: each call adds one thing, and returns its name."""

    def __init__(self, onnx, dtype):
        self.helper, self.from_array = onnx.helper, onnx.numpy_helper.from_array
        self.number = onnx.helper.np_dtype_to_tensor_dtype(dtype)
        self.proto = onnx.GraphProto(name="layer")

    def declare(self, what, name, *shape):
        """Declare an input or output of the model."""
        value = self.helper.make_tensor_value_info(name, self.number, shape)
        getattr(self.proto, what).append(value)
        return name

    def constant(self, name, array):
        """Add an array."""
        array = np.array(array, order="C")
        self.proto.initializer.append(self.from_array(array, name))
        return name

    def node(self, op, inputs, *outputs, **attributes):
        """Add a node, and return the name of its first output."""
        node = self.helper.make_node(op, inputs, outputs, **attributes)
        self.proto.node.append(node)
        return outputs[0]


def _add_level(graph, prefix, directions, below, name):
    """Add the node of one or two directions, and what turns its axes to ours and back.

    The node reads X (T, B, I) and returns Y (T, D, B, H). Its states are (D, B, H), and
    each of the D is an input and an output of the model.
    """
    kind, attributes = kind_of(directions[0]), _attributes(directions)
    D, H = len(directions), attributes["hidden_size"]
    owners = [prefix] if D == 1 else [f"{prefix}forward.", f"{prefix}backward."]
    letters = "hc" if kind == "LSTM" else "h"
    axis = graph.constant(f"{prefix}axis", np.array([0]))
    states = []
    for letter in letters:
        starts = [graph.declare("input", f"{owner}{letter}_0", "B", H)
                  for owner in owners]  # fmt: skip
        parts = [graph.node("Unsqueeze", [start, axis], f"{start} (1, B, H)")
                 for start in starts]  # fmt: skip
        states.append(graph.node("Concat", parts, f"{prefix}first {letter}", axis=0))
    W, R, B, *P = [graph.constant(prefix + key, array)
                   for key, array in _arrays(directions).items()]  # fmt: skip
    X = graph.node("Transpose", [below], f"{prefix}X", perm=[1, 0, 2])
    lasts = [f"{prefix}last {letter}" for letter in letters]
    inputs = [X, W, R, B, "", *states, *P]  # "": no lengths
    Y = graph.node(kind, inputs, f"{prefix}Y", *lasts, **attributes)
    for letter, last in zip(letters, lasts, strict=True):
        for d, owner in enumerate(owners):
            which = graph.constant(f"{owner}{letter} direction", np.array(d))
            end = graph.node("Gather", [last, which], f"{owner}{letter}_T", axis=0)
            graph.declare("output", end, "B", H)
    ys = graph.node("Transpose", [Y], f"{prefix}ys", perm=[2, 0, 1, 3])  # (B, T, D, H)
    shape = graph.constant(f"{prefix}shape", np.array([0, 0, D * H]))  # 0: as it is
    return graph.node("Reshape", [ys, shape], name)


def _attributes(directions):
    """Return the attributes of the node of one or two directions."""
    found = [(kind_of(part), part.hidden_size, _variant(part)) for part in directions]
    kind, H, variant = found[0]
    if found != [found[0]] * len(directions):
        sizes = " and ".join(f"{kind} of H = {H}" for kind, H, _ in found)
        raise ValueError(
            f"ONNX's two directions are of one kind, size and variant, got {sizes}"
        )
    ours = []
    for part in directions:
        ours += [getattr(part, name, name) for name in ACTIVATIONS[kind]]
    attributes = {
        "hidden_size": H,
        "direction": "forward" if len(directions) == 1 else "bidirectional",
        "activations": [ONNX.activations[name] for name in ours],
    }
    if affine := ours.count("identity"):
        attributes["activation_alpha"] = [1.0] * affine
        attributes["activation_beta"] = [0.0] * affine
    return attributes | variant


def _variant(layer):
    """Return the attribute that tells a variant."""
    if kind_of(layer) == "GRU":
        return {"linear_before_reset": int("b_hn" in layer.params)}
    return {"input_forget": int(layer.coupled)} if kind_of(layer) == "LSTM" else {}


def _arrays(directions):
    """Stack the arrays of one or two directions as ONNX has them, in its order."""
    arrays, kind = [], kind_of(directions[0])
    for gates in map(_gates, directions):
        W_x, W_h, b_x, b_h, _ = ONNX.join(kind, gates)
        arrays.append({"W": W_x.T, "R": W_h.T, "B": np.concatenate([b_x, b_h])})
        if any(getattr(part, "peephole", False) for part in directions):
            arrays[-1]["P"] = ONNX.join("peepholes", gates).p
    return {name: np.stack([each[name] for each in arrays]) for name in arrays[0]}


def _gates(layer):
    """Return the gates of a layer, with those that ONNX has beside them."""
    gates = gates_of(layer)
    if isinstance(layer, MGU):
        gates |= {"r": gates["f"], "z": gates["f"].negated()}
    if kind_of(layer) == "LSTM":
        if layer.coupled:
            gates["i"] = gates["f"].negated()  # and f's own rows are ignored
        for option, gate in GATES.items():
            if not getattr(layer, option):
                gates[gate] = gates[gate].opened()
    return gates
