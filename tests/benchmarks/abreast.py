"""`Replicates` of a plain layer or an LSTM, ten times as fast: loops by hand.

Autograd makes fresh arrays for everything it keeps, and with many networks that takes
most of the time. Here one layer's loop over the steps is one node of the graph. It
goes back by the boxes of chapters 3 and 8, in arrays that are kept from one update to
the next. The sequences lie along the last axis, so that each gate is one piece.
"""

import torch
from replicates import Replicates
from torch import addcmul, bmm, mul

sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input
tanh_back = torch.ops.aten.tanh_backward.grad_input
relu_back = torch.ops.aten.threshold_backward.grad_input
WAYS = "right", "without dc", "dh overwritten", "cut of 1997"


class Abreast(Replicates):
    """R models with a plain layer or an LSTM, an output of size 1, and no mask.

    Parameters
    ----------
    models, rates, loss, clip
        See `Replicates`. Of the options of an LSTM, only `forget_gate` is heard.
    way : str
        How the LSTM goes back: "right", or with one of the mistakes of chapter 9.
    """

    def __init__(self, models, rates, *, way="right", **options):
        super().__init__(models, rates, **options)
        layer, self.loop = models[0].layer, None
        if type(layer).__name__ == "RNN":
            self.make = lambda *sizes: PlainLoop(*sizes, layer.activation)
        else:
            self.make = lambda *sizes: LSTMLoop(*sizes, way, layer.forget_gate)

    def states(self, xs):
        """Run xs (R, B, T, I); return h_1 … h_T, (T, R, H, B)."""
        xs = torch.as_tensor(xs, dtype=self.rates.dtype)
        p = {name.removeprefix("layer."): value for name, value in self.params.items()}
        W = torch.cat([p["W_x"], p["b"], p["W_h"]], 1).transpose(1, 2).contiguous()
        R, B, T, I = xs.shape
        if self.loop is None or self.loop.u.shape[:2] != (T + 1, R):
            self.loop = self.make(W, T, B, I)
        return Unrolled.apply(W, xs.permute(2, 0, 3, 1), self.loop)

    def forward(self, xs):
        """Return ys, (R, B, T, 1), or (R, B, 1) of the last step, and the states."""
        hs = self.states(xs)
        last = self.models[0].outputs == "last"
        W_y, b_y = self.params["head.W_y"], self.params["head.b_y"]
        ys = W_y.transpose(1, 2) @ (hs[-1:] if last else hs) + b_y  # (T, R, 1, B)
        ys = ys.permute(1, 3, 0, 2)
        return (ys[:, :, 0] if last else ys), hs

    def keep(self, which):
        """Go on with some of the networks alone."""
        self.models = [self.models[n] for n in which]
        self.rates = self.rates[which]
        for kept in (self.params, self.m, self.v):
            for name, value in kept.items():
                kept[name] = value.detach()[which].requires_grad_(kept is self.params)


class Unrolled(torch.autograd.Function):
    """A loop over the steps as one function of its weights."""

    @staticmethod
    def forward(ctx, W, xs, loop):
        """Return h_1 … h_T of a loop."""
        ctx.save_for_backward(W)
        ctx.loop = loop
        return loop.run(W, xs)

    @staticmethod
    def backward(ctx, dhs):
        """Return dW."""
        return ctx.loop.run_back(*ctx.saved_tensors, dhs), None, None


class Loop:
    """What the loops share: u_t = [x_t, 1, h_{t-1}], (R, I + 1 + H, B), and a = W u.

    Parameters
    ----------
    W : tensor, shape (R, kH, I + 1 + H)
        W_x, b and W_h, turned round and side by side.
    T, B, I : int
        How many steps and sequences there are, and the size of an input.
    """

    def __init__(self, W, T, B, I):
        R, kH, K = W.shape
        self.I, self.H, H = I, K - I - 1, K - I - 1
        self.u = W.new_ones(T + 1, R, K, B)
        self.u[0, :, I + 1 :] = 0
        self.a, self.da = W.new_empty(T, R, kH, B), W.new_empty(R, kH, B)
        self.du, self.room = W.new_empty(R, K, B), W.new_empty(3, R, H, B)
        self.hs = self.u[:, :, I + 1 :]

    def run(self, W, xs):
        """Run the steps; return h_1 … h_T."""
        self.u[:-1, :, : self.I] = xs
        for t in range(len(self.a)):
            bmm(W, self.u[t], out=self.a[t])
            self.step(t)
        return self.hs[1:]

    def run_back(self, W, dhs):
        """Go through the steps from the last to the first; return dW."""
        dW, WT = torch.zeros_like(W), W.transpose(1, 2).contiguous()
        self.du.zero_(), self.start_back()
        dh = self.du[:, self.I + 1 :]
        for t in reversed(range(len(self.a))):
            dh += dhs[t]
            self.step_back(t, dh)
            dW.baddbmm_(self.da, self.u[t].transpose(1, 2))
            bmm(WT, self.da, out=self.du)
            self.after(t, dh)
        return dW

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
        self.gates = [a.split(H, 1) for a in self.a]
        self.squashed = [(a[:, : 2 * H], a[:, 3 * H :]) for a in self.a]
        self.da_gates = self.da.split(H, 1)

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
