"""Train many networks of one kind side by side, each as `train` would train it alone.

Their weights are stacked with an axis R in front, so one batched product serves all of
them. The equations are those of `tests/transcription.py`, which PyTorch differentiates;
a test holds the outcome against `unrolled.train`.
"""

import sys
from itertools import islice
from pathlib import Path

import bench  # noqa: F401, before NumPy
import numpy as np
import torch

sys.path.append(str(Path(__file__).parents[1]))
from transcription import STEPS  # noqa: E402
from unrolled.recurrent import Recurrent  # noqa: E402

torch.set_num_threads(1)


def mse(ys, targets):
    """Return each network's mean squared error, (R,)."""
    return ((ys - targets) ** 2).flatten(1).mean(1)


def cross_entropy(ys, labels, mask=None):
    """Return each network's mean cross entropy in nats, over what counts, (R,)."""
    each = nats(ys, labels)
    if mask is None:
        return each.flatten(1).mean(1)
    mask = mask.expand(each.shape)
    return (each * mask).flatten(1).sum(1) / mask.flatten(1).sum(1)


def nats(ys, labels):
    """Return the cross entropy of each prediction in nats, (R, …)."""
    labels = labels.expand(ys.shape[:-1])
    return -ys.log_softmax(-1).gather(-1, labels[..., None])[..., 0]


class Replicates:
    """R models of one shape, each with a learning rate of its own, under Adam.

    Parameters
    ----------
    models : list of Model
        A recurrent layer with a linear head. They are copied, and stay as they are
        until `unstack` writes into them.
    rates : sequence of float
        One for each.
    loss : callable
        ``loss(ys, targets)`` or ``loss(ys, targets, mask)`` returns R numbers.
    clip : float, optional
        The greatest length of each network's gradient.
    step : callable, optional
        ``step(p, x, *state, **options)`` runs the layer for one step; the papers'
        equations unless another is given.
    """

    def __init__(self, models, rates, loss=mse, *, clip=None, step=None):
        self.models, self.loss, self.clip = models, loss, clip
        layer = models[0].layer
        self.step = step or STEPS.get(type(layer).__name__)
        self.options = {name: getattr(layer, name) for name in options(layer)}
        self.params = {
            name: torch.tensor(stack([model.params[name] for model in models]))
            for name in models[0].params
        }
        for p in self.params.values():
            p.requires_grad_(True)
        self.rates = torch.tensor(rates, dtype=p.dtype)[:, None, None]
        self.t, self.m, self.v = 0, {}, {}

    def forward(self, xs, state=None, some=slice(None)):
        """Run xs (R, B, T, I), or the same (B, T, I) for all; return ys and the state.

        ys is (R, B, T, O), or (R, B, O) where the head sees the last output alone.
        """
        params = {name: stacked[some] for name, stacked in self.params.items()}
        model, R = self.models[0], len(self.models[some])
        xs = torch.as_tensor(xs, dtype=self.rates.dtype)
        xs = xs.expand(R, *xs.shape) if xs.ndim == 3 else xs
        if state is None:
            sizes = model.layer.state_sizes.values()
            state = tuple(xs.new_zeros(R, xs.shape[1], size) for size in sizes)
        p = {name.removeprefix("layer."): value for name, value in params.items()}
        hs = []
        for x in xs.unbind(2):
            state = self.step(p, x, *state, **self.options)
            hs.append(state[0])
        seen = state[0] if model.outputs == "last" else torch.stack(hs, 2).flatten(1, 2)
        ys = seen @ params["head.W_y"] + params["head.b_y"]
        if model.outputs == "all":
            ys = ys.unflatten(1, (xs.shape[1], len(hs)))
        return ys, state

    def update(self, xs, targets, *mask, state=None):
        """Take one step down each network's gradient; return the losses before it.

        Inputs, targets and mask have R in front, or are the same for all networks. The
        state is where they begin, as `forward` takes it; no gradient goes there.
        """
        targets, *mask = (torch.as_tensor(part) for part in (targets, *mask))
        losses = self.loss(self.forward(xs, state)[0], targets, *mask)
        grads = torch.autograd.grad(
            losses.sum(), self.params.values(), materialize_grads=True
        )
        with torch.no_grad():
            self._adam(dict(zip(self.params, self._clipped(grads), strict=True)))
        return losses.detach().numpy()

    def train(self, draws, updates, looks=()):
        """Update with what is drawn; pause after some numbers of updates and the last.

        Yields
        ------
        int
            The number of updates so far.
        """
        for n, parts in enumerate(islice(draws, updates), 1):
            self.update(*parts)
            if n in looks or n == updates:
                yield n

    def _clipped(self, grads):
        """Shorten each network's gradient to the limit."""
        if self.clip is None:
            return grads
        norms = sum(grad.double().square().sum((1, 2)) for grad in grads).sqrt()
        shares = (self.clip / norms).clamp(max=1).to(grads[0].dtype)
        return [grad * shares[:, None, None] for grad in grads]

    def _adam(self, grads, beta1=0.9, beta2=0.999, eps=1e-8):
        """Step as `unrolled.Adam` does."""
        self.t += 1
        for name, param in self.params.items():
            grad = grads[name]
            m = beta1 * self.m.get(name, 0) + (1 - beta1) * grad
            v = beta2 * self.v.get(name, 0) + (1 - beta2) * grad * grad
            self.m[name], self.v[name] = m, v
            m_hat, v_hat = m / (1 - beta1**self.t), v / (1 - beta2**self.t)
            param -= self.rates * m_hat / (v_hat.sqrt() + eps)

    def predict(self, xs, some=slice(None)):
        """Return the outputs of some of the networks as an array, without a graph."""
        with torch.no_grad():
            return self.forward(xs, some=some)[0].numpy()

    def unstack(self):
        """Write the weights into the models, and return these."""
        for name, stacked in self.params.items():
            for model, value in zip(self.models, stacked.detach(), strict=True):
                param = model.params[name]
                param[...] = value.numpy().reshape(param.shape)
        return self.models


def stack(arrays):
    """Put arrays of one shape side by side: (R, m, n), vectors as (R, 1, n)."""
    stacked = np.stack(arrays)
    return stacked[:, None] if stacked.ndim == 2 else stacked


def options(layer):
    """Return the names of the options by which a layer's equations change."""
    return [name for name in layer.fixed if name not in Recurrent.fixed]
