"""The output head and the embedding against torch, and what they refuse."""

import inspect
import re
import textwrap

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agrees, floats
from unrolled import Embedding, Linear, heads
from unrolled.data import one_hot
from unrolled.verify import finite_differences, mismatch


def make(H=3, O=2, dtype=np.float64, seed=0):
    """Return a head with weights and a bias that float32 holds, none of them zero."""
    rng = np.random.default_rng(seed)
    head = Linear(H, O, rng=rng, dtype=dtype)
    for param in head.params.values():  # a bias of zero would hide itself
        param[...] = floats(rng, *param.shape)
    return head, rng


@given(
    st.lists(st.integers(0, 4), max_size=3).map(tuple),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32 - 1),
)
def test_outputs_and_gradients_are_those_of_torch(leading, H, O, dtype, seed):
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
        ((3, True), TypeError, "output_size must be a whole number, got True"),
    ],
)
def test_sizes_are_refused(sizes, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        Linear(*sizes, rng=np.random.default_rng(0))


@pytest.mark.parametrize("make", [Linear, Embedding])
def test_a_seed_is_no_generator_and_float64_is_the_default(make):
    sentence = "rng must come from np.random.default_rng(seed), got 0"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        make(3, 2, rng=0)
    made = make(3, 2, rng=np.random.default_rng(0))
    assert {param.dtype for param in made.params.values()} == {np.dtype(np.float64)}


def test_a_data_type_without_gradients_is_refused():
    sentence = "dtype must be float32 or float64, got int64"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        Linear(3, 2, rng=np.random.default_rng(0), dtype=np.int64)


def test_what_is_not_finite_passes_on_to_the_loop_that_watches():
    head, _ = make()
    assert np.isnan(head.forward(np.full((2, 3), np.nan))).all()
    assert np.isnan(head.backward(np.full((2, 2), np.nan))).all()
    assert np.isnan(head.grads["W_y"]).all() and np.isnan(head.grads["b_y"]).all()
    embedding, _ = table()
    embedding.forward([1])
    embedding.backward(np.full((1, 3), np.nan))
    assert np.isnan(embedding.grads["W_e"]).sum() == 3


# --- the embedding ------------------------------------------------------------------


def table(V=5, I=3, dtype=np.float64, seed=0):
    """Return an embedding whose rows float32 holds."""
    rng = np.random.default_rng(seed)
    embedding = Embedding(V, I, rng=rng, dtype=dtype)
    embedding.params["W_e"][...] = floats(rng, V, I)
    return embedding, rng


@given(
    st.lists(st.integers(0, 6), max_size=3).map(tuple),
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([np.float64, np.float32]),
    st.sampled_from([np.int64, np.int32, np.uint8]),
    st.integers(0, 2**32 - 1),
)
def test_rows_and_their_gradients_are_those_of_torch(leading, V, I, dtype, kind, seed):
    embedding, rng = table(V, I, dtype, seed)
    labels = rng.integers(0, V, leading).astype(kind)  # few of them: they repeat
    dxs = floats(rng, *leading, I)

    net = torch.nn.Embedding(V, I).double()
    net.weight.data = torch.tensor(embedding.params["W_e"]).double()
    xs = net(torch.tensor(labels.astype(np.int64)))
    xs.backward(torch.tensor(dxs))

    got = embedding.forward(labels)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, xs.detach().numpy())
    assert embedding.backward(dxs) is None
    want = net.weight.grad.numpy()
    assert_agrees(embedding.grads["W_e"], want, dtype, scale=2.0)


def test_a_row_is_a_one_hot_vector_times_the_table():
    embedding, rng = table()
    labels = rng.integers(0, 5, (2, 4))
    want = one_hot(labels, 5) @ embedding.params["W_e"]
    np.testing.assert_array_equal(embedding.forward(labels), want)


def disagreement(cls):
    """Return how far a gradient is from finite differences where labels repeat."""
    embedding, rng = table()
    embedding.__class__ = cls
    labels = np.array([[0, 2, 2, 4], [2, 0, 1, 2]])
    weights = floats(rng, 2, 4, 3)

    def loss():
        return (np.tanh(embedding.forward(labels)) * weights).sum()

    want = finite_differences(loss, embedding.params["W_e"])
    xs = embedding.forward(labels)
    embedding.backward(weights * (1 - np.tanh(xs) ** 2))
    return mismatch(embedding.grads["W_e"], want).error


def test_gradients_are_those_of_finite_differences():
    assert disagreement(Embedding) < 1e-9


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        # Of several gradients for one row, the last alone.
        ("dW_e[seen] = np.add.reduceat(dxs[order], starts)", "dW_e[labels] = dxs"),
        ("dW_e[seen] = np.add.reduceat(dxs[order], starts)", "dW_e[labels] += dxs"),
        ("np.add.reduceat(dxs[order], starts)", "np.add.reduceat(dxs, starts)"),
    ],
)
def test_a_mistake_where_labels_repeat_is_caught(line, wrong):
    source = textwrap.dedent(inspect.getsource(Embedding.backward))
    assert source.count(line) == 1
    scope = dict(vars(heads))
    exec(source.replace(line, wrong), scope)
    planted = type("Planted", (Embedding,), {"backward": scope["backward"]})
    assert disagreement(planted) > 1e-3


def test_rows_that_were_not_looked_up_have_no_gradient():
    embedding, rng = table()
    embedding.forward([[3, 1, 3]])
    embedding.backward(floats(rng, 1, 3, 3))
    touched = embedding.grads["W_e"].any(axis=1)
    np.testing.assert_array_equal(touched, [False, True, False, True, False])


@pytest.mark.parametrize("shape", [(3, 0), (0,), (0, 4)])
def test_no_label_is_no_row(shape):
    embedding, _ = table()
    assert embedding.forward(np.zeros(shape, int)).shape == (*shape, 3)
    embedding.backward(np.zeros((*shape, 3)))
    assert not embedding.grads["W_e"].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_rows(dtype):
    one, same, other = (
        Embedding(200, 50, rng=np.random.default_rng(seed), dtype=dtype)
        for seed in (1, 1, 2)
    )
    W_e = one.params["W_e"]
    assert list(one.params) == ["W_e"] and one.size == 10000
    assert W_e.shape == (200, 50) and W_e.dtype == dtype and not one.grads
    assert abs(W_e.mean()) < 0.05 and abs(W_e.std() - 1) < 0.05  # five sigma
    np.testing.assert_array_equal(W_e, same.params["W_e"])
    assert (W_e != other.params["W_e"]).any()
    np.testing.assert_array_equal(one.astype(np.float32).params["W_e"],
                                  W_e.astype(np.float32))  # fmt: skip


def test_rows_are_copies_and_labels_are_kept():
    embedding, rng = table()
    labels, dxs = np.array([0, 1, 1]), floats(rng, 3, 3)
    embedding.forward(labels)[...] = 99
    assert np.abs(embedding.params["W_e"]).max() < 99
    labels[...] = 4
    embedding.backward(dxs)
    assert embedding.grads["W_e"][:2].all() and not embedding.grads["W_e"][2:].any()


def test_one_backward_for_each_lookup():
    embedding, _ = table()
    embedding.forward([0, 1])
    embedding.backward(np.zeros((2, 3)))
    with pytest.raises(RuntimeError, match="call forward first"):
        embedding.backward(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("labels", "error", "sentence"),
    [
        ([0, 5], ValueError, "labels must lie in 0 … 4, got 5 at index (1,)"),
        ([[0], [-1]], ValueError, "labels must lie in 0 … 4, got -1 at index (1, 0)"),
        ([0.0, 1.0], TypeError, "labels must be whole numbers, got float64"),
        ([True], TypeError, "labels must be whole numbers, got bool"),
        ([[1, 2], [3]], ValueError, "labels must be rectangular, got rows that differ"),
    ],
)
def test_labels_are_refused(labels, error, sentence):
    embedding, _ = table()
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        embedding.forward(labels)


def test_gradients_of_another_shape_are_refused():
    embedding, _ = table()
    embedding.forward([[0, 1]])
    sentence = "dxs must have shape (1, 2, 3), got (2, 3)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        embedding.backward(np.zeros((2, 3)))
    embedding.backward(np.zeros((1, 2, 3)))


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((0, 3), "vocabulary_size must be at least 1, got 0"),
        ((5, 0), "output_size must be at least 1, got 0"),
    ],
)
def test_a_table_of_no_size_is_refused(sizes, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Embedding(*sizes, rng=np.random.default_rng(0))
