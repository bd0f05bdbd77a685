"""Layers as ONNX models, and back; a real model, which ONNX Runtime runs.

Both packages are imported where they are needed: the layers do without.
"""

import numpy as np

from .arguments import expect, floating
from .compose import Stack
from .gru import MGU
from .layouts import (
    CLASSES,
    ORDER,
    cut,
    kind,
    load,
    put_together,
    put_up,
    refuse,
    side_by_side,
    take_apart,
    take_down,
)

ACTIVATIONS = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid"}
ACTIVATIONS["identity"] = "Affine"  # alpha x + beta, with alpha 1 and beta 0
FAR = 100.0  # sigmoid(FAR) is 1 in either type: a gate with this bias is open
MOVES = "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity"  # axes, not numbers


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

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError, ValueError
        If ONNX has no such layer.
    """
    onnx, grid, name = load("onnx"), take_down(layer), "xs"
    make = onnx.helper
    number = make.np_dtype_to_tensor_dtype(layer.dtype)
    nodes, inputs, outputs, arrays = [], [], [], []

    def free(name, *shape):
        """Describe an input or output of the model."""
        return make.make_tensor_value_info(name, number, shape)

    def keep(name, array):
        """Add an array to the model, and return its name."""
        arrays.append(onnx.numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def add(op, given, *made, **attributes):
        """Add a node, and return the name of its first output."""
        nodes.append(make.make_node(op, given, made, **attributes))
        return made[0]

    inputs.append(free("xs", "B", "T", grid[0][0].input_size))
    first = keep("first axis", np.array([0]))
    for k, row in enumerate(grid):
        at = f"{k}." if isinstance(layer, Stack) else ""
        ends = [at] if len(row) == 1 else [f"{at}forward.", f"{at}backward."]
        op, H, attributes = _node(row)
        letters = "hc" if op == "LSTM" else "h"
        given = [add("Transpose", [name], f"{at}X", perm=[1, 0, 2])]
        given += [keep(at + key, array) for key, array in _arrays(row).items()]
        starts = []
        for letter in letters:
            inputs += [free(f"{end}{letter}_0", "B", H) for end in ends]
            parts = [add("Unsqueeze", [f"{end}{letter}_0", first], f"{end}{letter}")
                     for end in ends]  # fmt: skip
            starts.append(add("Concat", parts, f"{at}initial_{letter}", axis=0))
        given[4:] = ["", *starts, *given[4:]]  # no lengths, then the states, then P
        lasts = [f"{at}Y_{letter}" for letter in letters]
        add(op, given, f"{at}Y", *lasts, **attributes)
        for letter in letters:
            for d, end in enumerate(ends):
                outputs.append(free(f"{end}{letter}_T", "B", H))
                place = keep(f"{end}{letter} place", np.array(d))
                add("Gather", [f"{at}Y_{letter}", place], f"{end}{letter}_T", axis=0)
        add("Transpose", [f"{at}Y"], f"{at}ys", perm=[2, 0, 1, 3])  # (B, T, ways, H)
        wide = keep(f"{at}shape", np.array([0, 0, len(row) * H]))
        name = "hs" if k == len(grid) - 1 else f"{at}hs"
        add("Reshape", [f"{at}ys", wide], name)
    outputs.insert(0, free("hs", "B", "T", layer.output_size))
    graph = make.make_graph(nodes, type(layer).__name__, inputs, outputs, arrays)
    opset = make.make_opsetid("", 22)
    return make.make_model(graph, opset_imports=[opset], ir_version=10)


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

    Raises
    ------
    ImportError
        If onnx is not installed.
    TypeError, ValueError
        If a node has what we have not, or the nodes do not stand one on the other.
    """
    onnx = load("onnx")
    if isinstance(model, bytes):
        model = onnx.load_from_string(model)
    arrays = {a.name: onnx.numpy_helper.to_array(a) for a in model.graph.initializer}
    makers = {name: node for node in model.graph.node for name in node.output}
    rows, below = [], None
    for node in model.graph.node:
        if node.op_type not in CLASSES:
            continue
        name = node.input[0]
        while name in makers and makers[name].op_type in MOVES:
            name = makers[name].input[0]
        if below is not None and name != below.output[0]:
            raise ValueError(
                "the recurrent nodes of a model must stand one on the other, got "
                f"{node.op_type} on {makers[name].op_type if name in makers else name}"
            )
        attributes = {
            a.name: onnx.helper.get_attribute_value(a) for a in node.attribute
        }
        rows.append(_read(node, attributes, arrays))
        below = node
    if not rows:
        raise ValueError("a model must have an RNN, LSTM or GRU node, got none")
    return put_up(rows)


def run_onnx(model, xs, state=None):
    """Run a model that `to_onnx` made, with ONNX Runtime.

    Parameters
    ----------
    model : onnx.ModelProto, or bytes
        In float32: ONNX Runtime has no recurrent nodes for float64.
    xs : array, shape (B, T, I)
        The inputs.
    state : dict of str to array, optional
        The initial states by name, such as ``h_0``; zero where none is given.

    Returns
    -------
    hs : array, shape (B, T, H)
        The outputs.
    state : dict of str to array
        The final states by name, such as ``h_T``.

    Raises
    ------
    ImportError
        If onnx or onnxruntime is not installed.
    TypeError, ValueError
        If the model is in float64, or a shape or a name is not what it must be.
    """
    onnx, runtime = load("onnx"), load("onnxruntime")
    if isinstance(model, bytes):
        model = onnx.load_from_string(model)
    inputs = {value.name: value.type.tensor_type for value in model.graph.input}
    if any(kind.elem_type != onnx.TensorProto.FLOAT for kind in inputs.values()):
        raise TypeError(
            "ONNX Runtime runs recurrent nodes in float32 alone: "
            "call to_onnx with layer.astype(np.float32)"
        )
    sizes = {name: kind.shape.dim[-1].dim_value for name, kind in inputs.items()}
    single = np.dtype(np.float32)
    xs = expect("xs", xs, ("B", "T", sizes.pop("xs")), single)
    feed, given = {"xs": xs}, dict(state or {})
    for name, size in sizes.items():
        part = given.pop(name, np.zeros((len(xs), size)))
        feed[name] = expect(name, part, (len(xs), size), single)
    if given:
        raise ValueError(f"state must hold {', '.join(sizes)}, got {', '.join(given)}")
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_outputs()]
    hs, *last = session.run(None, feed)
    return hs, dict(zip(names[1:], last, strict=True))


def _node(row):
    """Return the kind of node for the directions of a layer, its H and attributes."""
    for part in row:
        refuse("ONNX", part)
    found = [(kind(part), part.hidden_size, _flag(part)) for part in row]
    if found[0] != found[-1]:
        sizes = " and ".join(f"{name} of H = {H}" for name, H, _ in found)
        raise ValueError(
            f"ONNX's two directions are of one kind, size and variant, got {sizes}"
        )
    name, H, flag = found[0]
    activations = [ACTIVATIONS[f] for part in row for f in _activations(part)]
    affine = activations.count("Affine")
    scales = {"activation_alpha": [1.0] * affine, "activation_beta": [0.0] * affine}
    direction = ("forward", "bidirectional")[len(row) - 1]
    attributes = {"hidden_size": H, "direction": direction, "activations": activations}
    return name, H, attributes | flag | (scales if affine else {})


def _activations(layer):
    """Return the nonlinearities of a layer in ONNX's order."""
    if kind(layer) == "RNN":
        return [layer.activation]
    if kind(layer) == "GRU":
        return ["sigmoid", "tanh"]
    return ["sigmoid", layer.input_activation, layer.output_activation]


def _flag(layer):
    """Return the attribute that tells a variant."""
    if kind(layer) == "GRU":
        return {"linear_before_reset": int("b_hn" in layer.params)}
    return {"input_forget": int(layer.coupled)} if kind(layer) == "LSTM" else {}


def _arrays(row):
    """Stack the arrays of a layer's directions as ONNX has them."""
    order, arrays = ORDER["ONNX"][kind(row[0])], []
    for part in row:
        gates = _built(part)
        W, R, b_x, b_h, _ = side_by_side(gates, order)
        arrays.append({"W": W.T, "R": R.T, "B": np.concatenate([b_x, b_h])})
        if any(getattr(each, "peephole", False) for each in row):
            *_, p = side_by_side(gates, ORDER["ONNX"]["peepholes"])
            arrays[-1]["P"] = p
    return {name: np.stack([each[name] for each in arrays]) for name in arrays[0]}


def _built(layer):
    """Return the gates of a layer as ONNX has them, with those that it has not."""
    gates = take_apart(layer)
    if isinstance(layer, MGU):
        gates |= {"r": gates["f"], "z": _turned(gates["f"])}
    if kind(layer) == "LSTM":
        if layer.coupled:
            gates["i"] = _turned(gates["f"])  # and f's own rows are ignored
        for gate, there in zip(
            "ifo", (layer.input_gate, layer.forget_gate, layer.output_gate), strict=True
        ):
            if not there:
                W, R, b_x, b_h, p = (0 * part for part in gates[gate])
                gates[gate] = [W, R, b_x + FAR, b_h, p]
    return gates


def _turned(gate):
    """Turn the sign of all that enters a gate: sigmoid(-a) = 1 - sigmoid(a)."""
    return [-part for part in gate]


def _read(node, attributes, arrays):
    """Make a layer of each direction of a node."""
    name, k = node.op_type, len(ORDER["ONNX"][node.op_type])
    direction = attributes.get("direction", b"forward").decode()
    D = 2 if direction == "bidirectional" else 1
    if direction == "reverse" or "clip" in attributes:
        what = "clip" if "clip" in attributes else "direction 'reverse'"
        raise ValueError(f"our {name} has no {what}: got a node that has it")
    slots = ("X", "W", "R", "B", "", "", "", "P")
    given = {key: array for key, array in zip(slots, node.input, strict=False) if array}
    missing = [key for key in "WRBP" if key in given and given[key] not in arrays]
    if missing or not {"W", "R"} <= given.keys():
        array = (missing or [key for key in "WR" if key not in given])[0]
        raise ValueError(
            f"{array} of an ONNX node must be among the model's initialisers"
        )
    W, R = arrays[given["W"]], arrays[given["R"]]
    dtype, H = floating(W.dtype), R.shape[-1]
    W = expect("W", W, (D, k * H, "I"), dtype)
    R = expect("R", R, (D, k * H, H), dtype)
    B = arrays.get(given.get("B"), np.zeros((D, 2 * k * H), dtype))
    b_x, b_h = np.split(expect("B", B, (D, 2 * k * H), dtype), 2, -1)
    P = arrays.get(given.get("P"), np.zeros((D, 3 * H), dtype))
    P = expect("P", P, (D, 3 * H), dtype)
    layers, variants = [], _variants(name, attributes, D)
    for d in range(D):
        gates = cut(ORDER["ONNX"][name], [W[d].T, R[d].T, b_x[d], b_h[d]])
        if name == "LSTM":
            seen = cut(ORDER["ONNX"]["peepholes"], [P[d]])
            for gate in gates:
                gates[gate] += seen.get(gate, [np.zeros(H, dtype)])
            variants[d]["peephole"] = "P" in given
            if variants[d]["coupled"]:
                gates["f"] = _turned(gates["i"])
        layers.append(put_together(name, gates, **variants[d]))
    return layers


def _variants(name, attributes, D):
    """Return our options for each direction of a node."""
    usual = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
    given = [f.decode() for f in attributes.get("activations", [])]
    given = given or usual.get(name, ["Sigmoid", "Tanh"]) * D
    ours = {theirs.lower(): f for f, theirs in ACTIVATIONS.items()}
    found = np.array_split([ours.get(f.lower(), f) for f in given], D)
    fixed = {"RNN": [], "LSTM": ["sigmoid"], "GRU": ["sigmoid", "tanh"]}[name]
    scaled = (
        any(alpha != 1 for alpha in attributes.get("activation_alpha", []))
        or any(beta != 0 for beta in attributes.get("activation_beta", []))
    )  # fmt: skip
    variants = []
    for f in map(np.ndarray.tolist, found):
        if scaled or f[: len(fixed)] != fixed or not {*f} <= {*ACTIVATIONS}:
            what = "scaled activations" if scaled else f"activations {', '.join(given)}"
            raise ValueError(f"our {name} has no {what}: got a node that has them")
        if name == "RNN":
            variants.append({"activation": f[0]})
        elif name == "LSTM":
            coupled = bool(attributes.get("input_forget"))
            both = {"input_activation": f[1], "output_activation": f[2]}
            variants.append({"coupled": coupled, **both})
        else:
            after = attributes.get("linear_before_reset")
            variants.append({"reset": "after" if after else "before"})
    return variants
