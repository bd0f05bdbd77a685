"""The LSTM with options: one loop, in which each option is a term.

An option that is off leaves its term neutral: peepholes of zero, a gate that is always
open, a projection or a normalisation that changes nothing. So each equation stands here
once, and nothing in the loop asks which variant it is.
"""

from types import SimpleNamespace

import numpy as np

from .activations import Activation, activation
from .layer import rows

EPS = 1e-5  # keeps layer normalisation finite, as in torch.nn.LayerNorm
OPEN = Activation(np.ones_like, np.zeros_like)  # a gate that is missing


def run(layer, x, state):
    """Run a variant over x (T, B, I).

    Parameters
    ----------
    layer : LSTM
        Options and parameters; the tape is left in it.
    x : array, shape (T, B, I)
        The inputs.
    state : list of array
        h_0 (B, P), c_0 (B, H) and, with gate recurrence, the gates (B, 3H).

    Returns
    -------
    tuple of array
        h_1 … h_T as (T, B, P), and the parts of the final state.
    """
    v = _pieces(layer)
    h, c, *gates = (part.copy() for part in state)
    product = (rows(x) @ v.W_x).reshape(*x.shape[:2], v.b.size)
    a_x, norm_x = v.norm(product, v.gain_x)
    steps, hs = [], np.empty((len(x), *h.shape), h.dtype)
    for t in range(len(x)):
        s = SimpleNamespace(h_prev=h, c_prev=c, gates_prev=gates)
        a_h, s.norm_h = v.norm(h @ v.W_h, v.gain_h)
        a = dict(
            zip(v.order, np.split(a_x[t] + a_h + v.b, len(v.order), -1), strict=True)
        )
        v.add_gates(a, gates)
        s.f = v.gate["f"].f(a["f"] + v.p_f * c)
        s.i = v.input_gate(a, c, s.f)
        s.g = v.phi.f(a["g"])
        c = s.f * c + s.i * s.g
        s.o = v.gate["o"].f(a["o"] + v.p_o * c)
        s.c, (seen, s.norm_c) = c, v.norm(c, v.gain_c)
        s.y = v.psi.f(seen + v.b_c)
        h = v.project(s.o * s.y)
        gates = [np.concatenate([s.i, s.f, s.o], -1)] if gates else []
        hs[t] = h
        steps.append(s)
    layer._tape = x, v, norm_x, steps
    return hs, h, c, *gates


def run_back(layer, dhs, dstate):
    """Send gradients back through the last run of a variant.

    Parameters
    ----------
    layer : LSTM
        Its tape is read, and its ``grads`` are filled.
    dhs : array, shape (T, B, P)
        The gradients of the outputs.
    dstate : list of array
        The gradients of the parts of the final state.

    Returns
    -------
    tuple of array
        The gradient of x (T, B, I), and of the parts of the initial state.
    """
    x, v, norm_x, steps = layer._tape
    grads = {name: np.zeros_like(p) for name, p in layer.params.items()}

    def collect(name, grad):
        """Add a step's share to a parameter's gradient, if the variant has it."""
        if name in grads:
            grads[name] += grad

    dh, dc, *dgates = dstate
    das = np.empty((*x.shape[:2], v.b.size), x.dtype)
    for t in reversed(range(len(x))):
        s = steps[t]
        dh = dh + dhs[t]  # from the step to the right, from the output above
        collect("W_proj", (s.o * s.y).T @ dh)
        dm = v.project_back(dh)
        d_i, d_f, d_o = np.split(dgates[0], 3, -1) if dgates else (0.0, 0.0, 0.0)

        da_o = (d_o + dm * s.y) * v.gate["o"].df(s.o)
        dseen = dm * s.o * v.psi.df(s.y)
        collect("b_c", dseen.sum(0))
        dnorm_c, dgain_c = v.norm_back(dseen, v.gain_c, s.norm_c)
        collect("gain_c", dgain_c)
        dc = dc + dnorm_c + da_o * v.p_o  # from the right, through h, through o

        d_i, d_f = d_i + dc * s.g, d_f + dc * s.c_prev
        da_i, d_f = v.input_gate_back(d_i, d_f, s.i)
        da_f = d_f * v.gate["f"].df(s.f)
        da_g = dc * s.i * v.phi.df(s.g)
        for name, da, c in (
            ("p_i", da_i, s.c_prev),
            ("p_f", da_f, s.c_prev),
            ("p_o", da_o, s.c),
        ):
            collect(name, (da * c).sum(0))
        dc = dc * s.f + da_i * v.p_i + da_f * v.p_f

        da = {"i": da_i, "f": da_f, "g": da_g, "o": da_o}
        das[t] = np.concatenate([da[gate] for gate in v.order], -1)
        if dgates:
            da_ifo = np.concatenate([da_i, da_f, da_o], -1)
            collect("W_gates", s.gates_prev[0].T @ da_ifo)
            dgates = [da_ifo @ v.W_gates.T]
        dproduct, dgain_h = v.norm_back(das[t], v.gain_h, s.norm_h)
        collect("gain_h", dgain_h)
        collect("W_h", s.h_prev.T @ dproduct)
        dh = dproduct @ v.W_h.T

    collect("b", rows(das).sum(0))
    dproduct, dgain_x = v.norm_back(das, v.gain_x, norm_x)
    collect("gain_x", dgain_x)
    collect("W_x", rows(x).T @ rows(dproduct))
    layer.grads = grads
    return (rows(dproduct) @ v.W_x.T).reshape(x.shape), dh, dc, *dgates


def _pieces(layer):
    """Choose the terms of one variant, and copy the parameters as they are now."""
    H, zero = layer.hidden_size, np.zeros(layer.hidden_size, layer.dtype)
    v = SimpleNamespace(order=layer.order, p_i=zero, p_f=zero, p_o=zero, b_c=zero)
    v.gain_x = v.gain_h = v.gain_c = None
    for name, p in layer.params.items():
        setattr(v, name, p.copy())
    sigmoid = activation("sigmoid")
    v.gate = {gate: sigmoid if there else OPEN for gate, there in layer.gates.items()}
    v.phi = activation(layer.input_activation)
    v.psi = activation(layer.output_activation)
    v.norm, v.norm_back = (
        (_norm, _norm_back) if layer.layer_norm else (_same, _same_back)
    )

    if layer.coupled:
        v.input_gate = lambda a, c, f: 1 - f
        v.input_gate_back = lambda d_i, d_f, i: (zero, d_f - d_i)
    else:
        v.input_gate = lambda a, c, f: v.gate["i"].f(a["i"] + v.p_i * c)
        v.input_gate_back = lambda d_i, d_f, i: (d_i * v.gate["i"].df(i), d_f)

    if layer.projection_size is None:
        v.project = v.project_back = lambda m: m
    else:
        v.project = lambda m: m @ v.W_proj
        v.project_back = lambda dh: dh @ v.W_proj.T

    def add_gates(a, gates):
        """Let each gate see all gates of the step before."""
        for part in gates:
            seen = part @ v.W_gates
            for k, gate in enumerate("ifo"):
                a[gate] = a[gate] + seen[:, k * H : (k + 1) * H]

    v.add_gates = add_gates
    return v


def _same(a, gain):
    """Normalise nothing."""
    return a, None


def _same_back(da, gain, kept):
    """Send a gradient back through no normalisation."""
    return da, 0.0


def _norm(a, gain):
    """Shift and scale a to mean 0 and variance 1 over the last axis, times a gain."""
    a = a - a.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((a * a).mean(-1, keepdims=True) + a.dtype.type(EPS))
    return a * inverse * gain, (a * inverse, inverse)


def _norm_back(da, gain, kept):
    """Send a gradient back through the normalisation; return it, and the gain's."""
    unit, inverse = kept
    dunit = da * gain
    mean, along = dunit.mean(-1, keepdims=True), (dunit * unit).mean(-1, keepdims=True)
    return (dunit - mean - unit * along) * inverse, rows(da * unit).sum(0)
