"""Optimisers and clipping against torch over many steps; and what they refuse."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agrees, floats
from unrolled import SGD, Adam, clip_by_norm

STEPS = 9
SHAPES = {"W_x": (3, 2), "W_h": (2, 2), "b": (2,)}
LEARNING_RATES = st.sampled_from([1e-3, 0.1, 1.0])
EACH_OPTIMISER = pytest.mark.parametrize(
    "make", [lambda: SGD(0.1), lambda: SGD(0.1, 0.9), lambda: Adam(0.1)]
)


def draw(rng, dtype=np.float64):
    """Return an array of numbers that float32 holds for each name."""
    return {name: floats(rng, *shape).astype(dtype) for name, shape in SHAPES.items()}


def race(ours, make_torch, dtype, seed):
    """Let both walk along the same gradients, and compare after every step."""
    rng = np.random.default_rng(seed)
    params = draw(rng, dtype)
    theirs = {name: torch.tensor(p).double() for name, p in params.items()}
    optimiser = make_torch(list(theirs.values()))
    arrays = list(params.values())
    for _ in range(STEPS):
        grads = draw(rng, dtype)
        for name, grad in grads.items():
            theirs[name].grad = torch.tensor(grad).double()
        before = {name: grad.copy() for name, grad in grads.items()}
        ours.step(params, grads)
        optimiser.step()
        for name, param in params.items():
            assert_agrees(param, theirs[name].numpy(), dtype)
            np.testing.assert_array_equal(grads[name], before[name])
    assert all(a is b for a, b in zip(arrays, params.values(), strict=True))


DTYPES = st.sampled_from([np.float64, np.float32])
SEEDS = st.integers(0, 2**32 - 1)


@given(LEARNING_RATES, st.sampled_from([0.0, 0.5, 0.9]), DTYPES, SEEDS)
def test_sgd_is_that_of_torch(lr, momentum, dtype, seed):
    race(
        SGD(lr, momentum),
        lambda params: torch.optim.SGD(params, lr, momentum=momentum),
        dtype,
        seed,
    )


@given(
    LEARNING_RATES,
    st.sampled_from([(0.9, 0.999), (0.5, 0.9)]),
    st.sampled_from([1e-8, 0.1]),
    DTYPES,
    SEEDS,
)
def test_adam_is_that_of_torch(lr, betas, eps, dtype, seed):
    race(
        Adam(lr, *betas, eps),
        lambda params: torch.optim.Adam(params, lr, betas, eps),
        dtype,
        seed,
    )


def test_adam_has_the_defaults_of_torch():
    race(Adam(0.1), lambda params: torch.optim.Adam(params, 0.1), np.float64, 0)


@EACH_OPTIMISER
def test_a_gradient_of_zero_moves_nothing(make):
    params = draw(np.random.default_rng(0))
    before = {name: param.copy() for name, param in params.items()}
    make().step(params, {name: np.zeros_like(param) for name, param in params.items()})
    for name, param in params.items():
        np.testing.assert_array_equal(param, before[name])


@EACH_OPTIMISER
def test_two_optimisers_share_nothing(make):
    rng = np.random.default_rng(0)
    start, grads = draw(rng), [draw(rng) for _ in range(3)]
    ends = []
    for _ in range(2):
        params = {name: param.copy() for name, param in start.items()}
        optimiser = make()
        for grad in grads:
            optimiser.step(params, grad)
        ends.append(params)
    for name in SHAPES:
        np.testing.assert_array_equal(ends[0][name], ends[1][name])


@EACH_OPTIMISER
@pytest.mark.parametrize(
    ("names", "got"), [([], "nothing"), (["W_x", "b"], "W_x, b"), (["W_y"], "W_y")]
)
def test_gradients_of_other_names_are_refused(make, names, got):
    params = draw(np.random.default_rng(0))
    sentence = f"grads must hold W_x, W_h, b, got {got}: call backward first"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make().step(params, {name: np.zeros(2) for name in names})


@given(st.sampled_from([1e-3, 0.5, 3.0, 1e3]), DTYPES, SEEDS)
def test_clipping_is_that_of_torch(limit, dtype, seed):
    grads = draw(np.random.default_rng(seed), dtype)
    theirs = [torch.nn.Parameter(torch.tensor(g).double()) for g in grads.values()]
    for p in theirs:
        p.grad = p.detach().clone()
    want = torch.nn.utils.clip_grad_norm_(theirs, limit).item()

    arrays = list(grads.values())
    got = clip_by_norm(grads, limit)
    assert type(got) is float
    assert_agrees(np.asarray(got, dtype), want, dtype)
    # torch divides by norm + 1e-6, so that zero does not divide; the paper does not.
    paper = (want + 1e-6) / want if limit < want else 1.0
    for grad, p in zip(grads.values(), theirs, strict=True):
        assert_agrees(grad, p.grad.numpy() * paper, dtype)
    assert all(a is b for a, b in zip(arrays, grads.values(), strict=True))


def test_clipping_keeps_the_direction_and_meets_the_limit():
    grads = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert clip_by_norm(grads, 1.0) == 5
    np.testing.assert_allclose(grads["a"], [0.6, 0], rtol=1e-15)
    np.testing.assert_allclose(grads["b"], [[0.8]], rtol=1e-15)


@pytest.mark.parametrize("limit", [None, 5.0, 6.0])
def test_short_gradients_are_left_alone(limit):
    grads = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]])}
    assert clip_by_norm(grads, limit) == 5
    np.testing.assert_array_equal(grads["a"], [3, 0])
    np.testing.assert_array_equal(grads["b"], [[4]])


def test_gradients_of_zero_have_no_direction_to_lose():
    grads = {"a": np.zeros(3)}
    assert clip_by_norm(grads, 1.0) == 0
    np.testing.assert_array_equal(grads["a"], 0)


def test_large_float32_gradients_are_no_overflow():
    assert np.isfinite(clip_by_norm({"w": np.full(2, 1e25, np.float32)}, 1.0))


@EACH_OPTIMISER
def test_the_type_of_the_parameters_rules(make):
    rng = np.random.default_rng(0)
    small, grads = draw(rng, np.float32), draw(rng)
    params = {name: param.copy() for name, param in small.items()}
    one, other = make(), make()
    for _ in range(2):
        one.step(params, grads)
        other.step(small, {name: g.astype(np.float32) for name, g in grads.items()})
    for name, param in params.items():
        np.testing.assert_array_equal(param, small[name])


def test_plain_sgd_is_the_default():
    assert SGD(0.1).momentum == 0.0


@pytest.mark.parametrize("name", SHAPES)
@EACH_OPTIMISER
def test_gradients_of_other_shapes_are_refused(make, name):
    rng = np.random.default_rng(0)
    params, grads = draw(rng), draw(rng)
    shape = {"W_x": "(3, 2)", "W_h": "(2, 2)", "b": "(2,)"}[name]
    grads[name] = np.zeros(1)  # it would broadcast
    sentence = f"grads[{name!r}] must have shape {shape}, got (1,)"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make().step(params, grads)


@EACH_OPTIMISER
def test_a_new_optimiser_goes_on_from_what_the_old_one_gathered(make):
    rng = np.random.default_rng(0)
    start, grads = draw(rng), [draw(rng) for _ in range(6)]
    old = make()
    for grad in grads[:3]:
        old.step(start, grad)
    kept, ends = old.state_dict(), []
    want = {name: param.copy() for name, param in start.items()}
    for grad in grads[3:]:  # what was kept is of that moment: no run moves it on
        old.step(want, grad)
    for _ in range(2):
        new, params = make(), {name: param.copy() for name, param in start.items()}
        new.load_state_dict(kept)
        for grad in grads[3:]:
            new.step(params, grad)
        ends.append(params)
    for name in SHAPES:
        np.testing.assert_array_equal(ends[0][name], want[name])
        np.testing.assert_array_equal(ends[1][name], want[name])


@EACH_OPTIMISER
def test_what_another_optimiser_gathered_is_refused(make):
    names = ", ".join(make().state_dict())
    for state, got in (({}, "nothing"), (None, "None"), ({"rho": 1}, "rho")):
        sentence = f"state must hold {names}, got {got}"
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            make().load_state_dict(state)


@pytest.mark.parametrize(
    ("mistake", "error", "sentence"),
    [
        (lambda: SGD(-0.1), ValueError, "lr must be finite and at least 0, got -0.1"),
        (lambda: Adam(np.nan), ValueError, "lr must be finite and at least 0, got nan"),
        (lambda: Adam(np.inf), ValueError, "lr must be finite and at least 0, got inf"),
        (lambda: SGD("0.1"), TypeError, "lr must be a number, got '0.1'"),
        (lambda: SGD(True), TypeError, "lr must be a number, got True"),
        (
            lambda: SGD(0.1, 1.0),
            ValueError,
            "momentum must be at least 0 and below 1, got 1.0",
        ),
        (
            lambda: SGD(0.1, -0.5),
            ValueError,
            "momentum must be at least 0 and below 1, got -0.5",
        ),
        (
            lambda: Adam(0.1, 1),
            ValueError,
            "beta1 must be at least 0 and below 1, got 1",
        ),
        (
            lambda: Adam(0.1, 0.9, -0.1),
            ValueError,
            "beta2 must be at least 0 and below 1, got -0.1",
        ),
        (
            lambda: Adam(0.1, eps=-1e-8),
            ValueError,
            "eps must be finite and at least 0, got -1e-08",
        ),
        (
            lambda: clip_by_norm({"a": np.ones(1)}, -1.0),
            ValueError,
            "limit must be finite and at least 0, got -1.0",
        ),
        (
            lambda: clip_by_norm({"a": np.ones(1)}, np.nan),
            ValueError,
            "limit must be finite and at least 0, got nan",
        ),
    ],
)
def test_rates_and_limits_are_refused(mistake, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        mistake()


def test_rates_and_limits_may_be_zero():
    SGD(0, 0), Adam(0, 0, 0, 0)
    clip_by_norm(grads := {"a": np.ones(2)}, 0)
    assert not grads["a"].any()
