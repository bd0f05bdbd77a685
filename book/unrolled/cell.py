"""What a reader's own cell has to return, said in a sentence when it does not."""

import numpy as np

from .arguments import shape_text


def check_step(layer, function, parts, n):
    """Refuse what a step returned unless it is the arrays of a state of n rows."""
    wanted = {name: (n, size) for name, size in layer.state_sizes.items()}
    several = isinstance(parts, tuple | list)
    got = parts if several else [parts]
    found = [(np.shape(part), getattr(part, "dtype", "none")) for part in got]
    if several and found == [(shape, layer.dtype) for shape in wanted.values()]:
        return
    arrays = ", ".join(f"{name} {shape_text(wanted[name])}" for name in wanted)
    _refuse(
        layer, function, f"return a tuple of {arrays} of {layer.dtype} first",
        ("a tuple of " if several else "one array, ")
        + ", ".join(_described(part) for part in got),
    )  # fmt: skip


def check_received(layer, function, received):
    """Refuse names in what a step sent that are neither a_x nor parameters."""
    names, named = {"a_x", *layer.params}, isinstance(received, dict)
    if not named or "a_x" not in received or received.keys() - names:
        wanted = f"send to a_x and any of {', '.join(layer.params)}"
        got = ", ".join(received) if named else repr(received)
        _refuse(layer, function, wanted, got)


def check_grads(layer, function, grads):
    """Refuse gradients that have not the shape and type of their parameters."""
    for name, grad in grads.items():
        if grad.shape != layer.params[name].shape or grad.dtype != layer.dtype:
            shape = shape_text(layer.params[name].shape)
            wanted = f"send {name} a gradient of shape {shape} and type {layer.dtype}"
            _refuse(layer, function, wanted, _described(grad))


def _described(part):
    """Write what somebody returned: shape and type."""
    kind = getattr(part, "dtype", type(part).__name__)
    return f"{shape_text(np.shape(part))} of {kind}"


def _refuse(layer, function, wanted, got):
    """Raise with the name of the function that has to change."""
    name = f"{type(layer).__name__}.{function.__name__}"
    raise TypeError(f"{name} must {wanted}, got {got}")
