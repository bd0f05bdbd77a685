"""Steps that do not count: a masked batch is each sequence by itself."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agree, assert_same, worst
from cases import PASSES, VARIANTS, Case
from models import Whole
from nets import NETS, SMALL, Net
from oracle_onnx import by_onnx
from unrolled import RNN
from unrolled.masks import Packing, counting

each = pytest.mark.parametrize("variant", PASSES.values(), ids=PASSES)
LENGTHS = np.array([3, 0, 5, 5, 1])
COUNTS = np.arange(5) < LENGTHS[:, None]
HOLES = np.array([[0, 1, 0, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 1],
                  [0, 0, 0, 0, 1]]) == 1  # fmt: skip


def one_by_one(case, counts):
    """Run each sequence by itself, of its steps those that count; put all together."""
    layer, results = case.layer, []
    state, dstate = case.parts(case.state), case.parts(case.dstate)
    for k, c in enumerate(counts):
        one = slice(k, k + 1)
        outputs = layer.forward(
            case.xs[one, c], case.packed([part[one] for part in state.values()])
        )
        gradients = layer.backward(
            case.dhs[one, c], case.packed([part[one] for part in dstate.values()])
        )
        results.append(case.named(outputs, gradients))
    whole = {}
    for name in results[0]:
        parts = [result[name] for result in results]
        if name in ("hs", "dxs"):
            whole[name] = np.zeros((*counts.shape, parts[0].shape[-1]))
            for k, c in enumerate(counts):
                whole[name][k, c] = parts[k][0]
        elif name.endswith(("_T", "_0")):
            whole[name] = np.concatenate(parts)
        else:
            whole[name] = sum(parts)
    return whole


@each
@pytest.mark.parametrize(
    "mask", [LENGTHS, COUNTS, HOLES], ids=["ends", "rows", "holes"]
)
@pytest.mark.parametrize("B", [1, 5])
def test_a_masked_batch_is_each_sequence_by_itself(variant, mask, B):
    case = Case(*variant, B=B, T=5)
    got = case.run(mask[:B])
    want = one_by_one(case, counting(mask[:B], B, 5))
    for name, array in want.items():
        np.testing.assert_allclose(got[name], array, rtol=0, atol=1e-12, err_msg=name)
    counts = counting(mask[:B], B, 5)
    assert not got["hs"][~counts].any() and not got["dxs"][~counts].any()


@given(st.builds(Net, NETS, B=st.just(3), T=st.integers(0, 5), given=st.booleans(),
                 seed=st.integers(0, 99)), st.data())  # fmt: skip
def test_any_net_with_any_mask_is_that_of_its_definition(net, data):
    B, T, _ = net.xs.shape
    drawn = st.lists(st.booleans(), min_size=B * T, max_size=B * T)
    mask = np.array(data.draw(drawn), bool).reshape(B, T)
    assert_agree(net.run(mask=mask), net.by_transcription(mask), np.float64)


IN_TORCH = ["RNN, tanh", "RNN, relu", "LSTM", "LSTM, projection", "GRU, reset after"]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", IN_TORCH)
def test_lengths_are_those_of_a_packed_sequence_in_torch(name, fast):
    case = Case(*VARIANTS[name], fast, B=5, T=5)
    lengths = np.maximum(LENGTHS, 1)  # torch packs no empty sequence
    got, p = case.run(lengths), case.layer.params
    _, _, I, H = case.shape
    options = {"nonlinearity": "relu"} if "relu" in name else {}
    options |= {"proj_size": 3} if "projection" in name else {}
    net = getattr(torch.nn, case.cls.__name__)(I, H, batch_first=True, **options)
    second = np.zeros_like(p["b"])
    if "b_hn" in p:
        second[2 * H :] = p["b_hn"]
    weights = [p["W_x"].T, p["W_h"].T, p["b"], second]
    weights += [p["W_proj"].T] if "W_proj" in p else []
    for parameter, value in zip(net.double().parameters(), weights, strict=True):
        parameter.data = torch.tensor(value.copy())
    xs = torch.tensor(case.xs, requires_grad=True)
    first = [torch.tensor(a[None], requires_grad=True)
             for a in case.parts(case.state).values()]  # fmt: skip
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        xs, torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    hs, last = net(packed, tuple(first) if len(first) > 1 else first[0])
    hs, _ = torch.nn.utils.rnn.pad_packed_sequence(hs, True, total_length=5)
    last = last if isinstance(last, tuple) else (last,)
    pairs = zip([hs, *last], [case.dhs, *case.parts(case.dstate).values()], strict=True)
    sum((a * torch.tensor(d)).sum() for a, d in pairs).backward()
    W_x, W_h, b, second, *others = (w.grad.numpy().T for w in net.parameters())
    want = {"hs": hs.detach(), "dxs": xs.grad, "dW_x": W_x, "dW_h": W_h, "db": b}
    want |= {"dW_proj": others[0]} if others else {}
    if "b_hn" in p:
        want["db_hn"] = second[2 * H :]
    for letter, end, start in zip(case.layer.state_sizes, last, first, strict=True):
        want |= {f"{letter}_T": end[0].detach(), f"d{letter}_0": start.grad[0]}
    assert got.keys() == want.keys()
    for key, array in want.items():
        np.testing.assert_allclose(got[key], array, rtol=0, atol=1e-12, err_msg=key)


@each
def test_onnx_runtime_ends_where_the_sequences_do(variant):
    case = Case(*variant, B=5, T=5)
    lengths = np.maximum(LENGTHS, 1)  # it has none of no steps
    want = by_onnx(case, lengths)
    if want is None:
        assert case.options.keys() & {"layer_norm", "gate_recurrence"}
        return
    outputs, _ = worst(case.run(lengths), want, scale=1.0)
    assert outputs < 5e-6


@each
def test_where_no_step_counts_the_state_and_its_gradient_are_as_they_were(variant):
    case = Case(*variant)
    for mask in ([0, 0, 0], np.zeros((3, 5), bool)):
        got = case.run(mask)
        firsts, dlasts = case.parts(case.state), case.parts(case.dstate)
        for name in case.layer.state_sizes:
            np.testing.assert_array_equal(got[f"{name}_T"], firsts[name])
            np.testing.assert_array_equal(got[f"d{name}_0"], dlasts[name])
        assert not any(got[name].any() for name in ("hs", "dxs"))
        assert not any(grad.any() for grad in case.layer.grads.values())


@each
def test_all_steps_are_no_mask(variant):
    case = Case(*variant)
    want = case.run()
    for mask in ([5, 5, 5], np.full(3, 5, np.uint8), np.ones((3, 5), bool)):
        assert_same(case.run(mask), want)


NETS_TRIED = SMALL | {
    name: ("leaf", name, 3) for name in ("LSTM", "RNN, tanh", "GRU, reset after", "MGU")
}
MASKS = {"lengths": [3, 0, 5], "holes": HOLES[[0, 1, 3]]}
each_net = pytest.mark.parametrize("net", NETS_TRIED.values(), ids=NETS_TRIED)
each_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


@each_net
@each_mask
@pytest.mark.parametrize("embedding", [False, True])
@pytest.mark.parametrize("outputs", ["all", "last"])
def test_a_masked_model_is_that_of_its_definition(net, mask, outputs, embedding):
    whole = Whole(net, outputs, embedding)
    got = whole.run(mask)
    counts = counting(mask, 3, 5)
    assert_agree(got, whole.by_transcription(counts), np.float64)
    assert outputs == "last" or not got["ys"][~counts].any()


@each_net
def test_where_padding_stands_does_not_matter(net):
    net = Net(net, B=2, T=6)
    before = np.array([[0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]], bool)
    behind = np.array([3, 6])
    want = net.run(mask=before)
    net.xs[0], net.dhs[0] = np.roll(net.xs[0], -2, 0), np.roll(net.dhs[0], -2, 0)
    got = net.run(mask=behind)
    for array in ("hs", "dxs"):
        got[array][0] = np.roll(got[array][0], 2, 0)
    assert_agree(got, want, np.float64)


XS = np.ones((2, 5, 3))
NOT_ONE = "mask must be (2, 5) of bool, or (2,) of whole numbers, the lengths; got "
REFUSED = {
    "a length too many": ([1, 2, 3], NOT_ONE + "(3,) of int64"),
    "a mask of numbers": (np.ones((2, 5)), NOT_ONE + "(2, 5) of float64"),
    "lengths that are no whole numbers": ([1.0, 2.0], NOT_ONE + "(2,) of float64"),
    "lengths that are true or false": ([True, False], NOT_ONE + "(2,) of bool"),
    "one step too many": (np.ones((2, 6), bool), NOT_ONE + "(2, 6) of bool"),
    "whole numbers for a mask": (np.ones((2, 5), int), NOT_ONE + "(2, 5) of int64"),
    "one length": (3, NOT_ONE + "() of int64"),
    "rows that differ": (
        [[True], [True, False]], "mask must be rectangular, got rows that differ",
    ),
    "longer than the batch": ([2, 6], "a length must lie in 0 … 5, got 6"),
    "a length below zero": ([-1, 5], "a length must lie in 0 … 5, got -1"),
}  # fmt: skip


@pytest.mark.parametrize(("mask", "sentence"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("name", ["layer", *SMALL])
def test_a_mask_that_makes_no_sense_gets_one_sentence(mask, sentence, name):
    net = Net(SMALL.get(name, ("leaf", "RNN, tanh", 4)), I=3)
    for layer in (net.layer, Whole(net.net, I=3).model):
        with pytest.raises(ValueError) as caught:
            layer.forward(XS, None, mask)
        assert str(caught.value) == sentence


def test_a_state_too_small_gets_the_sentence_too():
    layer = RNN(3, 4, rng=np.random.default_rng(0))
    with pytest.raises(ValueError) as caught:
        layer.forward(XS, np.ones((1, 4)), [1, 2])
    assert str(caught.value) == "state h must have shape (2, 4), got (1, 4)"


@pytest.mark.parametrize("name", ["both", "stack", "layer"])
def test_a_number_that_counts_and_is_not_finite_is_named_where_it_stands(name):
    net = Net(SMALL.get(name, ("leaf", "RNN, tanh", 4)), I=3)
    xs = XS.copy()
    xs[1, 2, 0] = np.nan
    with pytest.raises(ValueError, match=r"xs must be finite, got nan at index \(1, 2"):
        net.layer.forward(xs, None, [1, 3])
    net.layer.forward(xs, None, [1, 2])


def test_no_mask_counts_every_step():
    assert counting(None, 2, 3).tolist() == [[True] * 3] * 2
    assert counting([1, 3], 2, 3).tolist() == [[True, False, False], [True] * 3]
    assert counting([0], 1, 0).shape == (1, 0)


@settings(max_examples=200)
@given(st.integers(1, 4), st.integers(0, 5), st.integers(0, 99), st.data())
def test_a_packing_reads_and_writes_the_steps_that_count(B, T, seed, data):
    """Whole or in parts: sequence by sequence, in the order of time."""
    rng = np.random.default_rng(seed)
    counts = rng.random((B, T)) < data.draw(st.sampled_from([0.3, 0.7, 1.0]))
    array, packing = rng.random((B, T, 2)), Packing(B, T, counts)
    lengths = counts.sum(axis=1)
    order = np.argsort(-lengths, kind="stable")
    closed = [array[b, counts[b]] for b in order]  # without holes, the longest first
    start = data.draw(st.integers(0, len(packing.steps)))
    stop = data.draw(st.integers(start, len(packing.steps)))
    several = packing.part(start, stop)
    for part, times in (
        (packing, range(len(packing.steps))),
        (several, range(start, stop)),
        (several.part(1, 9), range(start + 1, stop)),
    ):
        want = [[one[t] for one in closed if t < len(one)] for t in times]
        rows = [row for step in want for row in step]
        assert part.rows == len(rows) and len(part.steps) == len(want)
        gathered = part.gather(array)
        np.testing.assert_array_equal(gathered, np.reshape(rows, (-1, 2)))
        assert part.gather(array, np.empty_like(gathered)).tolist() == gathered.tolist()
        for now, by_step, step in zip(
            part.steps, part.by_step(array), want, strict=True
        ):
            np.testing.assert_array_equal(gathered[now], np.reshape(step, (-1, 2)))
            np.testing.assert_array_equal(by_step, gathered[now])
        back = np.zeros_like(array)
        part.scatter(gathered, back)
        assert ((back == 0) | (back == array)).all()
        assert np.count_nonzero(back) == 2 * len(rows)
    assert packing.whole == counts.all()
    state = rng.random((B, 2))
    kept = np.array(state)
    np.testing.assert_array_equal(packing.unsort(packing.sort(state)), state)
    for moved in (packing.sort(state), packing.unsort(state)):
        moved[...] = 0
    np.testing.assert_array_equal(state, kept)
    np.testing.assert_array_equal(
        packing.sort(state), state if packing.whole else state[order]
    )
