"""Layers in a stack and in two directions, against torch and against definitions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from agreement import assert_agree, assert_same
from nets import NETS, SMALL, Net, each, flat
from unrolled import GRU, LSTM, RNN, Bidirectional, Checkpointed, Stack
from unrolled.state import leaves
from unrolled.verify import check_layer, complex_step, finite_differences, mismatch

DEEP = ("stack", ("leaf", "LSTM", 3), ("leaf", "MGU", 2), ("leaf", "RNN, tanh", 3))
BOTH = st.sampled_from([np.float64, np.float32])
SIZE = st.integers(1, 4)


def layer(cls=RNN, I=3, H=4, dtype=np.float64, seed=0, **options):
    """Make one layer."""
    rng = np.random.default_rng(seed)
    return cls(I, H, rng=rng, dtype=dtype, **options)


@given(st.builds(Net, NETS, B=SIZE, T=st.integers(0, 5), I=SIZE,
                 seed=st.integers(0, 999), given=st.booleans()))  # fmt: skip
def test_any_net_is_that_of_its_definition(net):
    assert_agree(net.run(), net.by_transcription(), np.float64)


@given(st.builds(Net, NETS, seed=st.integers(0, 999), dtype=st.just(np.float32)))
def test_float32_stays_float32(net):
    assert {array.dtype for array in net.run().values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", SMALL)
def test_differences_and_the_complex_step_find_the_same_gradients(name):
    net = Net(SMALL[name], B=2, T=3)
    rng = np.random.default_rng(1)
    assert check_layer(net.layer, net.xs, net.state, rng=rng).worst < 1e-9
    exact = {"rng": rng, "method": complex_step}
    assert check_layer(net.layer, net.xs, net.state, **exact).worst < 1e-13


def in_torch(cls, I, H, depth, two, lengths=None):
    """Make a stack and torch's, with the same weights; and a way to run torch's."""
    rng = np.random.default_rng(0)
    module = getattr(torch.nn, cls.__name__)(
        I, H, num_layers=depth, bidirectional=two, batch_first=True
    ).double()
    layers = []
    for k in range(depth):
        size = I if k == 0 else (1 + two) * H
        pair = [cls(size, H, rng=rng) for _ in range(1 + two)]
        for part, end in zip(pair, ("", "_reverse"), strict=False):
            for p in part.params.values():
                p[...] = rng.uniform(-0.8, 0.8, p.shape)
            second = np.zeros_like(part.params["b"])
            if cls is GRU:
                second[2 * H :] = part.params["b_hn"]
            values = {"weight_ih": part.params["W_x"].T, "bias_hh": second,
                      "weight_hh": part.params["W_h"].T, "bias_ih": part.params["b"],
                      }  # fmt: skip
            for name, value in values.items():
                getattr(module, f"{name}_l{k}{end}").data = torch.tensor(value.copy())
        layers.append(Bidirectional(*pair) if two else pair[0])
    return Stack(layers), module


def turned(state, two):
    """Put the state of a stack into torch's order: h of all layers, c of all."""
    each_layer = [part for pair in state for part in (pair if two else [pair])]
    if isinstance(each_layer[0], tuple):
        return tuple(np.stack(parts) for parts in zip(*each_layer, strict=True))
    return np.stack(each_layer)


@pytest.mark.parametrize("packed", [False, True], ids=["whole", "packed"])
@pytest.mark.parametrize("two", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("cls", [RNN, LSTM, GRU])
def test_stacks_are_those_of_torch(cls, depth, two, packed):
    B, T, I, H = 4, 6, 3, 2
    stack, module = in_torch(cls, I, H, depth, two)
    rng = np.random.default_rng(7)
    xs, dhs = rng.normal(size=(B, T, I)), rng.normal(size=(B, T, stack.output_size))
    sizes = (2, B, H) if cls is LSTM else (B, H)
    state, dstate = (
        tuple(
            tuple(tuple(x) if cls is LSTM else x for x in rng.normal(size=(2, *sizes)))
            if two
            else (tuple(x) if cls is LSTM else x)
            for x in rng.normal(size=(depth, *sizes))
        )
        for _ in range(2)
    )
    lengths = np.array([3, 6, 1, 4]) if packed else None

    x = torch.tensor(xs, requires_grad=True)
    start = each(turned(state, two), lambda a: torch.tensor(a, requires_grad=True))
    if packed:
        args = {"batch_first": True, "enforce_sorted": False}
        out, end = module(pack_padded_sequence(x, torch.tensor(lengths), **args), start)
        out, _ = pad_packed_sequence(out, batch_first=True, total_length=T)
    else:
        out, end = module(x, start)
    loss = (out * torch.tensor(dhs)).sum()
    for part, d in zip(flat(end), flat(turned(dstate, two)), strict=True):
        loss = loss + (part * torch.tensor(d)).sum()
    loss.backward()
    want = {
        "hs": out,
        "dxs": x.grad,
        **{f"end {k}": a for k, a in enumerate(flat(end))},
    }
    want |= {f"start {k}": a.grad for k, a in enumerate(flat(start))}
    want |= {
        n: p.grad for n, p in module.named_parameters() if not n.startswith("bias_hh")
    }

    hs, last = stack.forward(xs, state, lengths)
    dxs, first = stack.backward(dhs, dstate)
    got = {"hs": hs, "dxs": dxs}
    got |= {f"end {k}": a for k, a in enumerate(flat(turned(last, two)))}
    got |= {f"start {k}": a for k, a in enumerate(flat(turned(first, two)))}
    for name, grad in stack.grads.items():
        k, *way, letter = name.split(".")
        end = f"_l{k}" + ("_reverse" if way == ["backward"] else "")
        kind = {"W_x": "weight_ih", "W_h": "weight_hh", "b": "bias_ih"}.get(letter)
        if kind:
            got[kind + end] = grad.T
    want = {name: tensor.detach().numpy() for name, tensor in want.items()}
    assert_agree(got, {name: want[name] for name in got}, np.float64)
    assert got.keys() == want.keys()


def test_a_stack_of_unequal_layers_takes_any_sizes():
    stack = Stack([layer(RNN, 3, 5), layer(LSTM, 5, 2), layer(GRU, 2, 7)])
    hs, (h, (h_2, c_2), h_3) = stack.forward(np.ones((2, 4, 3)))
    assert hs.shape == (2, 4, 7) and h.shape == (2, 5)
    assert h_2.shape == c_2.shape == (2, 2) and h_3.shape == (2, 7)
    assert (stack.input_size, stack.output_size) == (3, 7)
    assert stack.size == sum(part.size for part in stack.layers)
    assert [*stack.params][:4] == ["0.W_x", "0.W_h", "0.b", "1.W_x"]
    assert stack.params["2.W_h"] is stack.layers[2].params["W_h"]


def test_the_final_state_of_the_way_back_belongs_to_the_first_step():
    both = Bidirectional(layer(seed=1), layer(seed=2))
    hs, (right, left) = both.forward(np.random.default_rng(0).normal(size=(2, 5, 3)))
    np.testing.assert_array_equal(hs[:, -1, :4], right)
    np.testing.assert_array_equal(hs[:, 0, 4:], left)
    assert np.abs(hs[:, -1, 4:] - left).max() > 0.1
    np.testing.assert_array_equal(
        both.last_output((right, left)), np.hstack([right, left])
    )


@pytest.mark.parametrize("mask", [None, [3, 5, 1]], ids=["whole", "lengths"])
@pytest.mark.parametrize("net", [*SMALL.values(), DEEP, ("stack", ("leaf", "LSTM", 3))],
                         ids=[*SMALL, "three", "one"])  # fmt: skip
def test_the_gradient_of_the_last_output_joins_that_of_the_state(net, mask):
    net = Net(net)
    layer, dh = net.layer, net.dhs[:, 0]

    def loss():
        _, last = layer.forward(net.xs, net.state, *([] if mask is None else [mask]))
        pairs = zip(flat(last), flat(net.dstate), strict=True)
        return (layer.last_output(last) * dh).sum() + sum(
            (a * d).sum() for a, d in pairs
        )

    loss()
    dxs, _ = layer.backward(None, layer.into_last_output(net.dstate, dh))
    assert mismatch(dxs, finite_differences(loss, net.xs)).error < 1e-9
    dstate = layer.into_last_output(None, dh)
    assert np.abs(layer.last_output(dstate) - dh).max() == 0
    total = sum(np.abs(part).sum() for part in leaves(dstate))
    np.testing.assert_allclose(total, np.abs(dh).sum())


@pytest.mark.parametrize("name", SMALL)
def test_backward_belongs_to_one_forward(name):
    net = Net(SMALL[name])
    with pytest.raises(RuntimeError, match="call forward first"):
        net.layer.backward(net.dhs)
    want = net.run()
    with pytest.raises(RuntimeError, match="and backward once after it"):
        net.layer.backward(net.dhs)
    net.layer.forward(net.xs + 1, net.state)
    with pytest.raises(ValueError, match="xs must have shape"):
        net.layer.forward(net.xs[..., :1], net.state)
    with pytest.raises(RuntimeError, match="call forward first"):
        net.layer.backward(net.dhs)  # of neither: the two would be mixed
    assert_same(net.run(), want)


@pytest.mark.parametrize("name", SMALL)
def test_a_twin_has_a_tape_of_its_own_and_a_copy_shares_nothing(name):
    net = Net(SMALL[name])
    want, twin, copy = net.run(), net.layer.twin(), net.layer.astype(np.float64)
    for key, p in net.layer.params.items():
        assert twin.params[key] is p and copy.params[key] is not p
    net.layer.forward(net.xs, net.state)
    with pytest.raises(RuntimeError, match="call forward first"):
        twin.backward(net.dhs)
    assert_same(net.run(twin), want)
    for p in net.layer.params.values():
        p[...] = np.nan
    assert_same(net.run(copy), want)


@pytest.mark.parametrize("name", ["stack", "checkpointed"])
def test_two_halves_are_one_whole(name):
    net = Net(SMALL[name])
    whole, layer, twin = net.run(), net.layer, net.layer.twin()
    hs_1, middle = layer.forward(net.xs[:, :2], net.state)
    hs_2, last = twin.forward(net.xs[:, 2:], middle)
    dxs_2, dmiddle = twin.backward(net.dhs[:, 2:], net.dstate)
    later = dict(twin.grads)
    dxs_1, first = layer.backward(net.dhs[:, :2], dmiddle)
    got = {"hs": np.hstack([hs_1, hs_2]), "dxs": np.hstack([dxs_1, dxs_2])}
    got |= {f"state {k}": part for k, part in enumerate(flat(last))}
    got |= {f"dstate {k}": part for k, part in enumerate(flat(first))}
    got |= {f"d{k}": grad + later[k] for k, grad in layer.grads.items()}
    assert_agree(got, whole, np.float64)


XS = np.ones((2, 5, 3))
REFUSED = {
    "no layers": (lambda: Stack([]), "a stack needs at least one layer, got none"),
    "layers that do not fit": (
        lambda: Stack([layer(), layer(I=5)]),
        "layer 1 must take the 4 outputs of layer 0, got input_size 5",
    ),
    "two types": (
        lambda: Stack([layer(), layer(I=4, dtype=np.float32)]),
        "layers must share one dtype, got float64 and float32",
    ),
    "dropout of all": (
        lambda: Stack([layer(), layer(I=4)], dropout=1.0),
        "dropout must be a share in 0 … 1, 1 excluded, got 1.0",
    ),
    "dropout with nowhere to act": (
        lambda: Stack([layer()], dropout=0.5),
        "dropout acts between layers, so one layer has none",
    ),
    "dropout without numbers": (
        lambda: Stack([layer(), layer(I=4)], dropout=0.5),
        "rng must come from np.random.default_rng(seed), got None",
    ),
    "two directions of other inputs": (
        lambda: Bidirectional(layer(), layer(I=4)),
        "both directions must read the same inputs, got input_size 3 and 4",
    ),
    "one state for two": (
        lambda: Stack([layer(), layer(I=4)]).forward(XS, np.ones((2, 4))),
        "state must hold one state for each of 2 layers, got one array",
    ),
    "three states for two": (
        lambda: Bidirectional(layer(), layer()).forward(XS, 3 * [None]),
        "state must hold one state for each of 2 layers, got 3",
    ),
    "a batch axis short": (
        lambda: Bidirectional(layer(), layer()).forward(XS[0]),
        "xs must have shape (B, T, 3), got (5, 3): add the batch axis with xs[None]",
    ),
    "checkpoints around a stack": (
        lambda: Checkpointed(Stack([layer()])),
        "Checkpointed takes one recurrent layer, got Stack: wrap the layers in it",
    ),
}


@pytest.mark.parametrize(("mistake", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_gets_one_sentence(mistake, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert str(caught.value) == sentence
