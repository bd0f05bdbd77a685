"""The loop: it learns, carries, stops in time, resumes, and keeps quiet."""

import re
import sys

import numpy as np
import pytest
import tqdm.std

from unrolled import GRU, LSTM, RNN, SGD, Adam, Linear, Model, Stack, train
from unrolled.losses import cross_entropy, mse
from unrolled.train import History


def build(seed=0, outputs="all", activation="tanh", O=1):
    """Make a small model with one input."""
    rng = np.random.default_rng(seed)
    layer = RNN(1, 6, activation, rng=rng)
    return Model(layer, Linear(6, O, rng=rng), outputs)


def pairs(steps, seed=0, B=4, T=3):
    """Draw batches and targets that have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    return [tuple(rng.uniform(-1, 1, (2, B, T, 1))) for _ in range(steps)]


def copy(params):
    """Copy parameters by name."""
    return {name: param.copy() for name, param in params.items()}


def same(a, b):
    """Compare parameters bit for bit."""
    return all(a[name].tobytes() == b[name].tobytes() for name in a)


@pytest.mark.parametrize("seed", range(5))
def test_a_sum_and_its_sign_are_learned(seed):
    xs = np.random.default_rng(seed).uniform(-1, 1, (16, 5, 1))
    total = xs.sum(axis=1)

    losses = train(build(seed, "last"), [(xs, total)] * 150, mse, Adam(0.02)).loss
    assert losses[-1] < 0.05 * losses[0]

    signs = (np.cumsum(xs[..., 0], axis=1) > 0).astype(int)
    model = build(seed, O=2)
    losses = train(model, [(xs, signs)] * 150, cross_entropy, SGD(0.5, 0.9), clip=1.0)
    assert losses.loss[-1] < 0.5 * losses.loss[0]


@pytest.mark.parametrize("carry", [True, False])
def test_a_carried_state_is_one_long_pass_cut_into_batches(carry):
    ((xs, targets),) = pairs(1, T=12)
    windows = [(xs[:, t : t + 3], targets[:, t : t + 3]) for t in range(0, 12, 3)]
    model = build()
    history = train(model, windows, mse, SGD(0.0), carry=carry)

    state, losses, norms = None, [], []
    ys, _ = model.forward(xs)  # one long pass
    for k, (window, target) in enumerate(windows):
        alone, last = model.forward(window, state)
        L, dys = mse(ys[:, 3 * k : 3 * k + 3] if carry else alone, target)
        model.backward(dys)  # through this window alone: the gradient is cut
        losses.append(L)
        norms.append(np.sqrt(sum((g**2).sum() for g in model.grads.values())))
        state = last if carry else None
    np.testing.assert_allclose(history.loss, losses, 1e-13)
    np.testing.assert_allclose(history.norm, norms, 1e-13)


def test_clip_limits_the_step_and_records_the_length_before():
    model, (batch,) = build(), pairs(1)
    before = copy(model.params)
    history = train(model, [batch], mse, SGD(1.0), clip=1e-3)
    moved = sum(((model.params[n] - p) ** 2).sum() for n, p in before.items())
    assert np.sqrt(moved) == pytest.approx(1e-3) and history.norm[0] > 1e-3


class Watched:
    """A loss that keeps the parameters it was asked at, and fails at one step."""

    def __init__(self, model, step, spoil):
        self.model, self.step, self.spoil, self.seen = model, step, spoil, []

    def __call__(self, ys, targets):
        self.seen.append(copy(self.model.params))
        L, dys = mse(ys, targets)
        return self.spoil(L, dys) if len(self.seen) == self.step + 1 else (L, dys)


SPOILED = {
    "NaN loss": (lambda L, dys: (np.nan, dys), "the loss must be finite, got nan"),
    "infinite loss": (lambda L, dys: (np.inf, dys), "the loss must be finite, got inf"),
    "NaN gradient": (
        lambda L, dys: (L, dys * np.nan),
        "the gradient norm must be finite, got nan",
    ),
    "overflow": (
        lambda L, dys: (L, dys * 1e200),
        "the gradient norm must be finite, got inf",
    ),
    "NaN output": (
        lambda L, dys: mse(dys * np.nan, dys),
        "ys must be finite, got nan at index (0, 0, 0)",
    ),
}


@pytest.mark.parametrize("step", [0, 1, 4])
@pytest.mark.parametrize(("spoil", "sentence"), SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("clip", [None, 1.0])
def test_what_is_not_finite_stops_with_the_last_good_parameters(
    spoil, sentence, step, clip
):
    model, history = build(), History()
    loss = Watched(model, step, spoil)
    with pytest.raises(FloatingPointError) as caught, np.errstate(all="ignore"):
        train(model, pairs(6), loss, SGD(0.1), clip=clip, history=history)
    assert str(caught.value) == (
        f"{sentence}, at step {step}: the model is back at the parameters of the last "
        "finite step; try a smaller learning rate, or clip"
    )
    assert len(loss.seen) == step + 1 and len(history.loss) == step == len(history.norm)
    assert same(model.params, loss.seen[max(step - 1, 0)])
    model.forward(pairs(1)[0][0])  # and it is fit for use


def spiked(ys, targets):
    """A loss whose gradient is large, and finite."""
    L, dys = mse(ys, targets)
    return L, 1e10 * dys


def test_a_step_that_overflows_is_taken_back():
    model, history = build(activation="identity"), History()
    first = copy(model.params)
    with (
        np.errstate(all="ignore"),
        pytest.raises(
            FloatingPointError,
            match=r"finite, got .*inf at index .*, at step 0: the model",
        ),
    ):
        train(model, pairs(3), spiked, SGD(1e300), history=history)
    assert same(model.params, first) and history.loss == []


def test_an_interrupted_run_keeps_what_was_done():
    def interrupted():
        yield from pairs(3)
        raise KeyboardInterrupt

    model, history = build(), History([7.0], [8.0])
    with pytest.raises(KeyboardInterrupt):
        train(model, interrupted(), mse, SGD(0.1), history=history)
    other = build()
    want = train(other, pairs(3), mse, SGD(0.1))
    assert history.loss == [7.0, *want.loss] and history.norm == [8.0, *want.norm]
    assert same(model.params, other.params)
    assert history.loss is not History().loss  # no two runs share a list


def test_no_batches_change_nothing():
    model = build()
    before = copy(model.params)
    assert train(model, [], mse, SGD(0.1)) == History() and same(model.params, before)


@pytest.mark.parametrize(
    ("seconds", "live", "ci", "shows"),
    [
        (5, "JPY_SESSION_NAME", False, True),
        (5, "VSCODE_PID", False, True),
        (5, "COLAB_RELEASE_TAG", False, True),
        (5, "a terminal", False, True),
        (1.5, "JPY_SESSION_NAME", False, False),
        (5, None, False, False),
        (5, "JPY_SESSION_NAME", True, False),
        (5, "a terminal", True, False),
    ],
)
def test_the_bar_shows_after_two_seconds_to_somebody_who_watches(
    seconds, live, ci, shows, monkeypatch, capsys
):
    now = [0.0]
    monkeypatch.setattr(tqdm.std, "time", lambda: now[0])
    for name in ("CI", "JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    if live == "a terminal":
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    elif live:
        monkeypatch.setenv(live, "yes")
    if ci:
        monkeypatch.setenv("CI", "true")

    def slow():
        for pair in pairs(10):
            now[0] += seconds / 10
            yield pair

    train(build(), slow(), mse, SGD(0.1), label="counting ones")
    out, err = capsys.readouterr()
    assert out == "" and ("counting ones" in err) == shows
    assert err.endswith("\r") if shows else err == ""  # the bar is wiped in the end


class Interrupted(Exception):
    """Somebody pulls the plug."""


def cut_off(batches, after):
    """Yield some batches, then fail."""
    for step, batch in enumerate(batches):
        if step == after:
            raise Interrupted
        yield batch


LAYERS = {
    "RNN": lambda rng, dtype: RNN(1, 6, rng=rng, dtype=dtype),
    "LSTM": lambda rng, dtype: LSTM(1, 6, rng=rng, dtype=dtype),
    "stack": lambda rng, dtype: Stack(
        [LSTM(1, 3, rng=rng, dtype=dtype), GRU(3, 6, rng=rng, dtype=dtype)]
    ),
}
OPTIMISERS = {
    "SGD": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, 0.9),
    "Adam": lambda: Adam(0.01),
}


def whole(layer, optimiser, dtype=np.float64):
    """Make what a run starts from, as a new process would."""
    rng = np.random.default_rng(3)
    layer = LAYERS[layer](rng, dtype)
    return Model(layer, Linear(6, 1, rng=rng, dtype=dtype)), OPTIMISERS[optimiser]()


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("carry", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_resumes_bit_for_bit(layer, optimiser, carry, dtype, tmp_path):
    batches = [tuple(a.astype(dtype) for a in pair) for pair in pairs(11)]
    model, moves = whole(layer, optimiser, dtype)
    want = train(model, batches, mse, moves, carry=carry, clip=0.1)

    options = {"carry": carry, "clip": 0.1, "checkpoint": tmp_path / "run", "every": 3}
    for after in (7, 8):  # twice: the last checkpoints are of steps 6 and 6 again
        other, moves = whole(layer, optimiser, dtype)
        with pytest.raises(Interrupted):
            train(other, cut_off(batches, after), mse, moves, **options)
    other, moves = whole(layer, optimiser, dtype)
    got = train(other, batches, mse, moves, **options)
    assert got == want and same(other.params, model.params)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]

    # It was written at the end too: nothing is left to do, and one batch more is one.
    last, moves = whole(layer, optimiser, dtype)
    assert train(last, batches, mse, moves, **options) == want
    assert same(last.params, model.params)
    assert len(train(last, batches + batches[:1], mse, moves, **options).loss) == 12


@pytest.mark.parametrize("name", ["m", "v", "t", "params", "state", "done"])
def test_what_a_checkpoint_leaves_out_shows(name, tmp_path, monkeypatch):
    """Plant the mistake of forgetting a part: the run is then another."""
    loop = sys.modules["unrolled.train"]  # the name in the package is the function
    batches, options = pairs(8), {"carry": True, "checkpoint": tmp_path / "run"}
    model, moves = whole("RNN", "Adam")
    train(model, batches, mse, moves, carry=True)

    def forgetful(path, model, optimiser, *rest, resume=loop.resume):
        before, gathered = copy(model.params), optimiser.state_dict()
        good, state, done, passed = resume(path, model, optimiser, *rest)
        if name == "params":
            for key, param in model.params.items():
                param[...] = before[key]
        if name in gathered:
            optimiser.load_state_dict(optimiser.state_dict() | {name: gathered[name]})
        late = name == "done"
        return good, None if name == "state" else state, done - late, passed - late

    monkeypatch.setattr(loop, "resume", forgetful)
    for given in (cut_off(batches, 5), batches):
        other, moves = whole("RNN", "Adam")
        try:
            train(other, given, mse, moves, every=5, **options)
        except Interrupted:
            pass
    assert not same(other.params, model.params)


class Heavy:
    """An optimiser of the reader's own, which the loop has never heard of."""

    def __init__(self):
        self.mean, self.steps, self.word = {}, np.int64(0), ["warm", ("up", None)]

    def step(self, params, grads):
        self.steps += 1
        for name, param in params.items():
            self.mean[name] = 0.9 * self.mean.get(name, 0) + grads[name]
            param -= self.mean[name] / (10 + self.steps)

    def state_dict(self):
        return {1: dict(self.mean), "steps": self.steps, "word": self.word}

    def load_state_dict(self, state):
        assert isinstance(state["steps"], np.int64)
        assert state["word"] == ["warm", ("up", None)]
        self.mean, self.steps = state[1], state["steps"]


def test_a_new_optimiser_resumes_without_an_edit_elsewhere(tmp_path):
    model, batches, path = build(), pairs(7), tmp_path / "run"
    want = train(model, batches, mse, Heavy())
    with pytest.raises(Interrupted):
        train(build(), cut_off(batches, 4), mse, Heavy(), checkpoint=path, every=2)
    other = build()
    assert train(other, batches, mse, Heavy(), checkpoint=path) == want
    assert same(other.params, model.params)


class Nested:
    """A model whose state is a tree of every kind, each leaf with a part in it."""

    params, grads = {"w": np.ones(1)}, {"w": np.zeros(1)}

    def forward(self, xs, state=None):
        if state is None:
            state = {"deep": [np.zeros(1), (np.zeros((1, 2)), None)], "t": 0}
        a, (b, none) = state["deep"]
        assert isinstance(state["deep"], list) and none is None
        new = {"deep": [a + xs.mean(), (b + a, None)], "t": state["t"] + 1}
        return xs * (1 + a + b.sum() + state["t"]), new

    def backward(self, dys):
        self.grads["w"][...] = dys.sum()


def test_a_state_may_be_any_tree_of_arrays(tmp_path):
    batches, options = pairs(6), {"carry": True, "checkpoint": tmp_path / "run"}
    want = train(Nested(), batches, mse, SGD(0.0), carry=True)
    with pytest.raises(Interrupted):
        train(Nested(), cut_off(batches, 3), mse, SGD(0.0), every=3, **options)
    assert train(Nested(), batches, mse, SGD(0.0), **options) == want


def test_a_state_is_carried_only_if_asked_for():
    batches = pairs(3)
    default, cut = (
        train(build(), batches, mse, SGD(0.1), **options)
        for options in ({}, {"carry": False})
    )
    assert default == cut


def test_a_checkpoint_is_written_every_hundred_steps_unless_told(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(Interrupted):
        train(build(), cut_off(pairs(210), 205), mse, SGD(0.1), checkpoint=path)
    assert len(train(build(), [], mse, SGD(0.1), checkpoint=path).loss) == 200


def test_no_batches_leave_a_checkpoint_to_go_on_from(tmp_path):
    path = tmp_path / "run"
    train(build(), [], mse, Adam(0.1), checkpoint=path)
    model, other = build(), build()
    got = train(model, pairs(3), mse, Adam(0.1), checkpoint=path)
    assert got == train(other, pairs(3), mse, Adam(0.1))
    # And they do not set a run back.
    assert train(build(), [], mse, Adam(0.1), checkpoint=path) == got
    assert train(build(), pairs(3), mse, Adam(0.1), checkpoint=path) == got


@pytest.mark.parametrize("outputs", ["all", "last"])
@pytest.mark.parametrize("lengths", [True, False])
def test_a_mask_goes_to_the_model_and_to_the_loss_of_every_output(outputs, lengths):
    rng = np.random.default_rng(0)
    xs, mask = rng.uniform(-1, 1, (3, 5, 1)), np.array([5, 2, 3])
    targets = rng.uniform(-1, 1, (3, 5, 1) if outputs == "all" else (3, 1))
    if not lengths:
        mask = np.arange(5) < mask[:, None]
    model, other = build(outputs=outputs), build(outputs=outputs)
    history = train(model, [(xs, targets, mask)] * 2, mse, SGD(0.1))
    for L in history.loss:
        ys, _ = other.forward(xs, None, mask)
        want, dys = mse(ys, targets, mask if outputs == "all" else None)
        assert L == want
        other.backward(dys)
        SGD(0.1).step(other.params, other.grads)
    assert same(model.params, other.params)
    assert history != train(build(outputs=outputs), [(xs, targets)] * 2, mse, SGD(0.1))


@pytest.mark.parametrize(
    ("batch", "got"),
    [((1,), "1"), ((1, 2, 3, 4), "4"), (np.zeros((2, 3)), "ndarray"), (3, "int")],
)
def test_a_batch_of_anything_else_is_refused(batch, got):
    sentence = f"a batch must be (xs, targets) or (xs, targets, mask), got {got}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        train(build(), [batch], mse, SGD(0.1))


def test_a_limit_below_zero_is_refused_before_anything_is_done():
    with pytest.raises(ValueError, match="^clip must be finite and at least 0, got -1"):
        train(build(), [], mse, SGD(0.1), clip=-1)


def test_after_resuming_a_bad_step_still_goes_back_to_the_last_good_parameters(
    tmp_path,
):
    seen = []
    for interrupt in (None, 4):
        model = build()
        options = {"checkpoint": tmp_path / f"{interrupt}", "every": 2}
        if interrupt:
            with pytest.raises(Interrupted):
                train(model, cut_off(pairs(6), interrupt), mse, SGD(0.1), **options)
            model = build()
        bad = [*pairs(4), (pairs(1)[0][0], np.full((4, 3, 1), 1e300))]
        with pytest.raises(FloatingPointError), np.errstate(all="ignore"):
            train(model, bad, mse, SGD(0.1), **options)
        seen.append(copy(model.params))
    assert same(*seen)


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "run"
    train(build(), pairs(2), mse, Adam(0.1), checkpoint=path)
    with pytest.raises(ValueError, match="written with Adam, got SGD: delete it"):
        train(build(), pairs(2), mse, SGD(0.1), checkpoint=path)
    with pytest.raises(
        ValueError, match=r"it holds layer.W_x \(1, 6\) float64.* head.W_y \(6, 2\)"
    ):
        train(build(O=2), pairs(2), mse, Adam(0.1), checkpoint=path)
    for junk in (b"", b"PK", b"not a checkpoint", path.read_bytes()[:400]):
        (tmp_path / "junk").write_bytes(junk)
        with pytest.raises(ValueError, match="junk is no checkpoint of train, or dama"):
            train(build(), [], mse, Adam(0.1), checkpoint=tmp_path / "junk")
    for save in (np.save, np.savez):
        with (tmp_path / "other").open("wb") as file:
            save(file, np.zeros(3))
        with pytest.raises(ValueError, match="other is no checkpoint of train, or dam"):
            train(build(), [], mse, Adam(0.1), checkpoint=tmp_path / "other")
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        train(build(), pairs(2), mse, Adam(0.1), checkpoint=path, every=0)


@pytest.mark.parametrize("end", [OSError, KeyboardInterrupt, SystemExit])
def test_a_write_that_fails_leaves_the_old_checkpoint(end, tmp_path, monkeypatch):
    path, batches = tmp_path / "run", pairs(4)
    want = train(build(), batches, mse, Adam(0.1))
    train(build(), batches[:2], mse, Adam(0.1), checkpoint=path)
    before = path.read_bytes()

    def half(file, **arrays):
        file.write(b"half")
        raise end

    with monkeypatch.context() as patch, pytest.raises(end):
        patch.setattr(np, "savez", half)
        train(build(), batches, mse, Adam(0.1), checkpoint=path)
    assert path.read_bytes() == before
    # The half that was written is no harm to the next run.
    assert train(build(), batches, mse, Adam(0.1), checkpoint=path) == want
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
