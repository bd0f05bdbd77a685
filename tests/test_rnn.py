"""The recurrent layer against torch, against two estimates, and against itself."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unrolled import RNN
from unrolled.verify import check_layer, complex_step, finite_differences

CALM = settings(deadline=None, derandomize=True, max_examples=200)

STORED = {
    "as is": lambda array: array,
    "Fortran order": np.asfortranarray,
    "strided": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda array: array[..., ::-1].copy()[..., ::-1],
    "float32": lambda array: array.astype(np.float32),
    "read-only": lambda array: np.broadcast_to(array, array.shape),
    "nested lists": np.ndarray.tolist,
}


class Case:
    """A layer with random weights, its inputs, and the gradients that come back."""

    def __init__(self, seed, B, T, I, H, activation, dtype=np.float64, **given):
        rng = np.random.default_rng(seed)
        self.rng, self.shape = rng, (B, T, I, H)
        self.layer = RNN(I, H, activation, rng=rng, dtype=dtype)
        for param in self.layer.params.values():  # a bias of zero would hide itself
            param[...] = rng.uniform(-1, 1, param.shape)
        stored = STORED[given.get("stored", "as is")]

        def draw(*shape):
            # Numbers that float32 holds, so that every way to store them is exact.
            return stored(rng.uniform(-1, 1, shape).astype(np.float32).astype(float))

        self.xs, self.dhs = draw(B, T, I), draw(B, T, H)
        self.state = draw(B, H) if given.get("state", True) else None
        self.dstate = draw(B, H) if given.get("dstate", True) else None

    def run(self):
        """Return every output and every gradient by name."""
        hs, last = self.layer.forward(self.xs, self.state)
        dxs, dh_0 = self.layer.backward(self.dhs, self.dstate)
        return {"hs": hs, "last": last, "xs": dxs, "h_0": dh_0, **self.layer.grads}

    def run_torch(self):
        """Return the same from torch, in float64."""
        B, T, I, H = self.shape
        net = torch.nn.RNN(
            I, H, nonlinearity=self.layer.activation, batch_first=True
        ).double()
        p = {k: torch.tensor(v).double() for k, v in self.layer.params.items()}
        net.weight_ih_l0.data, net.weight_hh_l0.data = p["W_x"].T, p["W_h"].T
        net.bias_ih_l0.data, net.bias_hh_l0.data = p["b"], torch.zeros(H).double()

        def tensor(array, shape):
            array = np.zeros(shape) if array is None else np.array(array, float)
            return torch.tensor(array, requires_grad=True)

        xs, h_0 = tensor(self.xs, (B, T, I)), tensor(self.state, (B, H))
        hs, last = net(xs, h_0[None])
        loss = (hs * tensor(self.dhs, hs.shape)).sum()
        (loss + (last[0] * tensor(self.dstate, (B, H))).sum()).backward()
        return {
            "hs": hs.detach().numpy(),
            "last": last[0].detach().numpy(),
            "xs": xs.grad.numpy(),
            "h_0": h_0.grad.numpy(),
            "W_x": net.weight_ih_l0.grad.numpy().T,
            "W_h": net.weight_hh_l0.grad.numpy().T,
            "b": net.bias_ih_l0.grad.numpy(),
        }


def cases(activations, dtypes=(np.float64,), shortest=1, longest=7, **more):
    """Draw cases; a size of 1 is the first that hypothesis tries."""
    size = st.integers(1, 4)
    return st.builds(
        Case,
        seed=st.integers(0, 2**32 - 1),
        B=size,
        T=st.integers(shortest, longest),
        I=size,
        H=size,
        activation=st.sampled_from(activations),
        dtype=st.sampled_from(dtypes),
        state=st.booleans(),
        dstate=st.booleans(),
        **more,
    )


@CALM
@given(
    cases(
        ["tanh", "relu"],
        [np.float64, np.float32],
        stored=st.sampled_from(sorted(STORED)),
    )
)
def test_outputs_and_gradients_are_those_of_torch(case):
    got, want = case.run(), case.run_torch()
    # Rounding is relative to what is summed, not to a sum that happens to cancel:
    # the scale is the largest gradient on the way, not the smallest result.
    scale = max(1.0, *(np.abs(array).max() for array in want.values()))
    tolerance = 1e-10 if case.layer.dtype == np.float64 else 1e-5
    for name, array in want.items():
        assert got[name].shape == array.shape, name
        assert got[name].dtype == case.layer.dtype, name
        assert np.abs(got[name] - array).max() <= tolerance * scale, name


@settings(CALM, max_examples=60)
@given(cases(["identity", "tanh", "sigmoid"], shortest=0, longest=5))
def test_gradients_are_those_of_two_estimates(case):
    # The complex step subtracts nothing, so only the layer's own rounding is left.
    report = check_layer(
        case.layer, case.xs, case.state, rng=case.rng, method=complex_step
    )
    assert report.worst < 1e-10, report
    # Five points lose eps / h = 3e-13 of the terms that f sums, and h**4 / 30 = 1e-14
    # of f's fifth derivative: 16 for tanh, times the fifth power of how fast the
    # pre-activation moves, which is up to 5 where a weight is used in five steps.
    # Both scale with the outputs, not with a gradient that happens to be small.
    hs, last = case.layer.forward(case.xs, case.state)
    size = 1 + np.abs(hs).sum() + np.abs(last).sum()
    report = check_layer(case.layer, case.xs, case.state, rng=case.rng)
    for name, worst in report.items():
        gap = abs(worst.got - worst.want) if worst.error else 0.0  # T = 0 has none
        assert gap < 1e-9 * size, (name, report)


@CALM
@given(cases(["tanh", "relu"], longest=6), st.integers(0, 6))
def test_two_halves_are_one_whole(case, cut):
    whole, layer = case.run(), case.layer
    cut = min(cut, case.shape[1])

    hs_1, middle = layer.forward(case.xs[:, :cut], case.state)
    hs_2, last = layer.forward(case.xs[:, cut:], middle)
    dxs_2, dmiddle = layer.backward(case.dhs[:, cut:], case.dstate)
    grads_2 = layer.grads
    layer.forward(case.xs[:, :cut], case.state)
    dxs_1, dh_0 = layer.backward(case.dhs[:, :cut], dmiddle)

    halves = {name: layer.grads[name] + grads_2[name] for name in layer.params}
    halves |= {"hs": np.hstack([hs_1, hs_2]), "last": last}
    halves |= {"xs": np.hstack([dxs_1, dxs_2]), "h_0": dh_0}
    for name, array in whole.items():
        np.testing.assert_allclose(halves[name], array, 1e-12, 1e-12, err_msg=name)


def test_no_steps_leave_the_state_and_its_gradient_as_they_are():
    case = Case(0, B=2, T=0, I=3, H=4, activation="tanh")
    result = case.run()
    assert result["hs"].shape == (2, 0, 4) and result["xs"].shape == (2, 0, 3)
    np.testing.assert_array_equal(result["last"], case.state)
    np.testing.assert_array_equal(result["h_0"], case.dstate)
    assert not any(grad.any() for grad in case.layer.grads.values())


def test_nobody_can_write_into_the_tape():
    case = Case(1, B=2, T=4, I=3, H=3, activation="tanh")
    want = case.run()
    given_arrays = [case.xs, case.state, case.dhs, case.dstate]
    before = [array.copy() for array in given_arrays]

    hs, last = case.layer.forward(case.xs, case.state)
    assert not np.shares_memory(hs, last)
    for array in (hs, last, case.xs, case.state):
        array[...] = np.nan
    dxs, dh_0 = case.layer.backward(before[2], before[3])
    np.testing.assert_array_equal(dxs, want["xs"])
    np.testing.assert_array_equal(dh_0, want["h_0"])
    for name, grad in case.layer.grads.items():
        np.testing.assert_array_equal(grad, want[name])
    for array, copy in zip(given_arrays[2:], before[2:], strict=True):
        np.testing.assert_array_equal(array, copy)  # what came in is as it was


def test_the_next_pass_leaves_earlier_results_alone():
    case = Case(2, B=1, T=1, I=2, H=2, activation="relu")
    first = case.run()
    kept = {name: array.copy() for name, array in first.items()}
    case.xs, case.dhs = case.xs + 1, case.dhs + 1
    case.run()
    for name, array in first.items():
        np.testing.assert_array_equal(array, kept[name])


@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("T", [0, 1, 3])
def test_float32_stays_float32(activation, T):
    case = Case(3, 2, T, 3, 2, activation, np.float32, state=False, dstate=False)
    assert {array.dtype for array in case.run().values()} == {np.dtype(np.float32)}
    assert {array.dtype for array in case.layer._tape or ()} == set()
    case.layer.forward(case.xs)
    assert {array.dtype for array in case.layer._tape} == {np.dtype(np.float32)}


def test_the_tape_is_as_long_as_the_docstring_says():
    B, T, I, H = 2, 5, 3, 4
    layer = RNN(I, H, rng=np.random.default_rng(0))
    layer.forward(np.ones((B, T, I)))
    assert sum(array.size for array in layer._tape) == B * (T * (I + H) + H)
    assert layer.size == I * H + H * H + H  # and no T in it


def test_an_estimate_needs_float64_numbers_all_the_way():
    """The float32 layer fails float64's tolerance by what float32 rounds away."""
    case = Case(4, 2, 3, 2, 3, "tanh", np.float32)
    report = check_layer(case.layer, case.xs, rng=case.rng, method=finite_differences)
    assert 1e-9 < report.worst < 1e-5, report
