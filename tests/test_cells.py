"""Cells of a reader's own: twenty lines with ``step`` and ``step_back`` are a layer.

Each gets the loop, masks, stacks, two directions, checkpoints, checks and training from
what is there. Three are shown: the leaky layer that chapter 6 writes by hand, a minimal
gated unit, and the multiplicative LSTM of Krause et al. (2016), which reuses the LSTM.
"""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agree
from unrolled import (
    LSTM,
    MGU,
    Adam,
    Bidirectional,
    Checkpointed,
    Linear,
    Model,
    Stack,
    losses,
    tasks,
    train,
)
from unrolled.activations import sigmoid
from unrolled.recurrent import Loop, Recurrent, beside, blocks
from unrolled.verify import check_layer, complex_step


class Leaky(Recurrent):
    """h_t = (1 - alpha) h_{t-1} + alpha tanh(a_t): part of the old state leaks out."""

    alpha = 0.3

    def step(self, w, a_x, h_prev):
        n = np.tanh(a_x + h_prev @ w.W_h)
        h = (1 - self.alpha) * h_prev + self.alpha * n
        return (h,), (h_prev, n)

    def step_back(self, w, kept, dh):
        h_prev, n = kept
        da = self.alpha * dh * (1 - n**2)
        dh_prev = (1 - self.alpha) * dh + da @ w.W_h.T
        return (dh_prev,), {"a_x": da, "W_h": (h_prev, da)}


class Minimal(Recurrent):
    """The minimal gated unit of Zhou et al. (2016): one gate f."""

    order = "fn"

    def step(self, w, a_x, h_prev):
        (a_f, a_n), (W_hf, W_hn) = blocks(a_x, 2), blocks(w.W_h, 2)
        f = sigmoid(a_f + h_prev @ W_hf)
        n = np.tanh(a_n + (f * h_prev) @ W_hn)
        return ((1 - f) * h_prev + f * n,), (h_prev, f, n)

    def step_back(self, w, kept, dh):
        (h_prev, f, n), (W_hf, W_hn) = kept, blocks(w.W_h, 2)
        da_n = dh * f * (1 - n**2)
        ds = da_n @ W_hn.T  # s = f h_prev
        da_f = (dh * (n - h_prev) + ds * h_prev) * f * (1 - f)
        dh_prev = dh * (1 - f) + ds * f + da_f @ W_hf.T
        dW_h = [(h_prev, da_f), (f * h_prev, da_n)]
        return (dh_prev,), {"a_x": beside(da_f, da_n), "W_h": dW_h}


class Multiplicative(LSTM):
    """The LSTM of Krause et al. (2016): m = (x W_mx) (h W_mh) in the place of h."""

    order = "ifgom"

    def step(self, w, a_x, h_prev, c_prev):
        (a_x, m_x), (W_h, W_mh) = self.cut(a_x), self.cut(w.W_h)
        m_h = h_prev @ W_mh
        w = type(w)(W_h=W_h)
        state, kept = super().step(w, a_x, m_x * m_h, c_prev)
        return state, (w, h_prev, m_x, m_h, kept)

    def step_back(self, w, kept, dh, dc):
        (_, W_mh), (w, h_prev, m_x, m_h, kept) = self.cut(w.W_h), kept
        (dm, dc_prev), got = super().step_back(w, kept, dh, dc)
        da, dW_h = beside(got["a_x"], dm * m_h), [got["W_h"], (h_prev, dm * m_x)]
        return ((dm * m_x) @ W_mh.T, dc_prev), {"a_x": da, "W_h": dW_h}

    def cut(self, columns):
        H = self.hidden_size
        return columns[..., : 4 * H], columns[..., 4 * H :]


CELLS = {"leaky": Leaky, "minimal": Minimal, "multiplicative": Multiplicative}
each = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
SIZE = st.integers(1, 4)


def make(cell, I=3, H=4, seed=0):
    """Make a layer with weights of a size at which all terms matter."""
    rng = np.random.default_rng(seed)
    layer = cell(I, H, rng=rng)
    for p in layer.params.values():
        p[...] = rng.uniform(-1, 1, p.shape)
    return layer


def inputs(*shape):
    """Draw inputs."""
    return np.random.default_rng(7).uniform(-1, 1, shape)


@each
def test_it_is_short(cell):
    lines = inspect.getsource(cell).splitlines()
    assert len([line for line in lines if line.strip()]) <= 20


@each
@settings(max_examples=30)
@given(B=SIZE, T=st.integers(0, 5), I=SIZE, H=SIZE, data=st.data())
def test_its_gradients_are_those_of_two_estimates(cell, B, T, I, H, data):
    layer, rng = make(cell, I, H), np.random.default_rng(0)
    mask = data.draw(st.none() | st.lists(st.integers(0, T), min_size=B, max_size=B))
    parts = tuple(inputs(B, H) for _ in layer.state_sizes)
    state = parts if len(parts) > 1 else parts[0]
    report = check_layer(
        layer, inputs(B, T, I), state, mask, rng=rng, method=complex_step
    )
    assert report.worst < 1e-10, report


@each
def test_it_is_one_by_one_what_it_is_in_a_batch(cell):
    layer, xs, lengths = make(cell), inputs(4, 5, 3), np.array([3, 5, 0, 1])
    hs, state = layer.forward(xs, None, lengths)
    for b, length in enumerate(lengths):
        alone, end = layer.forward(xs[b : b + 1, :length])
        np.testing.assert_allclose(hs[b, :length], alone[0], rtol=0, atol=1e-14)
        assert not hs[b, length:].any()
        np.testing.assert_allclose(
            layer.last_output(state)[b], layer.last_output(end)[0], rtol=0, atol=1e-14
        )


@each
@pytest.mark.parametrize("put", ["stack", "both", "checkpointed", "model"])
def test_it_goes_wherever_a_layer_goes(cell, put):
    layer, above = make(cell), make(cell, 4, 2, seed=1)
    put_together = {
        "stack": lambda: Stack([layer, above]),
        "both": lambda: Bidirectional(layer, make(cell, seed=2)),
        "checkpointed": lambda: Checkpointed(layer, 2),
        "model": lambda: Model(layer, Linear(4, 2, rng=np.random.default_rng(0))),
    }[put]()
    report = check_layer(
        put_together, inputs(3, 5, 3), mask=[5, 0, 3], rng=np.random.default_rng(0)
    )
    assert report.worst < 1e-8, report


@each
def test_no_fast_loop_is_taken_for_it(cell):
    assert type(make(cell).loop()) is Loop


@each
@pytest.mark.parametrize("lr", [0.003, 0.01])
def test_it_learns_the_sign_that_came_first(cell, lr):
    rng = np.random.default_rng(0)
    layer = cell(1, 16, rng=rng)
    model = Model(layer, Linear(16, 2, rng=rng), "last")

    def draw(B):
        xs, _ = tasks.parity(rng, B, 5)
        return xs, (xs[:, 0, 0] > 0).astype(int)

    train(model, (draw(32) for _ in range(200)), losses.cross_entropy, Adam(lr))
    xs, labels = draw(500)
    assert (model.forward(xs)[0].argmax(axis=1) == labels).mean() > 0.95


def test_the_minimal_unit_is_ours():
    own, ours, xs = make(Minimal), make(MGU), inputs(2, 5, 3)
    got, want = {}, {}
    for results, layer in ((got, own), (want, ours)):
        results["hs"], results["h_T"] = layer.forward(xs)
        results["dxs"], results["dh_0"] = layer.backward(inputs(2, 5, 4))
        results |= layer.grads
    assert_agree(got, want, np.float64)


ONE_STATE = "return a tuple of h (2, 4) of float64 first"
MISTAKES = {
    "no tuple": (
        {"step": lambda self, w, a_x, h: (a_x, h)},
        f"Wrong.<lambda> must {ONE_STATE}, got one array, (2, 4) of float64",
    ),
    "another type": (
        {"step": lambda self, w, a_x, h: ((a_x.astype("f4"),), h)},
        f"Wrong.<lambda> must {ONE_STATE}, got a tuple of (2, 4) of float32",
    ),
    "a list for an array": (
        {"step": lambda self, w, a_x, h: ((a_x.tolist(),), h)},
        f"Wrong.<lambda> must {ONE_STATE}, got a tuple of (2, 4) of list",
    ),
    "a gradient that is no tuple": (
        {"step_back": lambda self, w, h, dh: (dh, {"a_x": dh})},
        f"Wrong.<lambda> must {ONE_STATE}, got one array, (2, 4) of float64",
    ),
    "a name that is none": (
        {"step_back": lambda self, w, h, dh: ((dh,), {"a_x": dh, "V": dh})},
        "Wrong.<lambda> must send to a_x and any of W_x, W_h, b, got a_x, V",
    ),
    "no names at all": (
        {"step_back": lambda self, w, h, dh: ((dh,), None)},
        "Wrong.<lambda> must send to a_x and any of W_x, W_h, b, got None",
    ),
    "nothing for a_x": (
        {"step_back": lambda self, w, h, dh: ((dh,), {"W_h": (h, dh)})},
        "Wrong.<lambda> must send to a_x and any of W_x, W_h, b, got W_h",
    ),
    "a gradient of another shape": (
        {"step_back": lambda self, w, h, dh: ((dh,), {"a_x": dh, "W_h": dh})},
        "Wrong.<lambda> must send W_h a gradient of shape (4, 4) and type float64, "
        "got (4,) of float64",
    ),
}


@pytest.mark.parametrize(("functions", "sentence"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("wrap", [lambda layer: layer, Checkpointed])
def test_a_cell_that_returns_something_else_gets_one_sentence(
    functions, sentence, wrap
):
    layer = wrap(make(type("Wrong", (Leaky,), functions)))
    with pytest.raises(TypeError) as caught:
        layer.forward(inputs(2, 5, 3))
        layer.backward(inputs(2, 5, 4))
    assert str(caught.value) == sentence
