"""Three ways to a gradient that owe nothing to a derivation, and their comparison."""

from typing import NamedTuple

import numpy as np

from .arguments import shape_text
from .state import leaves, map_state

STEP = np.finfo(np.float64).eps ** (1 / 5)  # balances rounding against h**4


class Mismatch(NamedTuple):
    """The largest difference of two arrays, relative to their largest number."""

    error: float
    index: tuple
    got: float
    want: float


class Report(dict):
    """A Mismatch for each name; prints as a table, ``worst`` is the largest error."""

    @property
    def worst(self):
        """The largest relative error of all."""
        return max((m.error for m in self.values()), default=0.0)

    def __str__(self):
        """Write one line a name."""
        lines = [f"{'':8}{'rel. error':>12}  {'worst at':14}{'got':>13}{'want':>13}"]
        lines += [
            f"{name:8}{m.error:12.1e}  {str(m.index):14}{m.got:13.6g}{m.want:13.6g}"
            for name, m in self.items()
        ]
        return "\n".join(lines)

    __repr__ = __str__


def mismatch(got, want):
    """Find where two arrays of one shape differ most; others raise a ValueError.

    The error is the largest difference over the largest number in either array. Two
    arrays of zeros agree; NaN differs from everything.
    """
    got, want = np.asarray(got), np.asarray(want)
    if got.dtype.kind in "biu" or want.dtype.kind in "biu":
        got, want = got.astype(float), want.astype(float)
    if got.shape != want.shape:
        raise ValueError(
            f"the shapes must agree, got {shape_text(got.shape)} "
            f"for {shape_text(want.shape)}"
        )
    if got.size == 0:
        return Mismatch(0.0, (), np.nan, np.nan)
    gap = np.abs(got - want)
    index = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    scale = max(np.abs(got).max(), np.abs(want).max())
    error = 0.0 if gap[index] == 0 else float(gap[index] / scale)
    error = np.inf if np.isnan(error) else error
    return Mismatch(error, index, float(got[index]), float(want[index]))


def compare(got, want):
    """Compare two dicts of arrays: return a Report with one Mismatch a name.

    Other names, or shapes, raise a ValueError.
    """
    if got.keys() != want.keys():
        raise ValueError(f"the names must agree, got {[*got]} for {[*want]}")
    return Report({name: mismatch(got[name], want[name]) for name in want})


def finite_differences(f, x):
    """Estimate the gradient of f by moving one number at a time.

    Four values of f around each number cancel the error up to h**4. The step h grows
    with the number, and is rounded to one that float64 adds without error.

    Parameters
    ----------
    f : callable
        Takes nothing, reads x, returns a float.
    x : array of float64
        Moved in place, and put back. Of another type it raises a TypeError: float32 has
        too few digits to subtract.

    Returns
    -------
    array
        df/dx, the shape of x; good to about 1e-12 of the size of f, where its fifth
        derivative is no larger than f.
    """

    def slope(f_at, centre):
        h = STEP * max(1.0, abs(centre))
        h = (centre + h) - centre
        near, far = f_at(h) - f_at(-h), f_at(2 * h) - f_at(-2 * h)
        return (8 * near - far) / (12 * h)

    return _each_number("finite differences need", f, x, np.float64, slope)


def complex_step(f, x):
    """Read the gradient of f off the imaginary part: no difference, no rounding.

    f(x + ih) = f(x) + ih f'(x) + O(h**2), so the imaginary part over h is f'(x). It
    needs an f without absolute values, comparisons or conjugates on the way. Squire and
    Trapp (1998). See `finite_differences`; here f returns a complex number, x is
    complex128, and the gradient float64.
    """
    h = 1e-30

    def slope(f_at, centre):
        return f_at(1j * h).imag / h

    return _each_number("the complex step needs", f, x, np.complex128, slope)


def _each_number(who, f, x, dtype, slope):
    """Move one number of x at a time, and put it back; return all slopes of f."""
    if getattr(x, "dtype", None) != dtype:
        got = getattr(x, "dtype", type(x).__name__)
        raise TypeError(f"{who} an array of {np.dtype(dtype)}, got {got}")
    grad = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        centre = x[index]

        def f_at(step, index=index, centre=centre):
            x[index] = centre + step
            return f()

        try:
            grad[index] = slope(f_at, centre)
        finally:
            x[index] = centre
    return grad


def autograd(f, arrays):
    """Let PyTorch find the gradient of f with respect to a dict of arrays.

    f takes them as float64 tensors by name, and returns a tensor of one number. The
    gradients come by name too; that of an array which f does not use is zero.
    """
    import torch

    tensors = {
        name: torch.tensor(array, dtype=torch.float64, requires_grad=True)
        for name, array in arrays.items()
    }
    total = f(**tensors) + sum(0 * tensor.sum() for tensor in tensors.values())
    grads = torch.autograd.grad(total, tensors.values())
    return {n: grad.numpy().copy() for n, grad in zip(tensors, grads, strict=True)}


def check_layer(layer, xs, state=None, mask=None, *, rng, method=finite_differences):
    """Hold a layer's backward pass against an estimate made from its forward pass.

    The loss is a random weighting of every output and of the final state, so that no
    path goes untested.

    Parameters
    ----------
    layer : layer or Model
        In float64.
    xs, state, mask
        What ``forward`` takes; the gradient of the state is checked if it is given.
    rng : numpy.random.Generator
        Draws the weighting.
    method : callable
        ``finite_differences`` or ``complex_step``.

    Returns
    -------
    Report
        The relative error for xs, unless they are labels, the state and each parameter.
    """
    told = () if mask is None else (mask,)
    ys, last = layer.forward(xs, state, *told)
    dys = rng.standard_normal(ys.shape)
    dlast = map_state(lambda part: rng.standard_normal(part.shape), last)
    dxs, dstate = layer.backward(dys, dlast)
    got = {} if dxs is None else {"xs": dxs}
    got |= ({} if state is None else _named(dstate)) | dict(layer.grads)

    dtype = np.complex128 if method is complex_step else np.float64
    probe = layer.astype(dtype)
    xs = xs if dxs is None else np.array(xs, dtype)
    state = map_state(lambda part: np.array(part, dtype), state)

    def loss():
        ys, last = probe.forward(xs, state, *told)
        ends = zip(leaves(last), leaves(dlast), strict=True)
        return (ys * dys).sum() + sum((part * d).sum() for part, d in ends)

    moved = ({} if dxs is None else {"xs": xs}) | _named(state) | dict(probe.params)
    return compare(got, {name: method(loss, x) for name, x in moved.items()})


def _named(state, name="state"):
    """Name every array of a state."""
    if isinstance(state, tuple | list):
        parts = [_named(part, f"{name} {k}") for k, part in enumerate(state)]
        return {key: array for part in parts for key, array in part.items()}
    return {} if state is None else {name: state}
