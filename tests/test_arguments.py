"""The one room that says what an argument must be: each sentence, and what passes."""

import re

import numpy as np
import pytest

from unrolled.arguments import (
    choice,
    expect,
    expect_labels,
    expect_names,
    floating,
    number,
    positive,
    rectangular,
    shape_text,
)
from unrolled.masks import counting

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_any_whole_number_is_a_size(value):
    assert type(positive("B", value)) is int and positive("B", value, 3) == 3


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.uint8(3), np.array(3.0)])
def test_any_real_number_is_a_number(value):
    assert type(number("lr", value)) is float
    assert number("lr", value, 3, 3, 3.5) == 3.0


@pytest.mark.parametrize("dtype", [np.float32, "float64", np.complex128, F32])
def test_gradients_need_a_floating_type(dtype):
    assert floating(dtype) == np.dtype(dtype)


def test_what_passes_is_returned():
    assert choice("outputs", "last", ("all", "last")) == "last"
    assert expect_names("state", {"a": 1, "b": 2}, ["b", "a"]) == {"a": 1, "b": 2}
    xs = np.zeros((2, 3))
    assert expect("xs", xs, ("B", 3), F64) is xs  # a copy only if one is needed
    assert expect("xs", xs, ("B", 3), F32).dtype == F32
    assert expect("xs", [[True]], (1, 1), F64).tolist() == [[1.0]]
    assert expect("xs", [1j], ("B",), np.dtype(complex)).tolist() == [1j]
    assert np.isnan(expect("xs", [np.nan], (1,), F64, finite=False)).all()
    assert [shape_text(s) for s in ((), (2,), ("B", 3))] == ["()", "(2,)", "(B, 3)"]


def test_a_label_counts_only_where_it_is_looked_at():
    labels = np.array([[0, 9], [-1, 2]])
    counts = np.array([[True, False], [False, True]])
    assert expect_labels("labels", labels, 3, (2, 2), counts) is labels
    assert expect_labels("labels", 2, 3) == 2
    for empty in ([], np.zeros((2, 0))):
        assert expect_labels("labels", empty, 3).dtype.kind == "i"


def test_lengths_and_masks_say_which_steps_count():
    want = np.array([[True, True, False], [False, False, False], [True, True, True]])
    np.testing.assert_array_equal(counting([2, 0, 3], 3, 3), want)
    assert counting(want, 3, 3) is want
    assert counting(None, 2, 4).shape == (2, 4) and counting(None, 2, 4).all()


BAD = [
    (lambda: positive("B", True), TypeError, "B must be a whole number, got True"),
    (
        lambda: positive("B", np.True_),
        TypeError,
        "B must be a whole number, got np.True_",
    ),
    (lambda: positive("B", "3"), TypeError, "B must be a whole number, got '3'"),
    (lambda: positive("B", None), TypeError, "B must be a whole number, got None"),
    (lambda: positive("T", 1, 2), ValueError, "T must be at least 2, got 1"),
    (lambda: number("b", "1"), TypeError, "b must be a number, got '1'"),
    (lambda: number("b", None), TypeError, "b must be a number, got None"),
    (lambda: number("b", 1j), TypeError, "b must be a number, got 1j"),
    (lambda: number("b", False), TypeError, "b must be a number, got False"),
    (lambda: number("b", [1.0]), TypeError, "b must be a number, got [1.0]"),
    (lambda: number("b", np.nan), ValueError, "b must be finite, got nan"),
    (lambda: number("b", -np.inf), ValueError, "b must be finite, got -inf"),
    (
        lambda: number("b", np.inf, 0),
        ValueError,
        "b must be finite and at least 0, got inf",
    ),
    (
        lambda: number("b", 2, high=1),
        ValueError,
        "b must be at most 1, got 2",
    ),
    (
        lambda: number("b", 1, 0, below=1),
        ValueError,
        "b must be at least 0 and below 1, got 1",
    ),
    (
        lambda: number("b", np.nan, 0, 0.5),
        ValueError,
        "b must be at least 0 and at most 0.5, got nan",
    ),
    (
        lambda: choice("outputs", "first", ("all", "last")),
        ValueError,
        "outputs must be one of 'all', 'last', got 'first'",
    ),
    (
        lambda: choice("outputs", ["all"], ("all", "last")),
        ValueError,
        "outputs must be one of 'all', 'last', got ['all']",
    ),
    (
        lambda: floating("text"),
        TypeError,
        "dtype must be float32 or float64, got 'text'",
    ),
    (
        lambda: floating(np.int8),
        TypeError,
        "dtype must be float32 or float64, got int8",
    ),
    (
        lambda: expect_names("grads", {}, ["a", "b"], ": call backward first"),
        ValueError,
        "grads must hold a, b, got nothing: call backward first",
    ),
    (
        lambda: rectangular("xs", [[1], [1, 2]]),
        ValueError,
        "xs must be rectangular, got rows that differ",
    ),
    (
        lambda: expect("xs", ["a"], (1,), F64),
        TypeError,
        "xs must hold real numbers, got text",
    ),
    (
        lambda: expect("xs", [None], (1,), F64),
        TypeError,
        "xs must hold real numbers, got objects",
    ),
    (
        lambda: expect("xs", [1j], (1,), F64),
        TypeError,
        "xs must hold real numbers, got complex128",
    ),
    (
        lambda: expect("xs", np.zeros((5, 3)), ("B", "T", 3), F64),
        ValueError,
        "xs must have shape (B, T, 3), got (5, 3): add the batch axis with xs[None]",
    ),
    (
        lambda: expect("xs", np.zeros((5, 4)), ("B", "T", 3), F64),
        ValueError,
        "xs must have shape (B, T, 3), got (5, 4)",
    ),
    (
        lambda: expect("xs", np.zeros(3), ("T", 3), F64),
        ValueError,
        "xs must have shape (T, 3), got (3,)",
    ),
    (
        lambda: expect("h", np.zeros(()), ("B",), F64),
        ValueError,
        "h must have shape (B,), got ()",
    ),
    (
        lambda: expect("params['W_h']", [[0, np.nan]], (1, 2), F64),
        ValueError,
        "params['W_h'] must be finite, got nan at index (0, 1)",
    ),
    (
        lambda: expect("xs", [[1e300]], (1, 1), F32),  # without a RuntimeWarning
        ValueError,
        "xs must be finite, got inf at index (0, 0)",
    ),
    (
        lambda: expect("x", -np.inf, (), F64),
        ValueError,
        "x must be finite, got -inf",
    ),
    (
        lambda: expect_labels("labels", ["a"], 3),
        TypeError,
        "labels must be whole numbers, got text",
    ),
    (
        lambda: expect_labels("labels", [[0, 3]], 3),
        ValueError,
        "labels must lie in 0 … 2, got 3 at index (0, 1)",
    ),
    (
        lambda: expect_labels("labels", 7, 3),
        ValueError,
        "labels must lie in 0 … 2, got 7",
    ),
    (
        lambda: expect_labels("labels", [0], 3, (2,)),
        ValueError,
        "labels must have shape (2,), got (1,)",
    ),
    (
        lambda: counting([1, -1], 2, 3),
        ValueError,
        "a length must lie in 0 … 3, got -1",
    ),
    (
        lambda: counting([True, False], 2, 3),
        ValueError,
        "mask must be (2, 3) of bool, or (2,) of whole numbers, the lengths; "
        "got (2,) of bool",
    ),
    (
        lambda: counting([[1, 2, 3], [1, 2, 3]], 2, 3),
        ValueError,
        "mask must be (2, 3) of bool, or (2,) of whole numbers, the lengths; "
        "got (2, 3) of int64",
    ),
]


@pytest.mark.parametrize(("mistake", "error", "sentence"), BAD)
@pytest.mark.filterwarnings("error")
def test_a_mistake_gets_its_sentence(mistake, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        mistake()
