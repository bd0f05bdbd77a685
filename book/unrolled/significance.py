"""May we say so? The exact tests of chapters 10 and 13, and what asking often costs."""

from math import comb

import numpy as np


def flip_test(differences):
    """Return the two-sided p of an exact sign-flip test on paired differences.

    It is the share of the 2**n ways to choose their signs in which the sum is as far
    from zero as the one that was found.

    Parameters
    ----------
    differences : array, shape (n,)
        One for each pair, 20 pairs or so: the time doubles with each more.
    """
    differences = np.asarray(differences, float)
    sums = np.zeros(1)
    for d in differences:
        sums = np.concatenate([sums - d, sums + d])
    return np.mean(np.abs(sums) >= np.abs(differences.sum()) * (1 - 1e-9))


def sign_test(wins, losses):
    """Return the two-sided p of the sign test: a fair coin thrown wins + losses times.

    A tie counts for neither.
    """
    n = wins + losses
    tail = sum(comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / 2**n)


def holm(ps):
    """Correct p for the number of questions asked, by Holm's method.

    Parameters
    ----------
    ps : dict
        The p of each question.

    Returns
    -------
    dict
        The corrected p of each, in rising order.

    Notes
    -----
    Holm (1979). It holds however the questions depend on each other.
    """
    corrected, floor = {}, 0.0
    for rank, key in enumerate(sorted(ps, key=ps.get)):
        floor = max(floor, min(1.0, (len(ps) - rank) * ps[key]))
        corrected[key] = floor
    return corrected
