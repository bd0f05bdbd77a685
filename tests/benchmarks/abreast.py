"""`Replicates` in half the time or less: loops by hand.

Autograd makes fresh arrays for everything it keeps, and with many networks that takes
most of the time. Here one layer's loop over the steps is one node of the graph. It
goes back by the boxes of chapters 3, 8 and 12, in arrays that are kept from one update
to the next. The sequences lie along the last axis, so that each gate is one piece.
"""

import bench
import numpy as np
import torch
from replicates import Replicates
from torch import addcmul, bmm, mul, sub

from unrolled import LSTM, Linear, Model

sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input
tanh_back = torch.ops.aten.tanh_backward.grad_input
relu_back = torch.ops.aten.threshold_backward.grad_input
WAYS = "right", "without dc", "dh overwritten", "cut of 1997"


class Abreast(Replicates):
    """R models of any cell, each learning in the same few arrays.

    Parameters
    ----------
    models, rates, loss, clip
        See `Replicates`. Of the options of an LSTM, only `forget_gate` is heard. The
        layer may be a stack of one kind, whose states begin at zero.
    way : str
        How the LSTM goes back: "right", or with one of the mistakes of chapter 9.
    """

    def __init__(self, models, rates, *, way="right", **options):
        super().__init__(models, rates, **options)
        layers = getattr(models[0].layer, "layers", None)
        self.names = [f"layer.{k}" for k in range(len(layers))] if layers else ["layer"]
        layer, self.loops = layers[0] if layers else models[0].layer, None
        self.make = {
            "RNN": lambda *sizes: PlainLoop(*sizes, layer.activation),
            "LSTM": lambda *sizes: LSTMLoop(*sizes, way, layer.forget_gate),
            "GRU": GRULoop if getattr(layer, "reset", "") == "after" else BeforeLoop,
            "MGU": MinimalLoop,
        }[type(layer).__name__]

    @property
    def loop(self):
        """The loop of the highest layer, or None before there is one."""
        return self.loops and self.loops[-1]

    def weights(self, some=slice(None), name="layer"):
        """Put the parameters of some networks side by side, as their loop wants them.

        The first is (R, kH, I + 1 + H). A cell whose candidate waits for a gate has
        its matrix (R, H, H) as a second.
        """
        W_x, b, W_h = (
            self.params[f"{name}.{part}"][some] for part in ("W_x", "b", "W_h")
        )
        if f"{name}.b_hn" in self.params:  # the candidate's two parts are kept apart
            (W_hr, W_hz, W_hn), none = W_h.chunk(3, -1), torch.zeros_like
            W_x = torch.cat([W_x, none(W_x.chunk(3, -1)[0])], -1)
            W_h = torch.cat([W_hr, W_hz, none(W_hn), W_hn], -1)
            b = torch.cat([b, self.params[f"{name}.b_hn"][some]], -1)
        late = []
        if getattr(self.make, "waits", False):
            H = W_h.shape[1]
            late = [W_h[..., -H:].transpose(1, 2).contiguous()]
            W_h = torch.cat([W_h[..., :-H], torch.zeros_like(W_h[..., -H:])], -1)
        return [torch.cat([W_x, b, W_h], 1).transpose(1, 2).contiguous(), *late]

    def forward(self, xs, state=None, some=slice(None)):
        """Return ys, (R, B, T, O), or (R, B, O) of the last step, and h_1 … h_T.

        A state is a tuple of (R, H, B), such as the loop's `last` returns.
        """
        xs = torch.as_tensor(xs, dtype=self.rates.dtype)
        R, weights = len(self.models[some]), [self.weights(some, n) for n in self.names]
        xs = xs.expand(R, *xs.shape) if xs.ndim == 3 else xs
        hs, (R, B, T, I) = xs.permute(2, 0, 3, 1), xs.shape
        if self.loop is None or self.loop.sizes != (R, B, T):
            self.loops = []
            for W, *_ in weights:
                self.loops.append(self.make(W, T, B, I))
                I = self.loop.H  # noqa: E741
        for k, (loop, each) in enumerate(zip(self.loops, weights, strict=True)):
            below = self.between(hs) if k else hs
            hs = self.above(below, Unrolled.apply(below, loop, state, *each), k)
        last = self.models[0].outputs == "last"
        W_y, b_y = (self.params[f"head.{name}"][some] for name in ("W_y", "b_y"))
        ys = W_y.mT @ (hs[-1:] if last else hs) + b_y.mT  # (T, R, O, B)
        ys = ys.permute(1, 3, 0, 2)
        return (ys[:, :, 0] if last else ys), hs

    def between(self, hs):
        """Return what a layer reads of the outputs (T, R, H, B) below it."""
        return hs

    def above(self, below, hs, k):
        """Return what goes up from layer k, of what it reads and its outputs."""
        return hs

    def look(self, xs, piece=100):
        """Run xs (B, T, I) through all networks; yield piece by piece what is inside.

        A piece is a dict: ys (R, B, T), and h, for an LSTM c, i, f, g and o as well,
        each (T, R, H, B). It lasts until the next one is asked for.
        """
        state, R = None, len(self.models)
        xs = torch.as_tensor(xs, dtype=self.rates.dtype)
        W_y, b_y = (self.params[f"head.{name}"] for name in ("W_y", "b_y"))
        with torch.no_grad():
            weights = self.weights()
            loop = self.make(weights[0], piece, len(xs), xs.shape[2])
            for part in xs.split(piece, 1):
                x = part.expand(R, *part.shape).permute(2, 0, 3, 1)
                hs = loop.run(weights, x, state)
                ys = (W_y.transpose(1, 2) @ hs + b_y)[:, :, 0].permute(1, 2, 0)
                yield {"ys": ys, "h": hs} | loop.inside()
                state = loop.last()

    def keep(self, which):
        """Go on with some of the networks alone."""
        self.models = [self.models[n] for n in which]
        self.rates = self.rates[which]
        for kept in (self.params, self.m, self.v):
            for name, value in kept.items():
                kept[name] = value.detach()[which].requires_grad_(kept is self.params)


class Unrolled(torch.autograd.Function):
    """A loop over the steps as one function of its inputs and weights."""

    @staticmethod
    def forward(ctx, xs, loop, state, *weights):
        """Return h_1 … h_T of a loop."""
        ctx.save_for_backward(*weights)
        ctx.loop = loop
        return loop.run(weights, xs, state)

    @staticmethod
    def backward(ctx, dhs):
        """Return the gradients of the inputs, if asked for, and of the weights."""
        loop = ctx.loop
        loop.dxs = torch.empty_like(loop.x) if ctx.needs_input_grad[0] else None
        grads = loop.run_back(ctx.saved_tensors, dhs)
        return loop.dxs, None, None, *grads


class Loop:
    """What the loops share: u_t = [x_t, 1, h_{t-1}], (R, I + 1 + H, B), and a = W u.

    Parameters
    ----------
    W : tensor, shape (R, kH, I + 1 + H)
        W_x, b and W_h, turned round and side by side.
    T, B, I : int
        How many steps and sequences there are, and the size of an input.
    """

    waits = False  # whether the candidate's matrix waits for a gate

    def __init__(self, W, T, B, I):
        R, kH, K = W.shape
        self.sizes, self.I, self.H, H = (R, B, T), I, K - I - 1, K - I - 1
        self.u = W.new_ones(T + 1, R, K, B)
        self.a, self.da = W.new_empty(T, R, kH, B), W.new_empty(R, kH, B)
        self.du, self.room = W.new_empty(R, K, B), W.new_empty(3, R, H, B)
        self.x, self.hs = self.u[:-1, :, :I], self.u[:, :, I + 1 :]
        self.gates = [a.split(H, 1) for a in self.a]
        self.da_gates = self.da.split(H, 1)

    def run(self, weights, xs, state=None):
        """Run the steps from a state, or from zero; return h_1 … h_T."""
        W, *self.late = weights
        self.x[...] = xs
        for part, first in zip(self.parts(), state or (0, 0), strict=False):
            part[0] = first
        for t in range(len(self.a)):
            bmm(W, self.u[t], out=self.a[t])
            self.step(t)
        return self.hs[1:]

    def run_back(self, weights, dhs):
        """Go from the last step to the first; return gradients, and fill dxs if any."""
        W, *self.late = weights
        dW, WT = torch.zeros_like(W), W.transpose(1, 2).contiguous()
        self.dlate = [torch.zeros_like(V) for V in self.late]
        self.du.zero_(), self.start_back()
        dh = self.du[:, self.I + 1 :]
        for t in reversed(range(len(self.a))):
            dh += dhs[t]
            self.step_back(t, dh)
            dW.baddbmm_(self.da, self.u[t].transpose(1, 2))
            bmm(WT, self.da, out=self.du)
            if self.dxs is not None:
                self.dxs[t] = self.du[:, : self.I]
            self.after(t, dh)
        return dW, *self.dlate

    def parts(self):
        """Return the parts of the state, each of steps 0 to T."""
        return (self.hs,)

    def last(self):
        """Return a copy of the last state."""
        return tuple(part[-1].clone() for part in self.parts())

    def inside(self):
        """Return what else can be seen by name, besides h."""
        return {}

    def start_back(self):
        """Make ready for a way back."""

    def after(self, t, dh):
        """Do what is left when dh has reached the step before."""


class PlainLoop(Loop):
    """h = tanh(a), or the rectifier."""

    def __init__(self, W, T, B, I, activation):
        super().__init__(W, T, B, I)
        self.f = {"tanh": torch.tanh, "relu": torch.relu}[activation]

    def step(self, t):
        """Fill h_t."""
        self.hs[t + 1] = self.f(self.a[t])

    def step_back(self, t, dh):
        """Fill da."""
        if self.f is torch.tanh:
            tanh_back(dh, self.hs[t + 1], grad_input=self.da)
        else:
            relu_back(dh, self.a[t], 0, grad_input=self.da)


class LSTMLoop(Loop):
    """The LSTM with or without its forget gate, and four ways to go back."""

    def __init__(self, W, T, B, I, way, forget_gate):
        super().__init__(W, T, B, I)
        if way not in WAYS:
            raise ValueError(f"way must be one of {WAYS}, got {way!r}")
        (_, R, H, _), self.way, self.forget_gate = self.hs.shape, way, forget_gate
        self.c = W.new_zeros(T + 1, R, H, B)
        self.y, self.dc = W.new_empty(T, R, H, B), W.new_empty(R, H, B)
        self.squashed = [(a[:, : 2 * H], a[:, 3 * H :]) for a in self.a]

    def step(self, t):
        """Fill the gates, which take the place of a, c_t, y_t = tanh(c_t) and h_t."""
        (i, f, g, o), c, y = self.gates[t], self.c[t + 1], self.y[t]
        for part in self.squashed[t]:
            part.sigmoid_()
        g.tanh_()
        if not self.forget_gate:
            f.fill_(1)
        mul(f, self.c[t], out=c).addcmul_(i, g)
        torch.tanh(c, out=y)
        torch.mul(o, y, out=self.hs[t + 1])

    def parts(self):
        """Return h and c."""
        return self.hs, self.c

    def inside(self):
        """Return the cell and the gates."""
        gates = dict(zip("ifgo", self.a.split(self.H, 2), strict=True))
        return gates | {"c": self.c[1:]}

    def start_back(self):
        """Begin with no gradient from the right."""
        self.dc.zero_()

    def step_back(self, t, dh):
        """Fill da, and turn dc into that of the step before."""
        (i, f, g, o), y, dc = self.gates[t], self.y[t], self.dc
        da_i, da_f, da_g, da_o = self.da_gates
        through, slope, _ = self.room
        if self.way == "without dc":
            dc.zero_()
        if self.way == "dh overwritten":
            self.from_right = dc.clone()
        sigmoid_back(mul(dh, y, out=slope), o, grad_input=da_o)
        tanh_back(mul(dh, o, out=slope), y, grad_input=through)
        dc += through
        sigmoid_back(mul(dc, g, out=slope), i, grad_input=da_i)
        sigmoid_back(mul(dc, self.c[t], out=slope), f, grad_input=da_f)
        tanh_back(mul(dc, i, out=slope), g, grad_input=da_g)
        dc *= f

    def after(self, t, dh):
        """Go wrong, if that was asked for."""
        if self.way == "cut of 1997":
            dh.zero_()
        if self.way == "dh overwritten":
            _, f, _, o = self.gates[t]
            late = dh * o * (1 - self.y[t] ** 2)
            self.dc = addcmul(self.from_right, late.new_ones(()), late) * f


class GRULoop(Loop):
    """The GRU with the reset after the product; a has the blocks r, z, n and q."""

    def step(self, t):
        """Fill the gates, n = tanh(a_n + r q) and h_t = (1 - z) n + z h_{t-1}."""
        r, z, n, q = self.gates[t]
        self.a[t][:, : 2 * self.H].sigmoid_()
        n.addcmul_(r, q).tanh_()
        torch.lerp(n, self.hs[t], z, out=self.hs[t + 1])

    def inside(self):
        """Return the gates."""
        return dict(zip("rz", self.a.split(self.H, 2), strict=False))

    def step_back(self, t, dh):
        """Fill da, and keep what reaches h_{t-1} through z h_{t-1}."""
        r, _, _, q = self.gates[t]
        da_r, _, da_n, dq = self.da_gates
        slope = self.mix_back(t, dh)
        sigmoid_back(mul(da_n, q, out=slope), r, grad_input=da_r)
        mul(da_n, r, out=dq)

    def mix_back(self, t, dh):
        """Send dh through (1 - z) n + z h_{t-1}: fill da_z and da_n; return room."""
        (_, z, n, *_), (_, da_z, da_n, *_) = self.gates[t], self.da_gates
        slope, self.kept, _ = self.room
        sub(self.hs[t], n, out=slope).mul_(dh)
        sigmoid_back(slope, z, grad_input=da_z)
        mul(dh, z, out=self.kept)
        tanh_back(sub(dh, self.kept, out=slope), n, grad_input=da_n)
        return slope

    def after(self, t, dh):
        """Add what was kept."""
        dh += self.kept


class BeforeLoop(GRULoop):
    """The GRU with the reset before the product; a has the blocks r, z, n."""

    waits = True

    def __init__(self, W, T, B, I):
        super().__init__(W, T, B, I)
        self.s = torch.empty_like(self.hs[1:], memory_format=torch.contiguous_format)

    def step(self, t):
        """Fill the gates, n = tanh(a_n + V (r h_{t-1})) and h_t."""
        r, z, n = self.gates[t]
        self.a[t][:, : 2 * self.H].sigmoid_()
        n.baddbmm_(self.late[0], mul(r, self.hs[t], out=self.s[t])).tanh_()
        torch.lerp(n, self.hs[t], z, out=self.hs[t + 1])

    def step_back(self, t, dh):
        """Fill da and dV, and keep what reaches h_{t-1} through z and r."""
        r, _, _ = self.gates[t]
        da_r, _, da_n = self.da_gates
        slope, ds = self.mix_back(t, dh), self.room[2]
        self.through(t, da_n, ds)
        sigmoid_back(mul(ds, self.hs[t], out=slope), r, grad_input=da_r)
        self.kept.addcmul_(ds, r)

    def through(self, t, da_n, ds):
        """Send da_n through the candidate's matrix V, and add to dV."""
        torch.bmm(self.late[0].transpose(1, 2), da_n, out=ds)
        self.dlate[0].baddbmm_(da_n, self.s[t].transpose(1, 2))


class MinimalLoop(BeforeLoop):
    """The minimal gated unit; a has the blocks f, n."""

    def step(self, t):
        """Fill f, n = tanh(a_n + V (f h_{t-1})) and h_t = (1 - f) h_{t-1} + f n."""
        f, n = self.gates[t]
        f.sigmoid_()
        n.baddbmm_(self.late[0], mul(f, self.hs[t], out=self.s[t])).tanh_()
        torch.lerp(self.hs[t], n, f, out=self.hs[t + 1])

    def inside(self):
        """Return the gate."""
        return {"f": self.a[:, :, : self.H]}

    def step_back(self, t, dh):
        """Fill da and dV, and keep what reaches h_{t-1} through f and 1 - f."""
        f, n = self.gates[t]
        da_f, da_n = self.da_gates
        slope, self.kept, ds = self.room
        mul(dh, f, out=slope)
        sub(dh, slope, out=self.kept)
        tanh_back(slope, n, grad_input=da_n)
        self.through(t, da_n, ds)
        sub(n, self.hs[t], out=slope).mul_(dh).addcmul_(ds, self.hs[t])
        sigmoid_back(slope, f, grad_input=da_f)
        self.kept.addcmul_(ds, f)


def network(seed, H, *, cls=LSTM, weights="orthogonal", outputs="last", **options):
    """Draw a model with two inputs, H units and one output, in float32.

    Parameters
    ----------
    weights : str
        "orthogonal", the module's first weights; or "uniform", as PyTorch draws them
        all: even on ±1/sqrt(H).
    b_i, b_f : float or array, optional
        Added to what stands in the columns of input gate and forget gate.
    """
    rng = np.random.default_rng(seed)
    first = {gate: options.pop(f"b_{gate}", None) for gate in "if"}
    layer = cls(2, H, rng=rng, dtype=np.float32, **options)
    model = Model(layer, Linear(H, 1, rng=rng, dtype=np.float32), outputs)
    if weights == "uniform":
        bench.as_pytorch(model.params, rng, H)
    for gate, value in first.items():
        if value is not None:
            layer.params["b"][layer.columns(gate)] += value
    return model


def batches(task, R, times=1, B=32, seed=0):
    """Yield without end (xs, ys) of R networks, each (R times, B, …).

    ``task(rng, B)`` draws. With `times`, as many groups of R see the same batches.
    """
    rng = np.random.default_rng([12, seed])
    while True:
        parts = (part.reshape(R, B, *part.shape[1:]) for part in task(rng, R * B))
        yield [np.concatenate([part] * times) for part in parts]


def learn(net, draws, level, window, limit, least=0):
    """Train each network until its loss, a mean over a window, is below a level.

    Those that are there leave, but none before `least` updates.

    Returns
    -------
    updates : list of int or None
        After how many updates each was there; None if it was not within the limit.
    end : array, shape (R,)
        The mean losses after `least` updates.
    """
    left, losses = np.arange(len(net.models)), []  # those that still train
    updates, end = [None] * len(left), None
    for n in range(1, limit + 1):
        loss = np.full(len(updates), np.nan)
        loss[left] = net.update(*(part[left] for part in next(draws)))
        losses = [*losses[1 - window :], loss]
        means = np.mean(losses, 0)
        for k in np.flatnonzero(means < level) if n >= window else ():
            updates[k] = updates[k] or n
        if n == least:
            end = means
        if n >= least and n % window == 0:
            stay = np.array([updates[k] is None and loss[k] < np.inf for k in left])
            left = left[stay]
            if not left.size:
                break
            net.keep(np.flatnonzero(stay))
    return updates, end
