"""A state as a tree: an array, or a tuple of states; None stands for zeros."""

import numpy as np

from .arguments import expect


def leaves(state):
    """List the arrays of a state in order; a None is left out."""
    if isinstance(state, tuple | list):
        return [leaf for part in state for leaf in leaves(part)]
    return [] if state is None else [state]


def map_state(change, state):
    """Return the same tree with every array changed; a None stays."""
    if isinstance(state, tuple | list):
        return tuple(map_state(change, part) for part in state)
    return None if state is None else change(state)


def join_state(parts):
    """Return a layer's state as the layer takes it: one array, or a tuple of them."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def split_state(name, state, count, what):
    """Return the parts of a state that has several, or say what it must hold."""
    if state is None:
        return [None] * count
    if not isinstance(state, tuple | list) or len(state) != count:
        got = len(state) if isinstance(state, tuple | list) else "one array"
        raise ValueError(f"{name} must hold {what}, got {got}")
    return [*state]


def check_state(name, state, sizes, B, dtype, finite=True):
    """Return the arrays of one layer's state, or say in one sentence what is wrong.

    ``sizes`` has the width of each array (B, size) by its letter.
    """
    if state is None:
        return [np.zeros((B, size), dtype) for size in sizes.values()]
    if len(sizes) > 1:
        state = split_state(name, state, len(sizes), f"({', '.join(sizes)})")
    else:
        state = [state]
    return [
        expect(f"{name} {letter}", part, (B, size), dtype, finite)
        for (letter, size), part in zip(sizes.items(), state, strict=True)
    ]
