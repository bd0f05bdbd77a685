"""Layers as modules of torch.nn, and back."""

import numpy as np

from ..compose import Stack
from .layouts import CLASSES, TORCH, gates_of, kind_of, layer_of, levels_of, stack_of

SUFFIXES = "", "_reverse"  # of the names of torch's arrays, by direction


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
    """
    import torch

    levels = levels_of(layer, TORCH)
    _refuse_unlike(levels)
    first = levels[0][0]
    kind, H, options = kind_of(first), first.hidden_size, {}
    if kind == "RNN":
        options["nonlinearity"] = first.activation
    if kind == "LSTM" and first.projection_size is not None:
        P = options["proj_size"] = first.projection_size
        if P >= H:
            raise ValueError(f"torch.nn.LSTM projects to less than H = {H}, got {P = }")
    if isinstance(layer, Stack):
        options["dropout"] = layer.dropout
        if layer.dropout and layer.shared:
            raise ValueError(f"torch.nn.{kind} has no dropout shared by all steps")
    module = getattr(torch.nn, kind)(
        first.input_size,
        H,
        num_layers=len(levels),
        bidirectional=len(levels[0]) == 2,
        batch_first=True,
        dtype=getattr(torch, str(layer.dtype)),
        **options,
    )
    weights = {}
    for k, directions in enumerate(levels):
        for part, suffix in zip(directions, SUFFIXES, strict=False):
            for name, array in _arrays(part).items():
                weights[f"{name}_l{k}{suffix}"] = torch.tensor(array)
    module.load_state_dict(weights)
    return module.train(layer.training if isinstance(layer, Stack) else True)


def from_torch(module, rng=None):
    """Copy a module of torch.nn into a layer.

    Parameters
    ----------
    module : torch.nn.RNN, torch.nn.LSTM or torch.nn.GRU
        In float32 or float64. Its two biases are added up, but for those of the GRU's
        n, which stay apart.
    rng : numpy.random.Generator, optional
        Where the dropout between layers comes from, if the module has it.

    Returns
    -------
    RNN, LSTM, GRU, Bidirectional or Stack
        In the module's data type: a Bidirectional for two directions, a Stack for
        several layers. It takes batches first, whatever the module took.
    """
    import torch

    kind = next((k for k in CLASSES if type(module) is getattr(torch.nn, k)), None)
    if kind is None:
        got = type(module).__name__
        raise TypeError(f"module must be a torch.nn.RNN, LSTM or GRU, got {got}")
    dtype = str(module.weight_ih_l0.dtype).removeprefix("torch.")
    if dtype not in ("float32", "float64"):
        raise TypeError(f"module must be of type float32 or float64, got {dtype}")
    suffixes = SUFFIXES if module.bidirectional else SUFFIXES[:1]
    levels = [[_layer(kind, module, f"_l{k}{suffix}") for suffix in suffixes]
              for k in range(module.num_layers)]  # fmt: skip
    layer = stack_of(levels, module.dropout, rng)
    if isinstance(layer, Stack):
        layer.training = module.training
    return layer


def _arrays(layer):
    """Return the weights of a layer by the names that torch.nn gives them."""
    W_x, W_h, b_x, b_h, _ = TORCH.join(kind_of(layer), gates_of(layer))
    arrays = {"weight_ih": W_x.T, "weight_hh": W_h.T, "bias_ih": b_x, "bias_hh": b_h}
    if "W_proj" in layer.params:
        arrays["weight_hr"] = layer.params["W_proj"].T
    return arrays


def _layer(kind, module, suffix):
    """Make a layer of those arrays of a module whose names end in the suffix."""

    def read(name):
        return getattr(module, name + suffix).detach().cpu().numpy().T

    W_x, W_h = read("weight_ih"), read("weight_hh")
    b_x, b_h = np.zeros((2, W_x.shape[1]), W_x.dtype)
    if module.bias:
        b_x, b_h = read("bias_ih"), read("bias_hh")
    options = {"activation": module.nonlinearity} if kind == "RNN" else {}
    if module.proj_size:
        options["projection_size"] = module.proj_size
    layer = layer_of(kind, TORCH.split(kind, W_x, W_h, b_x, b_h), **options)
    if module.proj_size:
        layer.params["W_proj"][...] = read("weight_hr")
    return layer


def _refuse_unlike(levels):
    """Raise if the levels of a stack are not alike, as torch.nn needs them."""
    kinds = []
    for level in levels:
        for part in level:
            P = getattr(part, "projection_size", None)
            text = f"{kind_of(part)} of H = {part.hidden_size}"
            text += f" and P = {P}" if P else ""
            text += f" with {part.activation}" if kind_of(part) == "RNN" else ""
            kinds.append(text + (", both ways" if len(level) == 2 else ", one way"))
    kinds = [*dict.fromkeys(kinds)]  # without repetitions, in their order
    if len(kinds) > 1:
        raise ValueError(
            f"torch.nn stacks layers of one kind and size, got {'; '.join(kinds[:2])}"
        )
