"""What a reader is told about an answer."""

import functools
import warnings

import numpy as np
import pytest
import torch

from unrolled import RNN, check
from unrolled.exercises import UNANSWERED

W = np.array([[1.0, 2.0], [3.0, 5.0]])
HIGH = np.array([[1.0, 2.0], [3.0, 5.0], [0.5, 0.25]])


def said(answer, want, **options):
    """Return the sentence of an answer that must be wrong."""
    verdict = check(answer, want, **options)
    assert not verdict
    return repr(verdict)


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        (3, 3),
        (3.0 + 1e-12, 3),
        (W + 1e-10, W),
        (W.tolist(), W),
        ((W, 1.0), (W, 1.0)),
        ([W, 1.0], (W, 1.0)),
        ({"b": W, "a": 1}, {"a": 1, "b": W}),
        ("tanh", "tanh"),
        (True, True),
        (np.True_, True),
        (np.zeros(3), np.zeros(3)),
        (np.ones((0, 2)), np.ones((0, 2))),
    ],
)
def test_a_right_answer_is_right(answer, want):
    verdict = check(answer, want)
    assert verdict and repr(verdict) == "Right."


@pytest.mark.parametrize(
    ("answer", "want", "sentence"),
    [
        (None, 3, UNANSWERED),
        (..., W, UNANSWERED),
        (..., "tanh", UNANSWERED),
        ({"W": ..., "b": 1}, {"W": W, "b": 1}, UNANSWERED),
        ((1, None), (1, 2), UNANSWERED),
        (4, 3, "expected 3, got 4."),
        (-3, 3, "expected 3, got -3. The sign is the other way round."),
        (
            -W,
            W,
            "expected 5 at index (1, 1), got -5. The sign is the other way round.",
        ),
        (W.T, W, "expected 2 at index (0, 1), got 3. It is the transpose."),
        (HIGH.T, HIGH, "expected shape (3, 2), got (2, 3): is something transposed?"),
        (W[0], W, "expected shape (2, 2), got (2,)."),
        (3, W, "expected shape (2, 2), got ()."),
        (
            4 * W,
            W,
            "expected 5 at index (1, 1), got 20. It is 4 times the answer: "
            "is a factor missing, or a sum or a mean?",
        ),
        (
            W / 3,
            W,
            "expected 5 at index (1, 1), got 1.66667. It is 0.333333 times the "
            "answer: is a factor missing, or a sum or a mean?",
        ),
        (0 * W, W, "expected 5 at index (1, 1), got 0."),
        (W + np.eye(2), W, "expected 1 at index (0, 0), got 2."),
        (W * [[1, np.nan]], W, "expected 2 at index (0, 1), got nan."),
        ("two", 2, "expected numbers, got text."),
        ({"W": W}, W, "expected numbers, got one dict."),
        ([[1, 2], [3]], W, "expected numbers, got one list."),
        ("relu", "tanh", "'relu' is not it. Look at the hint."),
        (False, True, "False is not it. Look at the hint."),
        (W, (W, 1), "expected result 1, result 2, got one ndarray."),
        ((W,), (W, 1), "expected result 1, result 2, got result 1."),
        ((W, 2), (W, 1), "result 2: expected 1, got 2."),
        ({"W_h": W}, {"W_h": W, "b": 1}, "expected W_h, b, got W_h."),
        ({}, {"b": 1}, "expected b, got nothing."),
        (
            {"W_h": W.T, "b": 1},
            {"W_h": W, "b": 1},
            "W_h: expected 2 at index (0, 1), got 3. It is the transpose.",
        ),
    ],
)
def test_a_wrong_answer_gets_a_sentence(answer, want, sentence):
    with np.errstate(invalid="ignore"):
        assert said(answer, want) == sentence


def test_a_function_is_asked_about_every_case():
    on = [(1, 2), (3, 5)]

    def parameters(I, H):
        return I * H + H * H + H

    assert repr(check(parameters, [8, 45], on=on)) == "Right, on 2 cases."
    assert repr(check(parameters, [8], on=on[:1])) == "Right, on 1 case."
    assert check(parameters, lambda I, H: H * (I + H + 1), on=on)
    assert said(parameters, [8, 46], on=on) == "parameters(3, 5): expected 46, got 45."


def test_a_function_without_an_answer_is_not_answered():
    def later(x):
        raise NotImplementedError

    def empty(x): ...

    def partly(x):
        return x if x == 1 else None

    for stub in (later, empty, partly):
        assert said(stub, [1, 2], on=[(1,), (2,)]) == UNANSWERED


def test_an_error_is_reported_with_the_call_that_raised_it():
    def step(x, W):
        return x @ W

    xs = np.ones((2, 3))
    sentence = said(step, [xs], on=[(xs, np.ones(2))])
    assert sentence.startswith("step(array (2, 3), array([1., 1.])) raised ValueError:")
    # Four numbers are written out, five are not.
    assert said(len, [3], on=[(np.arange(4),)]).startswith("len(array([0, 1, 2, 3])):")
    assert said(len, [3], on=[(np.arange(5),)]).startswith("len(array (5,)):")
    assert said(len, [3], on=[({"W": 1, "b": 2},)]).startswith("len({W, b}):")

    def endless(n):
        return endless(n)

    assert "raised RecursionError" in said(endless, [1], on=[(1,)])

    def interrupted(n):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # the reader's own wish
        check(interrupted, [1], on=[(1,)])


@pytest.mark.parametrize("oracle", [True, False])
def test_an_answer_that_writes_into_its_inputs_harms_nobody(oracle):
    xs = np.arange(4.0)

    def answer(xs):
        xs *= 2
        return xs

    want = (lambda xs: 2 * xs) if oracle else [2 * xs]
    for _ in range(2):
        assert check(answer, want, on=[(xs,)])
    np.testing.assert_array_equal(xs, np.arange(4.0))


def test_a_planted_layer_is_diagnosed_through_check():
    """As in the exercise of chapter 3: a backward pass with one mistake."""
    rng = np.random.default_rng(0)
    layer = RNN(2, 3, rng=rng)
    xs, dhs = rng.standard_normal((2, 4, 2)), rng.standard_normal((2, 4, 3))

    def right(xs, dhs):
        layer.forward(xs)
        layer.backward(dhs)
        return layer.grads

    def mean(xs, dhs):
        return {name: grad / len(xs) for name, grad in right(xs, dhs).items()}

    assert check(right, right, on=[(xs, dhs)])
    sentence = said(mean, right, on=[(xs, dhs)])
    assert sentence.startswith("mean(array (2, 4, 2), array (2, 4, 3)): W_x: expected")
    assert sentence.endswith(
        "It is 0.5 times the answer: is a factor missing, or a sum or a mean?"
    )


def test_the_tolerance_is_relative_to_the_largest_number():
    want = np.array([1e6, 1.0])
    assert check(want + [0, 9e-4], want) and not check(want + [0, 2e-3], want)
    assert check(1.004, 1.0, rtol=5e-3) and not check(1.006, 1.0, rtol=5e-3)
    assert not check(1e-8, 0.0)  # where all should be zero it is absolute
    assert check(1e-10, 0.0) and check(0.9e-9, 0.0)
    assert check(np.full(2, 0.9e-9), np.zeros(2))
    # A thousand millionth, unless told.
    assert check(1 + 0.9e-9, 1.0) and not check(1 + 1.1e-9, 1.0)


@pytest.mark.parametrize(
    ("answer", "want", "on"),
    [
        (len, 3, None),  # the function itself, not its value
        (functools.partial(max), [3], [(1, 2)]),  # no __name__
        (np.array([1, 2]), True, None),
        (np.array(["a", "b"]), "a", None),
        (torch.ones(2, requires_grad=True), np.zeros(2), None),
        (10**400, 1.0, None),
    ],
    ids=str,
)
def test_check_never_raises(answer, want, on):
    assert not check(answer, want, on=on)


def test_check_does_not_say_expected_a_third_got_a_third():
    sentence = repr(check(np.float32(1 / 3), 1 / 3))
    assert sentence != "expected 0.333333, got 0.333333."


def test_check_does_not_say_once_the_answer():
    want = np.arange(1, 4) / 3
    assert "It is 1 times" not in repr(check(want * (1 + 1e-7), want))


def test_check_asks_for_a_function_where_a_value_came_and_the_other_way_round():
    assert said(5, lambda a: a, on=[(1,)]) == "expected a function, got one int."
    assert said(len, 3) == "expected a value, got a function."


def test_check_sees_an_imaginary_part():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not check(np.array([1 + 5j]), np.array([1.0]))


def test_check_does_not_take_text_for_a_number():
    assert not check("3", 3)


def test_check_gives_oracle_and_answer_the_same_generator():
    def draw(rng):
        return rng.normal()

    assert check(draw, draw, on=[(np.random.default_rng(0),)])


def test_check_copies_what_is_in_a_dict():
    params = {"b": np.ones(2)}

    def writes(params):
        params["b"] += 1
        return params["b"]

    check(writes, [np.full(2, 2.0)], on=[(params,)])
    assert (params["b"] == 1).all()
