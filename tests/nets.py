"""Layers put together at random, and the same in plain torch, step by step.

A net is described by nested tuples: ``("leaf", variant, H)``, ``("checkpointed",
every, leaf)``, ``("stack", net, …)``, ``("both", net, net)``.
"""

import numpy as np
import torch
from hypothesis import strategies as st

from agreement import floats
from cases import VARIANTS
from transcription import STEPS
from unrolled import Bidirectional, Checkpointed, Stack

LEAVES = st.builds(
    lambda name, H: ("leaf", name, H), st.sampled_from([*VARIANTS]), st.integers(1, 3)
)
ONE = LEAVES | st.builds(
    lambda every, leaf: ("checkpointed", every, leaf),
    st.sampled_from([None, 1, 2, 3]),
    LEAVES,
)
NETS = st.recursive(
    ONE,
    lambda nets: (
        st.lists(nets, min_size=1, max_size=3).map(lambda parts: ("stack", *parts))
        | st.tuples(st.just("both"), nets, nets)
    ),
    max_leaves=4,
)

SMALL = {
    "stack": ("stack", ("leaf", "LSTM", 3), ("leaf", "GRU, reset after", 2)),
    "both": ("both", ("leaf", "LSTM", 2), ("leaf", "RNN, tanh", 3)),
    "a stack of both": ("stack", ("both", ("leaf", "LSTM", 2), ("leaf", "LSTM", 2)),
                        ("both", ("leaf", "MGU", 2), ("leaf", "MGU", 1))),
    "both of stacks": ("both", ("stack", ("leaf", "LSTM", 2), ("leaf", "LSTM", 2)),
                       ("stack", ("leaf", "MGU", 2), ("leaf", "MGU", 1))),
    "checkpointed": ("stack", ("checkpointed", 2, ("leaf", "LSTM", 2)),
                     ("leaf", "MGU", 2)),
}  # fmt: skip


def build(net, I, rng, dtype=np.float64):
    """Make what a description says, for inputs of size I."""
    kind, *rest = net
    if kind == "leaf":
        cls, options = VARIANTS[rest[0]]
        return cls(I, rest[1], rng=rng, dtype=dtype, **options)
    if kind == "checkpointed":
        return Checkpointed(build(rest[1], I, rng, dtype), rest[0])
    if kind == "both":
        return Bidirectional(*(build(part, I, rng, dtype) for part in rest))
    layers = []
    for part in rest:
        layers.append(build(part, I, rng, dtype))
        I = layers[-1].output_size  # noqa: E741
    return Stack(layers)


def blank(layer, B):
    """Return a state of zeros for a layer, whatever it is made of."""
    if hasattr(layer, "state_sizes"):
        parts = tuple(np.zeros((B, size)) for size in layer.state_sizes.values())
        return parts if len(parts) > 1 else parts[0]
    return tuple(blank(part, B) for part in layer.layers)


def each(state, change):
    """Change every array of a state."""
    if isinstance(state, tuple):
        return tuple(each(part, change) for part in state)
    return change(state)


def flat(state):
    """List every array of a state."""
    return [x for s in state for x in flat(s)] if isinstance(state, tuple) else [state]


def transcribe(net, p, xs, state, counts, prefix=""):
    """Run a net as its definition says: where a step does not count, all is held."""
    kind, *rest = net
    if kind == "checkpointed":
        return transcribe(rest[1], p, xs, state, counts, prefix)
    if kind == "leaf":
        cls, options = VARIANTS[rest[0]]
        here = len(prefix)
        p = {k[here:]: v for k, v in p.items() if k.startswith(prefix)}
        step, hs = STEPS[cls.__name__], []
        state = state if isinstance(state, tuple) else (state,)
        for x, c in zip(xs.unbind(1), counts.unbind(1), strict=True):
            new = step(p, x, *state, **options)
            state = tuple(
                torch.where(c[:, None], n, s) for n, s in zip(new, state, strict=True)
            )
            hs.append(torch.where(c[:, None], state[0], 0))
        size = state[0].shape[1]
        hs = torch.stack(hs, 1) if hs else torch.zeros(len(xs), 0, size).double()
        return hs, state if len(state) > 1 else state[0]
    ends = []
    if kind == "both":
        outputs = []
        for k, (part, name) in enumerate(
            zip(rest, ("forward", "backward"), strict=True)
        ):
            turn = (lambda a: a.flip(1)) if k else (lambda a: a)
            hs, end = transcribe(
                part, p, turn(xs), state[k], turn(counts), f"{prefix}{name}."
            )
            outputs.append(turn(hs))
            ends.append(end)
        return torch.cat(outputs, -1), tuple(ends)
    for k, part in enumerate(rest):
        xs, end = transcribe(part, p, xs, state[k], counts, f"{prefix}{k}.")
        ends.append(end)
    return xs, tuple(ends)


class Net:
    """A net with random weights, its inputs, and gradients for its outputs."""

    def __init__(self, net, B=3, T=5, I=2, seed=0, given=True, dtype=np.float64):
        rng = np.random.default_rng(seed)
        self.net, self.layer = net, build(net, I, rng, dtype)
        for p in self.layer.params.values():
            p[...] = floats(rng, *p.shape, low=-0.8, high=0.8)

        def draw(*shape):
            return floats(rng, *shape, low=-1, high=1)

        self.xs, self.dhs = draw(B, T, I), draw(B, T, self.layer.output_size)
        self.zero = blank(self.layer, B)
        self.state = each(self.zero, lambda x: draw(*x.shape)) if given else None
        self.dstate = each(self.zero, lambda x: draw(*x.shape)) if given else None

    def __repr__(self):
        """Say what hypothesis drew."""
        return f"Net({self.net}, xs {self.xs.shape})"

    def run(self, layer=None, mask=None):
        """Run forward and backward; return everything by name."""
        layer = layer or self.layer
        hs, last = layer.forward(self.xs, self.state, *([] if mask is None else [mask]))
        dxs, first = layer.backward(self.dhs, self.dstate)
        return _named(hs, last, dxs, first, layer.grads)

    def by_transcription(self, counts=None):
        """Let autograd go through the definition."""
        if counts is None:
            counts = np.ones(self.xs.shape[:2], bool)
        params = {k: _leaf(p) for k, p in self.layer.params.items()}
        start = self.zero if self.state is None else self.state
        dlast = self.zero if self.dstate is None else self.dstate
        xs, state = _leaf(self.xs), each(start, _leaf)
        hs, last = transcribe(self.net, params, xs, state, torch.tensor(counts))
        weights = [self.dhs, *flat(dlast)]
        loss = sum(
            (a * torch.tensor(w)).sum()
            for a, w in zip([hs, *flat(last)], weights, strict=True)
        )
        leaves = [xs, *flat(state), *params.values()]
        loss = loss + sum(0 * leaf.sum() for leaf in leaves)
        grads = iter(torch.autograd.grad(loss, leaves))
        dxs, first = next(grads), each(state, lambda _: next(grads))
        return {
            name: a.detach().numpy()
            for name, a in _named(
                hs, last, dxs, first, dict(zip(params, grads, strict=True))
            ).items()
        }


def _leaf(array):
    """Make a leaf of a graph, in float64."""
    return torch.tensor(np.array(array, float), requires_grad=True)


def _named(hs, last, dxs, first, grads):
    """Name everything that a pass returns."""
    return {
        "hs": hs,
        **{f"state {k}": part for k, part in enumerate(flat(last))},
        "dxs": dxs,
        **{f"dstate {k}": part for k, part in enumerate(flat(first))},
        **{f"d{name}": grad for name, grad in grads.items()},
    }
