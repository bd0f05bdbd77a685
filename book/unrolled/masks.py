"""Which steps count, and the rows that are left when the others are skipped."""

import copy
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from .arguments import rectangular, shape_text


def counting(mask, B, T):
    """Return which steps count, as an array (B, T) of bool.

    mask is such an array, or the lengths (B,) of B sequences of T steps, or None where
    all steps count. Another, or a length not in 0 … T, raises a ValueError.
    """
    if mask is None:
        return np.ones((B, T), bool)
    mask = rectangular("mask", mask)
    if mask.dtype.kind == "b" and mask.shape == (B, T):
        return mask
    if mask.dtype.kind not in "iu" or mask.shape != (B,):
        raise ValueError(
            f"mask must be ({B}, {T}) of bool, or ({B},) of whole numbers, the "
            f"lengths; got {shape_text(mask.shape)} of {mask.dtype}"
        )
    if (wrong := mask[(mask < 0) | (mask > T)]).size:
        raise ValueError(f"a length must lie in 0 … {T}, got {wrong[0]}")
    return np.arange(T) < mask[:, None]


class Packing:
    """The steps that count as rows: all first steps, then all second steps, and so on.

    Holes are closed, and the sequences are sorted by what is left of them, the longest
    first. So step t runs on the first n_t rows of the state, and the state of a
    sequence that has ended lies still. What stands in the padding is never read.

    Attributes
    ----------
    whole : bool
        Whether every step counts.
    sizes : list of int
        n_t, the number of rows of each step.
    steps : list of slice
        The rows of each step.
    rows : int
        How many rows there are in all.
    """

    def __init__(self, B, T, counts=None):
        self.B, self._first = B, 0
        self.whole = counts is None or bool(counts.all())
        self.sizes, self.rows = [B] * T, B * T
        if not self.whole:
            lengths = counts.sum(axis=1)
            self._order = np.argsort(-lengths, kind="stable")
            alive = np.arange(lengths.max())[:, None] < lengths[self._order]
            t, row = np.nonzero(alive)
            self._sequence = self._order[row]
            front = np.argsort(~counts, axis=1, kind="stable")
            self._time = front[self._sequence, t]
            self.sizes, self.rows = alive.sum(axis=1).tolist(), len(t)

    @cached_property
    def steps(self):
        """The rows of each step: laid out when somebody asks."""
        starts = [0, *accumulate(self.sizes)]
        return [slice(start, stop) for start, stop in pairwise(starts)]

    def part(self, start, stop):
        """Return the packing of the steps from start to stop alone."""
        other = copy.copy(self)
        vars(other).pop("steps", None)
        other.sizes, other._first = self.sizes[start:stop], self._first + start
        other.rows = sum(other.sizes)
        if not self.whole:
            before = sum(self.sizes[:start])
            rows = slice(before, before + other.rows)
            other._sequence, other._time = self._sequence[rows], self._time[rows]
        return other

    def gather(self, array, out=None):
        """Copy the rows (rows, N) out of an array (B, T, N), into ``out`` if given."""
        if out is None:
            out = np.empty((self.rows, array.shape[-1]), array.dtype)
        if self.whole:
            steps = self._of(array)
            out.reshape(steps.shape)[...] = steps
        else:
            out[...] = array[self._sequence, self._time]
        return out

    def scatter(self, rows, array):
        """Copy rows (rows, N) to their places in an array (B, T, N)."""
        if self.whole:
            steps = self._of(array)
            steps[...] = rows.reshape(steps.shape)
        else:
            array[self._sequence, self._time] = rows

    def put(self, parts, array):
        """Copy the rows of each step to their places in an array (B, T, N)."""
        if self.whole:
            for place, part in zip(self._of(array), parts, strict=True):
                place[...] = part
        elif parts:
            self.scatter(np.concatenate(parts), array)

    def by_step(self, array):
        """List the rows of each step of an array (B, T, N); copied only if packed."""
        if self.whole:
            return [*self._of(array)]
        rows = self.gather(array)
        return [rows[now] for now in self.steps]

    def _of(self, array):
        """View the steps of this part as (T, B, N)."""
        return array[:, self._first : self._first + len(self.sizes)].swapaxes(0, 1)

    def sort(self, part):
        """Copy a part of the state (B, N), the longest sequence first."""
        return part.copy() if self.whole else part[self._order]

    def unsort(self, part):
        """Copy a part of the state (B, N) to the order of the batch."""
        out = np.empty_like(part)
        out[... if self.whole else self._order] = part
        return out
