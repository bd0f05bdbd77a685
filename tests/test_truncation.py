"""Truncated backpropagation: every cut is a mask on the triangle of the full gradient.

The triangle is built with a layer of its own for every step, all sharing one set of
weights: its entry (s, t) is the gradient of what is read off step t with respect to the
weights as step s used them.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import largest, worst
from unrolled import GRU, LSTM, RNN, Stack
from unrolled.train import truncated
from unrolled.verify import mismatch

LAYERS = {
    "RNN": lambda rng, I, H: RNN(I, H, rng=rng),
    "LSTM": lambda rng, I, H: LSTM(I, H, rng=rng),
    "GRU": lambda rng, I, H: GRU(I, H, rng=rng),
    "stack": lambda rng, I, H: Stack([RNN(I, 2, rng=rng), LSTM(2, H, rng=rng)]),
}


def draw(name, seed, B, T, I, H):
    """Draw a layer, inputs, output gradients and a state to start from."""
    rng = np.random.default_rng(seed)
    layer = LAYERS[name](rng, I, H)
    _, state = layer.forward(rng.standard_normal((B, 2, I)))
    return layer, rng.standard_normal((B, T, I)), rng.standard_normal((B, T, H)), state


def triangle(layer, xs, dhs, state):
    """Return {(s, t): gradients}, s and t from 1, and the inputs' too under "xs"."""
    B, T, _ = xs.shape
    entries = {}
    for t in range(1, T + 1):
        steps, at = [], state
        for s in range(1, t + 1):
            steps.append(layer.twin())
            _, at = steps[-1].forward(xs[:, s - 1 : s], at)
        dh, back = dhs[:, t - 1 : t], None
        for s in range(t, 0, -1):
            dx, back = steps[s - 1].backward(dh, back)
            entries[s, t] = {"xs": dx[:, 0], **steps[s - 1].grads}
            dh = np.zeros_like(dh)
    return entries


def keep(s, t, k1, k2):
    """Say whether the cut keeps an entry: pass e brings back L_t, if it reaches s."""
    e = -(-t // k1) * k1
    return e - k2 < s <= t


def masked(entries, mask, like):
    """Add up the entries that a mask keeps, each as often as it says."""
    total = {name: np.zeros_like(grad) for name, grad in like.items()}
    for (s, t), entry in entries.items():
        for name, grad in entry.items():
            into = total["xs"][:, s - 1] if name == "xs" else total[name]
            into += mask(s, t) * grad
    return total


def cut(layer, xs, dhs, state, k1, k2):
    """Return what `truncated` does."""
    dxs = truncated(layer, xs, dhs, k1, k2, state)
    return {"xs": dxs, **layer.grads}


def apart(got, want):
    """Return the largest error, relative to the largest number of all the arrays."""
    return max(worst(got, want, largest(want)))


cases = st.fixed_dictionaries(
    {
        "name": st.sampled_from(sorted(LAYERS)),
        "seed": st.integers(0, 2**31),
        "B": st.integers(1, 3),
        "T": st.integers(1, 7),
        "I": st.integers(1, 3),
        "H": st.integers(1, 4),
    }
)


@given(case=cases, k1=st.integers(1, 8), extra=st.integers(0, 8))
def test_a_cut_is_a_mask_on_the_triangle(case, k1, extra):
    layer, xs, dhs, state = draw(**case)
    T, k2 = case["T"], k1 + extra
    got = cut(layer, xs, dhs, state, k1, k2)
    entries = triangle(layer, xs, dhs, state)
    want = masked(entries, lambda s, t: keep(s, t, k1, k2), got)
    assert apart(got, want) < 1e-10

    layer.forward(xs, state)
    dxs, _ = layer.backward(dhs)
    full = {"xs": dxs, **layer.grads}
    assert apart(masked(entries, lambda s, t: True, full), full) < 1e-10
    if k2 >= -(-T // k1) * k1:  # the end of the last k1 steps, which may lie behind T
        assert apart(got, full) < 1e-10


@given(case=cases, k=st.integers(1, 8))
def test_k1_equal_to_k2_is_windows_with_the_state_carried(case, k):
    layer, xs, dhs, state = draw(**case)
    got = cut(layer, xs, dhs, state, k, k)
    want = {name: np.zeros_like(p) for name, p in got.items()}
    for start in range(0, case["T"], k):
        now = slice(start, start + k)
        _, state = layer.forward(xs[:, now], state)
        want["xs"][:, now], _ = layer.backward(dhs[:, now])
        for name, grad in layer.grads.items():
            want[name] += grad
    assert apart(got, want) < 1e-12


@given(case=cases, k1=st.integers(1, 8), extra=st.integers(0, 8))
def test_torch_with_detach_drops_the_same(case, k1, extra):
    case["name"], k2, T = "RNN", k1 + extra, case["T"]
    layer, xs, dhs, state = draw(**case)
    got = cut(layer, xs, dhs, state, k1, k2)

    rnn = torch.nn.RNN(case["I"], case["H"], batch_first=True, dtype=torch.float64)
    p = layer.params
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor(p["W_x"].T))
        rnn.weight_hh_l0.copy_(torch.tensor(p["W_h"].T))
        rnn.bias_ih_l0.copy_(torch.tensor(p["b"]))
        rnn.bias_hh_l0.zero_()
    x, dh = torch.tensor(xs), torch.tensor(dhs)
    states = [torch.tensor(state)[None]]  # detached, one for each step
    for t in range(T):
        states.append(rnn(x[:, t : t + 1], states[-1])[1].detach())
    before = 0
    for end in range(k1, T + k1, k1):
        start = max(0, end - k2)
        hs, _ = rnn(x[:, start:end], states[start])
        (hs[:, before - start :] * dh[:, before:end]).sum().backward()
        before = end
    want = {
        "W_x": rnn.weight_ih_l0.grad.numpy().T,
        "W_h": rnn.weight_hh_l0.grad.numpy().T,
        "b": rnn.bias_ih_l0.grad.numpy(),
    }
    assert apart(got, want) < 1e-10


# --- planted bugs: each is a cut that somebody has published or run -----------------


def counts_twice(layer, xs, dhs, state, k1, k2):
    """Send back the outputs of the whole window, each time."""
    return planted(layer, xs, dhs, state, k1, k2, twice=True)


def forgets_the_cut(layer, xs, dhs, state, k1, k2):
    """Send back from the right places, but all the way."""
    return planted(layer, xs, dhs, state, k1, xs.shape[1])


def one_step_short(layer, xs, dhs, state, k1, k2):
    """Take the window for the seams that it spans."""
    return planted(layer, xs, dhs, state, k1, max(k1, k2 - 1))


def loses_the_state(layer, xs, dhs, state, k1, k2):
    """Start each window anew."""
    return planted(layer, xs, dhs, state, k1, k2, anew=True)


def planted(layer, xs, dhs, state, k1, k2, twice=False, anew=False):
    """Cut as `truncated` does, with a mistake on request."""
    total = {"xs": np.zeros_like(xs)}
    total |= {name: np.zeros_like(p) for name, p in layer.params.items()}
    T, before = xs.shape[1], 0
    for end in range(k1, T + k1, k1):
        start = max(0, end - k2)
        _, at = layer.forward(xs[:, :start], state)
        layer.forward(xs[:, start:end], None if anew and start else at)
        due = dhs[:, start:end].copy()
        if not twice:
            due[:, : before - start] = 0
        total["xs"][:, start:end] += layer.backward(due)[0]
        for name, grad in layer.grads.items():
            total[name] += grad
        before = end
    return total


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "bug", [counts_twice, forgets_the_cut, one_step_short, loses_the_state]
)
def test_a_planted_bug_is_caught(name, bug):
    layer, xs, dhs, state = draw(name, 0, B=2, T=7, I=2, H=3)
    entries = triangle(layer, xs, dhs, state)
    got = cut(layer, xs, dhs, state, 2, 4)
    want = masked(entries, lambda s, t: keep(s, t, 2, 4), got)
    assert apart(planted(layer, xs, dhs, state, 2, 4), want) < 1e-10
    assert apart(bug(layer, xs, dhs, state, 2, 4), want) > 1e-3
    if bug is counts_twice:  # the excess is known to the last path

        def twice(s, t):
            ends = (2, 4, 6, 8)
            return sum(max(0, e - 4) < s <= t <= e for e in ends)

        excess = masked(entries, twice, got)
        assert apart(counts_twice(layer, xs, dhs, state, 2, 4), excess) < 1e-10


# --- random lengths: Tallec and Ollivier (2017) --------------------------------------


def by_chance(layer, xs, dhs, state, cuts, weights):
    """Send back with cuts at some seams, and a weight at each that is not cut."""
    steps, at = [], state
    for s in range(xs.shape[1]):
        steps.append(layer.twin())
        _, at = steps[-1].forward(xs[:, s : s + 1], at)
    total = {name: np.zeros_like(p) for name, p in layer.params.items()}
    back = np.zeros((len(xs), layer.output_size))
    for s in reversed(range(xs.shape[1])):
        _, back = steps[s].backward(dhs[:, s : s + 1], back)
        for name, grad in steps[s].grads.items():
            total[name] += grad
        if s > 0:
            back = back * (0.0 if cuts[s - 1] else weights[s - 1])
    return total


def expectation(layer, xs, dhs, state, chance, weight):
    """Enumerate all ways to cut; chance and weight may look at the cuts before."""
    mean, total = None, 0.0
    for cuts in itertools.product([False, True], repeat=xs.shape[1] - 1):
        c = [chance(cuts[:k]) for k in range(len(cuts))]
        p = np.prod([c_k if x else 1 - c_k for c_k, x in zip(c, cuts, strict=True)])
        total += p
        grads = by_chance(layer, xs, dhs, state, cuts, [weight(c_k) for c_k in c])
        grads = {name: p * grad for name, grad in grads.items()}
        mean = grads if mean is None else {n: mean[n] + grads[n] for n in mean}
    assert total == pytest.approx(1.0, rel=1e-12)
    return mean


def since_the_cut(cuts):
    """Give a chance that depends on how long ago the last cut was."""
    run = 0
    for x in cuts:
        run = 0 if x else run + 1
    return 0.6 / (1 + run)


CHANCES = {
    "constant": lambda cuts: 0.3,
    "in time": lambda cuts: 0.1 + 0.1 * len(cuts),
    "since the last cut": since_the_cut,
}


@pytest.mark.parametrize("chance", CHANCES.values(), ids=CHANCES)
@pytest.mark.parametrize("seed", range(3))
def test_random_cuts_are_right_on_average_and_wrong_weights_are_not(chance, seed):
    layer, xs, dhs, state = draw("RNN", seed, B=2, T=6, I=2, H=3)
    layer.params["W_h"] *= 2  # far steps count
    layer.forward(xs, state)
    layer.backward(dhs)
    full = dict(layer.grads)
    case = (layer, xs, dhs, state, chance)
    assert apart(expectation(*case, lambda c: 1 / (1 - c)), full) < 1e-10
    for wrong in (lambda c: 1.0, lambda c: 1 / c, lambda c: 1 - c):
        assert apart(expectation(*case, wrong), full) > 1e-3


# --- arguments ----------------------------------------------------------------------


def test_what_cannot_be_cut_is_refused_in_a_sentence():
    layer, xs, dhs, state = draw("RNN", 0, B=2, T=4, I=2, H=3)
    with pytest.raises(ValueError, match="k2 must be at least k1.* k1 = 3 and k2 = 2"):
        truncated(layer, xs, dhs, 3, 2)
    with pytest.raises(ValueError, match="k1 must be at least 1, got 0"):
        truncated(layer, xs, dhs, 0, 2)
    with pytest.raises(TypeError, match="k2 must be a whole number"):
        truncated(layer, xs, dhs, 1, 2.5)
    with pytest.raises(ValueError, match=r"dhs must have shape \(2, 4, 3\)"):
        truncated(layer, xs, dhs[:, :3], 1, 2)
    with pytest.raises(ValueError, match="xs must have shape"):
        truncated(layer, xs[0], dhs, 1, 2)


def test_no_steps_and_float32():
    layer, xs, dhs, _ = draw("RNN", 0, B=2, T=4, I=2, H=3)
    assert truncated(layer, xs[:, :0], dhs[:, :0], 1, 2).shape == (2, 0, 2)
    assert not any(grad.any() for grad in layer.grads.values())

    small = layer.astype(np.float32)
    assert truncated(small, xs, dhs, 1, 2).dtype == np.float32
    truncated(layer, xs, dhs, 1, 2)
    for name, grad in small.grads.items():
        assert grad.dtype == np.float32
        assert mismatch(grad, layer.grads[name]).error < 1e-5
