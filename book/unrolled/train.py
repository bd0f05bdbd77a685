"""The training loop: forward, loss, backward, clip, step; cut, stopped and resumed."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .arguments import expect, positive, shape_text
from .optimise import clip_by_norm


@dataclass
class History:
    """What training left behind, a number a step.

    Attributes
    ----------
    loss : list of float
        The loss before each step.
    norm : list of float
        The length of the whole gradient before clipping.
    """

    loss: list = field(default_factory=list)
    norm: list = field(default_factory=list)


def train(
    model,
    batches,
    loss,
    optimiser,
    *,
    clip=None,
    carry=False,
    history=None,
    label=None,
    checkpoint=None,
    every=100,
):
    """Take one optimiser step a batch.

    Parameters
    ----------
    model : Model
        Trained in place.
    batches : iterable of (xs, targets)
        One pair a step.
    loss : callable
        ``loss(ys, targets)`` returns the loss and its gradient with respect to ys.
    optimiser : SGD or Adam
        Moves the parameters.
    clip : float, optional
        The greatest length of the whole gradient.
    carry : bool
        Start each batch from the state that the last one ended in, gradient cut.
    history : History, optional
        Appended to as training goes, so that nothing is lost if it is interrupted.
    label : str, optional
        What the progress bar says. It shows after two seconds, if somebody watches.
    checkpoint : str or Path, optional
        A file that is written every so often and at the end. If it is there already,
        training goes on from it, bit for bit. The batches that it has seen are passed
        over, so they must come in the same order again.
    every : int
        How many steps lie between two writings.

    Returns
    -------
    History
        The losses and gradient norms, a number a step.

    Raises
    ------
    FloatingPointError
        If a loss or a gradient is not finite. The model then holds the parameters of
        the last step whose loss and gradient were; the optimiser's own numbers stay.
    ValueError
        If the checkpoint is of another model or another optimiser.
    """
    history = History() if history is None else history
    every = positive("every", every)
    bar = tqdm(batches, label, leave=False, delay=2, disable=not _watched())
    good, state, done = _copy(model.params), None, 0
    if checkpoint is not None and Path(checkpoint).exists():
        good, state, done = _resume(checkpoint, model, optimiser, history)
    steps = done
    for step, (xs, targets) in enumerate(bar):
        if step < done:
            continue
        ys, last = model.forward(xs, state)
        L, dys = loss(ys, targets)
        _finite("loss", L, step, model, good)
        model.backward(dys)
        norm = clip_by_norm(grads := model.grads, clip)
        _finite("gradient norm", norm, step, model, good)
        good = _copy(model.params)
        optimiser.step(model.params, grads)
        history.loss.append(float(L))
        history.norm.append(norm)
        state = last if carry else None
        steps = step + 1
        if checkpoint is not None and steps % every == 0:
            _all_finite(model, good, steps)
            _save(checkpoint, steps, model, optimiser, history, state, good)
    _all_finite(model, good, steps)
    if checkpoint is not None:
        _save(checkpoint, steps, model, optimiser, history, state, good)
    return history


def truncated(layer, xs, dhs, k1, k2, state=None):
    """Send gradients back every k1 steps, through the last k2 steps and no further.

    Each output's gradient is sent back once: from the end of the k1 steps that it lies
    in. So no path is counted twice. With k1 = k2 these are chunks with the state
    carried on; with k2 of at least T it is all of backpropagation through time.

    Parameters
    ----------
    layer : layer
        Its ``grads`` are filled, as by ``backward``.
    xs : array, shape (B, T, I)
        The inputs.
    dhs : array, shape (B, T, H)
        The gradient of the loss with respect to each output.
    k1, k2 : int
        How far apart the backward passes are, and how far back each one goes.
    state : array or tuple of array, optional
        Where the sequences start.

    Returns
    -------
    dxs : array, shape (B, T, I)
        The gradient with respect to the inputs, cut in the same way.

    Raises
    ------
    TypeError, ValueError
        If a shape or a type is not what it must be, or not 1 ≤ k1 ≤ k2.

    Notes
    -----
    Williams and Peng (1990) call k2 and k1 h and h'. A window is run again from the
    state before it, so that the layer never keeps more than k2 steps.
    """
    k1, k2 = positive("k1", k1), positive("k2", k2)
    if k1 > k2:
        raise ValueError(
            f"k2 must be at least k1, or some losses are never sent back; "
            f"got k1 = {k1} and k2 = {k2}"
        )
    xs = expect("xs", xs, ("B", "T", layer.input_size), layer.dtype)
    B, T, _ = xs.shape
    dhs = expect("dhs", dhs, (B, T, layer.output_size), layer.dtype, finite=False)
    dxs = np.zeros_like(xs)
    grads = {name: np.zeros_like(p) for name, p in layer.params.items()}
    at, sent = 0, 0  # state belongs to step at; dhs[:, :sent] have been sent back
    for end in range(k1, max(T, 1) + k1, k1):
        start = max(0, end - k2)
        _, state = layer.forward(xs[:, at:start], state)
        window, at = slice(start, end), start
        layer.forward(xs[:, window], state)
        due = dhs[:, window].copy()
        due[:, : sent - start] = 0
        dx, _ = layer.backward(due)
        dxs[:, window] += dx
        for name, grad in layer.grads.items():
            grads[name] += grad
        sent = end
    for name, grad in layer.grads.items():
        grad[...] = grads[name]
    return dxs


def _watched():
    """Tell whether there is a terminal or a live notebook, and not a build or CI."""
    live = {"JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG"} & os.environ.keys()
    return "CI" not in os.environ and (bool(live) or sys.stderr.isatty())


def _copy(params):
    """Copy parameters, to return to."""
    return {name: param.copy() for name, param in params.items()}


def _finite(what, value, step, model, good):
    """Stop training if the value is not finite, with the last good parameters."""
    if not np.isfinite(value):
        for name, param in model.params.items():
            param[...] = good[name]
        raise FloatingPointError(
            f"the {what} is {value} at step {step}: the model is back at the "
            "parameters of the last finite step; try a smaller learning rate, or clip"
        )


def _all_finite(model, good, steps):
    """Stop training if a step has led to parameters that are not finite."""
    for name, param in model.params.items():
        _finite(f"size of {name}", np.abs(param).max(), steps, model, good)


def _save(path, steps, model, optimiser, history, state, good):
    """Write a checkpoint: the old one stays whole until the new one is."""
    arrays = {}
    tree = {
        "steps": steps,
        "optimiser": type(optimiser).__name__,
        "params": _flatten(dict(model.params), arrays),
        "good": _flatten(good, arrays),
        "moved": _flatten(_moved(optimiser), arrays),
        "state": _flatten(state, arrays),
        "loss": _flatten(np.array(history.loss), arrays),
        "norm": _flatten(np.array(history.norm), arrays),
    }
    part = Path(f"{path}.part")
    with part.open("wb") as file:
        np.savez(file, tree=np.array(json.dumps(tree)), **arrays)
    part.replace(path)


def _resume(path, model, optimiser, history):
    """Put back what a checkpoint holds; return what else the loop needs."""
    with np.load(path) as arrays:
        tree = json.loads(str(arrays["tree"]))
        kept = {name: _rebuild(part, arrays) for name, part in tree.items()}
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
    vars(optimiser).update(kept["moved"])
    history.loss[:], history.norm[:] = kept["loss"].tolist(), kept["norm"].tolist()
    return kept["good"], kept["state"], kept["steps"]


def _kinds(params):
    """Describe parameters: names, shapes and types."""
    return ", ".join(
        f"{name} {shape_text(p.shape)} {p.dtype}" for name, p in params.items()
    )


def _moved(optimiser):
    """Return what an optimiser has gathered on its way: its means, its step count.

    What it was made with, such as the learning rate, is the caller's to choose again.
    """
    names = ("velocity", "m", "v", "t")
    return {name: vars(optimiser)[name] for name in names if name in vars(optimiser)}


def _flatten(part, arrays):
    """Describe nested dicts and tuples of arrays as JSON; put the arrays aside."""
    if isinstance(part, dict):
        return {"dict": {name: _flatten(p, arrays) for name, p in part.items()}}
    if isinstance(part, tuple | list):
        return {"tuple": [_flatten(p, arrays) for p in part]}
    if isinstance(part, np.ndarray):
        arrays[f"array_{len(arrays)}"] = part
        return {"array": f"array_{len(arrays) - 1}"}
    return part


def _rebuild(part, arrays):
    """Undo what `_flatten` did."""
    if not isinstance(part, dict):
        return part
    ((kind, inner),) = part.items()
    if kind == "dict":
        return {name: _rebuild(p, arrays) for name, p in inner.items()}
    if kind == "tuple":
        return tuple(_rebuild(p, arrays) for p in inner)
    return arrays[inner]
