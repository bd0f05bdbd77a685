"""Losses and their gradients against torch, masked and not; and what they refuse."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agrees, floats
from planted import plant_in
from unrolled import losses
from unrolled.losses import cross_entropy, mse, quantile
from unrolled.verify import compare, finite_differences


def quantiles(ys, targets, mask=None, reduction="mean"):
    """Call `quantile` with levels that share the range out evenly."""
    Q = np.shape(ys)[-1] if np.ndim(ys) else 0
    return losses.quantile(ys, targets, np.arange(1, Q + 1) / (Q + 1), mask, reduction)


EACH_LOSS = pytest.mark.parametrize("loss", [mse, cross_entropy, quantiles])


class Case:
    """Predictions, what they should have been, and which steps count."""

    def __init__(self, seed, leading, size, dtype, masked, reduction):
        rng = np.random.default_rng(seed)
        self.dtype, self.reduction = dtype, reduction
        self.ys = floats(rng, *leading, size, low=-9, high=9)
        self.targets = floats(rng, *leading, size, low=-9, high=9)
        self.labels = rng.integers(size, size=leading)
        self.mask = None
        self.counts = np.ones(leading, bool)
        if masked:
            self.counts = np.array(rng.random(leading) < 0.6)
            self.counts.flat[rng.integers(self.counts.size)] = True  # one at least
            self.mask = self.counts

    def run(self, loss, targets):
        return loss(self.ys.astype(self.dtype), targets, self.mask, self.reduction)

    def run_torch(self, loss, targets):
        # torch sees only the steps that count: a mask it need not know of.
        counts = torch.tensor(self.counts)
        ys = torch.tensor(self.ys, requires_grad=True)
        L = loss(ys[counts], torch.tensor(targets)[counts], reduction=self.reduction)
        L.backward()
        return L.item(), ys.grad.numpy()

    def check(self, loss, torch_loss, targets, given=None, scale=0.0):
        got_L, got = self.run(loss, targets if given is None else given)
        want_L, want = self.run_torch(torch_loss, targets)
        assert_agrees(got_L, want_L, self.dtype, scale=1.0)
        assert_agrees(got, want, self.dtype, scale)
        assert not got[~self.counts].any()


CASES = st.builds(
    Case,
    seed=st.integers(0, 2**32 - 1),
    leading=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    size=st.integers(1, 5),
    dtype=st.sampled_from([np.float64, np.float32]),
    masked=st.booleans(),
    reduction=st.sampled_from(["mean", "sum"]),
)


@given(CASES)
def test_mse_is_that_of_torch(case):
    case.check(mse, F.mse_loss, case.targets)


@given(CASES)
def test_cross_entropy_is_that_of_torch(case):
    # What is no label is no harm where it does not count; -100 is torch's habit.
    given = np.where(case.counts, case.labels, -100)
    # p - 1 for the label: rounding is relative to the 1, which the mean divides.
    scale = 1.0 if case.reduction == "sum" else 1 / case.counts.sum()
    case.check(cross_entropy, F.cross_entropy, case.labels, given, scale)


def pinball(ys, targets, mask, reduction):
    """Compute the quantile loss and its gradient in loops over single numbers."""
    Q = ys.shape[-1]
    total, dys, count = 0.0, np.zeros(ys.shape), 0
    for place in np.ndindex(ys.shape):
        level = (place[-1] + 1) / (Q + 1)
        if mask is None or mask[place[:-1]]:
            y, target = ys[place], targets[place[:-1]]
            count += 1
            if y < target:
                total, dys[place] = total + level * (target - y), -level
            elif y > target:
                total, dys[place] = total + (1 - level) * (y - target), 1 - level
    scale = 1 / count if reduction == "mean" else 1
    return scale * total, scale * dys


@given(CASES)
def test_quantile_is_that_of_loops(case):
    targets = case.targets[..., 0]
    case.ys[..., :1] = np.where(
        case.ys[..., :1] > 4, targets[..., None], case.ys[..., :1]
    )
    given = np.where(case.counts, targets, np.nan)
    L, dys = case.run(quantiles, given)
    want_L, want = pinball(case.ys, targets, case.mask, case.reduction)
    assert_agrees(L, want_L, case.dtype, scale=1.0)
    assert_agrees(dys, want, case.dtype)


LEVELS = np.array([0.1, 0.5, 0.8])


def slope_is_that_of_differences():
    rng = np.random.default_rng(0)
    ys, targets = rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 5))
    assert np.abs(ys - targets[..., None]).min() > 1e-3  # all away from the kink
    got = losses.quantile(ys, targets, LEVELS)[1]
    want = finite_differences(lambda: losses.quantile(ys, targets, LEVELS)[0], ys)
    assert compare({"dys": got}, {"dys": want}).worst < 1e-9


def np_quantile_is_best():
    """No constant is better than NumPy's quantile, and nearby ones are worse."""
    targets = np.random.default_rng(1).exponential(size=1001)
    for level in (0.1, 0.25, 0.5, 0.9):
        best = np.quantile(targets, level)
        tries = np.append(np.linspace(0, 4, 801), [best - 0.02, best + 0.02])
        at = [
            losses.quantile(np.full((1001, 1), y), targets, [level])[0] for y in tries
        ]
        least = losses.quantile(np.full((1001, 1), best), targets, [level])[0]
        assert least <= min(at) and least < min(at[-2:])


def test_quantile_goes_down_where_differences_say():
    slope_is_that_of_differences()


def test_quantile_is_least_at_the_quantile():
    np_quantile_is_best()


def test_the_median_costs_half_the_absolute_error():
    rng = np.random.default_rng(2)
    ys, targets = rng.normal(size=(6, 1)), rng.normal(size=6)
    want = np.abs(ys[:, 0] - targets).mean() / 2
    assert np.isclose(quantile(ys, targets, [0.5])[0], want, rtol=1e-14, atol=0)


def test_at_the_kink_the_slope_is_zero():
    L, dys = quantile(np.array([[1.0, 1.0]]), [1.0], [0.1, 0.9])
    assert L == 0 and (dys == 0).all()
    below, above = (quantile(np.array([[y]]), [1.0], [0.25])[1] for y in (0.9, 1.1))
    assert below == -0.25 and above == 0.75  # zero lies between


@pytest.mark.parametrize(
    "mistakes",
    [
        {"slopes": "np.where(errors > 0, levels, levels - 1) * (errors != 0)"},
        {"slopes": "np.where(errors > 0, levels, -levels)"},
        {"slopes": "np.where(errors > 0, -levels, 1 - levels)"},
        {"slopes": "np.where(errors > 0, 1.0, -1.0) / 2"},
        {"errors": "targets[..., None] - ys"},
        {"return": "scale * (slopes * errors).sum(), slopes / mask.size"},
    ],
)  # fmt: skip
def test_a_quantile_loss_that_is_wrong_is_found(monkeypatch, mistakes):
    plant_in(monkeypatch, quantile, mistakes)
    found = []
    for check in (slope_is_that_of_differences, np_quantile_is_best):
        try:
            check()
        except AssertionError:
            found.append(check)
    assert found


@pytest.mark.parametrize(
    ("targets", "levels", "error", "sentence"),
    [
        (np.zeros((2, 3, 2)), [0.1, 0.9], ValueError,
         "targets must have shape (2, 3), got (2, 3, 2)"),
        (np.zeros((2, 1)), [0.1, 0.9], ValueError,
         "targets must have shape (2, 3), got (2, 1)"),
        (np.full((2, 3), np.nan), [0.1, 0.9], ValueError,
         "targets must be finite, got nan at index (0, 0)"),
        (np.zeros((2, 3)), [0.1], ValueError, "levels must have shape (2,), got (1,)"),
        (np.zeros((2, 3)), 0.5, ValueError, "levels must have shape (2,), got ()"),
        (np.zeros((2, 3)), [0.5, 1.0], ValueError,
         "levels must lie between 0 and 1, got [0.5, 1.0]"),
        (np.zeros((2, 3)), [10, 90], ValueError,
         "levels must lie between 0 and 1, got [10.0, 90.0]"),
    ],
)  # fmt: skip
def test_quantile_refuses(targets, levels, error, sentence):
    with refuses(error, sentence):
        quantile(np.zeros((2, 3, 2)), targets, levels)


@pytest.mark.parametrize("size", [1, 3])
def test_the_mean_of_mse_is_over_numbers_not_over_steps(size):
    L, dys = mse(np.full((2, 4, size), 3.0), np.zeros((2, 4, size)))
    assert L == 9
    np.testing.assert_allclose(dys, 6 / (8 * size), rtol=1e-15)


def test_the_mean_of_cross_entropy_is_over_the_steps_that_count():
    mask = np.array([[True, True, False], [True, False, False]])
    L, dlogits = cross_entropy(np.zeros((2, 3, 4)), np.zeros((2, 3), int), mask)
    np.testing.assert_allclose(L, np.log(4), rtol=1e-15)
    np.testing.assert_allclose(dlogits[1, 0], [-0.25, *[1 / 12] * 3], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_far_apart_logits_neither_overflow_nor_lose_the_loss(dtype):
    logits = np.array([[0, 1e4], [1e4, 0]], dtype)
    L, dlogits = cross_entropy(logits, np.array([0, 0]), reduction="sum")
    assert L == 1e4
    np.testing.assert_array_equal(dlogits, [[-1, 1], [0, 0]])


@pytest.mark.parametrize("kind", [np.uint8, np.int32, list])
def test_labels_may_be_any_whole_numbers(kind):
    labels = [[0, 2, 1]]
    logits = floats(np.random.default_rng(0), 1, 3, 3)
    got = cross_entropy(logits, labels if kind is list else np.array(labels, kind))
    want = cross_entropy(logits, np.array(labels))
    np.testing.assert_array_equal(got[1], want[1])
    assert got[0] == want[0]


def test_targets_may_be_whole_numbers_and_take_the_type_of_ys():
    L, dys = mse(np.ones((2, 1), np.float32), [[0], [3]])
    assert L == 2.5
    assert dys.dtype == np.float32


def test_inputs_stay_as_they_were():
    rng = np.random.default_rng(0)
    ys, targets, mask = floats(rng, 2, 3), floats(rng, 2, 3), np.array([True, False])
    labels = np.array([2, 1])
    arrays = ys, targets, mask, labels
    before = [array.copy() for array in arrays]
    mse(ys, targets, mask)
    cross_entropy(ys, labels, mask)
    for array, was in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, was)


def refuses(error, sentence):
    """Expect an error that says this sentence and nothing else."""
    return pytest.raises(error, match=f"^{re.escape(sentence)}$")


@pytest.mark.parametrize(
    ("targets", "error", "sentence"),
    [
        (
            np.zeros((2, 3)),
            ValueError,
            "targets must have shape (2, 3, 4), got (2, 3)",
        ),
        (
            np.zeros((1, 3, 4)),  # it would broadcast
            ValueError,
            "targets must have shape (2, 3, 4), got (1, 3, 4)",
        ),
        (
            np.full((2, 3, 4), np.nan),
            ValueError,
            "targets must be finite, got nan at index (0, 0, 0)",
        ),
        (
            np.full((2, 3, 4), "a"),
            TypeError,
            "targets must hold real numbers, got text",
        ),
    ],
)
def test_mse_refuses_targets(targets, error, sentence):
    with refuses(error, sentence):
        mse(np.zeros((2, 3, 4)), targets)


@pytest.mark.parametrize(
    ("labels", "error", "sentence"),
    [
        (
            [[0, 1, 4], [0, 0, 0]],
            ValueError,
            "labels must lie in 0 … 3, got 4 at index (0, 2)",
        ),
        (
            [[0, 1, 2], [0, -1, 0]],
            ValueError,
            "labels must lie in 0 … 3, got -1 at index (1, 1)",
        ),
        (
            np.zeros((2, 3)),
            TypeError,
            "labels must be whole numbers, got float64",
        ),
        (
            np.zeros((3, 2), int),
            ValueError,
            "labels must have shape (2, 3), got (3, 2)",
        ),
        (
            np.zeros((2, 3, 4), int),  # one-hot vectors are not labels
            ValueError,
            "labels must have shape (2, 3), got (2, 3, 4)",
        ),
    ],
)
def test_cross_entropy_refuses_labels(labels, error, sentence):
    with refuses(error, sentence):
        cross_entropy(np.zeros((2, 3, 4)), labels)


@EACH_LOSS
@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        (
            {"mask": np.ones((3, 2), bool)},
            ValueError,
            "mask must be (2, 3) of bool, or (2,) of whole numbers, the lengths; "
            "got (3, 2) of bool",
        ),
        (
            {"mask": np.ones((2, 3))},
            ValueError,
            "mask must be (2, 3) of bool, or (2,) of whole numbers, the lengths; "
            "got (2, 3) of float64",
        ),
        (
            {"mask": [2, 4]},
            ValueError,
            "a length must lie in 0 … 3, got 4",
        ),
        (
            {"mask": [0, 0]},
            ValueError,
            "the loss needs at least one step that counts, got none",
        ),
        (
            {"mask": np.zeros((2, 3), bool)},
            ValueError,
            "the loss needs at least one step that counts, got none",
        ),
        (
            {"reduction": "none"},
            ValueError,
            "reduction must be one of 'mean', 'sum', got 'none'",
        ),
    ],
)
def test_masks_and_reductions_are_refused(loss, options, error, sentence):
    ys = np.zeros((2, 3, 4))
    targets = ys if loss is mse else np.zeros((2, 3), int)
    with refuses(error, sentence):
        loss(ys, targets, **options)


@EACH_LOSS
@pytest.mark.parametrize("leading", [(3,), (2, 3, 1)])
def test_lengths_are_for_sequences_alone(loss, leading):
    """With one axis, or three, a step is masked by itself."""
    ys, sizes = np.zeros((*leading, 4)), ", ".join(map(str, leading))
    sizes = sizes if len(leading) > 1 else f"{sizes},"
    targets = ys if loss is mse else np.zeros(leading, int)
    for mask in (np.ones(leading, int), np.ones((*leading, 1), bool)):
        shape = ", ".join(map(str, mask.shape)) + ("," if mask.ndim == 1 else "")
        with refuses(
            ValueError, f"mask must be ({sizes}) of bool, got ({shape}) of {mask.dtype}"
        ):
            loss(ys, targets, mask)


@EACH_LOSS
def test_lengths_are_a_mask(loss):
    rng = np.random.default_rng(0)
    ys = floats(rng, 3, 4, 5)
    targets = floats(rng, 3, 4, 5) if loss is mse else rng.integers(0, 5, (3, 4))
    want = loss(ys, targets, np.arange(4) < np.array([[2], [0], [4]]))
    for lengths in ([2, 0, 4], np.array([2, 0, 4], np.uint8)):
        got = loss(ys, targets, lengths)
        assert got[0] == want[0]
        np.testing.assert_array_equal(got[1], want[1])


@EACH_LOSS
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_what_stands_in_the_padding_does_not_matter(loss, junk):
    rng = np.random.default_rng(0)
    mask = np.array([[True, True, False], [True, False, False]])
    ys, targets = floats(rng, 2, 3, 4), floats(rng, 2, 3, 4)
    if loss is cross_entropy:
        targets = rng.integers(0, 4, (2, 3))
    if loss is quantiles:
        targets = targets[..., 0]
    want = loss(ys, targets, mask)
    ys[~mask] = junk
    targets[~mask] = -100 if loss is cross_entropy else junk
    got = loss(ys, targets, mask)
    assert got[0] == want[0]
    np.testing.assert_array_equal(got[1], want[1])


@EACH_LOSS
@pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_predictions_that_are_not_finite_are_named(loss, junk):
    """Not a ValueError: ``train`` tells it from a mistake of the caller."""
    ys = np.zeros((2, 3, 4))
    ys[1, 2, 0] = junk
    targets = np.zeros((2, 3, 4)) if loss is mse else np.zeros((2, 3), int)
    name = "logits" if loss is cross_entropy else "ys"
    sentence = f"{name} must be finite, got {junk} at index (1, 2, 0)"
    with refuses(FloatingPointError, sentence):
        loss(ys, targets)
    with refuses(FloatingPointError, sentence):
        loss(ys, targets, [0, 3])


def test_logits_without_a_class_are_refused():
    with refuses(ValueError, "logits must have at least one class, got V = 0"):
        cross_entropy(np.zeros((2, 0)), np.zeros(2, int))


@EACH_LOSS
@pytest.mark.parametrize("leading", [(0, 3), (2, 0)])
def test_an_empty_batch_has_no_loss(loss, leading):
    ys = np.zeros((*leading, 4))
    targets = ys if loss is mse else np.zeros(leading, int)
    sentence = "the loss needs at least one step that counts, got none"
    with refuses(ValueError, sentence):
        loss(ys, targets)


@EACH_LOSS
def test_predictions_are_refused(loss):
    name = "logits" if loss is cross_entropy else "ys"
    sentence = f"{name} must hold floating-point numbers, got int64"
    with refuses(TypeError, sentence):
        loss(np.zeros((2, 3), np.int64), np.zeros((2, 3), np.int64))
    sentence = f"{name} must have at least 1 axis, got a single number"
    with refuses(ValueError, sentence):
        loss(1.0, 1)
