"""The drawn tasks: what is asked can be answered from what is given."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import tasks


def draw(task, *sizes, seed=0, **options):
    """Draw a batch."""
    return task(np.random.default_rng(seed), *sizes, **options)


def test_sines_ask_for_the_next_value_of_a_sine():
    xs, ys = draw(tasks.sines, 4, 40)
    assert xs.shape == ys.shape == (4, 40, 1)
    assert (xs[:, 1:] == ys[:, :-1]).all()
    x = xs[:, :, 0]  # a sine obeys x[t + 1] + x[t - 1] = 2 cos(2 pi / period) x[t]
    period = 2 * np.pi / np.arccos((x[:, 2] + x[:, 0]) / (2 * x[:, 1]))
    assert ((period > 10) & (period < 30)).all()
    step = 2 * np.cos(2 * np.pi / period)[:, None]
    assert np.allclose(x[:, 2:] + x[:, :-2], step * x[:, 1:-1], rtol=0, atol=1e-9)


def test_sines_have_every_period_and_every_phase():
    x = draw(tasks.sines, 4000, 30)[0][..., 0]
    # At the first step the phase alone: its sine is as often in each sixth of a turn.
    for angle in (-0.5, 0.5):
        assert abs((x[:, 0] < angle).mean() - (0.5 + angle / 3)) < 5 * 0.5 / 4000**0.5
    assert 0.98 < np.abs(x).max() <= 1
    with np.errstate(all="ignore"):  # x[1] may be small: then another step tells
        angles = np.arccos((x[:, 2:] + x[:, :-2]) / (2 * x[:, 1:-1]))
    periods = 2 * np.pi / np.nanmedian(angles, axis=1)
    # Even on 10 to 30: the ends are reached, and each half has half of them.
    assert 10 - 1e-6 < periods.min() < 10.1 and 29.9 < periods.max() < 30 + 1e-6
    assert abs((periods < 20).mean() - 0.5) < 5 * 0.5 / 4000**0.5


def test_the_noise_of_sines_is_normal_and_has_its_scale():
    clean, noisy = (draw(tasks.sines, 200, 100, noise=n)[0] for n in (0.0, 0.5))
    noise = (noisy - clean).ravel() / 0.5
    # Five sigma, and as many beyond one and two standard deviations as a normal has.
    assert abs(noise.mean()) < 5 / 20_000**0.5
    assert abs((np.abs(noise) > 1).mean() - 0.3173) < 0.02
    assert abs((np.abs(noise) > 2).mean() - 0.0455) < 0.01


@given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 99))
def test_adding_asks_for_the_sum_of_one_number_of_each_half(B, T, seed):
    xs, ys = draw(tasks.adding, B, T, seed=seed)
    assert xs.shape == (B, T, 2) and ys.shape == (B, 1)
    numbers, marks = xs[..., 0], xs[..., 1]
    assert ((numbers >= 0) & (numbers < 1)).all()
    for row in range(B):
        first, second = np.flatnonzero(marks[row])
        assert first < T // 2 <= second
        assert (marks[row, [first, second]] == 1).all()
        assert ys[row, 0] == numbers[row, first] + numbers[row, second]


def test_adding_marks_every_step_and_has_the_variance_of_two_even_numbers():
    xs, ys = draw(tasks.adding, 20_000, 5)
    share = xs[..., 1].mean(axis=0)  # two steps share one mark, three the other
    assert np.allclose(share, [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], atol=0.02)
    assert abs(ys.mean() - 1) < 0.02 and abs(ys.var() - 1 / 6) < 0.01


@pytest.mark.parametrize("delay", [1, 5, 20])
@pytest.mark.parametrize(("count", "size"), [(1, 2), (4, 4), (3, 7)])
def test_what_is_to_be_copied_was_shown(delay, count, size):
    xs, labels, mask = draw(tasks.copying, 50, delay, count, size)
    T = 2 * count + delay
    assert xs.shape == (50, T, size + 2) and labels.shape == mask.shape == (50, T)
    read = xs.argmax(-1)
    np.testing.assert_array_equal(xs.sum(-1), 1)
    np.testing.assert_array_equal(read[:, :count], labels[:, -count:])
    assert (read[:, :count] < size).all() and set(read[:, 0]) == set(range(size))
    signal = np.zeros(T, bool)
    signal[T - count - 1] = True
    np.testing.assert_array_equal(read[:, count:] == size + 1, [signal[count:]] * 50)
    np.testing.assert_array_equal(mask, [np.arange(T) >= T - count] * 50)
    assert not labels[~mask].any()


def test_four_symbols_of_four_are_copied_unless_told():
    xs, _, mask = draw(tasks.copying, 50, 3)
    assert xs.shape == (50, 11, 6) and (mask.sum(axis=1) == 4).all()


def test_parity_is_that_of_the_ones_so_far():
    xs, labels = draw(tasks.parity, 50, 9)
    assert xs.shape == (50, 9, 1) and set(np.unique(xs)) == {-1.0, 1.0}
    for row, want in zip(xs[..., 0], labels, strict=True):
        odd = False
        for bit, label in zip(row, want, strict=True):
            odd ^= bit > 0
            assert label == odd
    assert 0.4 < labels[:, -1].mean() < 0.6


@pytest.mark.parametrize(
    ("options", "shares"),
    [({}, (0.3, 0.1)), ({"ones": 0.2, "resets": 0.8}, (0.2, 0.8))],
)
def test_the_count_is_that_of_the_ones_since_the_last_reset(options, shares):
    xs, ys = draw(tasks.counting, 40, 200, **options)
    assert xs.shape == (40, 200, 2) and ys.shape == (40, 200, 1)
    assert not (xs[..., 0] * xs[..., 1]).any()
    np.testing.assert_allclose(xs.mean((0, 1)), shares, atol=0.02)
    for row, want in zip(xs, ys[..., 0], strict=True):
        count = 0
        for (one, reset), answer in zip(row, want, strict=True):
            count = 0 if reset else count + one
            assert answer == count / 10


EACH_TASK = pytest.mark.parametrize(
    "task",
    [tasks.sines, tasks.adding, tasks.copying, tasks.parity, tasks.counting],
    ids=lambda task: task.__name__,
)


@EACH_TASK
def test_a_seed_decides_and_the_type_is_kept(task):
    first, again, other = (draw(task, 8, 5, seed=seed) for seed in (0, 0, 1))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != other[0]).any()
    for part, double in zip(draw(task, 8, 5, dtype=np.float32), first, strict=True):
        kind = double.dtype.kind
        assert kind in "bi" or part.dtype == np.float32 and double.dtype == np.float64
        np.testing.assert_array_equal(part, double.astype(part.dtype))


@EACH_TASK
def test_what_was_drawn_may_be_changed(task):
    for part in draw(task, 3, 4):
        part[...] = 0


@EACH_TASK
@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (
            {"rng": 0},
            TypeError,
            "rng must come from np.random.default_rng(seed), got 0",
        ),
        ({"B": 0}, ValueError, "B must be at least 1, got 0"),
        ({"B": True}, TypeError, "B must be a whole number, got True"),
        ({"T": 0}, ValueError, "T must be at least {least}, got 0"),
        ({"T": 2.0}, TypeError, "T must be a whole number, got 2.0"),
        ({"dtype": int}, TypeError, "dtype must be float32 or float64, got int64"),
    ],
)
def test_what_makes_no_sense_gets_one_sentence(task, change, error, sentence):
    given = {"rng": np.random.default_rng(0), "B": 3, "T": 4} | change
    if task is tasks.copying:
        given["delay"] = given.pop("T")
        sentence = sentence.replace("T must", "delay must")
    sentence = sentence.format(least=2 if task is tasks.adding else 1)
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        task(**given)


@pytest.mark.parametrize(
    ("task", "options", "sentence"),
    [
        (tasks.adding, {"T": 1}, "T must be at least 2, got 1"),
        (tasks.copying, {"count": 0}, "count must be at least 1, got 0"),
        (tasks.copying, {"size": 0}, "size must be at least 1, got 0"),
        (tasks.sines, {"noise": -0.1}, "noise must be finite and at least 0, got -0.1"),
        (
            tasks.sines,
            {"noise": np.nan},
            "noise must be finite and at least 0, got nan",
        ),
        (
            tasks.counting,
            {"ones": 1.5},
            "ones must be at least 0 and at most 1, got 1.5",
        ),
        (tasks.counting, {"ones": -1}, "ones must be at least 0 and at most 1, got -1"),
        (
            tasks.counting,
            {"resets": 2},
            "resets must be at least 0 and at most 1, got 2",
        ),
        (
            tasks.counting,
            {"ones": 0.75, "resets": 0.5},
            "ones + resets must be at least 0 and at most 1, got 1.25",
        ),
    ],
)
def test_options_that_make_no_sense_get_one_sentence(task, options, sentence):
    sizes = {"B": 3, "delay" if task is tasks.copying else "T": 4}
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        task(np.random.default_rng(0), **sizes | options)
