"""A state as a tree: an array, or a tuple of states; None stands for zeros."""

import numpy as np

from .arguments import expect


def leaves(state):
    """List the arrays of a state, in order.

    Parameters
    ----------
    state : array, None, or tuple of these, nested as it may be
        A None is left out.

    Returns
    -------
    list of array
        The arrays themselves.
    """
    if isinstance(state, tuple | list):
        return [leaf for part in state for leaf in leaves(part)]
    return [] if state is None else [state]


def map_state(change, state):
    """Change every array of a state.

    Parameters
    ----------
    change : callable
        Takes an array, returns what stands in its place.
    state : array, None, or tuple of these
        The state; a None stays.

    Returns
    -------
    array, None, or tuple of these
        The same tree with other leaves.
    """
    if isinstance(state, tuple | list):
        return type(state)(map_state(change, part) for part in state)
    return None if state is None else change(state)


def check_state(name, state, sizes, B, dtype, finite=True):
    """Return the arrays of one layer's state, or say in one sentence what is wrong.

    Parameters
    ----------
    name : str
        "state" or "dstate".
    state : array, shape (B, H), or tuple of array, or None
        What came; None is zeros.
    sizes : dict of str to int
        The arrays by letter, and how wide each is.
    B : int
        The number of sequences.
    dtype : data type
        What the arrays are converted to.
    finite : bool
        Refuse NaN and infinity.

    Returns
    -------
    list of array, each of shape (B, size)
        In the order of ``sizes``.

    Raises
    ------
    TypeError, ValueError
        If their number, a shape, a type or a value is not what it must be.
    """
    if state is None:
        return [np.zeros((B, size), dtype) for size in sizes.values()]
    parts = (
        [state]
        if len(sizes) == 1
        else split_state(name, state, len(sizes), f"({', '.join(sizes)})")
    )
    return [
        expect(f"{name} {letter}", part, (B, size), dtype, finite)
        for (letter, size), part in zip(sizes.items(), parts, strict=True)
    ]


def split_state(name, state, count, what):
    """Return the parts of a state that has several.

    Parameters
    ----------
    name : str
        "state" or "dstate".
    state : tuple or None
        The parts; None is none for each.
    count : int
        How many there must be.
    what : str
        What they are, for the sentence.

    Returns
    -------
    list
        The parts.

    Raises
    ------
    ValueError
        If there are not so many.
    """
    if state is None:
        return [None] * count
    if not isinstance(state, tuple | list) or len(state) != count:
        got = len(state) if isinstance(state, tuple | list) else "one array"
        raise ValueError(f"{name} must hold {what}, got {got}")
    return [*state]


def join_state(parts):
    """Put the arrays of a layer's state in the form that the layer takes.

    Parameters
    ----------
    parts : list of array
        One for each letter of the state.

    Returns
    -------
    array, or tuple of array
        The one array, or all of them.
    """
    return parts[0] if len(parts) == 1 else tuple(parts)
