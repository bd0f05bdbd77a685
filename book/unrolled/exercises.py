"""Tells a reader what is wrong with an answer."""

import copy

import numpy as np

from .arguments import shape_text

UNANSWERED = "Not answered yet."


class Verdict:
    """A sentence about an answer; true if the answer is right."""

    def __init__(self, right, sentence):
        self.right, self.sentence = right, sentence

    def __bool__(self):
        """Tell whether the answer is right."""
        return self.right

    def __repr__(self):
        """Return the sentence."""
        return self.sentence


def check(answer, want, on=None, rtol=1e-9):
    """Compare an answer with what it should be, and say how they differ.

    It returns a Verdict, and a wrong answer raises nothing, so that a notebook runs to
    its end.

    Parameters
    ----------
    answer : number, text, array, tuple or callable
        The reader's. ``...`` or ``None`` counts as not answered yet.
    want : the same, or a list of one result for each entry of ``on``
        A callable is an oracle: it is asked what the result should be.
    on : list of tuple, optional
        The arguments to call a callable answer with.
    rtol : float
        The error allowed, relative to the largest number in the result.
    """
    if on is None or not callable(answer):
        problem = _problem(answer, want if on is None else check, rtol)
        return Verdict(not problem, problem or "Right.")
    for k, arguments in enumerate(on):
        name = getattr(answer, "__name__", "answer")
        call = f"{name}({', '.join(_brief(a) for a in arguments)})"
        expected = want(*copy.deepcopy(arguments)) if callable(want) else want[k]
        try:
            got = answer(*copy.deepcopy(arguments))
        except NotImplementedError:
            return Verdict(False, UNANSWERED)
        except Exception as error:  # reported to the reader, in full
            return Verdict(False, f"{call} raised {type(error).__name__}: {error}")
        problem = _problem(got, expected, rtol)
        if problem:
            said = problem if problem == UNANSWERED else f"{call}: {problem}"
            return Verdict(False, said)
    return Verdict(True, f"Right, on {len(on)} case{'s' if len(on) != 1 else ''}.")


def _brief(value):
    """Write an argument in a few characters."""
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"array {shape_text(value.shape)}"
    if isinstance(value, dict):
        return f"{{{', '.join(map(str, value))}}}"
    return repr(value)


def _kind(value):
    """Name what came instead of a number."""
    return "a function" if callable(value) else f"one {type(value).__name__}"


def _problem(got, want, rtol):
    """Return a sentence about the first difference, empty if there is none."""
    if got is None or got is ...:
        return UNANSWERED
    if isinstance(want, dict | tuple):
        return _problem_in_parts(got, want, rtol)
    if callable(want) or callable(got):
        wanted = "a function" if callable(want) else "a value"
        return f"expected {wanted}, got {_kind(got)}."
    if isinstance(want, str | bool):
        right = isinstance(got, str | bool | np.bool_) and got == want
        return "" if right else f"{_brief(got)} is not it. Look at the hint."
    return _difference(got, want, rtol)


def _problem_in_parts(got, want, rtol):
    """Return a sentence about the first part of a dict or tuple that differs."""
    if isinstance(want, tuple):
        want = {f"result {k}": w for k, w in enumerate(want, 1)}
        if isinstance(got, tuple | list) or np.ndim(got) == 1:
            got = {f"result {k}": g for k, g in enumerate(got, 1)}
    names = ", ".join(map(str, want))
    if not isinstance(got, dict):
        return f"expected {names}, got one {type(got).__name__}."
    if got.keys() != want.keys():
        return f"expected {names}, got {', '.join(map(str, got)) or 'nothing'}."
    for name in want:
        problem = _problem(got[name], want[name], rtol)
        if problem:
            return problem if problem == UNANSWERED else f"{name}: {problem}"
    return ""


def _difference(got, want, rtol):
    """Describe how two arrays of numbers differ, and guess at the mistake."""
    came = _kind(got)
    try:
        got = np.asarray(got)
    except Exception:  # ragged lists, tensors that track gradients
        return f"expected numbers, got {came}."
    if got.dtype.kind not in "biuf":
        kinds = {"c": "complex numbers", "U": "text"}
        return f"expected numbers, got {kinds.get(got.dtype.kind, came)}."
    got, want = got.astype(float), np.asarray(want, float)
    if got.shape != want.shape:
        turned = got.shape == want.T.shape
        return (
            f"expected shape {shape_text(want.shape)}, got {shape_text(got.shape)}"
            f"{': is something transposed?' if turned else '.'}"
        )
    scale = np.abs(want).max(initial=0) or 1.0
    gap = np.abs(got - want)
    if not gap.size or (gap <= rtol * scale).all():
        return ""
    index = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    where = f" at index {index}" if index else ""
    digits = 6 if gap[index] > 1e-5 * scale else 17
    sentence = f"expected {want[index]:.{digits}g}{where}, got {got[index]:.{digits}g}."
    return sentence + _guess(got, want, scale * max(rtol, 1e-9))


def _guess(got, want, tolerance):
    """Name a mistake that would explain the difference, if there is one."""

    def explains(other):
        return np.allclose(got, other, rtol=0, atol=tolerance)

    if explains(-want):
        return " The sign is the other way round."
    if want.ndim == 2 and want.shape[0] == want.shape[1] and explains(want.T):
        return " It is the transpose."
    factor = np.vdot(got, want) / (np.vdot(want, want) or 1.0)
    far = abs(factor - 1) > 1e-3
    if want.size > 1 and factor and far and explains(factor * want):
        missing = "is a factor missing, or a sum or a mean?"
        return f" It is {factor:.6g} times the answer: {missing}"
    return ""
