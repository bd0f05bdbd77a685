"""Every variant of every recurrent layer against all that can judge it, in one table.

Run it with ``pytest tests/test_variants.py -rP`` to see the table.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import assert_agree, worst
from cases import VARIANTS, Case, drawn
from oracle_onnx import by_onnx
from transcription import by_torch_nn, by_transcription
from unrolled import GRU, LSTM
from unrolled.verify import finite_differences

IN_TORCH = {
    "RNN, tanh",
    "RNN, relu",
    "LSTM",
    "LSTM, projection",
    "LSTM, forget bias",
    "GRU, reset after",
}
NOT_IN_ONNX = {"LSTM, layer norm"}
SEEDS = range(3)


def judged(name, dtype):
    """Return the largest errors of a variant: the outputs' and the gradients'."""
    oracle = by_torch_nn if name in IN_TORCH else by_transcription
    cases = [Case(*VARIANTS[name], seed=seed, dtype=dtype) for seed in SEEDS]
    return np.max([worst(case.run(), oracle(case)) for case in cases], axis=0)


def by_runtime(name):
    """Return the largest error of a variant's outputs against ONNX Runtime."""
    cases = [Case(*VARIANTS[name], seed=seed) for seed in SEEDS]
    return max(worst(case.run(), by_onnx(case))[0] for case in cases)


def test_the_table_of_all_variants():
    """One row a variant; each error is relative to the largest number of its array."""
    head = ("float64", "gradients", "float32", "gradients", "estimate", "ONNX outputs")
    table = [f"{'':30} {'oracle':13}" + "".join(f"{text:>13}" for text in head)]
    rows = {}
    for name, variant in VARIANTS.items():
        case = Case(*variant)
        estimate = worst(case.run(), case.by_complex_step())[1]
        runtime = None if name in NOT_IN_ONNX else by_runtime(name)
        rows[name] = *judged(name, np.float64), *judged(name, np.float32), estimate
        oracle = "torch.nn" if name in IN_TORCH else "transcription"
        cells = [*rows[name], runtime]
        text = "".join(f"{'-' if e is None else format(e, '.1e'):>13}" for e in cells)
        table.append(f"{name:30} {oracle:13}{text}")
        rows[name] += (runtime or 0.0,)
    print("\n" + "\n".join(table))
    limits = [1e-10, 1e-10, 1e-5, 1e-5, 1e-10, 5e-6]
    for name, errors in rows.items():
        assert (np.array(errors) < limits).all(), (name, errors)


def test_the_two_oracles_in_torch_agree():
    for name in sorted(IN_TORCH):
        case = Case(*VARIANTS[name])
        assert_agree(by_transcription(case), by_torch_nn(case), np.float64)


@pytest.mark.parametrize("name", VARIANTS)
def test_finite_differences_find_the_same_gradients(name):
    """At float64, five points: about 1e-12 of the loss, a few units here."""
    case = Case(*VARIANTS[name], B=2, T=3, I=2, H=3)
    got, probe = case.run(), case.layer.astype(np.float64)
    arrays = {k: v.copy() for k, v in case.arrays().items()}
    probe.params |= {k: arrays[k] for k in probe.params}
    state = case.packed([arrays[f"{part}_0"] for part in probe.state_sizes])

    def loss():
        hs, last = probe.forward(arrays["xs"], state)
        total, dlasts = (hs * case.dhs).sum(), case.parts(case.dstate)
        return total + sum((p * dlasts[k]).sum() for k, p in case.parts(last).items())

    # Layer normalisation divides by a spread that can be small: its fifth derivative
    # is large.
    limit = 1e-6 if "norm" in name else 1e-9
    for name, array in arrays.items():
        gap = np.abs(got[f"d{name}"] - finite_differences(loss, array)).max()
        assert gap < limit, name


FUNCTIONS = st.sampled_from(["tanh", "identity", "relu", "sigmoid"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "peephole": st.booleans(),
        "coupled": st.booleans(),
        "input_gate": st.booleans(),
        "forget_gate": st.booleans(),
        "output_gate": st.booleans(),
        "gate_recurrence": st.booleans(),
        "input_activation": FUNCTIONS,
        "output_activation": FUNCTIONS,
        "forget_bias": st.sampled_from([0.0, 1.0, -1.0]),
        "projection_size": st.sampled_from([None, 1, 2, 5]),
        "layer_norm": st.booleans(),
    },
)


def makes_sense(options):
    """Say which options may stand together."""
    on = {name for name, value in options.items() if value is True}
    gone = {name for name, value in options.items() if value is False}
    gone &= {"input_gate", "forget_gate", "output_gate"}
    if options.get("forget_bias") and "forget_gate" in gone:
        return False
    if "layer_norm" in on and on & {"peephole", "gate_recurrence"}:
        return False
    if "coupled" in on and gone - {"output_gate"}:
        return False
    return "gate_recurrence" not in on or not (gone or "coupled" in on)


@settings(max_examples=300)
@given(OPTIONS)
def test_what_makes_sense_is_made_and_the_rest_refused(options):
    made = True
    try:
        LSTM(2, 3, rng=np.random.default_rng(0), **options)
    except ValueError:
        made = False
    assert made == makes_sense(options)


def softly(case):
    """Tell whether no slope jumps, and none is so steep that it blows rounding up."""
    return "relu" not in case.options.values() and not case.options.get("layer_norm")


@settings(max_examples=300)
@given(drawn(LSTM, OPTIONS.filter(makes_sense), T=st.integers(0, 5)))
def test_options_combine_as_the_equations_say(case):
    assert_agree(case.run(), by_transcription(case), np.float64)


@settings(max_examples=100)
@given(drawn(LSTM, OPTIONS.filter(makes_sense), [np.float32]).filter(softly))
def test_options_combine_in_float32(case):
    assert_agree(case.run(), by_transcription(case), np.float32)


@settings(max_examples=150)
@given(drawn(LSTM, OPTIONS.filter(makes_sense)))
def test_what_onnx_runtime_can_express_it_computes_alike(case):
    want = by_onnx(case)
    if want is None:
        assert case.options.get("layer_norm") or case.options.get("gate_recurrence")
        return
    outputs, _ = worst(case.run(), want, scale=1.0)
    assert outputs < 5e-6


@settings(max_examples=40)
@given(
    drawn(LSTM, OPTIONS.filter(makes_sense), largest=3, T=st.integers(1, 3))
    | drawn(GRU, st.just({"reset": "before"}), largest=3)
)
def test_the_complex_step_finds_the_same_gradients(case):
    want = case.by_complex_step()
    got = case.run()
    scale = max([1.0, *(np.abs(array).max() for array in want.values())])
    assert worst(got, want, scale=scale)[1] < 1e-10
