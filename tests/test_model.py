"""A model of named parts: gradients, masks, shared parameters, copies, refusals."""

import numpy as np
import pytest

from agreement import assert_agree, assert_same
from cases import COPIES
from models import Whole
from nets import SMALL
from unrolled import GRU, LSTM, RNN, Embedding, Linear, Model, Stack
from unrolled.compose import Composite
from unrolled.masks import counting
from unrolled.verify import check_layer, complex_step, finite_differences

B, T, I, H, O = 3, 5, 2, 4, 2
LEAF = ("leaf", "LSTM", H)
NETS = SMALL | {
    "LSTM": LEAF,
    "RNN": ("leaf", "RNN, tanh", H),
    "one in a stack": ("stack", LEAF),
    "three": ("stack", LEAF, ("leaf", "MGU", 3), ("leaf", "GRU, reset after", 2)),
}
MASKS = {
    "whole": None,
    "lengths": np.array([3, 5, 1]),
    "holes": np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]]) == 1,
}
each_net = pytest.mark.parametrize("net", NETS.values(), ids=NETS)
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
each_kind = pytest.mark.parametrize("outputs", ["all", "last"])
each_entry = pytest.mark.parametrize("embedding", [False, True], ids=["xs", "labels"])


@each_net
@each_mask
@each_kind
@each_entry
def test_it_is_that_of_its_definition(net, mask, outputs, embedding):
    whole = Whole(net, outputs, embedding)
    want = whole.by_transcription(counting(mask, B, T))
    assert_agree(whole.run(mask), want, np.float64)


@each_mask
@each_kind
@each_entry
@pytest.mark.parametrize("method", [finite_differences, complex_step])
def test_check_layer_takes_a_model(mask, outputs, embedding, method):
    whole = Whole(NETS["stack"], outputs, embedding)
    rng = np.random.default_rng(0)
    report = check_layer(
        whole.model, whole.xs, whole.state, mask, rng=rng, method=method
    )
    assert report.worst < (1e-9 if method is finite_differences else 1e-13), report
    assert ("xs" in report) != embedding and "layer.1.b_hn" in report


@each_net
def test_a_masked_sequence_is_the_same_cut_to_what_counts(net):
    whole = Whole(net, B=1, T=T)
    for kept in ([0, 1, 2], [1, 3], [4]):
        mask = np.isin(np.arange(T), kept)[None]
        for outputs in ("all", "last"):
            model = Model(whole.model.layer, whole.model.head, outputs)
            ys, _ = model.forward(whole.xs, whole.state, mask)
            cut, _ = model.forward(whole.xs[:, kept], whole.state)
            got = ys[:, kept] if outputs == "all" else ys
            np.testing.assert_allclose(got, cut, rtol=0, atol=1e-14)


@each_net
def test_the_last_output_is_the_last_of_all(net):
    """Of two directions, the way back puts out its last at the first step."""
    if "both" in str(net):
        return
    whole = Whole(net)
    last = Model(whole.model.layer, whole.model.head, "last")
    ys, _ = last.forward(whole.xs, whole.state)
    every, _ = whole.model.forward(whole.xs, whole.state)
    np.testing.assert_allclose(ys, every[:, -1], rtol=0, atol=1e-15)


@each_entry
def test_parameters_and_gradients_are_those_of_the_parts(embedding):
    whole = Whole(NETS["stack"], embedding=embedding)
    model = whole.model
    whole.run()
    names = ["layer.0.W_x", "layer.0.W_h", "layer.0.b", "layer.1.W_x", "layer.1.W_h",
             "layer.1.b", "layer.1.b_hn", "head.W_y", "head.b_y"]  # fmt: skip
    names = ["embedding.W_e"] * embedding + names
    assert [*model.params] == [*model.grads] == names
    assert model.params["layer.1.b"] is model.layer.layers[1].params["b"]
    assert model.grads["layer.1.b"] is model.layer.layers[1].grads["b"]
    for name, part in model.parts.items():
        for key, p in part.params.items():
            assert model.params[f"{name}.{key}"] is p
    assert model.size == sum(p.size for p in model.params.values())
    assert (model.embedding is not None) == embedding and model.dtype == np.float64
    for told in (model.params, model.grads):
        with pytest.raises(TypeError):
            told["layer.b"] = 0


def test_parts_of_equal_names_do_not_overwrite_each_other():
    rng = np.random.default_rng(0)
    encoder, decoder = (Stack([RNN(I, H, rng=rng), RNN(H, H, rng=rng)]) for _ in "ab")
    pair = Composite(encoder=encoder, decoder=decoder)
    assert len(pair.params) == len(encoder.params) + len(decoder.params) == 12
    assert pair.params["encoder.1.W_h"] is encoder.layers[1].params["W_h"]
    assert pair.params["decoder.1.W_h"] is decoder.layers[1].params["W_h"]
    assert pair.size == encoder.size + decoder.size
    twin = pair.twin()
    assert twin.params["decoder.0.b"] is pair.params["decoder.0.b"]
    assert twin.parts["decoder"] is not decoder


@each_kind
@each_mask
def test_float32_stays_float32(outputs, mask):
    whole = Whole(NETS["stack"], outputs, dtype=np.float32)
    got = whole.run(mask)
    assert {array.dtype for array in got.values()} == {np.dtype(np.float32)}
    exact = Whole(NETS["stack"], outputs).run(mask)
    assert_agree(got, exact, np.float32)


@each_kind
@each_entry
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_the_same_model(name, outputs, embedding):
    whole = Whole(NETS["stack"], outputs, embedding)
    want, model = whole.run(), COPIES[name](whole.model)
    assert type(model) is Model and model.outputs == outputs
    assert_same(whole.run(model=model), want)
    for key, p in whole.model.params.items():
        assert (model.params[key] is p) == (name in ("copy", "twin"))


@pytest.mark.parametrize("name", ["twin", "astype", "deepcopy", "pickle"])
def test_a_copy_made_under_way_cannot_go_back(name):
    whole = Whole(NETS["stack"])
    want = whole.run()
    ys, last = whole.model.forward(whole.xs, whole.state)
    other = COPIES[name](whole.model)
    with pytest.raises(RuntimeError, match="call forward first"):
        other.backward(whole.dys)
    other.forward(whole.xs + 1)
    dxs, _ = whole.model.backward(whole.dys, whole.dstate)
    np.testing.assert_array_equal(dxs, want["dxs"])


@each_net
def test_backward_belongs_to_one_forward(net):
    whole = Whole(net)
    with pytest.raises(RuntimeError, match="call forward first"):
        whole.model.backward(whole.dys)
    want = whole.run()
    with pytest.raises(RuntimeError, match="and backward once after it"):
        whole.model.backward(whole.dys)
    whole.model.forward(whole.xs, whole.state)
    with pytest.raises(ValueError, match="xs must have shape"):
        whole.model.forward(whole.xs[..., :1], whole.state)
    with pytest.raises(RuntimeError, match="call forward first"):
        whole.model.backward(whole.dys)  # of neither: the two would be mixed
    assert_same(whole.run(), want)


@each_mask
@each_kind
@pytest.mark.parametrize(
    "shape", [(O,), (T, O), (B, O), (B, T, O), (B, T, O + 1)], ids=str
)
def test_a_gradient_of_another_shape_leaves_the_pass_as_it_was(outputs, mask, shape):
    whole = Whole(LEAF, outputs)
    want, model = whole.run(mask), whole.model
    ys, last = model.forward(whole.xs, whole.state, mask)
    if shape == ys.shape:
        return
    with pytest.raises(ValueError, match="dys must have shape"):
        model.backward(np.ones(shape))
    dxs, _ = model.backward(whole.dys, whole.dstate)
    np.testing.assert_array_equal(dxs, want["dxs"])


@each_kind
def test_what_happens_to_what_came_in_and_out_does_not_matter(outputs):
    whole, mask = Whole(NETS["stack"], outputs, True), MASKS["holes"].copy()
    want, labels = whole.run(mask), whole.xs.copy()
    ys, last = whole.model.forward(labels, whole.state, mask)
    for array in (labels, ys, mask):
        array[...] = 1 - array
    whole.model.backward(whole.dys, whole.dstate)
    for name, grad in whole.model.grads.items():
        np.testing.assert_array_equal(grad, want[f"d{name}"])


def test_all_outputs_of_no_steps_are_none():
    whole = Whole(("leaf", "RNN, tanh", H), T=0)
    for mask in (None, np.zeros(B, int)):
        ys, last = whole.model.forward(whole.xs, whole.state, mask)
        assert ys.shape == (B, 0, O)
        np.testing.assert_array_equal(last, whole.state)


def part(kind, *sizes, dtype=np.float64):
    """Make a part."""
    return kind(*sizes, rng=np.random.default_rng(0), dtype=dtype)


def model(outputs="all"):
    """Make a model of inputs of size 3."""
    return Model(part(GRU, 3, 4), part(Linear, 4, 2), outputs)


REFUSED = {
    "a head of another size": (
        lambda: Model(part(RNN, 3, 5), part(Linear, 4, 2)),
        "the head must take the layer's H = 5, got input_size 4",
    ),
    "an embedding of another size": (
        lambda: Model(part(RNN, 3, 4), part(Linear, 4, 2),
                      embedding=part(Embedding, 9, 2)),
        "the layer must take the 2 outputs of the embedding, got input_size 3",
    ),
    "two types": (
        lambda: Model(part(RNN, 3, 5, dtype=np.float32), part(Linear, 5, 2)),
        "layers must share one dtype, got float32 and float64",
    ),
    "an embedding of another type": (
        lambda: Model(part(RNN, 3, 4), part(Linear, 4, 2),
                      embedding=part(Embedding, 9, 3, dtype=np.float32)),
        "layers must share one dtype, got float32 and float64 and float64",
    ),
    "neither word": (
        lambda: model("first"), "outputs must be 'all' or 'last', got 'first'",
    ),
    "the last of none": (
        lambda: model("last").forward(np.ones((2, 0, 3))),
        "the last output needs T of at least 1, got T = 0",
    ),
    "no batch": (
        lambda: model().forward(np.ones((4, 3))),
        "xs must have shape (B, T, 3), got (4, 3): add the batch axis with xs[None]",
    ),
    "no batch of labels": (
        lambda: Whole(LEAF, embedding=True).model.forward(np.ones(4, int)),
        "labels must have shape (B, T), got (4,): add the batch axis with labels[None]",
    ),
    "no batch, and a mask": (
        lambda: model().forward(np.ones(3), None, [3]),
        "xs must have shape (B, T, 3), got (3,)",
    ),
    "labels that are no labels": (
        lambda: Whole(LEAF, embedding=True).model.forward(np.full((1, 2), 4)),
        "labels must lie in 0 … 3, got 4 at index (0, 0)",
    ),
    "labels with a fraction": (
        lambda: Whole(LEAF, embedding=True).model.forward(np.ones((1, 2))),
        "labels must be whole numbers, got float64",
    ),
    "rows that differ": (
        lambda: model().forward([[[1, 2, 3]], [[1, 2]]]),
        "xs must be rectangular, got rows that differ",
    ),
    "other outputs later": (
        lambda: setattr(model(), "outputs", "last"),
        "outputs is fixed when the Model is made, got 'last': make another one",
    ),
    "other parts later": (
        lambda: setattr(model(), "parts", {}),
        "parts is fixed when the Model is made, got {}: make another one",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_gets_one_sentence(mistake, sentence):
    with pytest.raises((ValueError, TypeError, AttributeError)) as caught:
        mistake()
    assert str(caught.value) == sentence


@pytest.mark.parametrize("name", ["layer", "head", "embedding", "params", "dtype"])
def test_what_a_model_is_made_of_cannot_change_unseen(name):
    made = model()
    with pytest.raises(AttributeError):
        setattr(made, name, part(LSTM, 3, 4))
