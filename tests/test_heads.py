"""The output head against torch, and what it refuses."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agrees, floats
from unrolled import Linear

CALM = settings(deadline=None, derandomize=True, max_examples=100)


def make(H=3, O=2, dtype=np.float64, seed=0):  # noqa: E741
    """Return a head with weights and a bias that float32 holds, none of them zero."""
    rng = np.random.default_rng(seed)
    head = Linear(H, O, rng=rng, dtype=dtype)
    for param in head.params.values():  # a bias of zero would hide itself
        param[...] = floats(rng, *param.shape)
    return head, rng


@CALM
@given(
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32 - 1),
)
def test_outputs_and_gradients_are_those_of_torch(leading, H, O, dtype, seed):  # noqa: E741
    head, rng = make(H, O, dtype, seed)
    hs, dys = floats(rng, *leading, H), floats(rng, *leading, O)

    net = torch.nn.Linear(H, O).double()
    net.weight.data = torch.tensor(head.params["W_y"]).double().T
    net.bias.data = torch.tensor(head.params["b_y"]).double()
    hs_torch = torch.tensor(hs, requires_grad=True)
    ys = net(hs_torch)
    ys.backward(torch.tensor(dys))

    scale = 4.0  # the largest term of every sum
    assert_agrees(head.forward(hs), ys.detach().numpy(), dtype, scale)
    assert_agrees(head.backward(dys), hs_torch.grad.numpy(), dtype, scale)
    assert_agrees(head.grads["W_y"], net.weight.grad.numpy().T, dtype, scale)
    assert_agrees(head.grads["b_y"], net.bias.grad.numpy(), dtype, scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_weights(dtype):
    head = Linear(7, 5, rng=np.random.default_rng(0), dtype=dtype)
    W_y, b_y = head.params["W_y"], head.params["b_y"]
    assert list(head.params) == ["W_y", "b_y"]
    assert W_y.shape == (7, 5) and W_y.dtype == dtype
    assert np.ptp(W_y) > 0 and np.abs(W_y).max() <= np.sqrt(6 / 12)
    assert b_y.shape == (5,) and b_y.dtype == dtype and not b_y.any()
    assert head.size == 40
    assert not head.grads


def test_the_same_seed_gives_the_same_head():
    one, two, other = (
        Linear(3, 2, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one.params["W_y"], two.params["W_y"])
    assert (one.params["W_y"] != other.params["W_y"]).any()


def test_each_step_is_treated_alike():
    head, rng = make()
    hs = floats(rng, 2, 4, 3)
    ys = head.forward(hs)
    for t in range(4):
        assert_agrees(ys[:, t], head.forward(hs[:, t]), np.float64)


def test_what_happens_to_hs_after_forward_does_not_matter():
    head, rng = make()
    hs, dys = floats(rng, 2, 3), floats(rng, 2, 2)
    head.forward(hs)
    hs[...] = 99
    head.backward(dys)
    assert np.abs(head.grads["W_y"]).max() < 99


def test_gradients_are_of_one_pass_and_not_a_running_sum():
    head, rng = make()
    hs, dys = floats(rng, 2, 3), floats(rng, 2, 2)
    first = []
    for _ in range(2):
        head.forward(hs)
        head.backward(dys)
        first.append(head.grads["W_y"].copy())
    np.testing.assert_array_equal(*first)


def test_one_backward_for_each_forward():
    head, rng = make()
    sentence = (
        "backward needs a forward pass of its own: call forward first, and backward "
        "once after it"
    )
    with pytest.raises(RuntimeError, match=re.escape(sentence)):
        head.backward(np.zeros((2, 2)))
    head.forward(floats(rng, 2, 3))
    head.backward(np.zeros((2, 2)))
    with pytest.raises(RuntimeError, match=re.escape(sentence)):
        head.backward(np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("hs", "error", "sentence"),
    [
        (
            np.zeros((2, 5, 4)),
            ValueError,
            "hs must have shape (B, T, 3), got (2, 5, 4)",
        ),
        (np.zeros(4), ValueError, "hs must have shape (3,), got (4,)"),
        (0.5, ValueError, "hs must have shape (3,), got ()"),
        (np.full((2, 3), "a"), TypeError, "hs must hold real numbers, got text"),
    ],
)
def test_forward_refuses(hs, error, sentence):
    head, _ = make()
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        head.forward(hs)


def test_backward_refuses_and_can_be_called_again():
    head, rng = make()
    head.forward(floats(rng, 2, 5, 3))
    sentence = "dys must have shape (2, 5, 2), got (2, 2)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        head.backward(np.zeros((2, 2)))
    assert head.backward(np.zeros((2, 5, 2))).shape == (2, 5, 3)


@pytest.mark.parametrize(
    ("sizes", "error", "sentence"),
    [
        ((0, 2), ValueError, "input_size must be at least 1, got 0"),
        ((3, -1), ValueError, "output_size must be at least 1, got -1"),
        ((3.0, 2), TypeError, "input_size must be a whole number, got 3.0"),
    ],
)
def test_sizes_are_refused(sizes, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        Linear(*sizes, rng=np.random.default_rng(0))


def test_a_data_type_without_gradients_is_refused():
    sentence = "dtype must be float32 or float64, got int64"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        Linear(3, 2, rng=np.random.default_rng(0), dtype=np.int64)
