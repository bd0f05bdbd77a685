"""What a pass of any recurrent layer leaves behind, and what it must not touch."""

import copy
import pickle

import numpy as np
import pytest

from agreement import assert_agree, assert_same
from cases import PASSES, Case
from unrolled.state import leaves

each = pytest.mark.parametrize("variant", PASSES.values(), ids=PASSES)


@each
@pytest.mark.parametrize("cut", [0, 2, 5])
def test_two_halves_are_one_whole(variant, cut):
    case = Case(*variant)
    whole, layer = case.run(), case.layer
    hs_1, middle = layer.forward(case.xs[:, :cut], case.state)
    hs_2, last = layer.forward(case.xs[:, cut:], middle)
    dxs_2, dmiddle = layer.backward(case.dhs[:, cut:], case.dstate)
    grads_2 = layer.grads
    layer.forward(case.xs[:, :cut], case.state)
    dxs_1, first = layer.backward(case.dhs[:, :cut], dmiddle)
    layer.grads = {name: layer.grads[name] + grads_2[name] for name in layer.params}
    halves = (np.hstack([hs_1, hs_2]), last), (np.hstack([dxs_1, dxs_2]), first)
    assert_agree(case.named(*halves), whole, np.float64)


@each
def test_two_halves_run_at_once_in_a_layer_and_its_twin(variant):
    case = Case(*variant)
    whole, layer, twin = case.run(), case.layer, case.layer.twin()
    assert twin.params is layer.params and twin.grads == {}
    with pytest.raises(RuntimeError, match="call forward first"):
        twin.backward(case.dhs, case.dstate)
    layer.forward(case.xs, case.state)
    with pytest.raises(RuntimeError, match="call forward first"):
        layer.twin().backward(case.dhs, case.dstate)  # not even of a pass under way
    layer.backward(case.dhs, case.dstate)
    hs_1, middle = layer.forward(case.xs[:, :2], case.state)
    hs_2, last = twin.forward(case.xs[:, 2:], middle)
    dxs_2, dmiddle = twin.backward(case.dhs[:, 2:], case.dstate)
    dxs_1, first = layer.backward(case.dhs[:, :2], dmiddle)
    layer.grads = {name: layer.grads[name] + twin.grads[name] for name in layer.params}
    halves = (np.hstack([hs_1, hs_2]), last), (np.hstack([dxs_1, dxs_2]), first)
    assert_agree(case.named(*halves), whole, np.float64)

    case.layer = twin
    assert_same(case.run(), whole)
    case.layer = layer
    assert_same(case.run(), whole)
    case.xs = case.xs + 1  # both now hold arrays for this shape, each its own
    case.layer = twin
    got = case.run()
    case.layer = layer.twin()
    assert_same(got, case.run())


@each
def test_no_steps_leave_the_state_and_its_gradient_as_they_are(variant):
    case = Case(*variant, T=0)
    result = case.run()
    assert result["hs"].shape == (3, 0, case.layer.output_size)
    assert result["dxs"].shape == (3, 0, 4)
    firsts, dlasts = case.parts(case.state), case.parts(case.dstate)
    for name in case.layer.state_sizes:
        np.testing.assert_array_equal(result[f"{name}_T"], firsts[name])
        np.testing.assert_array_equal(result[f"d{name}_0"], dlasts[name])
    assert case.layer.grads.keys() == case.layer.params.keys()
    assert not any(grad.any() for grad in case.layer.grads.values())


@each
def test_a_missing_gradient_is_zero(variant):
    case = Case(*variant)
    case.dhs = np.zeros_like(case.dhs)
    want = case.run()
    case.dhs = None
    assert_same(case.run(), want)
    case.dstate = case.packed([np.zeros_like(p) for p in leaves(case.dstate)])
    assert not any(
        array.any() for name, array in case.run().items() if name.startswith("d")
    )


@each
def test_backward_belongs_to_one_forward(variant):
    case = Case(*variant)
    with pytest.raises(RuntimeError, match="call forward first"):
        case.layer.backward(case.dhs)
    want = case.run()
    grads = {name: grad.copy() for name, grad in case.layer.grads.items()}
    with pytest.raises(RuntimeError, match="and backward once after it"):
        case.layer.backward(case.dhs)
    assert_same(case.layer.grads, grads)
    case.layer.forward(case.xs + 1, case.state)  # the last of two counts
    assert_same(case.run(), want)


@each
def test_a_refused_gradient_leaves_the_pass_as_it_was(variant):
    case = Case(*variant)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    with pytest.raises(ValueError, match="dhs must have shape"):
        case.layer.backward(np.ones((9, 9, 9)))
    parts = [np.ones((9, 9)) for _ in case.layer.state_sizes]
    with pytest.raises(ValueError, match="dstate h must have shape"):
        case.layer.backward(case.dhs, case.packed(parts))
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)


@each
@pytest.mark.parametrize("what", ["xs", "state", "params"])
def test_a_refused_forward_corrupts_no_pass(variant, what):
    """The pass before it is either as it was or gone, never mixed with the new one."""
    case = Case(*variant)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    xs, state, b = case.xs + 1, case.state, case.layer.params["b"]
    if what == "xs":
        xs[-1, -1, -1] = np.nan
    elif what == "state":
        state = case.packed([part * np.nan for part in leaves(state)])
    else:
        case.layer.params["b"] = b[:-1]
    with pytest.raises(ValueError, match="must"):
        case.layer.forward(xs, state)
    case.layer.params["b"] = b
    try:
        gradients = case.layer.backward(case.dhs, case.dstate)
    except RuntimeError:
        return
    assert_same(case.named(outputs, gradients), want)


@each
@pytest.mark.parametrize("B", [1, 3])
def test_nobody_can_write_into_the_tape(variant, B):
    """Not through what came in, what went out, nor through the parameters."""
    case = Case(*variant, B=B)
    want = case.run()
    dhs, dstate = case.dhs.copy(), case.packed([p.copy() for p in leaves(case.dstate)])

    hs, last = case.layer.forward(case.xs, case.state)
    outputs = hs.copy(), case.packed([part.copy() for part in leaves(last)])
    ours = [case.xs, hs, *leaves(case.state), *leaves(last)]
    for k, array in enumerate(ours):
        assert not any(np.shares_memory(array, other) for other in ours[:k])
    for array in (*ours, *case.layer.params.values()):
        array[...] = np.nan
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)
    for got, kept in zip(
        [case.dhs, *leaves(case.dstate)], [dhs, *leaves(dstate)], strict=True
    ):
        np.testing.assert_array_equal(got, kept)  # what came in is as it was


@each
def test_what_was_read_only_may_stay_so(variant):
    case = Case(*variant, stored="read-only")
    writable = Case(*variant)
    assert_same(case.run(), writable.run())


@each
def test_a_parameter_put_in_anothers_place_counts_from_the_next_forward(variant):
    case, other = Case(*variant), Case(*variant, seed=1)
    want = case.run()
    outputs = case.layer.forward(case.xs, case.state)
    case.layer.params.update(other.layer.params)
    gradients = case.layer.backward(case.dhs, case.dstate)
    assert_same(case.named(outputs, gradients), want)
    other.xs, other.dhs, other.state, other.dstate = (
        case.xs, case.dhs, case.state, case.dstate)  # fmt: skip
    assert_same(case.run(), other.run())


@each
def test_no_two_parameters_share_memory(variant):
    layer = Case(*variant).layer
    for made in (layer, layer.astype(np.float32)):
        params = [*made.params.values()]
        for k, p in enumerate(params):
            assert not any(np.shares_memory(p, other) for other in params[:k])
    case = Case(*variant)
    case.run()
    grads = [*case.layer.grads.values()]
    for k, grad in enumerate(grads):
        assert not any(np.shares_memory(grad, other) for other in grads[:k])


@each
@pytest.mark.parametrize("mask", [None, [5, 3, 0]], ids=["whole", "lengths"])
def test_a_gradient_may_be_infinite_since_train_watches_that(variant, mask):
    case = Case(*variant)
    case.layer.forward(case.xs, case.state, mask)
    dlast = case.packed([np.full_like(p, np.inf) for p in leaves(case.dstate)])
    with np.errstate(invalid="ignore"):
        _, first = case.layer.backward(None, dlast)
        assert not np.isfinite(leaves(first)[0]).all()
        both = case.layer.into_last_output(dlast, np.ones((3, case.layer.output_size)))
    assert np.isinf(leaves(both)[0]).all()


@each
def test_the_last_output_and_its_gradient(variant):
    case = Case(*variant)
    hs, last = case.layer.forward(case.xs, case.state)
    np.testing.assert_array_equal(case.layer.last_output(last), hs[:, -1])
    case.dhs[:, :-1] = 0
    want, before = case.run(), [part.copy() for part in leaves(case.dstate)]
    dlast, case.dhs = case.layer.into_last_output(case.dstate, case.dhs[:, -1]), None
    for part, kept in zip(leaves(case.dstate), before, strict=True):
        np.testing.assert_array_equal(part, kept)  # added to a copy
    case.dstate = dlast
    assert_agree(case.run(), want, np.float64)


SHAPES = {
    "larger, smaller, larger": [(5, 7), (2, 3), (5, 7)],
    "smaller, larger, smaller": [(1, 1), (4, 6), (1, 1)],
    "another T": [(3, 2), (3, 6), (3, 0), (3, 2)],
    "another B": [(1, 4), (6, 4), (2, 4), (1, 4)],
    "as many numbers": [(2, 6), (6, 2), (3, 4), (4, 3)],
}


@each
@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_shapes_may_change_from_call_to_call(variant, shapes):
    """The kept arrays serve each call as new ones would, and hold no result."""
    layer, results = Case(*variant).layer, []
    for seed, (B, T) in enumerate(shapes):
        case = Case(*variant, B=B, T=T, seed=seed)
        for name, p in case.layer.params.items():
            p[...] = layer.params[name]
        fresh = case.run()
        case.layer = layer
        got = case.run()
        assert_same(got, fresh)
        results.append((got, fresh))
    for got, fresh in results:  # and the later calls left the earlier results alone
        assert_same(got, fresh)


@each
def test_a_forward_of_another_shape_in_between_is_the_one_that_counts(variant):
    case, other = Case(*variant), Case(*variant, B=2, T=8)
    want = case.run()
    case.layer.forward(other.xs, other.state)
    assert_same(case.run(), want)


@each
@pytest.mark.parametrize("T", [0, 1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_type_of_the_parameters_rules(variant, T, dtype):
    other = np.float64 if dtype == np.float32 else np.float32
    case = Case(*variant, T=T, dtype=dtype)
    case.xs, case.dhs = case.xs.astype(other), case.dhs.astype(other)
    for state, dstate in [(None, None), (case.state, case.dstate)]:
        case.state, case.dstate = state, dstate
        assert {array.dtype for array in case.run().values()} == {np.dtype(dtype)}


@each
def test_another_type_is_a_copy_that_shares_nothing(variant):
    case = Case(*variant)
    want = case.run()
    other = case.layer.astype(np.float64)
    for p in case.layer.params.values():
        p[...] = np.nan
    case.layer = other
    assert_same(case.run(), want)


@each
def test_float32_differs_by_its_rounding_alone(variant):
    exact, rounded = (Case(*variant, dtype=t).run() for t in (np.float64, np.float32))
    assert_agree(rounded, exact, np.float32)
    assert any((rounded[name] != exact[name]).any() for name in exact)


@each
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))]
)
def test_a_copy_of_a_layer_that_has_run_is_a_layer(variant, copied):
    case, other = Case(*variant), Case(*variant, seed=1)
    case.run()
    other.layer = copied(case.layer)
    got = other.run()
    other.layer = case.layer
    assert_same(got, other.run())
