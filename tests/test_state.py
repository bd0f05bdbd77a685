"""A state as a tree of arrays: listed, changed, split, joined, checked."""

import numpy as np
import pytest

from unrolled.state import check_state, join_state, leaves, map_state, split_state

A, B, C = (np.full((2, n), float(n)) for n in (3, 4, 5))
F8, F4 = np.dtype(np.float64), np.dtype(np.float32)


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        (A, [A]),
        (None, []),
        ((A, B), [A, B]),
        ([A, (B, None), (None, (C,))], [A, B, C]),
        ((), []),
    ],
    ids=["one", "none", "two", "nested", "empty"],
)
def test_the_leaves_are_the_arrays_in_order(state, listed):
    found = leaves(state)
    assert len(found) == len(listed)
    assert all(got is want for got, want in zip(found, listed, strict=True))


def test_a_tree_is_changed_leaf_by_leaf():
    doubled = map_state(lambda a: 2 * a, (A, [B, None], ((C,),)))
    first, (second, nothing), ((third,),) = doubled
    for got, want in ((first, A), (second, B), (third, C)):
        np.testing.assert_array_equal(got, 2 * want)
    assert nothing is None and type(doubled) is type(doubled[1]) is tuple
    assert map_state(lambda a: a, None) is None
    assert map_state(lambda a: a, A) is A


def test_a_state_of_one_array_is_that_array():
    assert join_state([A]) is A
    assert join_state([A, B]) == (A, B) and type(join_state([A, B])) is tuple


def test_a_state_is_split_into_as_many_parts_as_there_must_be():
    assert split_state("state", None, 3, "three") == [None, None, None]
    assert split_state("state", (A, None), 2, "two") == [A, None]
    given = [A, B]
    assert split_state("state", given, 2, "two") is not given


@pytest.mark.parametrize(
    ("state", "got"), [(A, "one array"), ((A,), "1"), ([A, B, C], "3"), ((), "0")]
)
def test_another_number_of_parts_gets_one_sentence(state, got):
    with pytest.raises(ValueError) as caught:
        split_state("dstate", state, 2, "(h, c)")
    assert str(caught.value) == f"dstate must hold (h, c), got {got}"


def test_no_state_is_zeros_of_the_sizes_and_the_type():
    h, c = check_state("state", None, {"h": 3, "c": 4}, 2, F4)
    assert (h.shape, c.shape) == ((2, 3), (2, 4))
    assert h.dtype == c.dtype == F4 and not h.any() and not c.any()


def test_a_state_is_converted_and_otherwise_left_as_it_is():
    (h,) = check_state("state", A, {"h": 3}, 2, F8)
    assert h is A
    h, c = check_state("state", [A.astype(int), B.tolist()], {"h": 3, "c": 4}, 2, F4)
    assert h.dtype == c.dtype == F4
    np.testing.assert_array_equal(h, A)
    np.testing.assert_array_equal(c, B)


INFINITE = A * [1, np.inf, 1]
REFUSED = {
    "another width": ((A, B), {"h": 3, "c": 3},
                      "state c must have shape (2, 3), got (2, 4)"),
    "another batch": (A[:1], {"h": 3}, "state h must have shape (2, 3), got (1, 3)"),
    "one for two": (A, {"h": 3, "c": 3}, "state must hold (h, c), got one array"),
    "infinity": (INFINITE, {"h": 3}, "state h must be finite, got inf at index (0, 1)"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "sizes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_state_that_does_not_fit_gets_one_sentence(state, sizes, sentence):
    with pytest.raises(ValueError) as caught:
        check_state("state", state, sizes, 2, F8)
    assert str(caught.value) == sentence


def test_a_gradient_may_be_infinite():
    (dh,) = check_state("dstate", INFINITE, {"h": 3}, 2, F8, finite=False)
    assert dh is INFINITE
