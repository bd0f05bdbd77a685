"""Losses: each returns its value, and its gradient with respect to the predictions.

The value is a number of the type of the predictions. ``mask`` is True at the steps
that count, an array of bool of the shape (...), or the lengths (B,) of B sequences;
None is all steps. What stands where no step counts does not matter, and its gradient is
zero. ``reduction`` is "mean", over what counts, or "sum".

A prediction that is not finite raises a FloatingPointError; a shape, a type or a target
that is not what it must be, and a mask without a step, a TypeError or a ValueError.
"""

import numpy as np

from .arguments import (
    all_finite,
    choice,
    expect,
    expect_labels,
    rectangular,
    shape_text,
)
from .masks import counting


def mse(ys, targets, mask=None, reduction="mean"):
    """Square the errors, and take their mean over all numbers that count, or their sum.

    Parameters
    ----------
    ys, targets : array, shape (..., O)
        Predictions, and what they should have been, in the same unit.

    Returns
    -------
    loss : number
        In the squared unit of the targets.
    dys : array, shape (..., O)
        The gradient of the loss with respect to ys.
    """
    ys, mask = _predictions("ys", ys, mask)
    targets = expect("targets", targets, ys.shape, ys.dtype, finite=False)
    targets = all_finite("targets", np.where(mask[..., None], targets, 0))
    scale = _scale(reduction, mask, ys.shape[-1])
    errors = ys - targets
    return scale * (errors * errors).sum(), 2 * scale * errors


def cross_entropy(logits, labels, mask=None, reduction="mean"):
    """Measure the surprise, in nats, of the labels under softmax of the logits.

    Parameters
    ----------
    logits : array, shape (..., V)
        One score for each of V classes.
    labels : array of int, shape (...)
        The class that came, 0 to V - 1.

    Returns
    -------
    loss : number
        In nats, the mean over all steps that count, or their sum.
    dlogits : array, shape (..., V)
        The gradient of the loss with respect to logits.
    """
    logits, mask = _predictions("logits", logits, mask)
    V = logits.shape[-1]
    if V == 0:
        raise ValueError("logits must have at least one class, got V = 0")
    labels = expect_labels("labels", labels, V, mask.shape, mask)
    scale = _scale(reduction, mask, 1)
    chosen = np.where(mask, labels, 0)[..., None]

    shifted = logits - logits.max(axis=-1, keepdims=True)
    exps = np.exp(shifted)
    totals = exps.sum(axis=-1, keepdims=True)
    log_p = np.take_along_axis(shifted, chosen, axis=-1) - np.log(totals)

    dlogits = exps / totals
    p = np.take_along_axis(dlogits, chosen, axis=-1)
    np.put_along_axis(dlogits, chosen, p - 1, axis=-1)
    dlogits *= scale * mask[..., None]
    return -scale * (log_p[..., 0] * mask).sum(), dlogits


def quantile(ys, targets, levels, mask=None, reduction="mean"):
    """Weigh the errors of quantiles: too high by 1 - level, too low by the level.

    The constant that makes it least is the quantile of the targets at that level. Where
    a prediction is exact, the slope jumps from -level to 1 - level; zero is returned.

    Parameters
    ----------
    ys : array, shape (..., Q)
        Predictions, one for each level.
    targets : array, shape (...)
        What came, in the same unit.
    levels : array, shape (Q,)
        Which quantiles, each above 0 and below 1; 0.5 is the median.

    Returns
    -------
    loss : number
        In the unit of the targets, the mean over all numbers that count, or their sum.
    dys : array, shape (..., Q)
        The gradient of the loss with respect to ys.
    """
    ys, mask = _predictions("ys", ys, mask)
    levels = expect("levels", levels, ys.shape[-1:], ys.dtype)
    if ((levels <= 0) | (levels >= 1)).any():
        raise ValueError(f"levels must lie between 0 and 1, got {levels.tolist()}")
    targets = expect("targets", targets, mask.shape, ys.dtype, finite=False)
    targets = all_finite("targets", np.where(mask, targets, 0))
    scale = _scale(reduction, mask, ys.shape[-1])
    errors = ys - targets[..., None]
    slopes = np.where(errors > 0, 1 - levels, -levels) * (errors != 0)
    return scale * (slopes * errors).sum(), scale * slopes


def _predictions(name, ys, mask):
    """Return predictions, zero where no step counts, and a mask of the steps that do.

    The predictions' own data type rules.
    """
    ys = rectangular(name, ys)
    if ys.dtype.kind not in "fc":
        raise TypeError(f"{name} must hold floating-point numbers, got {ys.dtype}")
    if ys.ndim == 0:
        raise ValueError(f"{name} must have at least 1 axis, got a single number")
    shape = ys.shape[:-1]
    if len(shape) == 2:
        mask = counting(mask, *shape)
    mask = np.ones(shape, bool) if mask is None else rectangular("mask", mask)
    if mask.dtype != bool or mask.shape != shape:
        raise ValueError(
            f"mask must be {shape_text(shape)} of bool, "
            f"got {shape_text(mask.shape)} of {mask.dtype}"
        )
    ys = np.where(mask[..., None], ys, 0)
    return all_finite(name, ys, FloatingPointError), mask


def _scale(reduction, mask, size):
    """Return what each term is multiplied by: 1 for a sum, 1 / count for a mean."""
    choice("reduction", reduction, ("mean", "sum"))
    count = int(mask.sum()) * size
    if count == 0:
        raise ValueError("the loss needs at least one step that counts, got none")
    return 1.0 / count if reduction == "mean" else 1.0
