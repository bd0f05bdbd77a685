"""The training loop: forward, loss, backward, clip, step."""

import os
import sys
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

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
    model, batches, loss, optimiser, *, clip=None, carry=False, history=None, label=None
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

    Returns
    -------
    History
        The losses and gradient norms, a number a step.

    Raises
    ------
    FloatingPointError
        If a loss or a gradient is not finite. The model then holds the parameters of
        the last step whose loss and gradient were; the optimiser's own numbers stay.
    """
    history = History() if history is None else history
    bar = tqdm(batches, label, leave=False, delay=2, disable=not _watched())
    good = _copy(model.params)
    state = None
    for step, (xs, targets) in enumerate(bar):
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
    for name, param in model.params.items():
        _finite(f"size of {name}", np.abs(param).max(), len(history.loss), model, good)
    return history


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
