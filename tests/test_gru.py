"""The GRU and the minimal gated unit against torch, ONNX Runtime, and each other."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree, error, worst
from cases import Case, drawn
from oracle_onnx import by_onnx
from source import statements
from style import BOOK, read_page
from transcription import by_torch_nn, by_transcription
from unrolled import GRU, MGU

BOTH = [np.float64, np.float32]
AFTER, BEFORE = {"reset": "after"}, {"reset": "before"}


@given(drawn(GRU, st.sampled_from([{}, AFTER]), BOTH))
def test_reset_after_is_that_of_torch(case):
    assert_agree(case.run(), by_torch_nn(case), case.layer.dtype)


@given(
    drawn(GRU, st.sampled_from([AFTER, BEFORE]), BOTH, T=st.integers(0, 6))
    | drawn(MGU, st.just({}), BOTH, T=st.integers(0, 6))
)
def test_outputs_and_gradients_are_those_of_the_equations(case):
    assert_agree(case.run(), by_transcription(case), case.layer.dtype)


@given(drawn(GRU, st.sampled_from([AFTER, BEFORE])) | drawn(MGU, st.just({})))
def test_outputs_are_those_of_onnx_runtime(case):
    outputs, _ = worst(case.run(), by_onnx(case), scale=1.0)
    assert outputs < 5e-6


# Long enough for several blocks of steps, the first of them shorter than the others.
LONG = {"B": 8, "T": 50, "I": 20, "H": 64}


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("sizes", [LONG, LONG | {"T": 101, "B": 5}, LONG | {"H": 200}])
def test_a_long_sequence_is_still_that_of_torch(sizes, dtype):
    case = Case(GRU, **sizes, dtype=dtype)
    assert_agree(case.run(), by_torch_nn(case), dtype)


def test_saturated_gates_overflow_nowhere():
    case = Case(GRU, dtype=np.float32)
    case.layer.params["b"] *= 1e4
    with np.errstate(all="raise", under="ignore"):
        assert_agree(case.run(), by_torch_nn(case), np.float32)


def share(source, target):
    """Give both cases the same numbers, but for the parameters."""
    for name in ("xs", "dhs", "state", "dstate"):
        setattr(target, name, getattr(source, name))


def test_reset_before_and_after_are_two_models():
    """They agree where the reset gate is 1, and nowhere else."""
    before, after = Case(GRU, BEFORE), Case(GRU, AFTER)
    share(before, after)
    after.layer.params |= before.layer.params
    after.layer.params["b_hn"][...] = 0
    assert error(before.run()["hs"], after.run()["hs"]) > 1e-2
    before.layer.params["b"][:5] = 100  # the columns of r
    got, want = before.run(), after.run()
    del want["db_hn"]
    assert max(worst(got, want)) < 1e-10


def test_the_minimal_gated_unit_is_a_gru_with_its_gates_tied():
    small, large = Case(MGU), Case(GRU, BEFORE)
    share(small, large)
    for name, p in small.layer.params.items():
        f, n = p[..., :5], p[..., 5:]
        large.layer.params[name] = np.concatenate([f, -f, n], -1)
    got, want = small.run(), large.run()
    for name in small.layer.params:
        r, z, n = np.split(want.pop(f"d{name}"), 3, -1)
        want[f"d{name}"] = np.concatenate([r - z, n], -1)
    assert_agree(got, want, np.float64)


def test_the_second_bias_is_not_redundant():
    """It sits inside the reset: no b does what b_hn does."""
    case = Case(GRU)
    grads = case.run()
    assert not np.allclose(grads["db_hn"], grads["db"][10:])


def test_the_parameters_and_their_shapes():
    rng = np.random.default_rng(0)
    shapes = {"W_x": (3, 12), "W_h": (4, 12), "b": (12,)}
    for layer, want in [
        (GRU(3, 4, rng=rng), shapes | {"b_hn": (4,)}),
        (GRU(3, 4, "before", rng=rng), shapes),
        (MGU(3, 4, rng=rng), {"W_x": (3, 8), "W_h": (4, 8), "b": (8,)}),
    ]:
        assert {name: p.shape for name, p in layer.params.items()} == want


@pytest.mark.parametrize("reset", ["never", None, True])
def test_another_reset_is_refused(reset):
    with pytest.raises(ValueError) as caught:
        GRU(3, 4, reset, rng=np.random.default_rng(0))
    assert str(caught.value) == f"reset must be 'after' or 'before', got {reset!r}"


IN_MODULE = {  # how the page writes what the module has
    "np.hstack([da_r, da_z, da_n])": "beside(da_r, da_z, da_n)",
    "np.hstack([da_r, da_z, dq])": "beside(da_r, da_z, dq)",
    "np.split(W_h, 3, axis=1)": "blocks(w.W_h, 3)",
    "dp @ W_h.T": "dp @ w.W_h.T",
}


@pytest.mark.parametrize("name", ["step_back", "step_before_back"])
def test_chapter_12_goes_back_by_the_same_lines(name):
    cells = read_page(BOOK / "12-gru-gradients.ipynb").code
    page = next(cell.text for cell in cells if f"def {name}(" in cell.text)
    for ours, theirs in IN_MODULE.items():
        page = page.replace(ours, theirs)
    theirs = statements(inspect.getsource(getattr(GRU, name)))
    end = next(k for k, line in enumerate(theirs) if line.startswith("dh_prev =")) + 1
    unpack, *ours = statements(page)[:end]
    assert [unpack, *ours] == [f"x, {theirs[0]}", *theirs[1:end]]
