"""The tests of significance, against SciPy, statsmodels and a count by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from unrolled.significance import flip_test, holm, sign_test

share = st.floats(0, 1)


@given(st.integers(1, 9), st.integers(0, 99))
def test_flipping_signs_tries_every_way(n, seed):
    d = np.random.default_rng(seed).normal(0.3, 1, n)
    ways = np.array([*itertools.product([-1, 1], repeat=n)]) @ d
    assert flip_test(d) == np.mean(np.abs(ways) >= abs(d.sum()) - 1e-9)


def test_the_smallest_p_of_ten_pairs():
    assert np.isclose(flip_test(np.ones(10)), 2 / 2**10, rtol=1e-12)
    assert flip_test([1, -1]) == 1


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_sign_test_is_the_fair_coin(wins, losses):
    want = binomtest(wins, wins + losses).pvalue if wins + losses else 1
    assert np.isclose(sign_test(wins, losses), want, rtol=1e-10)


@given(st.lists(share, min_size=1, max_size=9))
def test_holm_as_statsmodels_has_it(ps):
    got = holm(dict(enumerate(ps)))
    want = multipletests(ps, method="holm")[1]
    assert [got[k] for k in range(len(ps))] == pytest.approx(want, rel=1e-12)


def test_holm_of_nothing_is_nothing():
    assert holm({}) == {}
