"""What every layer refuses, in which words, and what it keeps."""

import numpy as np
import pytest

from unrolled import GRU, LSTM, MGU, RNN, Linear
from unrolled.arguments import expect, floating, positive, shape_text

F8 = np.dtype(np.float64)
XS = ("B", "T", 3)


def rng():
    """Start from the same numbers each time."""
    return np.random.default_rng(0)


def layer(**options):
    """Make a layer with I = 3 and H = 4."""
    return RNN(3, 4, rng=rng(), **options)


def with_nan(*shape, at, value=np.nan):
    """Make ones with one number that is none."""
    array = np.ones(shape)
    array[at] = value
    return array


def ran():
    """Make a layer that waits for a backward pass."""
    made = layer()
    made.forward(np.ones((2, 5, 3)))
    return made


def with_param(name, value):
    """Make a layer to which a parameter was assigned."""
    made = layer()
    made.params[name] = value
    return made


REFUSED = {
    "an axis short": (
        lambda: layer().forward(np.ones((5, 3))),
        "ValueError: xs must have shape (B, T, 3), got (5, 3): "
        "add the batch axis with xs[None]",
    ),
    "two axes short": (
        lambda: layer().forward(np.ones(3)),
        "ValueError: xs must have shape (B, T, 3), got (3,)",
    ),
    "another size": (
        lambda: layer().forward(np.ones((2, 5, 4))),
        "ValueError: xs must have shape (B, T, 3), got (2, 5, 4)",
    ),
    "an axis short and another size": (  # the batch axis alone would not cure it
        lambda: layer().forward(np.ones((5, 4))),
        "ValueError: xs must have shape (B, T, 3), got (5, 4)",
    ),
    "an axis too many": (
        lambda: layer().forward(np.ones((1, 2, 5, 3))),
        "ValueError: xs must have shape (B, T, 3), got (1, 2, 5, 3)",
    ),
    "a number": (
        lambda: layer().forward(1.0),
        "ValueError: xs must have shape (B, T, 3), got ()",
    ),
    "empty batch": (
        lambda: layer().forward(np.ones((0, 5, 3))),
        "ValueError: xs must hold at least one sequence, got B = 0",
    ),
    "NaN": (
        lambda: layer().forward(with_nan(2, 5, 3, at=(1, 0, 2))),
        "ValueError: xs must be finite, got nan at index (1, 0, 2)",
    ),
    "infinity": (
        lambda: layer().forward(with_nan(2, 5, 3, at=(0, 4, 0), value=-np.inf)),
        "ValueError: xs must be finite, got -inf at index (0, 4, 0)",
    ),
    "text": (
        lambda: layer().forward([[["a", "b", "c"]]]),
        "TypeError: xs must hold real numbers, got text",
    ),
    "nothing": (
        lambda: layer().forward(None),
        "TypeError: xs must hold real numbers, got objects",
    ),
    "ragged": (
        lambda: layer().forward([[[1, 2, 3], [1, 2]]]),
        "ValueError: xs must be rectangular, got rows that differ",
    ),
    "complex into real": (
        lambda: layer().forward(np.ones((1, 1, 3), complex)),
        "TypeError: xs must hold real numbers, got complex128",
    ),
    "state of another batch": (
        lambda: layer().forward(np.ones((2, 5, 3)), np.ones((1, 4))),
        "ValueError: state h must have shape (2, 4), got (1, 4)",
    ),
    "state with NaN": (
        lambda: layer().forward(np.ones((2, 5, 3)), with_nan(2, 4, at=(1, 3))),
        "ValueError: state h must be finite, got nan at index (1, 3)",
    ),
    "dhs of another length": (
        lambda: ran().backward(np.ones((2, 4, 4))),
        "ValueError: dhs must have shape (2, 5, 4), got (2, 4, 4)",
    ),
    "dstate that would broadcast": (
        lambda: ran().backward(np.ones((2, 5, 4)), np.ones(4)),
        "ValueError: dstate h must have shape (2, 4), got (4,)",
    ),
    "W_h of another shape": (
        lambda: with_param("W_h", np.ones((4, 3))).forward(np.ones((1, 1, 3))),
        "ValueError: params['W_h'] must have shape (4, 4) and type float64, "
        "got (4, 3) and float64",
    ),
    "b of another type": (
        lambda: with_param("b", np.ones(4, np.float32)).forward(np.ones((1, 1, 3))),
        "ValueError: params['b'] must have shape (4,) and type float64, "
        "got (4,) and float32",
    ),
    "no size": (
        lambda: RNN(3, 0, rng=rng()),
        "ValueError: hidden_size must be at least 1, got 0",
    ),
    "a negative size": (
        lambda: Linear(-2, 3, rng=rng()),
        "ValueError: input_size must be at least 1, got -2",
    ),
    "a size with a fraction": (
        lambda: RNN(3.0, 4, rng=rng()),
        "TypeError: input_size must be a whole number, got 3.0",
    ),
    "an integer type": (
        lambda: layer(dtype=int),
        "TypeError: dtype must be float32 or float64, got int64",
    ),
    "half precision": (
        lambda: layer(dtype=np.float16),
        "TypeError: dtype must be float32 or float64, got float16",
    ),
    "no source of numbers": (
        lambda: LSTM(3, 4, rng=7),
        "TypeError: rng must come from np.random.default_rng(seed), got 7",
    ),
    "nor for a minimal gated unit": (
        lambda: MGU(3, 4, rng=None),
        "TypeError: rng must come from np.random.default_rng(seed), got None",
    ),
    "a size that is True": (
        lambda: RNN(3, True, rng=rng()),
        "TypeError: hidden_size must be a whole number, got True",
    ),
    "NaN in a parameter": (
        lambda: with_param("W_h", with_nan(4, 4, at=(1, 2))).forward(
            np.ones((1, 1, 3))
        ),
        "ValueError: params['W_h'] must be finite, got nan at index (1, 2)",
    ),
    "a forget bias in words": (
        lambda: LSTM(3, 4, rng=rng(), forget_bias="1"),
        "TypeError: forget_bias must be a number, got '1'",
    ),
    "a forget bias that is NaN": (
        lambda: LSTM(3, 4, rng=rng(), forget_bias=np.nan),
        "ValueError: forget_bias must be finite, got nan",
    ),
    "a layer that is larger now": (
        lambda: setattr(layer(), "hidden_size", 5),
        "AttributeError: hidden_size is fixed when the RNN is made, got 5: "
        "make another one",
    ),
    "another nonlinearity": (
        lambda: setattr(layer(), "activation", "relu"),
        "AttributeError: activation is fixed when the RNN is made, got 'relu': "
        "make another one",
    ),
    "a type of its own": (
        lambda: setattr(layer(), "dtype", np.float32),
        "AttributeError: dtype is fixed when the RNN is made, got "
        "<class 'numpy.float32'>: make another one",
    ),
    "an unknown activation": (
        lambda: layer(activation="tan"),
        "ValueError: activation must be one of 'identity', 'relu', 'sigmoid', "
        "'tanh', got 'tan'",
    ),
    "backward first": (
        lambda: layer().backward(np.ones((2, 5, 4))),
        "RuntimeError: backward needs a forward pass of its own: call forward first, "
        "and backward once after it",
    ),
    "the head's input": (
        lambda: Linear(4, 2, rng=rng()).forward(np.ones((2, 5, 3))),
        "ValueError: hs must have shape (B, T, 4), got (2, 5, 3)",
    ),
    "the head's gradient": (
        lambda: Linear(4, 2, rng=rng()).backward(np.ones((2, 2))),
        "RuntimeError: backward needs a forward pass of its own: call forward first, "
        "and backward once after it",
    ),
}


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_bad_input_gets_one_sentence(mistake, sentence):
    with pytest.raises((TypeError, ValueError, RuntimeError, AttributeError)) as caught:
        mistake()
    assert f"{caught.type.__name__}: {caught.value}" == sentence
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_backward_works_once_a_forward_and_survives_a_refusal():
    made = ran()
    with pytest.raises(ValueError, match="dhs must have shape"):
        made.backward(np.ones((1, 5, 4)))
    with pytest.raises(ValueError, match="dstate h must have shape"):
        made.backward(np.ones((2, 5, 4)), np.ones((1, 4)))
    made.backward(np.ones((2, 5, 4)))  # the tape is still there
    with pytest.raises(RuntimeError, match="and backward once after it"):
        made.backward(np.ones((2, 5, 4)))


def test_a_gradient_may_be_infinite_since_train_watches_that():
    with np.errstate(invalid="ignore"):
        dxs, _ = ran().backward(with_nan(2, 5, 4, at=(0, 0, 0), value=np.inf))
    assert not np.isfinite(dxs).all()


@pytest.mark.parametrize("kind", ["i1", "u8", "?", "f2", ">f8", "f4"])
def test_any_real_numbers_are_taken(kind):
    array = expect("xs", np.ones((2, 5, 3), kind), XS, F8)
    assert array.dtype == F8 and array.dtype.isnative and (array == 1).all()


def test_expect_copies_only_if_it_must():
    array = np.ones((2, 5, 3))
    assert expect("xs", array, XS, F8) is array
    assert not np.shares_memory(expect("xs", array, XS, np.dtype("f4")), array)


def test_expect_finds_what_is_too_large_for_the_type():
    with pytest.raises(ValueError, match="got inf at index"):
        expect("xs", np.full((1, 1, 3), 1e300), XS, np.dtype("f4"))


def test_sizes_and_types_are_read_as_numpy_reads_them():
    assert positive("T", np.int64(3)) == 3 and type(positive("T", np.int64(3))) is int
    assert floating("float32") == np.float32
    assert [shape_text(s) for s in [(), (3,), ("B", "T", 3)]] == [
        "()",
        "(3,)",
        "(B, T, 3)",
    ]


def test_astype_shares_nothing():
    made = ran()
    made.grads = {"b": np.ones(4)}
    other = made.astype(np.float64)  # between forward and backward
    assert type(other) is RNN and other.grads == {}
    for name, param in made.params.items():
        assert not np.shares_memory(param, other.params[name])
    other.params["b"] += 1
    assert not made.params["b"].any()
    with pytest.raises(RuntimeError):
        other.backward(np.ones((2, 5, 4)))
    assert made.astype(np.float32).forward(np.ones((1, 1, 3)))[0].dtype == np.float32


STATES = {
    "RNN": (RNN, {}, {"h": 4}),
    "LSTM": (LSTM, {}, {"h": 4, "c": 4}),
    "projected": (LSTM, {"projection_size": 2}, {"h": 2, "c": 4}),
    "gate recurrence": (LSTM, {"gate_recurrence": True}, {"h": 4, "c": 4, "gates": 12}),
    "GRU": (GRU, {}, {"h": 4}),
    "MGU": (MGU, {}, {"h": 4}),
}


@pytest.mark.parametrize(("cls", "options", "sizes"), STATES.values(), ids=STATES)
def test_the_state_is_what_the_layer_says(cls, options, sizes):
    made = cls(3, 4, rng=rng(), **options)
    assert made.state_sizes == sizes and [*made.state_sizes] == [*sizes]
    hs, state = made.forward(np.ones((2, 5, 3)))
    assert hs.shape == (2, 5, made.output_size) and made.output_size == sizes["h"]
    dxs, dstate = made.backward(None, state)
    assert dxs.shape == (2, 5, 3) and dxs.any()
    for parts in (state, dstate):
        assert isinstance(parts, tuple) == (len(sizes) > 1)
        parts = parts if isinstance(parts, tuple) else (parts,)
        assert [part.shape for part in parts] == [(2, size) for size in sizes.values()]


def test_a_twin_shares_the_parameters_and_nothing_else():
    made = ran()
    made.grads = {"b": np.ones(4)}
    twin = made.twin()
    assert type(twin) is RNN and twin.grads == {} and twin.params is made.params
    with pytest.raises(RuntimeError):
        twin.backward(np.ones((2, 5, 4)))
    twin.forward(np.zeros((2, 5, 3)))
    made.backward(np.ones((2, 5, 4)))
    assert made.grads["W_x"].any() and twin.grads == {}


def test_a_parameter_that_is_a_list_or_missing_gets_the_sentence():
    layer = RNN(2, 3, rng=np.random.default_rng(0))
    layer.params["b"] = [0, 0, 0]
    with pytest.raises((TypeError, ValueError), match="params"):
        layer.forward(np.ones((1, 2, 2)))
    del layer.params["b"]
    with pytest.raises((TypeError, ValueError), match="params"):
        layer.forward(np.ones((1, 2, 2)))


OPTIONS = {
    RNN: ["activation"],
    GRU: ["reset"],
    LSTM: [
        "peephole", "coupled", "input_gate", "forget_gate", "output_gate",
        "gate_recurrence", "input_activation", "output_activation", "projection_size",
        "layer_norm",
    ],
}  # fmt: skip


@pytest.mark.parametrize("cls", OPTIONS, ids=lambda cls: cls.__name__)
def test_what_a_layer_was_made_with_cannot_change_unseen(cls):
    made = cls(3, 4, rng=rng())
    sizes = [
        "input_size",
        "hidden_size",
        "output_size",
        "state_sizes",
        "order",
        "dtype",
    ]
    for name in OPTIONS[cls] + sizes:
        before = getattr(made, name)
        with pytest.raises(AttributeError):
            setattr(made, name, "other")
        assert getattr(made, name) == before
