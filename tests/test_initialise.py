"""First weights: what the papers promise of them, and torch's own."""

import re

import numpy as np
import pytest
import torch

from unrolled import GRU, LSTM
from unrolled.activations import sigmoid
from unrolled.initialise import chrono, gates, glorot, identity, orthogonal

EACH_DTYPE = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.parametrize(("fan_in", "fan_out"), [(200, 300), (600, 50)])
def test_glorot_is_uniform_within_its_limit(fan_in, fan_out):
    W = glorot(np.random.default_rng(0), fan_in, fan_out)
    limit = np.sqrt(6 / (fan_in + fan_out))
    assert W.shape == (fan_in, fan_out)
    assert np.abs(W).max() <= limit
    # Each tenth of the interval holds a tenth of the numbers, within five sigma.
    counts, _ = np.histogram(W, bins=10, range=(-limit, limit))
    assert counts.sum() == W.size
    assert np.abs(counts / W.size - 0.1).max() < 5 * np.sqrt(0.09 / W.size)


def test_glorot_has_the_limit_of_torch():
    torch.manual_seed(0)
    want = torch.nn.init.xavier_uniform_(torch.empty(300, 200)).abs().max().item()
    got = np.abs(glorot(np.random.default_rng(0), 200, 300)).max()
    assert abs(got - want) < 1e-3 * want


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_orthogonal_changes_no_length(size):
    Q = orthogonal(np.random.default_rng(size), size)
    assert Q.shape == (size, size)
    assert np.abs(Q.T @ Q - np.eye(size)).max() < 1e-14 * max(size, 4)


def test_orthogonal_favours_no_direction_and_no_handedness():
    # Without the signs of R's diagonal, Householder's QR gives a first number that
    # is never positive.
    rng = np.random.default_rng(0)
    Qs = np.stack([orthogonal(rng, 2) for _ in range(2000)])
    five_sigma = 5 * np.sqrt(0.5 / 2000)  # each number of Q has mean 0, variance 1/2
    assert np.abs(Qs.mean(axis=0)).max() < five_sigma
    rotations = (np.linalg.det(Qs) > 0).mean()
    assert abs(rotations - 0.5) < 5 * np.sqrt(0.25 / 2000)


@pytest.mark.parametrize("scale", [1.0, 0.5, -2])
def test_identity_is_a_multiple_of_the_state(scale):
    h = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_array_equal(h @ identity(3, scale), scale * h)


@EACH_DTYPE
def test_data_types_are_kept(dtype):
    rng = np.random.default_rng(0)
    assert glorot(rng, 3, 2, dtype).dtype == dtype
    assert orthogonal(rng, 3, dtype).dtype == dtype
    assert identity(3, 0.5, dtype).dtype == dtype
    assert [b.dtype for b in chrono(rng, 3, 9, dtype)] == [dtype, dtype]
    assert {b.dtype for b in gates(rng, 2, 3, 4, dtype).values()} == {np.dtype(dtype)}


def test_double_precision_is_the_default():
    rng = np.random.default_rng(0)
    arrays = [glorot(rng, 3, 2), orthogonal(rng, 3), identity(3), *chrono(rng, 3, 9)]
    arrays += gates(rng, 2, 3, 4).values()
    assert {array.dtype for array in arrays} == {np.dtype(np.float64)}
    np.testing.assert_array_equal(arrays[2], np.eye(3))


def test_each_gate_is_drawn_by_itself():
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    params = gates(rng, 3, 5, 4)
    squares = [orthogonal(again, 4) for _ in range(3)]
    np.testing.assert_array_equal(params["W_h"], np.hstack(squares))
    blocks = [glorot(again, 5, 4) for _ in range(3)]
    np.testing.assert_array_equal(params["W_x"], np.hstack(blocks))
    assert params["b"].shape == (12,) and not params["b"].any()


@pytest.mark.parametrize("P", [2, 4, 7])
def test_the_way_back_from_a_projection_is_a_part_of_a_rotation(P):
    W_h = gates(np.random.default_rng(0), 2, 5, 4, P=P)["W_h"]
    assert W_h.shape == (P, 8)
    for block in np.hsplit(W_h, 2):
        short = block if P > 4 else block.T
        assert np.abs(short.T @ short - np.eye(min(P, 4))).max() < 1e-14


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, *a: glorot(rng, 4, 3, *a),
        lambda rng, *a: orthogonal(rng, 4, *a),
        lambda rng, *a: np.stack(chrono(rng, 4, 9, *a)),
    ],
)
def test_a_seed_gives_the_same_weights_in_both_types(draw):
    one, two, single = (
        draw(np.random.default_rng(1), dtype)
        for dtype in (np.float64, np.float64, np.float32)
    )
    other = draw(np.random.default_rng(2), np.float64)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one.astype(np.float32), single)
    assert (one != other).any()


@pytest.mark.parametrize("T_max", [2, 3.5, 10, 1000])
def test_chrono_spreads_the_memories_evenly(T_max):
    b_i, b_f = chrono(np.random.default_rng(0), 5000, T_max)
    assert b_i.shape == b_f.shape == (5000,)
    np.testing.assert_array_equal(b_i, -b_f)
    steps = 1 / sigmoid(-b_f)  # 1 / (1 - f)
    assert steps.min() >= 2 * (1 - 1e-12) and steps.max() <= T_max * (1 + 1e-12)
    # Each tenth of the interval holds a tenth of the units, within five sigma.
    if T_max > 2:
        counts, _ = np.histogram(steps, bins=10, range=(2, T_max * (1 + 1e-12)))
        assert np.abs(counts / 5000 - 0.1).max() < 5 * np.sqrt(0.09 / 5000)


def test_a_cell_with_chrono_biases_forgets_at_their_pace():
    # Nothing comes in: with f = 1 - 1 / steps, c_T is f ** T times c_0.
    layer = LSTM(1, 6, rng=np.random.default_rng(0))
    b = layer.params["b"]
    b[layer.columns("i")], b[layer.columns("f")] = chrono(
        np.random.default_rng(1), 6, 50
    )
    layer.params["W_h"][...] = 0
    steps = 1 + np.exp(b[layer.columns("f")])
    _, (_, c) = layer.forward(np.zeros((1, 20, 1)), (np.zeros((1, 6)), np.ones((1, 6))))
    np.testing.assert_allclose(c[0], (1 - 1 / steps) ** 20, rtol=1e-12)


def test_the_update_gate_of_a_gru_takes_the_bias_of_the_forget_gate():
    layer = GRU(1, 6, rng=np.random.default_rng(0))
    _, b_z = chrono(np.random.default_rng(1), 6, 50)
    layer.params["b"][6:12] = b_z
    layer.params["W_h"][...] = 0
    _, h = layer.forward(np.zeros((1, 20, 1)), np.ones((1, 6)))
    np.testing.assert_allclose(h[0], sigmoid(b_z) ** 20, rtol=1e-12)


@pytest.mark.parametrize("T_max", [1, 0, -3, 1.9, np.nan, np.inf])
def test_chrono_refuses_a_time_too_short_or_without_end(T_max):
    sentence = f"T_max must be finite and at least 2, got {T_max}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        chrono(np.random.default_rng(0), 4, T_max)


@pytest.mark.parametrize(
    ("mistake", "error", "sentence"),
    [
        (lambda rng: glorot(rng, 0, 3), ValueError, "fan_in must be at least 1, got 0"),
        (
            lambda rng: glorot(rng, 3, 0),
            ValueError,
            "fan_out must be at least 1, got 0",
        ),
        (lambda rng: orthogonal(rng, 0), ValueError, "size must be at least 1, got 0"),
        (
            lambda rng: orthogonal(rng, True),
            TypeError,
            "size must be a whole number, got True",
        ),
        (lambda rng: gates(rng, 0, 3, 2), ValueError, "k must be at least 1, got 0"),
        (
            lambda rng: gates(rng, 2, 3, 2, P=0),
            ValueError,
            "P must be at least 1, got 0",
        ),
        (lambda rng: identity(0), ValueError, "size must be at least 1, got 0"),
        (
            lambda rng: identity(3, np.nan),
            ValueError,
            "scale must be finite, got nan",
        ),
        (
            lambda rng: identity(3, "a"),
            TypeError,
            "scale must be a number, got 'a'",
        ),
        (lambda rng: chrono(rng, 0, 9), ValueError, "size must be at least 1, got 0"),
        (
            lambda rng: chrono(rng, 3, "a"),
            TypeError,
            "T_max must be a number, got 'a'",
        ),
    ],
)
def test_what_makes_no_sense_gets_one_sentence(mistake, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        mistake(np.random.default_rng(0))


DRAWS = [
    lambda rng, dtype: glorot(rng, 3, 2, dtype),
    lambda rng, dtype: orthogonal(rng, 3, dtype),
    lambda rng, dtype: chrono(rng, 3, 9, dtype),
]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_seed_is_no_generator(draw):
    sentence = "rng must come from np.random.default_rng(seed), got 0"
    with pytest.raises(TypeError, match=f"^{re.escape(sentence)}$"):
        draw(0, np.float64)


@pytest.mark.parametrize("draw", [*DRAWS, lambda rng, dtype: identity(3, 1.0, dtype)])
def test_weights_are_no_whole_numbers(draw):
    with pytest.raises(TypeError, match="dtype must be float32 or float64, got int64"):
        draw(np.random.default_rng(0), int)
