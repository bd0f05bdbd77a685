"""A training run in a file: all that its next step needs, bit for bit."""

import json
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from .arguments import shape_text


def save(path, model, optimiser, batches, history, good, state, done):
    """Write a run to a file; the old file stays whole until the new one is.

    Beside the arguments of ``train`` it takes what the loop has at hand: the last good
    parameters, the state that the next batch starts from (any tuples, lists and dicts
    of arrays), and the number of steps done.
    """
    tree = {
        "done": done,
        "optimiser": type(optimiser).__name__,
        "params": dict(model.params),
        "good": good,
        "gathered": optimiser.state_dict(),
        "place": batches.state_dict() if hasattr(batches, "state_dict") else None,
        "state": state,
        "loss": np.array(history.loss),
        "norm": np.array(history.norm),
    }
    arrays = {}
    text = json.dumps(_flatten(tree, arrays))
    part = Path(f"{path}.part")
    with part.open("wb") as file:
        np.savez(file, tree=np.array(text), **arrays)
    part.replace(path)


def resume(path, model, optimiser, batches, history):
    """Put back, into the arguments of ``train``, a run that ``save`` has written.

    Returns the last good parameters, the state and the steps done, as saved, and how
    many batches have to be passed over: none if they were put back themselves. Raises a
    ValueError if the file is of another model or optimiser, or none that was saved.
    """
    try:
        with np.load(path) as arrays:
            kept = _rebuild(json.loads(str(arrays["tree"])), arrays)
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError):
        raise ValueError(f"{path} is no checkpoint of train, or damaged") from None
    if kept["optimiser"] != type(optimiser).__name__:
        raise ValueError(
            f"the checkpoint {path} was written with {kept['optimiser']}, "
            f"got {type(optimiser).__name__}: delete it to start anew"
        )
    have, want = _kinds(kept["params"]), _kinds(model.params)
    if have != want:
        raise ValueError(
            f"the checkpoint {path} is of another model: it holds {have}, "
            f"and this one has {want}; delete it to start anew"
        )
    for name, param in model.params.items():
        param[...] = kept["params"][name]
    optimiser.load_state_dict(kept["gathered"])
    history.loss[:], history.norm[:] = kept["loss"].tolist(), kept["norm"].tolist()
    done = passed = kept["done"]
    if kept["place"] is not None and hasattr(batches, "load_state_dict"):
        batches.load_state_dict(kept["place"])
        passed = 0
    return kept["good"], kept["state"], done, passed


def _kinds(params):
    """Describe parameters: names, shapes and types."""
    return ", ".join(
        f"{name} {shape_text(p.shape)} {p.dtype}" for name, p in params.items()
    )


def _flatten(tree, arrays):
    """Describe nested dicts, tuples and lists as JSON; put their arrays aside."""
    if isinstance(tree, dict):
        return {"dict": [[name, _flatten(part, arrays)] for name, part in tree.items()]}
    if isinstance(tree, tuple | list):
        return {type(tree).__name__: [_flatten(part, arrays) for part in tree]}
    if isinstance(tree, np.ndarray | np.generic):
        arrays[f"array_{len(arrays)}"] = tree
        return {"array": f"array_{len(arrays) - 1}"}
    return tree


def _rebuild(tree, arrays):
    """Undo what `_flatten` did."""
    if not isinstance(tree, dict):
        return tree
    ((kind, inner),) = tree.items()
    if kind == "array":
        return arrays[inner][()]  # a number that was put aside is one again
    if kind == "dict":
        return {name: _rebuild(part, arrays) for name, part in inner}
    parts = [_rebuild(part, arrays) for part in inner]
    return parts if kind == "list" else tuple(parts)
