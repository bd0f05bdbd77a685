"""Samplers: what comes, and that a run goes on with the same batches, undrawn twice."""

import json
import re

import numpy as np
import pytest

from unrolled import GRU, Adam, Linear, Model, Stack, tasks, train
from unrolled.losses import mse
from unrolled.sampler import Sampler, Shuffled


class Interrupted(Exception):
    """Somebody pulls the plug."""


class Counted:
    """Draws batches, counts how often it was asked, and fails at one."""

    def __init__(self, fail=None):
        self.count, self.fail = 0, fail

    def __call__(self, rng):
        if self.count == self.fail:
            raise Interrupted
        self.count += 1
        return tasks.adding(rng, 4, 5)


ARRAYS = np.arange(14.0).reshape(7, 2), np.arange(7), np.arange(7) > 3
KINDS = {
    "drawn": lambda rng: Sampler(Counted(), 9, rng),
    "shuffled": lambda rng: Shuffled(ARRAYS, 3, 3, rng),
}
EACH_KIND = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def equal(batches, others):
    """Compare lists of batches, array by array."""
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        for a, b in zip(batch, other, strict=True):
            np.testing.assert_array_equal(a, b)


@EACH_KIND
@pytest.mark.parametrize("place", range(10))
def test_a_sampler_goes_on_where_it_was(make, place):
    batches = make(np.random.default_rng(0))
    seen = [batch for batch, _ in zip(batches, range(place), strict=False)]
    # zip has drawn one more than it gave, unless there was none left.
    kept = json.loads(json.dumps(batches.state_dict()))
    rest = list(batches)
    assert len(seen) == place and len(batches) == 0 and list(batches) == []

    other = make(np.random.default_rng(1))
    next(iter(other))
    other.load_state_dict(kept)
    assert len(other) == len(rest)
    equal(list(other), rest)


@EACH_KIND
def test_a_sampler_has_as_many_batches_as_it_says(make):
    batches = make(np.random.default_rng(0))
    assert len(batches) == 9 == len(list(batches))


@pytest.mark.parametrize("B", [1, 3, 7, 20])
def test_each_epoch_has_every_row_once_in_an_order_of_its_own(B):
    batches = list(Shuffled(ARRAYS, B, 4, np.random.default_rng(0)))
    a_pass = -(-7 // B)
    assert len(batches) == 4 * a_pass
    orders = []
    for epoch in range(4):
        now = batches[epoch * a_pass : (epoch + 1) * a_pass]
        assert [len(batch[0]) for batch in now[:-1]] == [B] * (a_pass - 1)
        xs, rows, mask = (np.concatenate(part) for part in zip(*now, strict=True))
        np.testing.assert_array_equal(np.sort(rows), np.arange(7))
        np.testing.assert_array_equal(xs, ARRAYS[0][rows])
        np.testing.assert_array_equal(mask, ARRAYS[2][rows])
        orders.append(tuple(rows))
    assert len(set(orders)) == 4


def whole(rng):
    """Make a model whose dropout draws from the generator of the batches."""
    first = np.random.default_rng(3)
    layers = [GRU(2, 3, rng=first), GRU(3, 3, rng=first)]
    stack = Stack(layers, dropout=0.5, rng=rng)
    return Model(stack, Linear(3, 1, rng=first), outputs="last")


def test_a_run_resumes_bit_for_bit_and_draws_no_batch_again(tmp_path):
    draw, rng = Counted(), np.random.default_rng(5)
    model = whole(rng)
    want = train(model, Sampler(draw, 11, rng), mse, Adam(0.01))
    assert draw.count == 11

    options = {"checkpoint": tmp_path / "run", "every": 3}
    rng = np.random.default_rng(5)
    with pytest.raises(Interrupted):
        batches = Sampler(Counted(8), 11, rng)
        train(whole(rng), batches, mse, Adam(0.01), **options)
    draw, rng = Counted(), np.random.default_rng(99)  # the file knows where it stood
    other = whole(rng)
    assert train(other, Sampler(draw, 11, rng), mse, Adam(0.01), **options) == want
    assert draw.count == 5  # the steps 6 to 10
    for name, param in model.params.items():
        assert param.tobytes() == other.params[name].tobytes()
    # At the end nothing is left, and more steps are those that would have come.
    rng = np.random.default_rng(99)
    again = Sampler(draw, 11, rng)
    assert train(whole(rng), again, mse, Adam(0.01), **options) == want
    assert draw.count == 5


def test_a_sampler_and_a_list_go_on_from_each_other(tmp_path):
    """Where one of the two cannot be asked for its place, batches are passed over."""

    def sampler():
        return Sampler(Counted(), 6, np.random.default_rng(0))

    def model():
        rng = np.random.default_rng(0)
        return Model(GRU(2, 3, rng=rng), Linear(3, 1, rng=rng), outputs="last")

    want = train(model(), sampler(), mse, Adam(0.01))
    for k, (first, second) in enumerate(
        [(list(sampler())[:4], sampler()), (list(sampler())[:4], list(sampler()))]
    ):
        path = tmp_path / f"{k}"
        train(model(), first, mse, Adam(0.01), checkpoint=path)
        assert train(model(), second, mse, Adam(0.01), checkpoint=path) == want
    path, short = tmp_path / "short", sampler()
    short.steps = 4
    train(model(), short, mse, Adam(0.01), checkpoint=path)
    got = train(model(), list(sampler()), mse, Adam(0.01), checkpoint=path)
    assert got == want


@pytest.mark.parametrize(
    ("mistake", "error", "sentence"),
    [
        (
            lambda rng: Sampler(Counted(), 0, rng),
            ValueError,
            "steps must be at least 1, got 0",
        ),
        (
            lambda rng: Sampler(Counted(), 3, 0),
            TypeError,
            "rng must come from np.random.default_rng(seed), got 0",
        ),
        (
            lambda rng: Shuffled((np.zeros(3), np.zeros(4)), 2, 1, rng),
            ValueError,
            "arrays must be of equally many rows, got [3, 4]",
        ),
        (
            lambda rng: Shuffled((np.zeros(0),), 2, 1, rng),
            ValueError,
            "arrays must be of equally many rows, got [0]",
        ),
        (
            lambda rng: Shuffled((), 2, 1, rng),
            ValueError,
            "arrays must be of equally many rows, got []",
        ),
        (
            lambda rng: Shuffled((np.zeros(2), 3), 2, 1, rng),
            ValueError,
            "arrays must be of equally many rows, got [2, 0]",
        ),
        (
            lambda rng: Shuffled(ARRAYS, 0, 1, rng),
            ValueError,
            "B must be at least 1, got 0",
        ),
        (
            lambda rng: Shuffled(ARRAYS, 2, 0, rng),
            ValueError,
            "epochs must be at least 1, got 0",
        ),
        (
            lambda rng: Sampler(Counted(), 3, rng).load_state_dict({"place": 3}),
            ValueError,
            "state must hold place, rng, got place",
        ),
        (
            lambda rng: Shuffled(ARRAYS, 2, 1, rng).load_state_dict(
                Sampler(Counted(), 3, rng).state_dict()
            ),
            ValueError,
            "state must hold place, rng, order, got place, rng",
        ),
    ],
)
def test_what_makes_no_sense_gets_one_sentence(mistake, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}$"):
        mistake(np.random.default_rng(0))
