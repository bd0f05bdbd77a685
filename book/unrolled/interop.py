"""Weights to and from other packages: torch.nn, Keras and ONNX."""

import numpy as np

from .arguments import expect, floating, rectangular, shape_text
from .compose import Stack
from .interop_onnx import from_onnx, run_onnx, to_onnx
from .layouts import (
    CLASSES,
    ORDER,
    cut,
    kind,
    put_together,
    put_up,
    refuse,
    side_by_side,
    take_apart,
    take_down,
)

__all__ = [
    "from_keras",
    "from_onnx",
    "from_torch",
    "run_onnx",
    "to_keras",
    "to_onnx",
    "to_torch",
]

KERAS_ACTIVATIONS = {
    "tanh": "tanh",
    "relu": "relu",
    "sigmoid": "sigmoid",
    "linear": "identity",
}
KINDS = "SimpleRNN", "LSTM", "GRU"
ENDS = "", "_reverse"  # of the names of torch's arrays: right, left


def to_torch(layer):
    """Copy a layer into a module of torch.nn.

    Parameters
    ----------
    layer : RNN, LSTM, GRU, Bidirectional or Stack
        A stack's layers have to be of one kind and size.

    Returns
    -------
    torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        Batch first, in the layer's data type. The second of torch's two biases is zero,
        but for ``b_hn`` of a GRU.

    Raises
    ------
    TypeError, ValueError
        If torch.nn has no such layer.
    """
    import torch

    grid = take_down(layer)
    leaf = grid[0][0]
    name, H, P = kind(leaf), leaf.hidden_size, getattr(leaf, "projection_size", None)
    for part in sum(grid, []):
        refuse("torch.nn", part)
    _one_kind(grid)
    if P is not None and P >= H:
        raise ValueError(f"torch.nn.LSTM projects to less than H = {H}, got P = {P}")
    if getattr(layer, "dropout", 0) and layer.shared:
        raise ValueError(f"torch.nn.{name} has no dropout shared by all steps")
    variant = {"RNN": "activation", "LSTM": "projection_size", "GRU": None}[name]
    theirs = {"activation": "nonlinearity", "projection_size": "proj_size"}
    extra = {theirs[variant]: getattr(leaf, variant) or 0} if variant else {}
    module = getattr(torch.nn, name)(
        leaf.input_size,
        H,
        num_layers=len(grid),
        bidirectional=len(grid[0]) == 2,
        dropout=getattr(layer, "dropout", 0),
        batch_first=True,
        dtype=getattr(torch, str(layer.dtype)),
        **extra,
    )
    weights = {}
    for k, row in enumerate(grid):
        for part, end in zip(row, ENDS, strict=False):
            gates = take_apart(part)
            W, R, b_x, b_h, _ = side_by_side(gates, ORDER["torch.nn"][name])
            new = {"weight_ih": W.T, "weight_hh": R.T, "bias_ih": b_x, "bias_hh": b_h}
            if P is not None:
                new["weight_hr"] = part.params["W_proj"].T
            weights |= {f"{key}_l{k}{end}": torch.tensor(w) for key, w in new.items()}
    module.load_state_dict(weights)
    return module.train(getattr(layer, "training", True))


def from_torch(module, rng=None):
    """Copy a module of torch.nn into a layer.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        Its two biases are added up, but for those of the GRU's n, which stay apart.
    rng : numpy.random.Generator, optional
        Where the dropout between layers comes from, if the module has it.

    Returns
    -------
    RNN, LSTM, GRU, Bidirectional or Stack
        In the module's data type: a Bidirectional for two directions, a Stack for
        several layers. It takes batches first, whatever the module took.

    Raises
    ------
    TypeError
        If it is no such module, or its data type is neither float32 nor float64.
    """
    import torch

    name = next((n for n in CLASSES if type(module) is getattr(torch.nn, n)), None)
    if name is None:
        got = type(module).__name__
        raise TypeError(f"module must be a torch.nn.RNN, LSTM or GRU, got {got}")
    dtype = str(module.weight_ih_l0.dtype).removeprefix("torch.")
    if dtype not in ("float32", "float64"):
        raise TypeError(f"module must be of type float32 or float64, got {dtype}")
    variant = {}
    if name == "RNN":
        variant["activation"] = module.nonlinearity
    if name == "LSTM" and module.proj_size:
        variant["projection_size"] = module.proj_size
    grid = []
    for k in range(module.num_layers):
        grid.append([])
        for end in ENDS[: 1 + module.bidirectional]:
            read = {
                key.removesuffix(f"_l{k}{end}"): w.detach().cpu().numpy().T
                for key, w in module.named_parameters()
                if key.endswith(f"_l{k}{end}")
            }
            W, R = read["weight_ih"], read["weight_hh"]
            none = np.zeros(W.shape[1], dtype)  # the module may have no bias
            b_x, b_h = read.get("bias_ih", none), read.get("bias_hh", none)
            gates = cut(ORDER["torch.nn"][name], [W, R, b_x, b_h])
            grid[-1].append(put_together(name, gates, **variant))
            if "weight_hr" in read:
                grid[-1][-1].params["W_proj"][...] = read["weight_hr"]
    layer = put_up(grid, module.dropout, rng)
    if isinstance(layer, Stack):
        layer.training = module.training
    return layer


def _one_kind(grid):
    """Raise if the layers of a stack are not alike, as torch.nn needs them."""
    seen = {}
    for row in grid:
        for part in row:
            P = getattr(part, "projection_size", None)
            text = f"{kind(part)} of H = {part.hidden_size}"
            text += f" and P = {P}" if P else ""
            text += f" with {part.activation}" if kind(part) == "RNN" else ""
            seen[f"{text}, {('one way', 'both ways')[len(row) - 1]}"] = True
    if len(seen) > 1:
        raise ValueError(
            "torch.nn stacks layers of one kind and size, got "
            + "; ".join(list(seen)[:2])
        )


def to_keras(layer):
    """Copy a layer's weights into the arrays that ``set_weights`` of Keras takes.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        The arrays do not tell its activation, nor where a GRU resets: make the Keras
        layer with the same.

    Returns
    -------
    list of array
        Kernel (I, kH), recurrent kernel (H, kH), and bias (kH,), or (2, 3H) for a GRU
        with its reset after the product.

    Raises
    ------
    TypeError, ValueError
        If Keras has no such layer, or it is several.
    """
    grid = take_down(layer)
    if grid != [[layer]]:
        raise TypeError(
            "to_keras takes a single layer: call it for each of layer.layers, "
            f"got a {type(layer).__name__}"
        )
    refuse("Keras", layer)
    W, R, b_x, b_h, _ = side_by_side(take_apart(layer), ORDER["Keras"][kind(layer)])
    return [W, R, np.stack([b_x, b_h]) if "b_hn" in layer.params else b_x]


def from_keras(kind, weights, *, activation="tanh", reset_after=True):
    """Make a layer of the arrays that ``get_weights`` of Keras gives.

    Parameters
    ----------
    kind : str
        "SimpleRNN", "LSTM" or "GRU".
    weights : list of array
        Kernel, recurrent kernel and, unless there is none, bias.
    activation : str
        Its nonlinearity: "tanh", "relu", "sigmoid" or "linear"; of a GRU, "tanh".
    reset_after : bool
        Whether a GRU resets after the product.

    Returns
    -------
    RNN, LSTM or GRU
        In the data type of the kernel.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not those of such a layer, or we have none.
    """
    name = kind.removeprefix("Simple") if kind in KINDS else None
    if name is None:
        raise ValueError(f"kind must be 'SimpleRNN', 'LSTM' or 'GRU', got {kind!r}")
    known = ["tanh"] if kind == "GRU" else [*KERAS_ACTIVATIONS]
    if activation not in known:
        words = " or ".join(repr(word) for word in known)
        raise ValueError(f"activation of {kind} must be {words}, got {activation!r}")
    if len(weights) not in (2, 3):
        raise ValueError(
            "weights must hold kernel, recurrent kernel and perhaps bias, "
            f"got {len(weights)} arrays"
        )
    f = KERAS_ACTIVATIONS[activation]
    variant = {
        "RNN": {"activation": f},
        "LSTM": {"input_activation": f, "output_activation": f},
        "GRU": {"reset": "after" if reset_after else "before"},
    }[name]
    order = ORDER["Keras"][name]
    W = rectangular("kernel", weights[0])
    if W.ndim != 2 or W.shape[1] % len(order):
        k = len(order) if len(order) > 1 else ""
        got = shape_text(W.shape)
        raise ValueError(f"kernel of {kind} must have shape (I, {k}H), got {got}")
    dtype, width = floating(W.dtype), W.shape[1]
    W = expect("kernel", W, ("I", "kH"), dtype)
    R = expect("recurrent kernel", weights[1], (width // len(order), width), dtype)
    b_x, b_h = np.zeros((2, width), dtype)
    if len(weights) == 3 and kind == "GRU" and reset_after:
        b_x, b_h = expect("bias", weights[2], (2, width), dtype)
    elif len(weights) == 3:
        b_x = expect("bias", weights[2], (width,), dtype)
    return put_together(name, cut(order, [W, R, b_x, b_h]), **variant)
