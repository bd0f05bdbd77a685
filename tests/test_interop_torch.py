"""Weights of torch.nn, run there and here."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree, error, floats
from exchange import BOTH, SEED, SIZE, assert_same_layer, make, refusal, stacked
from nets import flat
from unrolled import GRU, LSTM, RNN, Bidirectional, Stack, interop

TORCH = {
    "RNN": {},
    "RNN, relu": {"nonlinearity": "relu"},
    "RNN, no bias": {"bias": False},
    "LSTM": {},
    "LSTM, no bias": {"bias": False},
    "LSTM, projection": {"proj_size": 2},
    "GRU": {},
    "GRU, no bias": {"bias": False},
}


def module_of(name, I=3, H=3, depth=1, ways=1, dtype=torch.float64, **more):
    """Make a module of torch.nn; its two biases differ, as torch draws them."""
    cls = getattr(torch.nn, name.split(",")[0])
    return cls(I, H, depth, bidirectional=ways == 2, dtype=dtype, batch_first=True,
               **TORCH[name], **more)  # fmt: skip


def by_module(module, case):
    """Run a module forward and backward; return all by our names, in its order."""
    xs = torch.tensor(case["xs"], requires_grad=True)
    state = [torch.tensor(part, requires_grad=True) for part in case["state"]]
    hs, last = module(xs, tuple(state) if len(state) > 1 else state[0])
    last = last if isinstance(last, tuple) else (last,)
    loss = (hs * torch.tensor(case["dhs"])).sum()
    for part, d in zip(last, case["dstate"], strict=True):
        loss = loss + (part * torch.tensor(d)).sum()
    module.zero_grad()
    loss.backward()
    want = {"hs": hs, "dxs": xs.grad}
    want |= {f"last {k}": part for k, part in enumerate(last)}
    want |= {f"dfirst {k}": part.grad for k, part in enumerate(state)}
    for name, w in module.named_parameters():
        want[f"d{name}"] = w.grad
    return {name: part.detach().numpy() for name, part in want.items()}


def by_layer(layer, case, depth, ways, gru):
    """Run our layer on the same; name and shape everything as torch does."""

    def nest(parts):
        """Give each of depth × ways layers its part of each (depth ways, B, H)."""
        each = [p[0] if len(p) == 1 else tuple(p) for p in zip(*parts, strict=True)]
        if ways == 2:
            each = [*zip(each[::2], each[1::2], strict=True)]
        return each[0] if depth == 1 else tuple(each)

    def unnest(state):
        state = flat(state if isinstance(state, tuple) else (state,))
        kinds = len(case["state"])
        return [np.stack(state[k::kinds]) for k in range(kinds)]

    hs, last = layer.forward(case["xs"], nest(case["state"]))
    dxs, first = layer.backward(case["dhs"], nest(case["dstate"]))
    got = {"hs": hs, "dxs": dxs}
    got |= {f"last {k}": part for k, part in enumerate(unnest(last))}
    got |= {f"dfirst {k}": part for k, part in enumerate(unnest(first))}
    for key, grad in layer.grads.items():
        *way, letter = key.split(".")
        k = way[0] if depth > 1 else "0"
        end = f"_l{k}" + ("_reverse" if "backward" in way else "")
        if letter == "b_hn":
            continue
        names = {"W_x": "weight_ih", "W_h": "weight_hh", "W_proj": "weight_hr"}
        if letter in names:
            got[f"d{names[letter]}{end}"] = grad.T
        else:  # torch adds two biases: their gradients are the same, but for the n
            second = grad.copy()
            if gru:
                H = grad.size // 3
                second[2 * H :] = layer.grads[key[:-1] + "b_hn"]
            got[f"dbias_ih{end}"], got[f"dbias_hh{end}"] = grad, second
    return got


def compare_with_torch(name, depth=2, ways=2, I=3, H=3, B=2, T=4, seed=0, read=None):
    """Return what from_torch makes of a module computes, and what the module does."""
    torch.manual_seed(seed)
    module = module_of(name, I, H, depth, ways)
    layer = (read or interop.from_torch)(module)
    rng = np.random.default_rng(seed)
    out = TORCH[name].get("proj_size", H)
    sizes = [out, H] if name.startswith("LSTM") else [out]
    case = {
        "xs": floats(rng, B, T, I),
        "dhs": floats(rng, B, T, ways * out),
        "state": [floats(rng, depth * ways, B, size) for size in sizes],
        "dstate": [floats(rng, depth * ways, B, size) for size in sizes],
    }
    got = by_layer(layer, case, depth, ways, name.startswith("GRU"))
    want = by_module(module, case)
    if not module.bias:
        got = {key: part for key, part in got.items() if not key.startswith("dbias")}
    return got, want


def torch_gap(name, read=None):
    """Return how far from torch a layer is that was read from it.

    I = H, so that every matrix is as wide as high, but for the number of gates.
    """
    got, want = compare_with_torch(name, depth=1, ways=1, read=read)
    return max(error(got[key], want[key], 1.0) for key in got)


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
