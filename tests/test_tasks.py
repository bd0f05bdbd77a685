"""The generated tasks: what is asked can be answered from what is given."""

import numpy as np
import pytest

from unrolled import tasks


def draw(task, *sizes, seed=0, **options):
    """Draw a batch."""
    return task(np.random.default_rng(seed), *sizes, **options)


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


def test_parity_is_that_of_the_ones_so_far():
    xs, labels = draw(tasks.parity, 50, 9)
    assert xs.shape == (50, 9, 1) and set(np.unique(xs)) == {-1.0, 1.0}
    for row, want in zip(xs[..., 0], labels, strict=True):
        odd = False
        for bit, label in zip(row, want, strict=True):
            odd ^= bit > 0
            assert label == odd
    assert 0.4 < labels[:, -1].mean() < 0.6


def test_the_count_is_that_of_the_ones_since_the_last_reset():
    xs, ys = draw(tasks.counting, 40, 200)
    assert xs.shape == (40, 200, 2) and ys.shape == (40, 200, 1)
    assert not (xs[..., 0] * xs[..., 1]).any()
    np.testing.assert_allclose(xs.mean((0, 1)), [0.3, 0.1], atol=0.02)
    for row, want in zip(xs, ys[..., 0], strict=True):
        count = 0
        for (one, reset), answer in zip(row, want, strict=True):
            count = 0 if reset else count + one
            assert answer == count / 10


@pytest.mark.parametrize("task", [tasks.copying, tasks.parity, tasks.counting])
def test_a_seed_decides_and_the_type_is_kept(task):
    first, again, other = (draw(task, 8, 5, seed=seed) for seed in (0, 0, 1))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != other[0]).any()
    assert draw(task, 2, 3, dtype=np.float32)[0].dtype == np.float32


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (lambda: draw(tasks.copying, 3, 0), "delay must be at least 1, got 0"),
        (lambda: draw(tasks.copying, 3, 2, 0), "count must be at least 1, got 0"),
        (lambda: draw(tasks.parity, 0, 3), "B must be at least 1, got 0"),
        (lambda: draw(tasks.counting, 3, 0), "T must be at least 1, got 0"),
        (lambda: draw(tasks.parity, 3, 0), "T must be at least 1, got 0"),
    ],
)
def test_sizes_that_make_no_sense_get_one_sentence(mistake, sentence):
    with pytest.raises(ValueError) as caught:
        mistake()
    assert str(caught.value) == sentence
