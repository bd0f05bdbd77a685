"""The LSTM: a cell that is added to, and gates that decide what enters, stays, leaves.

Here are the layer, its options, and the loops of the plain one. Each option's changed
equations are in `lstm_variants`.
"""

import numpy as np

from . import initialise, lstm_variants
from .activations import activation
from .arguments import generator, positive
from .layer import Recurrent, block_length, rows, transposed


class LSTM(Recurrent):
    """A recurrent layer with a cell and three gates.

    The plain layer, with a_t = x_t W_x + h_{t-1} W_h + b cut into the columns of i, f,
    g and o, computes

        i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o);  g = tanh(a_g)
        c_t = f c_{t-1} + i g;  h_t = o tanh(c_t)

    Parameters
    ----------
    input_size : int
        I, the size of x_t.
    hidden_size : int
        H, the size of c_t, and of h_t unless it is projected.
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
    rng : numpy.random.Generator
        Where the first weights come from.
    dtype : data type
        float32 or float64; it rules everything that the layer computes.

    Attributes
    ----------
    params : dict
        ``W_x`` (I, kH), Glorot; ``W_h`` (H or P, kH), orthogonal; ``b`` (kH,); k is 4,
        or 3 if coupled, and the order i f g o. As the options ask: ``p_i``, ``p_f``,
        ``p_o`` (H,); ``W_gates`` (3H, 3H); ``W_proj`` (H, P); ``gain_x``, ``gain_h``
        (kH,), ``gain_c``, ``b_c`` (H,).
    grads : dict
        The gradients of the same names and shapes, after ``backward``.

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
        super().__init__(input_size, hidden_size, dtype)
        rng = generator(rng)
        gates = {"i": input_gate, "f": forget_gate, "o": output_gate}
        _refuse(
            coupled and not (input_gate and forget_gate),
            "coupled=True makes i = 1 - f, so it needs both of these gates",
        )
        _refuse(
            gate_recurrence and (coupled or not all(gates.values())),
            "gate_recurrence=True needs three gates of their own",
        )
        _refuse(
            layer_norm and (peephole or gate_recurrence),
            "layer_norm=True is defined for gates that see x and h alone",
        )
        _refuse(forget_bias and not forget_gate,
                "forget_bias needs the forget gate, got forget_gate=False")  # fmt: skip
        self.peephole, self.coupled, self.gates = peephole, coupled, gates
        self.gate_recurrence, self.layer_norm = gate_recurrence, layer_norm
        self.input_activation = input_activation
        self.output_activation = output_activation
        activation(input_activation), activation(output_activation)

        I, H = self.input_size, self.hidden_size
        self.projection_size = projection_size
        projected = projection_size is not None
        P = positive("projection_size", projection_size) if projected else H
        self.order = "fgo" if coupled else "ifgo"
        self.state_sizes = {"h": P, "c": H}
        params = initialise.gates(rng, len(self.order), I, H, self.dtype, P)
        params["b"][self.columns("f")] = forget_bias
        if peephole:
            seeing = [gate for gate in "ifo" if gate in self.order]
            params |= {f"p_{gate}": np.zeros(H, self.dtype) for gate in seeing}
        if gate_recurrence:
            self.state_sizes["gates"] = 3 * H
            params["W_gates"] = initialise.glorot(rng, 3 * H, 3 * H, self.dtype)
        if projected:
            params["W_proj"] = initialise.glorot(rng, H, P, self.dtype)
        if layer_norm:
            wide, narrow = np.ones(params["b"].size, self.dtype), np.ones(H, self.dtype)
            params |= {"gain_x": wide, "gain_h": wide.copy()}
            params |= {"gain_c": narrow, "b_c": np.zeros(H, self.dtype)}
        self._declare(**params)
        plain = params.keys() == {"W_x", "W_h", "b"} and not coupled
        tanh = input_activation == output_activation == "tanh"
        self._is_plain = plain and tanh and all(gates.values())

    def columns(self, gate):
        """Return the slice of the columns of "i", "f", "g" or "o"."""
        H, k = self.hidden_size, self.order.index(gate)
        return slice(k * H, (k + 1) * H)

    def _run(self, x, state, *weights):
        """Run the layer over x (T, B, I + 1); return hs and the final state."""
        if self._is_plain:
            return self._run_plain(x, state, *weights)
        return lstm_variants.run(self, x[..., :-1].copy(), state)

    def _run_back(self, dhs, *dstate):
        """Send dhs (T, B, H) and dstate back; return dx and that of the first state."""
        if self._is_plain:
            return self._run_plain_back(dhs, *dstate)
        return lstm_variants.run_back(self, dhs, dstate)

    def _run_plain(self, x, state, W_x, W_h, b):
        """Run the plain layer over x (T, B, I + 1); return hs, h and c."""
        T, B, _ = x.shape
        H = self.hidden_size
        a = self._buffer("a", T, B, 4 * H)
        gates = a.reshape(T, 4, B, H)  # take the place of a_t: each gate in one piece
        h, c = self._states(T, *state)

        # One tanh for all four: sigmoid(a) = 1/2 + 1/2 tanh(a / 2), and the inner half
        # goes into the weights.
        fold = np.full(4 * H, 0.5, self.dtype)
        fold[self.columns("g")] = 1
        W_x = self._with_bias(W_x, b, fold)
        W_h = np.multiply(W_h, fold, self._buffer("W_h", *W_h.shape))
        np.matmul(rows(x), W_x, out=rows(a))  # all steps at once
        p, u = self._buffer("p", B, 4 * H), self._buffer("u", B, H)
        p_gates = p.reshape(B, 4, H).swapaxes(0, 1)
        scale = np.tile(fold, (B, 1))
        shift = np.full((4, B, H), 0.5, self.dtype)
        shift[2] = 0
        dot, add, multiply, tanh = np.dot, np.add, np.multiply, np.tanh
        parts = gates.swapaxes(0, 1)
        views = self._steps("forward", a, gates, *parts, c[:-1], c[1:], h[:-1], h[1:])
        for a_t, gates_t, i, f, g, o, c_prev, c_t, h_prev, h_t in views:
            add(a_t, dot(h_prev, W_h, p), p)  # a_t = x_t W_x + h_{t-1} W_h + b
            multiply(tanh(p, p), scale, p)
            add(p_gates, shift, gates_t)  # i, f, g, o
            multiply(f, c_prev, c_t)
            add(c_t, multiply(i, g, u), c_t)  # c_t = f c_{t-1} + i g
            multiply(o, tanh(c_t, h_t), h_t)  # h_t = o tanh(c_t)
        self._tape = x, a, c, h, W_x, W_h
        return h[1:], h[T], c[T]

    def _run_plain_back(self, dhs, dh_T, dc_T):
        """Send dhs (T, B, H), dh and dc back through the plain layer."""
        x, a, c, h, W_x, W_h = self._tape
        T, B, H = dhs.shape
        unfold = np.full(4 * H, 2, self.dtype)
        unfold[self.columns("g")] = 1
        W_x *= unfold
        W_h *= unfold
        W_hT = transposed(W_h, B)

        dh, dc, u = (self._buffer(name, B, H) for name in ("dh", "dc", "u"))
        dh[...], dc[...] = dh_T, dc_T
        gates = a.reshape(T, 4, B, H)
        da = a.reshape(T, B, 4, H).swapaxes(1, 2)  # takes the place of the gates
        steps = self._steps("backward", a, da[:, :3], da[:, 3])
        block = block_length(T, 6 * dc.nbytes)
        slopes = self._buffer("slopes", block, 6, B, H)
        kept = self._steps("block", slopes[:, :3], *slopes[:, 3:].swapaxes(0, 1))
        dot, add, multiply = np.dot, np.add, np.multiply
        for stop in range(T, 0, -block):
            now = slice(max(0, stop - block), stop)
            n = stop - now.start
            self._slopes(gates[now], c[now.start : stop + 1], h[1:][now], slopes[:n])
            views = zip(steps[now], kept[:n], dhs[now], strict=True)
            for (da_t, da_ifg, da_o), (ifg, o, m, f), dh_t in reversed([*views]):
                add(dh, dh_t, dh)  # from the step to the right, from the output above
                add(dc, multiply(dh, m, u), dc)  # from the right, and through tanh(c)
                multiply(o, dh, da_o)
                multiply(ifg, dc, da_ifg)
                multiply(dc, f, dc)
                dot(da_t, W_hT, dh)

        # The sums over time and batch, each in one product.
        dW_x, dW_h = rows(x).T @ rows(a), rows(h[:-1]).T @ rows(a)
        self.grads = {"W_x": dW_x[:-1], "W_h": dW_h, "b": dW_x[-1]}
        np.matmul(rows(a), W_x.T, out=rows(x))  # dx takes the place of x
        return x[..., :-1], dh, dc

    def _slopes(self, gates, c, h, slopes):
        """Fill the slopes of a few steps, from their gates, cells and outputs.

        With dh and dc of a step at hand, da_o = dh tanh(c) o', and m = o tanh'(c) takes
        dh to dc; then da_i, da_f, da_g are dc times g i', c_{t-1} f', i g'; and f is
        what is left of dc for the step before.
        """
        multiply, subtract = np.multiply, np.subtract
        i, f, g, o = gates.swapaxes(0, 1)
        to_i, to_f, to_g, to_o, m, kept = slopes.swapaxes(0, 1)
        ig = multiply(i, g, kept)
        subtract(ig, multiply(ig, i, to_i), to_i)  # i g - (i g) i
        subtract(i, multiply(ig, g, to_g), to_g)  # i - (i g) g
        cf = multiply(c[:-1], f, kept)
        subtract(cf, multiply(cf, f, to_f), to_f)  # c f - (c f) f
        subtract(h, multiply(h, o, to_o), to_o)  # o y - (o y) o, y = tanh(c), h = o y
        y = np.tanh(c[1:], kept)
        subtract(o, multiply(h, y, m), m)  # o - (o y) y
        kept[...] = f


def _refuse(nonsense, sentence):
    """Raise if two options contradict each other."""
    if nonsense:
        raise ValueError(sentence)
