"""The LSTM: a cell that is added to, and gates that decide what enters, stays, leaves.

First the plain cell, then the cell with options. An option that is off drops out of the
equations: a peephole is 0, a gate is 1, the projection is the identity.
"""

import numpy as np

from . import initialise
from .activations import activation, sigmoid
from .arguments import number, positive
from .recurrent import Recurrent, beside, blocks

EPS = 1e-5  # keeps layer normalisation finite, as in torch.nn.LayerNorm


class LSTM(Recurrent):
    """A recurrent layer with a cell and three gates.

    Parameters
    ----------
    input_size, hidden_size, rng, dtype
        See `Recurrent`.
    peephole : bool
        The gates see the cell: p_i c_{t-1}, p_f c_{t-1} and p_o c_t join their a.
    coupled : bool
        i = 1 - f, and the columns of i are absent: the order is f, g, o.
    input_gate, forget_gate, output_gate : bool
        False holds that gate at 1; its columns stay, and are ignored.
    gate_recurrence : bool
        The gates see all gates of the step before: (i, f, o)_{t-1} W_gates joins
        their a. The state then holds those gates, i f o, as a third part (B, 3H).
    input_activation, output_activation : str
        What stands in place of the tanh of a_g, and of the tanh of c_t.
    forget_bias : float
        The first value of b in the columns of f.
    projection_size : int, optional
        P: h_t = (o tanh(c_t)) W_proj, of size P.
    layer_norm : bool
        Normalise x W_x and h W_h over all columns, those of a missing gate included,
        each with a gain of its own, and the copy of c_t that goes into tanh; the cell
        itself is carried as it is.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, kH), Glorot; ``W_h`` (H or P, kH), orthogonal; ``b`` (kH,); k is 4,
        or 3 if coupled, and the order i f g o. As the options ask: ``p_i``, ``p_f``,
        ``p_o`` (H,); ``W_gates`` (3H, 3H); ``W_proj`` (H, P); ``gain_x``, ``gain_h``
        (kH,), ``gain_c``, ``b_c`` (H,).

    Raises
    ------
    TypeError, ValueError
        If a size or an activation is not what it must be, or two options contradict
        each other.

    Notes
    -----
    Hochreiter and Schmidhuber (1997) with the forget gate of Gers et al. (2000). The
    variants are those of Greff et al. (2017), section 3; projection, Sak et al. (2014);
    layer normalisation, Ba et al. (2016), equations 20 to 22. In units of T·B·H, the
    plain layer keeps 6 + I/H from one pass to the other: four gates, c and h.
    """

    fixed = (
        *Recurrent.fixed, "peephole", "coupled", "input_gate", "forget_gate",
        "output_gate", "gate_recurrence", "input_activation", "output_activation",
        "projection_size", "layer_norm",
    )  # fmt: skip

    def __init__(
        self,
        input_size,
        hidden_size,
        *,
        rng,
        dtype=np.float64,
        peephole=False,
        coupled=False,
        input_gate=True,
        forget_gate=True,
        output_gate=True,
        gate_recurrence=False,
        input_activation="tanh",
        output_activation="tanh",
        forget_bias=0.0,
        projection_size=None,
        layer_norm=False,
    ):
        self.input_gate, self.forget_gate = input_gate, forget_gate
        self.output_gate, self.gate_recurrence = output_gate, gate_recurrence
        self.peephole, self.coupled, self.layer_norm = peephole, coupled, layer_norm
        self.input_activation = input_activation
        self.output_activation = output_activation
        self.projection_size = projection_size
        self._refuse_contradictions(forget_bias)
        super().__init__(input_size, hidden_size, rng=rng, dtype=dtype)
        self.params["b"][self.columns("f")] = forget_bias

    def _refuse_contradictions(self, forget_bias):
        """Raise if an option is unknown, or two contradict each other."""
        gates = self.input_gate, self.forget_gate, self.output_gate
        with_bias = number("forget_bias", forget_bias) != 0
        for contradiction, sentence in (
            (self.coupled and not all(gates[:2]),
             "coupled=True makes i = 1 - f, so it needs both of these gates"),
            (self.gate_recurrence and (self.coupled or not all(gates)),
             "gate_recurrence=True needs three gates of their own"),
            (self.layer_norm and (self.peephole or self.gate_recurrence),
             "layer_norm=True is defined for gates that see x and h alone"),
            (with_bias and not self.forget_gate,
             "forget_bias needs the forget gate, got forget_gate=False"),
        ):  # fmt: skip
            if contradiction:
                raise ValueError(sentence)
        activation(self.input_activation), activation(self.output_activation)
        if self.projection_size is not None:
            positive("projection_size", self.projection_size)

    @property
    def order(self):
        """The gates whose columns stand side by side."""
        return "fgo" if self.coupled else "ifgo"

    @property
    def state_sizes(self):
        """The arrays of the state by letter: h, c, and perhaps the gates i f o."""
        H, P = self.hidden_size, self.projection_size
        sizes = {"h": H if P is None else P, "c": H}
        return sizes | ({"gates": 3 * H} if self.gate_recurrence else {})

    def first_params(self, rng):
        """Draw the parameters that the options ask for."""
        H, P, k = self.hidden_size, self.output_size, len(self.order)
        sizes = k, self.input_size, H
        params = initialise.gates(rng, *sizes, self.dtype, P)
        if self.peephole:
            seeing = [gate for gate in "ifo" if gate in self.order]
            params |= {f"p_{gate}": np.zeros(H, self.dtype) for gate in seeing}
        if self.gate_recurrence:
            params["W_gates"] = initialise.glorot(rng, 3 * H, 3 * H, self.dtype)
        if self.projection_size is not None:
            params["W_proj"] = initialise.glorot(rng, H, P, self.dtype)
        if self.layer_norm:
            gains = {"gain_x": k * H, "gain_h": k * H, "gain_c": H}
            params |= {name: np.ones(n, self.dtype) for name, n in gains.items()}
            params["b_c"] = np.zeros(H, self.dtype)
        return params

    def cell(self):
        """Return the two functions of one step, plain or with options."""
        gates = self.input_gate and self.forget_gate and self.output_gate
        tanh = self.input_activation == self.output_activation == "tanh"
        if gates and tanh and not self.coupled and len(self.params) == 3:
            return self.step, self.step_back
        return self.step_with_options, self.step_back_with_options

    def step(self, w, a_x, h_prev, c_prev):
        """Run one step from h_prev and c_prev (B, H)."""
        a_i, a_f, a_g, a_o = blocks(a_x + h_prev @ w.W_h, 4)
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c = f * c_prev + i * g
        h = o * np.tanh(c)
        return (h, c), (h_prev, c_prev, i, f, g, o, c)

    def step_back(self, w, kept, dh, dc):
        """Send dh and dc (B, H) back through one step."""
        h_prev, c_prev, i, f, g, o, c = kept
        tanh_c = np.tanh(c)
        do = dh * tanh_c
        dc = dc + dh * o * (1 - tanh_c**2)  # from the step to the right, and through h
        di, df, dg = dc * g, dc * c_prev, dc * i
        da_i = di * i * (1 - i)
        da_f = df * f * (1 - f)
        da_g = dg * (1 - g**2)
        da_o = do * o * (1 - o)
        da = beside(da_i, da_f, da_g, da_o)
        dh_prev, dc_prev = da @ w.W_h.T, dc * f
        return (dh_prev, dc_prev), {"a_x": da, "W_h": (h_prev, da)}

    def read(self, w, x):
        """Return a_x of all steps at once: x W_x, normalised if asked for, plus b."""
        if not self.layer_norm:
            return super().read(w, x)
        u, s = normalise(x @ w.W_x)
        return w.gain_x * u + w.b, (x, u, s)

    def read_back(self, w, da_x, kept_x):
        """Return dx, and what reaches W_x, b and gain_x."""
        if not self.layer_norm:
            return super().read_back(w, da_x, kept_x)
        x, u, s = kept_x
        dproduct = normalise_back(w.gain_x * da_x, u, s)
        dx = dproduct @ w.W_x.T
        return dx, {"W_x": (x, dproduct), "b": da_x, "gain_x": da_x * u}

    def step_with_options(self, w, a_x, h_prev, c_prev, *gates_prev):
        """Run one step from h_prev (B, P), c_prev (B, H) and perhaps gates (B, 3H)."""
        f_in, f_out = map(activation, (self.input_activation, self.output_activation))
        p_i, p_f, p_o = self._peepholes(w)
        product, norm_h, norm_c = h_prev @ w.W_h, None, None
        if self.layer_norm:
            norm_h = normalise(product)
            product = w.gain_h * norm_h[0]
        a = dict(zip(self.order, blocks(a_x + product, len(self.order)), strict=True))
        for gates in gates_prev:  # the gates of the step before, if they are seen
            for gate, term in zip("ifo", blocks(gates @ w.W_gates, 3), strict=True):
                a[gate] = a[gate] + term
        one = np.ones_like(c_prev)
        f = sigmoid(a["f"] + p_f * c_prev) if self.forget_gate else one
        if self.coupled:
            i = 1 - f
        else:
            i = sigmoid(a["i"] + p_i * c_prev) if self.input_gate else one
        g = f_in.f(a["g"])
        c = f * c_prev + i * g
        o = sigmoid(a["o"] + p_o * c) if self.output_gate else one
        c_seen = c
        if self.layer_norm:
            norm_c = normalise(c)
            c_seen = w.gain_c * norm_c[0] + w.b_c
        c_out = f_out.f(c_seen)
        m = o * c_out
        h = m if self.projection_size is None else m @ w.W_proj
        kept = h_prev, c_prev, gates_prev, i, f, g, o, c, c_out, norm_h, norm_c
        return (h, c, *([beside(i, f, o)] if gates_prev else [])), kept

    def step_back_with_options(self, w, kept, dh, dc, *dgates):
        """Send dh (B, P), dc (B, H) and perhaps dgates (B, 3H) back one step."""
        h_prev, c_prev, gates_prev, i, f, g, o, c, c_out, norm_h, norm_c = kept
        f_in, f_out = map(activation, (self.input_activation, self.output_activation))
        p_i, p_f, p_o = self._peepholes(w)
        received, dm = {}, dh
        if self.projection_size is not None:
            dm, received["W_proj"] = dh @ w.W_proj.T, (o * c_out, dh)
        di, df, do = (
            blocks(dgates[0], 3) if dgates else (0.0, 0.0, 0.0)
        )  # from the right

        da_o = (do + dm * c_out) * o * (1 - o)  # zero if o is held at 1
        dc_seen = dm * o * f_out.df(c_out)
        if self.layer_norm:
            received |= {"b_c": dc_seen, "gain_c": dc_seen * norm_c[0]}
            dc_seen = normalise_back(w.gain_c * dc_seen, *norm_c)
        dc = dc + dc_seen + da_o * p_o  # from the right, through h, through o

        di, df, dg = di + dc * g, df + dc * c_prev, dc * i
        if self.coupled:  # i = 1 - f: what i receives goes to f, its sign turned
            di, df = 0 * di, df - di
        da_i, da_f = di * i * (1 - i), df * f * (1 - f)
        da_g = dg * f_in.df(g)
        dc_prev = dc * f + da_i * p_i + da_f * p_f

        da_of = {"i": da_i, "f": da_f, "g": da_g, "o": da_o}
        da = beside(*map(da_of.get, self.order))
        for gate, cell in zip("ifo", (c_prev, c_prev, c), strict=True):
            if f"p_{gate}" in self.params:
                received[f"p_{gate}"] = da_of[gate] * cell
        dgates_prev = []
        for gates in gates_prev:
            da_ifo = beside(da_i, da_f, da_o)
            dgates_prev = [da_ifo @ w.W_gates.T]
            received["W_gates"] = gates, da_ifo
        dproduct = da
        if self.layer_norm:
            received["gain_h"] = da * norm_h[0]
            dproduct = normalise_back(w.gain_h * da, *norm_h)
        dh_prev = dproduct @ w.W_h.T
        received |= {"a_x": da, "W_h": (h_prev, dproduct)}
        return (dh_prev, dc_prev, *dgates_prev), received

    def _peepholes(self, w):
        """Return p_i, p_f, p_o; zero for what is not there."""
        return [getattr(w, f"p_{gate}", 0.0) for gate in "ifo"]


def normalise(a):
    """Return a with mean 0 and variance 1 over the last axis, and its deviation s."""
    a = a - a.mean(axis=-1, keepdims=True)
    s = np.sqrt((a * a).mean(axis=-1, keepdims=True) + a.dtype.type(EPS))
    return a / s, s


def normalise_back(du, u, s):
    """Send the gradient of u = normalise(a) back to a: chapter 10's box."""
    mean, along = du.mean(-1, keepdims=True), (du * u).mean(-1, keepdims=True)
    return (du - mean - u * along) / s
