"""Mistakes planted where layers are put together, and what finds each."""

from typing import NamedTuple

import numpy as np
import pytest

from agreement import worst
from nets import Net
from test_planted_gates import run_again
from unrolled import compose, stretches

STACK = ("stack", ("leaf", "LSTM", 3), ("leaf", "GRU, reset after", 2))
BOTH = ("both", ("leaf", "LSTM", 2), ("leaf", "LSTM", 2))
LEAF = ("leaf", "LSTM", 3)
LENGTHS = np.array([4, 0, 5, 2])
HOLES = np.random.default_rng(0).random((4, 5)) < 0.6


class Mistake(NamedTuple):
    """One line, what was written in its place, who runs it, and which steps count."""

    line: str
    wrong: str
    wrapped: str
    net: tuple
    mask: np.ndarray | None = None


PLANTED = {
    "the gradients of the final states ignored": Mistake(
        "runners[k].backward(dhs, dstate[k])", "runners[k].backward(dhs, None)",
        "Stack", STACK,
    ),
    "the way back not turned round": Mistake(
        "left.forward(xs[:, ::-1], starts[1], *turned)",
        "left.forward(xs, starts[1], *turned)",
        "Bidirectional",
        BOTH,
    ),
    "its outputs left turned round": Mistake(
        "hs_left[:, ::-1]], -1)", "hs_left], -1)", "Bidirectional", BOTH
    ),
    "its gradients left turned round": Mistake(
        "dxs_left[:, ::-1]", "dxs_left", "Bidirectional", BOTH
    ),
    "the gradient of its outputs not turned": Mistake(
        "dhs[:, ::-1, cut:]", "dhs[..., cut:]", "Bidirectional", BOTH
    ),
    "padding turned to the front": Mistake(
        "turned = [counts[:, ::-1] for counts in mask]",
        "turned = mask",
        "Bidirectional",
        BOTH,
        LENGTHS,
    ),
    "one direction's inputs alone": Mistake(
        "return dxs_right + dxs_left", "return 0 * dxs_right + dxs_left",
        "Bidirectional", BOTH,
    ),
    "the state goes on through padding": Mistake(
        "np.flatnonzero(lengths >= end)", "np.flatnonzero(lengths > -1)",
        "Masked", LEAF, LENGTHS,
    ),
    "a state not carried on": Mistake(
        "layer._listed(last)", "[part[alive] for part in state]",
        "Masked", LEAF, LENGTHS,
    ),
    "its gradient not carried on": Mistake(
        "layer._listed(first)", "[part[alive] for part in dstate]",
        "Masked", LEAF, LENGTHS,
    ),
    "weights of the last stretch alone": Mistake(
        "grads[name] += grad", "grads[name] = grad", "Masked", LEAF, LENGTHS
    ),
    "steps that count in another order": Mistake(
        'np.argsort(~mask, axis=1, kind="stable")',
        "np.argsort(mask, axis=1, kind='stable')",
        "Masked", LEAF, HOLES,
    ),
    "outputs where they were packed": Mistake(
        "np.put_along_axis(hs, front, packed, 1)", "hs[...] = packed",
        "Masked", LEAF, HOLES,
    ),
    "stretches forward in time": Mistake(
        "in reversed(kept)", "in kept", "Checkpointed", LEAF
    ),
    "every stretch from the same state": Mistake(
        "self._again.forward(xs[:, now], state)\n            dxs",
        "self._again.forward(xs[:, now], None)\n            dxs",
        "Checkpointed", LEAF,
    ),
    "a stretch of its own": Mistake(
        "dxs[:, now], dstate = self._again.backward(dhs[:, now], dstate)",
        "dxs[:, now], _ = self._again.backward(dhs[:, now], dstate)",
        "Checkpointed", LEAF,
    ),
}  # fmt: skip


def put_together(mistake, line="", wrong=""):
    """Wrap the layers of a net in a class that was written anew."""
    module = stretches if mistake.net is LEAF else compose
    cls = run_again(module, line, wrong)[mistake.wrapped]
    net = Net(mistake.net, B=4)
    if mistake.wrapped in ("Masked", "Checkpointed"):
        net.layer = cls(net.layer)
    elif mistake.wrapped == "Stack":
        net.layer = cls(net.layer.layers)
    else:
        net.layer = cls(*net.layer.layers)
    return net


@pytest.mark.parametrize("mistake", PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught_and_the_healthy_code_passes(mistake):
    counts = mistake.mask
    if counts is not None and counts.ndim == 1:
        counts = np.arange(5) < counts[:, None]
    healthy = put_together(mistake)
    want = healthy.by_transcription(counts)
    assert max(worst(healthy.run(mask=mistake.mask), want)) < 1e-10
    planted = put_together(mistake, mistake.line, mistake.wrong)
    assert max(worst(planted.run(mask=mistake.mask), want)) > 1e-3, "missed"
