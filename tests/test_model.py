"""A layer and a head as one: gradients, shared parameters, refusals."""

import numpy as np
import pytest

from unrolled import RNN, Linear, Model
from unrolled.verify import autograd, compare, finite_differences

B, T, I, H, O = 2, 4, 3, 5, 2


def build(outputs, dtype=np.float64):
    """Make a model and what flows in and back."""
    rng = np.random.default_rng(0)
    layer = RNN(I, H, rng=rng, dtype=dtype)
    model = Model(layer, Linear(H, O, rng=rng, dtype=dtype), outputs)
    for param in model.params.values():
        param[...] = rng.uniform(-1, 1, param.shape)
    xs, h_0 = rng.uniform(-1, 1, (B, T, I)), rng.uniform(-1, 1, (B, H))
    shape = (B, T, O) if outputs == "all" else (B, O)
    return model, xs, h_0, rng.standard_normal(shape), rng.standard_normal((B, H))


@pytest.mark.parametrize("outputs", ["all", "last"])
def test_every_gradient_is_that_of_two_others(outputs):
    model, xs, h_0, dys, dlast = build(outputs)
    ys, last = model.forward(xs, h_0)
    assert ys.shape == dys.shape and last.shape == h_0.shape
    dxs, dh_0 = model.backward(dys, dlast)
    got = {"xs": dxs, "h_0": dh_0, **model.grads}

    def loss():
        ys, last = model.forward(xs, h_0)
        return (ys * dys).sum() + (last * dlast).sum()

    moved = {"xs": xs, "h_0": h_0, **model.params}
    estimated = {name: finite_differences(loss, x) for name, x in moved.items()}
    assert compare(got, estimated).worst < 1e-9

    def same_in_torch(xs, h_0, W_x, W_h, b, W_y, b_y):
        import torch

        hs, h = [], h_0
        for x in xs.unbind(1):
            h = torch.tanh(x @ W_x + h @ W_h + b)
            hs.append(h)
        ys = (torch.stack(hs, 1) if outputs == "all" else h) @ W_y + b_y
        return (ys * torch.tensor(dys)).sum() + (h * torch.tensor(dlast)).sum()

    assert compare(got, autograd(same_in_torch, moved)).worst < 1e-13


def test_the_last_output_is_the_last_of_all():
    every, xs, h_0, *_ = build("all")
    last = build("last")[0]
    np.testing.assert_array_equal(
        last.forward(xs, h_0)[0], every.forward(xs, h_0)[0][:, -1]
    )


def test_parameters_and_gradients_are_those_of_the_parts():
    model, xs, h_0, dys, _ = build("all")
    model.forward(xs, h_0)
    model.backward(dys)
    parts = (model.layer, model.head)
    assert [*model.params] == ["W_x", "W_h", "b", "W_y", "b_y"] == [*model.grads]
    for part in parts:
        for name in part.params:
            assert model.params[name] is part.params[name]
            assert model.grads[name] is part.grads[name]


@pytest.mark.parametrize("outputs", ["all", "last"])
def test_float32_stays_float32(outputs):
    model, xs, h_0, dys, dlast = build(outputs, np.float32)
    arrays = [*model.forward(xs, h_0), *model.backward(dys, dlast)]
    arrays += model.grads.values()
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def part(kind, *sizes, dtype=np.float64):
    """Make a layer or a head."""
    return kind(*sizes, rng=np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (
            lambda: Model(part(RNN, 3, 5), part(Linear, 4, 2)),
            "the head must take the layer's H = 5, got input_size 4",
        ),
        (
            lambda: Model(part(RNN, 3, 5, dtype=np.float32), part(Linear, 5, 2)),
            "layer and head must share one dtype, got float32 and float64",
        ),
        (
            lambda: Model(part(RNN, 3, 5), part(Linear, 5, 2), "first"),
            "outputs must be 'all' or 'last', got 'first'",
        ),
        (
            lambda: build("last")[0].forward(np.ones((B, 0, I))),
            "the last output needs T of at least 1, got T = 0",
        ),
        (
            lambda: build("all")[0].forward(np.ones((T, I))),
            "xs must have shape (B, T, 3), got (4, 3): add the batch axis with "
            "xs[None]",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(mistake, sentence):
    with pytest.raises(ValueError) as caught:
        mistake()
    assert str(caught.value) == sentence


def test_all_outputs_of_no_steps_are_none():
    ys, last = build("all")[0].forward(np.ones((B, 0, I)))
    assert ys.shape == (B, 0, O) and last.shape == (B, H)
