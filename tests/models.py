"""A model around any net of `nets`, and the same in plain torch."""

import numpy as np
import torch

from agreement import floats
from nets import Net, each, flat, transcribe
from unrolled import Embedding, Linear, Model


class Whole:
    """A model with random weights, its inputs, and gradients for its outputs.

    ``net`` is as in `nets`. With an embedding, xs are labels.
    """

    def __init__(self, net, outputs="all", embedding=False, B=3, T=5, I=2, O=2, seed=0,
                 dtype=np.float64):  # fmt: skip
        rng = np.random.default_rng(seed)
        inner = Net(net, B=B, T=T, I=I, seed=seed, dtype=dtype)
        self.net, self.state, self.dstate = net, inner.state, inner.dstate
        head = Linear(inner.layer.output_size, O, rng=rng, dtype=dtype)
        below = Embedding(4, I, rng=rng, dtype=dtype) if embedding else None
        self.model = Model(inner.layer, head, outputs, embedding=below)
        for p in self.model.params.values():
            p[...] = floats(rng, *p.shape, low=-0.8, high=0.8)
        self.xs = rng.integers(0, 4, (B, T)) if embedding else inner.xs
        shape = (B, T, O) if outputs == "all" else (B, O)
        self.dys = floats(rng, *shape, low=-1, high=1)

    def run(self, mask=None, model=None):
        """Run forward and backward; return everything by name."""
        model = model or self.model
        ys, last = model.forward(self.xs, self.state, mask)
        dxs, first = model.backward(self.dys, self.dstate)
        return _named(ys, last, dxs, first, model.grads)

    def by_transcription(self, counts=None):
        """Let autograd go through the definition."""
        model = self.model
        B, T = self.xs.shape[:2]
        counts = np.ones((B, T), bool) if counts is None else counts
        p = {name: _leaf(array) for name, array in model.params.items()}
        state, counts = each(self.state, _leaf), torch.tensor(counts)
        if model.embedding is None:
            xs = seen = _leaf(self.xs)
        else:
            xs = torch.zeros(0, requires_grad=True)  # a label has no gradient
            seen = p["embedding.W_e"][torch.where(counts, torch.tensor(self.xs), 0)]
        hs, end = transcribe(self.net, p, seen, state, counts, "layer.")
        if model.outputs == "last":
            ys = last_output(self.net, end) @ p["head.W_y"] + p["head.b_y"]
        else:
            ys = hs @ p["head.W_y"] + p["head.b_y"]
            ys = torch.where(counts[..., None], ys, 0)
        pairs = zip([ys, *flat(end)], [self.dys, *flat(self.dstate)], strict=True)
        leaves = [xs, *flat(state), *p.values()]
        loss = sum((a * torch.tensor(d)).sum() for a, d in pairs)
        loss = loss + sum(0 * leaf.sum() for leaf in leaves)
        grads = iter(torch.autograd.grad(loss, leaves))
        dxs, first = next(grads), each(state, lambda _: next(grads))
        named = _named(ys, end, dxs, first, dict(zip(p, grads, strict=True)))
        if model.embedding is not None:
            del named["dxs"]
        return {name: a.detach().numpy() for name, a in named.items()}


def last_output(net, end):
    """Return what a net put out last, from its final state."""
    kind, *rest = net
    if kind == "leaf":
        return end[0] if isinstance(end, tuple) else end
    if kind == "checkpointed":
        return last_output(rest[1], end)
    if kind == "stack":
        return last_output(rest[-1], end[-1])
    return torch.cat([last_output(*pair) for pair in zip(rest, end, strict=True)], -1)


def _leaf(array):
    """Make a leaf of a graph, in float64."""
    return torch.tensor(np.array(array, float), requires_grad=True)


def _named(ys, last, dxs, first, grads):
    """Name everything that a pass returns; above an embedding there is no dxs."""
    return {
        "ys": ys,
        **{f"state {k}": part for k, part in enumerate(flat(last))},
        **({} if dxs is None else {"dxs": dxs}),
        **{f"dstate {k}": part for k, part in enumerate(flat(first))},
        **{f"d{name}": grad for name, grad in grads.items()},
    }
