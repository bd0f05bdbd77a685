"""Mistakes planted where layers are put together, masked, cut, and what finds each."""

from typing import NamedTuple

import numpy as np
import pytest

from agreement import worst
from models import Whole
from nets import Net
from planted import plant_in
from unrolled import Bidirectional, Model, Stack
from unrolled.checkpoint import Recomputing
from unrolled.compose import Composite
from unrolled.fast.loop import FastLoop, StateRows
from unrolled.masks import Packing
from unrolled.recurrent import Loop, Recurrent

LEAF = ("leaf", "LSTM", 3)
STACK = ("stack", LEAF, ("leaf", "GRU, reset after", 2))
BOTH = ("both", ("leaf", "LSTM", 2), ("leaf", "LSTM", 2))
CUT = ("checkpointed", 2, LEAF)
LENGTHS = np.arange(5) < np.array([4, 0, 5, 2])[:, None]
HOLES = np.random.default_rng(0).random((4, 5)) < 0.6


class Mistake(NamedTuple):
    """Where it is, what was written there, who runs it, and which steps count."""

    where: callable
    wrong: dict
    net: tuple
    counts: np.ndarray | None = None


PLANTED = {
    "Stack: the gradients of the final states ignored": Mistake(
        Stack.backward, {"dhs, dstate[k]": "layers[k].backward(dhs)"}, STACK
    ),
    "Stack: the states dropped": Mistake(
        Stack.forward, {"xs, end": "layer.forward(xs, None, *told)"}, STACK
    ),
    "Stack: the mask for the lowest alone": Mistake(
        Stack.forward,
        {"xs, end": "layer.forward(xs, start, *told[k:])"},
        STACK,
        LENGTHS,
    ),
    "Bidirectional: the way back not turned round": Mistake(
        Bidirectional.forward,
        {"hs_left, end_left": "left.forward(xs, starts[1], *turned)"},
        BOTH,
    ),
    "Bidirectional: its outputs left turned round": Mistake(
        Bidirectional.forward,
        {"return": "np.concatenate([hs_right, hs_left], -1), (end_right, end_left)"},
        BOTH,
    ),
    "Bidirectional: its gradients left turned round": Mistake(
        Bidirectional.backward,
        {"return": "dxs_right + dxs_left, (first_right, first_left)"},
        BOTH,
    ),
    "Bidirectional: the gradient of its outputs not turned": Mistake(
        Bidirectional.backward, {"dhs_left@2": "dhs[..., cut:]"}, BOTH
    ),
    "Bidirectional: padding turned to the front": Mistake(
        Bidirectional.forward, {"turned": "told"}, BOTH, LENGTHS
    ),
    "Bidirectional: one direction's inputs alone": Mistake(
        Bidirectional.backward,
        {"return": "dxs_left[:, ::-1], (first_right, first_left)"},
        BOTH,
    ),
    "Packing: the state goes on through padding": Mistake(
        Packing.__init__,
        {"alive": "np.arange(lengths.max())[:, None] <= lengths[self._order]"},
        LEAF,
        LENGTHS,
    ),
    "Packing: steps that count in another order": Mistake(
        Packing.__init__,
        {"front": "np.argsort(counts, axis=1, kind='stable')"},
        LEAF,
        HOLES,
    ),
    "Packing: outputs laid out sequence by sequence": Mistake(
        Packing.scatter,
        {"array[self._sequence, self._time]": "rows[np.argsort(self._sequence)]"},
        LEAF,
        HOLES,
    ),
    "Packing: sequences sorted for the state alone": Mistake(
        Packing.__init__, {"self._sequence": "row"}, LEAF, LENGTHS
    ),
    "Packing: the last state left sorted": Mistake(
        Packing.unsort,
        {"out[... if self.whole else self._order]": "part[self._order]"},
        LEAF,
        LENGTHS,
    ),
    "Packing: a window of another's rows": Mistake(
        Packing.part, {"before": "0"},
        CUT, HOLES,
    ),
    "Packing: a window of the first steps": Mistake(
        Packing.part, {"other._first": "self._first"}, CUT
    ),
    "Loop: the wrong states go on": Mistake(
        Loop.run, {"state@1": "[part[-n:] for part in state]"}, LEAF, LENGTHS
    ),
    "Loop: what ended put together in another order": Mistake(
        Loop.run, {"parts": "zip(state, *ended, strict=True)"}, LEAF, LENGTHS
    ),
    "Loop: the state's gradient not carried on": Mistake(
        Loop.run_back, {"part[:n]": "part[:n]"}, LEAF, LENGTHS
    ),
    "fast: the states before those of the same rows": Mistake(
        StateRows.step, {"before": "now.start"}, LEAF, LENGTHS
    ),
    "fast: the last state of all": Mistake(
        StateRows.last, {"last": "states[len(states) - B :].copy()"}, LEAF, LENGTHS
    ),
    "fast: the sum of W_h over shifted rows": Mistake(
        FastLoop.run_back, {"dW_h": "states[0][: len(a)].T @ a"}, LEAF, LENGTHS
    ),
    "fast: states before a block from its first rows": Mistake(
        StateRows.block_before,
        {"return@2": "states[: sum(before.stop - before.start for before in prior)]"},
        LEAF,
        LENGTHS,
    ),
    "Recomputing: weights of the last window alone": Mistake(
        Recomputing.run_back, {"grads[name]": "grad"}, CUT
    ),
    "Recomputing: windows forward in time": Mistake(
        Recomputing.run_back, {"for start, state": "kept"}, CUT
    ),
    "Recomputing: every window from the same state": Mistake(
        Recomputing.run_back,
        {"for start, state": "[(start, kept[0][1]) for start, _ in reversed(kept)]"},
        CUT,
    ),
    "Recomputing: a window of its own": Mistake(
        Recomputing.run_back,
        {"dstate, more": "dstate, self.loop.run_back(dhs, dstate, dxs)[1]"},
        CUT,
    ),
    "Recomputing: the mask in the first window alone": Mistake(
        Recomputing.run, {"window": "packing.part(0, every)"}, CUT, HOLES
    ),
}  # fmt: skip


IN_MODEL = {
    "the mask dropped": (
        Model.forward, {"hs, state": "self.layer.forward(xs, state)"}, LEAF,
    ),
    "the state dropped": (
        Model.forward, {"hs, state": "self.layer.forward(xs, None, *told)"}, LEAF,
    ),
    "outputs in the padding": (Model.forward, {"ys[~counts]": "ys[~counts]"}, LEAF),
    "the gradient of the state dropped": (
        Model.backward, {"dxs, dstate": "self.layer.backward(dhs)"}, LEAF,
    ),
    "the padding's gradient not ignored": (Model.backward, {"dys@2": "dys"}, LEAF),
    "labels of the padding looked up": (
        Composite._enter, {"xs@2": "self.embedding.forward(xs)"}, LEAF,
    ),
    "the mask not told on": (Composite._enter, {"told": "()"}, LEAF),
}  # fmt: skip
OF_LAST = {
    "the last step's, whether it counts or not": (
        Model.forward, {"ys": "self.head.forward(hs[:, -1])"}, LEAF,
    ),
    "its gradient instead of the state's": (
        Model.backward, {"dstate": "self.layer.into_last_output(None, dhs)"}, LEAF,
    ),
    "Stack: of the lowest layer": (
        Stack.last_output,
        {"return": "self.layers[0].last_output(state[0])[:, :2]"},
        STACK,
    ),
    "Stack: its gradient alone": (
        Stack.into_last_output,
        {"*below, top": "self._states('dstate', None)"},
        STACK,
    ),
    "Bidirectional: the two exchanged": (
        Bidirectional.last_output,
        {"ends": "[*zip(self.layers, state, strict=True)][::-1]"},
        BOTH,
    ),
    "Bidirectional: the gradient of the first for both": (
        Bidirectional.into_last_output,
        {"return": "[a.into_last_output(e, dh[:, :cut]) for a, e in zip("
                   "self.layers, ends, strict=True)]"},
        BOTH,
    ),
}  # fmt: skip


def caught(make, where, wrong, counts, monkeypatch):
    """Run the healthy code, which has to agree, and then that with the mistake."""
    if where.__globals__["__name__"] == Loop.__module__:
        monkeypatch.setattr(Recurrent, "fast", False)
    healthy = make()
    want = healthy.by_transcription(counts)
    assert max(worst(healthy.run(mask=counts), want)) < 1e-10
    plant_in(monkeypatch, where, wrong)
    try:
        got = make().run(mask=counts)
    except ValueError:  # a label that is none was looked up
        return
    assert max(worst(got, want)) > 1e-3, "missed"


@pytest.mark.parametrize("mistake", PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught_and_the_healthy_code_passes(mistake, monkeypatch):
    *planted, net, counts = mistake
    caught(lambda: Net(net, B=4), *planted, counts, monkeypatch)


@pytest.mark.parametrize("mistake", IN_MODEL.values(), ids=IN_MODEL)
def test_a_mistake_in_a_model_is_caught(mistake, monkeypatch):
    *planted, net = mistake

    def make():
        whole = Whole(net, embedding=True, B=4)
        whole.xs[~LENGTHS] = -1  # no label
        return whole

    caught(make, *planted, LENGTHS, monkeypatch)


@pytest.mark.parametrize("mistake", OF_LAST.values(), ids=OF_LAST)
def test_a_mistake_in_the_last_output_is_caught(mistake, monkeypatch):
    *planted, net = mistake
    caught(lambda: Whole(net, "last", B=4), *planted, LENGTHS, monkeypatch)
