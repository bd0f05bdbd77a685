"""Weights of torch.nn, run there and here."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree, error, floats
from exchange import BOTH, SEED, SIZE, assert_same_layer, make, refusal, stacked
from oracle_torch import TORCH, compare_with_torch, module_of
from unrolled import GRU, LSTM, RNN, Bidirectional, Stack, interop


@given(st.sampled_from([*TORCH]), st.integers(1, 3), st.integers(1, 2),
       SIZE, st.integers(3, 5), SIZE, st.integers(1, 5), SEED)  # fmt: skip
def test_a_layer_from_torch_computes_what_the_module_does(
    name, depth, ways, I, H, B, T, seed
):
    got, want = compare_with_torch(name, depth, ways, I, H, B, T, seed)
    assert_agree(got, want, np.float64)


LEAVES = {
    "RNN": (RNN, {}),
    "relu": (RNN, {"activation": "relu"}),
    "LSTM": (LSTM, {}),
    "projection": (LSTM, {"projection_size": 2}),
    "GRU": (GRU, {}),
}


@given(st.sampled_from([*LEAVES]), st.integers(1, 3), st.integers(1, 2),
       SIZE, st.integers(3, 5), BOTH, SEED)  # fmt: skip
def test_to_torch_and_back_bit_for_bit(name, depth, ways, I, H, dtype, seed):
    cls, options = LEAVES[name]
    layer = stacked(cls, depth, ways, I, H, dtype, seed, **options)
    module = interop.to_torch(layer)
    assert {str(w.dtype) for w in module.parameters()} == {f"torch.{layer.dtype}"}
    assert_same_layer(interop.from_torch(module), layer)
    xs = floats(np.random.default_rng(seed), 2, 3, I).astype(dtype)
    got = module(torch.tensor(xs))[0].detach().numpy()
    assert error(layer.forward(xs)[0], got, 1.0) < (
        1e-10 if dtype is np.float64 else 1e-5
    )


def test_a_module_survives_but_for_the_split_of_its_biases():
    torch.manual_seed(0)
    for name in TORCH:
        module = module_of(name, depth=2, ways=2)
        again = interop.to_torch(interop.from_torch(module))
        xs = torch.tensor(floats(np.random.default_rng(0), 2, 4, 3))
        np.testing.assert_allclose(again(xs)[0].detach(), module(xs)[0].detach(),
                                   rtol=0, atol=1e-14)  # fmt: skip


def test_the_second_bias_is_zero_but_for_that_behind_the_reset():
    layer = make(GRU)
    module = interop.to_torch(layer)
    assert not interop.to_torch(make(LSTM)).bias_hh_l0.any()
    assert not module.bias_hh_l0[:6].any()
    np.testing.assert_array_equal(module.bias_hh_l0[6:].detach(), layer.params["b_hn"])


def test_dropout_goes_along_and_needs_a_source():
    module = module_of("GRU", depth=2, dropout=0.25)
    with refusal("rng must come from np.random.default_rng(seed), got None"):
        interop.from_torch(module)
    stack = interop.from_torch(module.eval(), rng=np.random.default_rng(0))
    assert stack.dropout == 0.25 and not stack.training
    xs = floats(np.random.default_rng(0), 2, 4, 3)
    want = module(torch.tensor(xs))[0].detach().numpy()
    assert error(stack.forward(xs)[0], want, 1.0) < 1e-12
    again = interop.to_torch(stack)
    assert again.dropout == 0.25 and not again.training
    with pytest.warns(UserWarning, match="dropout"):  # torch: it acts between layers
        alone = module_of("GRU", dropout=0.25)
    assert type(interop.from_torch(alone)) is GRU


@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_a_single_layer_comes_to_torch_in_training_and_without_dropout(cls):
    module = interop.to_torch(make(cls))
    assert module.training and module.dropout == 0 and module.batch_first


@pytest.mark.parametrize("training", [True, False])
def test_whether_a_stack_is_in_training_goes_along_both_ways(training):
    stack = Stack([make(), make()])
    stack.training = training
    module = interop.to_torch(stack)
    assert module.training is training and module.dropout == 0
    assert interop.from_torch(module).training is training


def test_batch_first_or_not_the_weights_are_the_same():
    module = torch.nn.LSTM(3, 2)
    layer = interop.from_torch(module)
    xs = floats(np.random.default_rng(0), 2, 4, 3).astype(np.float32)
    want = module(torch.tensor(xs.swapaxes(0, 1)))[0].detach().numpy().swapaxes(0, 1)
    assert error(layer.forward(xs)[0], want, 1.0) < 1e-6


ONE_KIND = "torch.nn stacks layers of one kind and size, got "


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (lambda: Stack([make(H=3), make(H=4)]),
         ONE_KIND + "RNN of H = 3 with tanh, one way; RNN of H = 4 with tanh, one way"),
        (lambda: Stack([make(LSTM), make(GRU)]),
         ONE_KIND + "LSTM of H = 3, one way; GRU of H = 3, one way"),
        (lambda: Stack([make(), make(activation="relu")]),
         ONE_KIND + "RNN of H = 3 with tanh, one way; RNN of H = 3 with relu, one way"),
        (lambda: Stack([make(LSTM), make(LSTM, projection_size=2)]),
         ONE_KIND + "LSTM of H = 3, one way; LSTM of H = 3 and P = 2, one way"),
        (lambda: Stack([make(GRU), Bidirectional(make(GRU), make(GRU))]),
         ONE_KIND + "GRU of H = 3, one way; GRU of H = 3, both ways"),
        (lambda: make(LSTM, projection_size=3),
         "torch.nn.LSTM projects to less than H = 3, got P = 3"),
        (lambda: Stack([make(), make()], 0.5, shared=True, rng=np.random.default_rng()),
         "torch.nn.RNN has no dropout shared by all steps"),
    ],
)  # fmt: skip
def test_stacks_that_torch_has_not(layer, sentence):
    with refusal(sentence):
        interop.to_torch(layer())


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (lambda: torch.nn.Linear(2, 3),
         "module must be a torch.nn.RNN, LSTM or GRU, got Linear"),
        (lambda: torch.nn.LSTMCell(2, 3),
         "module must be a torch.nn.RNN, LSTM or GRU, got LSTMCell"),
        (lambda: make(LSTM), "module must be a torch.nn.RNN, LSTM or GRU, got LSTM"),
        (lambda: torch.nn.GRU(2, 3, dtype=torch.float16),
         "module must be of type float32 or float64, got float16"),
        (lambda: torch.nn.GRU(2, 3, dtype=torch.bfloat16),
         "module must be of type float32 or float64, got bfloat16"),
    ],
)  # fmt: skip
def test_modules_that_are_refused(module, sentence):
    with refusal(sentence):
        interop.from_torch(module())
