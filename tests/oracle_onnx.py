"""ONNX Runtime as an oracle: it knows more variants than torch.nn, in float32 only.

Its LSTM orders the gates i o f c, its GRU z r h. What it has no option for is built
from what it has:

- a gate that is missing has weights of zero and a bias at which sigmoid is 1;
- no activation is Affine, with alpha 1 and beta 0;
- coupled gates are its ``input_forget``, which makes f = 1 - i; ours is i = 1 - f, so
  its i has our rows of f with the sign turned: sigmoid(-a) = 1 - sigmoid(a);
- the minimal gated unit is a GRU with r = f and z = 1 - f, so the same turn of sign;
- a projection sits inside the recurrent weights, and is repeated on the outputs;
- full gate recurrence is an LSTM whose state holds the gates too: see ``_widen``.
"""

from functools import cache

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from unrolled import LSTM, MGU, RNN

NAMES = {"tanh": "Tanh", "relu": "Relu", "sigmoid": "Sigmoid", "identity": "Affine"}
FAR = 100.0  # sigmoid(FAR) is 1, sigmoid(-FAR) is 0


RANKS = {"X": 3, "W": 3, "R": 3, "B": 2, "initial_h": 3, "initial_c": 3, "P": 2}
RANKS |= {"sequence_lens": 1, "Y": 4, "Y_h": 3, "Y_c": 3}


def one_node(op, inputs, outputs, arrays=None, **attributes):
    """Build a model of one node; inputs that are no arrays of it are fed."""

    def value(name):
        shape = [f"{name}_{axis}" for axis in range(RANKS[name])]
        whole = name == "sequence_lens"
        kind = TensorProto.INT32 if whole else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, shape)

    arrays = arrays or {}
    node = helper.make_node(op, [*inputs], [*outputs], **attributes)
    graph = helper.make_graph(
        [node],
        "layer",
        [value(name) for name in inputs if name and name not in arrays],
        [value(name) for name in outputs],
        [numpy_helper.from_array(a, name) for name, a in arrays.items()],
    )
    opset = helper.make_opsetid("", 22)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10)


def load(model):
    """Load a model, to be run by one thread."""
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers)


@cache
def session(op, inputs, outputs, attributes):
    """Load a model of one node that is fed all of its inputs."""
    return load(one_node(op, inputs, outputs, **dict(attributes)))


def call(
    op, order, activations, rows, xs, h, c=None, peepholes=None, lengths=None,
    **attributes,
):  # fmt: skip
    """Run one layer of ONNX Runtime.

    ``rows`` holds for each gate its W (I, H), R (H, H), and two biases (H,).
    """
    W, R, b_x, b_h = (
        np.concatenate([rows[gate][k] for gate in order], -1).T for k in range(4)
    )
    feed = {"X": xs.swapaxes(0, 1), "W": W[None], "R": R[None]}
    fifth = "" if lengths is None else "sequence_lens"
    feed |= {"B": np.concatenate([b_x, b_h])[None], fifth: lengths}
    feed |= {"initial_h": h[None]}
    outputs = ["Y", "Y_h"]
    if c is not None:
        feed["initial_c"], outputs = c[None], [*outputs, "Y_c"]
        if peepholes is not None:
            feed["P"] = np.concatenate([peepholes[gate] for gate in "iof"])[None]
    attributes |= {"hidden_size": h.shape[1], "activations": activations}
    if count := activations.count("Affine"):
        attributes |= {"activation_alpha": [1.0] * count}
        attributes |= {"activation_beta": [0.0] * count}
    frozen = tuple(
        (k, tuple(v) if isinstance(v, list) else v) for k, v in attributes.items()
    )
    run = session(op, tuple(feed), tuple(outputs), frozen).run
    feed.pop("", None)
    types = {"sequence_lens": np.int32}
    feed = {
        k: np.ascontiguousarray(v, types.get(k, np.float32)) for k, v in feed.items()
    }
    hs, *last = run(None, feed)
    return hs[:, 0].swapaxes(0, 1), *(part[0] for part in last)


def by_onnx(case, lengths=None):
    """Run a case forward, and return the outputs by name; None if it has no such."""
    p = case.arrays()
    if case.options.get("layer_norm"):
        return None
    if issubclass(case.cls, LSTM):
        return _lstm(p, case.shape[3], lengths, **case.options)
    if issubclass(case.cls, RNN):
        f = NAMES[case.options.get("activation", "tanh")]
        rows = {"h": (p["W_x"], p["W_h"], p["b"], 0 * p["b"])}
        hs, h = call("RNN", "h", [f], rows, p["xs"], p["h_0"], lengths=lengths)
    else:
        hs, h = _gru(p, case.shape[3], lengths, issubclass(case.cls, MGU))
    return {"hs": hs, "h_T": h}


def _split(p, letters, H):
    """Cut the parameters into W, R and two biases for each gate."""
    rows = {}
    for k, gate in enumerate(letters):
        now = slice(k * H, (k + 1) * H)
        rows[gate] = p["W_x"][:, now], p["W_h"][:, now], p["b"][now], np.zeros(H)
    return rows


def _gru(p, H, lengths, minimal):
    """Run a GRU or a minimal gated unit."""
    rows = _split(p, "rh" if minimal else "rzh", H)
    if minimal:
        rows["z"] = [-part for part in rows["r"]]
    if "b_hn" in p:
        rows["h"] = *rows["h"][:3], p["b_hn"]
    after = int("b_hn" in p)
    activations = ["Sigmoid", "Tanh"]
    return call("GRU", "zrh", activations, rows, p["xs"], p["h_0"], lengths=lengths,
                linear_before_reset=after)  # fmt: skip


def _lstm(
    p,
    H,
    lengths=None,
    *,
    coupled=False,
    gate_recurrence=False,
    peephole=False,
    **options,
):
    """Run an LSTM with options."""
    rows = _split(p, "fgo" if coupled else "ifgo", H)
    peepholes = {gate: p.get(f"p_{gate}", np.zeros(H)) for gate in "ifo"}
    if coupled:
        rows["i"] = [-part for part in rows["f"]]
        peepholes["i"] = -peepholes["f"]
    for gate, option in {"i": "input", "f": "forget", "o": "output"}.items():
        if not options.get(f"{option}_gate", True):
            W, R, b, _ = rows[gate]
            rows[gate] = 0 * W, 0 * R, 0 * b + FAR, 0 * b
            peepholes[gate] = np.zeros(H)
    phi = options.get("input_activation", "tanh")
    psi = options.get("output_activation", "tanh")
    names = ["Sigmoid", NAMES[phi], NAMES[psi]]
    xs, h, c = p["xs"], p["h_0"], p["c_0"]
    if gate_recurrence:
        if lengths is not None or peephole or "W_proj" in p or psi == "tanh" != phi:
            return None
        widen = _widen if psi != "tanh" else _widen_twice
        return widen(p, rows, H, phi, psi)
    if "W_proj" in p:
        # h_0 is no projection of anything: it enters beside x_1.
        first = np.zeros((*xs.shape[:2], h.shape[1]))
        first[:, :1] = h[:, None]
        xs, h = np.concatenate([xs, first], -1), np.zeros_like(c)
        for gate, (W, R, *b) in rows.items():
            rows[gate] = np.concatenate([W, R]), p["W_proj"] @ R, *b
    seen = peepholes if peephole else None
    joined = int(coupled)
    hs, h, c = call("LSTM", "iofg", names, rows, xs, h, c, seen, lengths,
                    input_forget=joined)  # fmt: skip
    if "W_proj" in p:
        hs, h = hs @ p["W_proj"], h @ p["W_proj"]
    return {"hs": hs, "h_T": h, "c_T": c}


def _gates(p, rows, H):
    """Return each gate's W and R where the state holds i, f, o behind the rest."""
    seen = {gate: p["W_gates"][:, k * H :][:, :H] for k, gate in enumerate("ifo")}
    seen["g"] = np.zeros((3 * H, H))
    return {gate: (W, R, seen[gate], b) for gate, (W, R, b, _) in rows.items()}


def _one(phi):
    """Return a bias at which the candidate is 1."""
    return FAR if phi in ("tanh", "sigmoid") else 1.0


def _beside(wide):
    """Put the columns of each gate's parts side by side, and add the second bias."""
    rows = {}
    for gate, parts in wide.items():
        W, R, b = (np.concatenate(part, -1) for part in zip(*parts, strict=True))
        rows[gate] = W, R, b, 0 * b
    return rows


def _widen(p, rows, H, phi, psi):
    """Embed full gate recurrence in an LSTM of four times the width.

    Its state is h, i, f, o. In the last three parts, the input gate is the gate to be
    remembered, the candidate is 1, the forget gate 0, and the output gate 1: the cell
    is that gate, and so is what comes out if the output activation leaves it alone.
    """
    I = p["xs"].shape[2]  # noqa: E741
    parts = _gates(p, rows, H)

    def gate(letter):
        W, R, seen, b = parts[letter]
        return W, np.concatenate([R, seen]), b

    def constant(bias):
        return np.zeros((I, H)), np.zeros((4 * H, H)), np.full(H, bias)

    one, shut, still = constant(FAR), constant(-FAR), constant(_one(phi))
    wide = {
        "i": [gate("i"), gate("i"), gate("f"), gate("o")],
        "f": [gate("f"), shut, shut, shut],
        "g": [gate("g"), still, still, still],
        "o": [gate("o"), one, one, one],
    }
    wide = _beside(wide)
    h = np.concatenate([p["h_0"], p["gates_0"]], 1)
    c = np.concatenate([p["c_0"], np.zeros_like(p["gates_0"])], 1)
    names = ["Sigmoid", NAMES[phi], NAMES[psi]]
    hs, h, c = call("LSTM", "iofg", names, wide, p["xs"], h, c)
    return {"hs": hs[..., :H], "h_T": h[:, :H], "c_T": c[:, :H], "gates_T": h[:, H:]}


def _widen_twice(p, rows, H, phi, psi):
    """Embed it, tanh and all, in a linear one of five times the width and two ticks.

    A linear output cannot be h = o tanh(c), but a candidate can be tanh(c) once c is in
    the state. The state is h, c, i, f, o; two inputs tell the tick. At the first, the
    cell moves and all else is held; at the second, the cell is held, and h and the
    gates move: h's input gate is o and its candidate tanh(c), where phi is psi.
    """
    B, T, I = p["xs"].shape
    parts = _gates(p, rows, H)
    zeros = np.zeros((H, H))

    def make(letter, first, second):
        """Give a gate's equation, and what each tick adds to it."""
        W, R, seen, b = parts[letter]
        ticks = np.full((2, H), [[first], [second]])
        return np.concatenate([W, ticks]), np.concatenate([R, zeros, seen]), b

    parts["none"] = np.zeros((I, H)), zeros, np.zeros((3 * H, H)), np.zeros(H)

    def constant(first, second):
        return make("none", first, second)

    copy = constant(0, 0)
    copy[1][H : 2 * H] = np.eye(H)
    still = constant(_one(phi), _one(phi))
    hold, opened = constant(FAR, -FAR), constant(FAR, FAR)
    wide = {
        "i": [make("o", -FAR, 0), make("i", 0, -FAR),
              *(make(gate, -FAR, 0) for gate in "ifo")],
        "f": [hold, make("f", 0, FAR), hold, hold, hold],
        "g": [copy, make("g", 0, 0), still, still, still],
        "o": [opened] * 5,
    }  # fmt: skip
    wide = _beside(wide)
    ticks = np.tile(np.eye(2), (B, T, 1))
    xs = np.concatenate([np.repeat(p["xs"], 2, axis=1), ticks], -1)
    h = np.concatenate([p["h_0"], p["c_0"], p["gates_0"]], 1)
    names = ["Sigmoid", NAMES[phi], "Affine"]
    hs, h, c = call("LSTM", "iofg", names, wide, xs, h, h)
    last = {"h_T": h[:, :H], "c_T": h[:, H : 2 * H], "gates_T": h[:, 2 * H :]}
    return {"hs": hs[:, 1::2, :H], **last}
