"""The training loop: forward, loss, backward, clip, step; cut, stopped and resumed."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from .arguments import all_finite, expect, number, positive
from .optimise import clip_by_norm
from .resume import resume, save


@dataclass
class History:
    """What training left behind, a number a step.

    ``loss`` is the one before each step, ``norm`` the length of the whole gradient
    before clipping.
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
    batches : iterable of (xs, targets) or (xs, targets, mask)
        One a step. The mask goes to the model, and to the loss if that is asked about
        every output.
    loss : callable
        ``loss(ys, targets)`` returns the loss and its gradient with respect to ys;
        ``loss(ys, targets, mask)`` leaves out the steps that do not count.
    optimiser : SGD, Adam, or another with their three methods
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
        training goes on from it, bit for bit. A `Sampler` is asked for its place, and
        put back there. Of other batches those that were seen are passed over, so they
        must come in the same order again. Dropout goes on as well if it draws from the
        sampler's generator.
    every : int
        How many steps lie between two writings.

    Returns
    -------
    History
        The losses and gradient norms, a number a step.

    Raises
    ------
    FloatingPointError
        If a loss, a gradient or a new parameter is not finite. The model then holds the
        parameters of the last step whose loss and gradient were; the optimiser's own
        numbers stay.
    ValueError
        If the checkpoint is of another model or another optimiser.
    """
    history = History() if history is None else history
    clip = None if clip is None else number("clip", clip, 0)
    every = positive("every", every)
    run = (model, optimiser, batches, history)
    good, state, done, passed = _copy(model.params), None, 0, 0
    if checkpoint is not None and Path(checkpoint).exists():
        good, state, done, passed = resume(checkpoint, *run)
    bar = tqdm(batches, label, leave=False, delay=2, disable=not _watched())
    for step, batch in enumerate(bar, done - passed):
        if step < done:
            continue
        try:
            L, norm, last = _gradient(model, batch, state, loss, clip)
            good = _copy(model.params)
            optimiser.step(model.params, model.grads)
            for name, param in model.params.items():
                all_finite(name, param, FloatingPointError)
        except FloatingPointError as error:
            for name, param in model.params.items():
                param[...] = good[name]
            raise FloatingPointError(
                f"{error}, at step {step}: the model is back at the parameters of the "
                "last finite step; try a smaller learning rate, or clip"
            ) from None
        history.loss.append(L)
        history.norm.append(norm)
        state, done = last if carry else None, step + 1
        if checkpoint is not None and done % every == 0:
            save(checkpoint, *run, good, state, done)
    if checkpoint is not None:
        save(checkpoint, *run, good, state, done)
    return history


def truncated(layer, xs, dhs, k1, k2, state=None):
    """Send gradients back every k1 steps, through the last k2 steps and no further.

    Each output's gradient is sent back once: from the end of the k1 steps that it lies
    in. So no path is counted twice. With k1 = k2 the windows lie side by side, and the
    state is carried on; with k2 of at least T, a multiple of k1, it is all of
    backpropagation through time.

    Parameters
    ----------
    layer, xs, dhs, state
        See `Recurrent.forward` and ``backward``; the layer's ``grads`` are filled.
    k1, k2 : int
        How far apart the backward passes are, and how far back each one goes: a
        ValueError if not 1 ≤ k1 ≤ k2.

    Returns
    -------
    dxs : array, shape (B, T, I)
        The gradient with respect to the inputs, cut in the same way.

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


def _gradient(model, batch, state, loss, clip):
    """Run a batch forward and back; return loss, gradient norm, and final state."""
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        got = len(batch) if isinstance(batch, tuple | list) else type(batch).__name__
        raise ValueError(
            f"a batch must be (xs, targets) or (xs, targets, mask), got {got}"
        )
    xs, targets, *mask = batch
    ys, last = model.forward(xs, state, *mask)
    if getattr(model, "outputs", "all") == "last":
        mask = ()  # a sequence has one output, and it counts
    L, dys = loss(ys, targets, *mask)
    all_finite("the loss", L, FloatingPointError)
    model.backward(dys)
    norm = clip_by_norm(model.grads, clip)
    all_finite("the gradient norm", norm, FloatingPointError)
    return float(L), norm, last
