"""Losses: each returns its value, and its gradient with respect to the predictions."""

import numpy as np

from .arguments import expect, rectangular, shape_text


def mse(ys, targets, mask=None, reduction="mean"):
    """Square the errors, and take their mean or their sum.

    Parameters
    ----------
    ys : array, shape (..., O)
        Predictions, in the unit of the targets.
    targets : array, shape (..., O)
        What they should have been.
    mask : array of bool, shape (...), optional
        True where a step counts; every step does if it is not given.
    reduction : str
        "mean" over all numbers that count, or "sum".

    Returns
    -------
    loss : number, of the type of the predictions
        In the squared unit of the targets.
    dys : array, shape (..., O)
        The gradient of the loss with respect to ys; zero where the mask is False.

    Raises
    ------
    TypeError, ValueError
        If a shape, a type or a value is not what it must be, or no step counts.
    """
    ys = _floating("ys", ys, 1)
    targets = expect("targets", targets, ys.shape, ys.dtype, finite=False)
    mask = _mask(mask, ys.shape[:-1])
    scale = _scale(reduction, mask, ys.shape[-1])
    # Whatever a masked step holds, it must not spoil the others.
    targets = np.where(mask[..., None], targets, 0)
    expect("targets", targets, ys.shape, ys.dtype)
    errors = np.where(mask[..., None], ys, 0) - targets
    return scale * (errors * errors).sum(), 2 * scale * errors


def cross_entropy(logits, labels, mask=None, reduction="mean"):
    """Measure the surprise, in nats, of the labels under softmax of the logits.

    Parameters
    ----------
    logits : array, shape (..., V)
        One score for each of V classes.
    labels : array of int, shape (...)
        The class that came, 0 to V - 1.
    mask : array of bool, shape (...), optional
        True where a step counts; every step does if it is not given.
    reduction : str
        "mean" over all steps that count, or "sum".

    Returns
    -------
    loss : number, of the type of the predictions
        In nats.
    dlogits : array, shape (..., V)
        The gradient of the loss with respect to logits; zero where the mask is False.

    Raises
    ------
    TypeError, ValueError
        If a shape, a type or a label is not what it must be, or no step counts.
    """
    logits = _floating("logits", logits, 1)
    labels = rectangular("labels", labels)
    V = logits.shape[-1]
    if V == 0:
        raise ValueError("logits must have at least one class, got V = 0")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be whole numbers, got {labels.dtype}")
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels must have shape {shape_text(logits.shape[:-1])}, one for each row "
            f"of logits {shape_text(logits.shape)}, got {shape_text(labels.shape)}"
        )
    mask = _mask(mask, labels.shape)
    scale = _scale(reduction, mask, 1)
    wrong = mask & ((labels < 0) | (labels >= V))
    if wrong.any():
        raise ValueError(
            f"labels must lie in 0 … {V - 1}, the classes of logits, "
            f"got {labels[wrong][0]}"
        )

    # As in mse, a masked step may hold anything.
    logits = np.where(mask[..., None], logits, 0)
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


def _floating(name, array, least):
    """Return an array whose own floating type rules, checked for its values."""
    array = rectangular(name, array)
    if array.dtype.kind not in "fc":
        raise TypeError(f"{name} must hold floating-point numbers, got {array.dtype}")
    if array.ndim < least:
        raise ValueError(f"{name} must have at least {least} axis, got a single number")
    return array


def _mask(mask, shape):
    """Return a mask of that shape, all True if none was given."""
    if mask is None:
        return np.ones(shape, bool)
    mask = rectangular("mask", mask)
    if mask.dtype != bool:
        raise TypeError(f"mask must be of type bool, got {mask.dtype}")
    if mask.shape != shape:
        raise ValueError(
            f"mask must have shape {shape_text(shape)}, got {shape_text(mask.shape)}"
        )
    return mask


def _scale(reduction, mask, size):
    """Return what each term is multiplied by: 1 for a sum, 1 / count for a mean."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction must be 'mean' or 'sum', got {reduction!r}")
    count = int(mask.sum()) * size
    if count == 0:
        raise ValueError("the loss needs at least one step that counts, got none")
    return 1.0 / count if reduction == "mean" else 1.0
