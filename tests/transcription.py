"""The equations of every recurrent layer as the papers print them, in plain torch.

Written gate by gate, from the papers and the docstrings, with nothing shared and
nothing fused; autograd differentiates them in float64. Beside them, ``torch.nn`` where
it has the model. A step takes (B, H) with weights (I, kH), or R of each, with R in
front and vectors as (R, 1, kH).
"""

import numpy as np
import torch
from torch.nn.functional import layer_norm

EPS = 1e-5  # of torch.nn.LayerNorm
F = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": lambda a: a,
}
sigmoid = torch.sigmoid


def rnn(p, x, h, activation="tanh"):
    """Elman (1990)."""
    return (F[activation](x @ p["W_x"] + h @ p["W_h"] + p["b"]),)


def gru(p, x, h, reset="after"):
    """Cho et al. (2014): the reset after the product, or before it."""
    W_r, W_z, W_n = p["W_x"].chunk(3, -1)
    U_r, U_z, U_n = p["W_h"].chunk(3, -1)
    b_r, b_z, b_n = p["b"].chunk(3, -1)
    r = sigmoid(x @ W_r + h @ U_r + b_r)
    z = sigmoid(x @ W_z + h @ U_z + b_z)
    if reset == "after":
        n = torch.tanh(x @ W_n + b_n + r * (h @ U_n + p["b_hn"]))
    else:
        n = torch.tanh(x @ W_n + b_n + (r * h) @ U_n)
    return ((1 - z) * n + z * h,)


def mgu(p, x, h):
    """Zhou et al. (2016), equations 4 to 6."""
    W_f, W_n = p["W_x"].chunk(2, -1)
    U_f, U_n = p["W_h"].chunk(2, -1)
    b_f, b_n = p["b"].chunk(2, -1)
    f = sigmoid(x @ W_f + h @ U_f + b_f)
    n = torch.tanh(x @ W_n + (f * h) @ U_n + b_n)
    return ((1 - f) * h + f * n,)


def lstm(
    p,
    x,
    h,
    c,
    gates=None,
    *,
    peephole=False,
    coupled=False,
    input_gate=True,
    forget_gate=True,
    output_gate=True,
    gate_recurrence=False,
    input_activation="tanh",
    output_activation="tanh",
    projection_size=None,
    layer_norm=False,
    forget_bias=0.0,
):
    """Greff et al. (2017), section 3; Sak et al. (2014); Ba et al. (2016), eq. 20-22.

    The forget bias is a first value only, and so is not seen here.
    """
    letters = "fgo" if coupled else "ifgo"
    of_x, of_h = x @ p["W_x"], h @ p["W_h"]
    if layer_norm:
        of_x, of_h = normal(of_x, p["gain_x"]), normal(of_h, p["gain_h"])
    a = (of_x + of_h + p["b"]).chunk(len(letters), -1)
    a = dict(zip(letters, a, strict=True))

    if gate_recurrence:  # nine matrices, from each gate to each
        H = c.shape[-1]
        before = dict(zip("ifo", gates.split(H, -1), strict=True))
        for row, source in enumerate("ifo"):
            for column, target in enumerate("ifo"):
                R = p["W_gates"][..., row * H :, column * H :][..., :H, :H]
                a[target] = a[target] + before[source] @ R

    def see(gate, cell):
        return a[gate] + p[f"p_{gate}"] * cell if peephole else a[gate]

    f = sigmoid(see("f", c)) if forget_gate else torch.ones_like(c)
    if coupled:
        i = 1 - f
    else:
        i = sigmoid(see("i", c)) if input_gate else torch.ones_like(c)
    c = f * c + i * F[input_activation](a["g"])
    o = sigmoid(see("o", c)) if output_gate else torch.ones_like(c)
    copy = normal(c, p["gain_c"], p["b_c"]) if layer_norm else c
    h = o * F[output_activation](copy)
    if projection_size is not None:
        h = h @ p["W_proj"]
    return (h, c, torch.cat([i, f, o], -1)) if gate_recurrence else (h, c)


def normal(a, gain, bias=0.0):
    """Layer normalisation as torch has it, with a gain and a bias."""
    return layer_norm(a, a.shape[-1:], eps=EPS) * gain + bias


STEPS = {"RNN": rnn, "LSTM": lstm, "GRU": gru, "MGU": mgu}


def tensors(case):
    """Return the arrays of a case as leaves of a graph."""
    return {k: torch.tensor(v, requires_grad=True) for k, v in case.arrays().items()}


def collect(case, hs, state, leaves):
    """Weight the outputs as the case does, and return everything by name."""
    loss = (hs * torch.tensor(np.array(case.dhs, float))).sum()
    for part, dpart in zip(state, case.parts(case.dstate).values(), strict=True):
        loss = loss + (part * torch.tensor(np.array(dpart, float))).sum()
    loss = loss + sum(0 * leaf.sum() for leaf in leaves.values())  # some are ignored
    grads = torch.autograd.grad(loss, leaves.values())
    names = [f"{name}_T" for name in case.layer.state_sizes]
    results = {"hs": hs, **dict(zip(names, state, strict=True))}
    results |= {f"d{k}": grad for k, grad in zip(leaves, grads, strict=True)}
    return {name: tensor.detach().numpy() for name, tensor in results.items()}


def by_transcription(case):
    """Run the equations over a case, step by step."""
    leaves = tensors(case)
    state = tuple(leaves[f"{name}_0"] for name in case.layer.state_sizes)
    hs = []
    for x in leaves["xs"].unbind(1):
        state = STEPS[case.cls.__name__](leaves, x, *state, **case.options)
        hs.append(state[0])
    B, T, _, _ = case.shape
    hs = torch.stack(hs, 1) if T else torch.zeros(B, 0, case.layer.output_size).double()
    return collect(case, hs, state, leaves)


def by_torch_nn(case):
    """Run the layer of torch.nn over a case, with the leaves in place of its weights.

    The second bias of torch.nn is zero, but for the candidate of the GRU.
    """
    leaves = tensors(case)
    _, _, I, H = case.shape
    options = {"RNN": {"nonlinearity": case.options.get("activation", "tanh")}}
    options["LSTM"] = {"proj_size": case.options.get("projection_size") or 0}
    name = case.cls.__name__
    net = getattr(torch.nn, name)(I, H, batch_first=True, **options.get(name, {}))
    second = torch.zeros_like(leaves["b"])
    if "b_hn" in leaves:
        second = torch.cat([second[: 2 * H], leaves["b_hn"]])
    weights = {
        "weight_ih_l0": leaves["W_x"].T,
        "weight_hh_l0": leaves["W_h"].T,
        "bias_ih_l0": leaves["b"],
        "bias_hh_l0": second,
    }
    if "W_proj" in leaves:
        weights["weight_hr_l0"] = leaves["W_proj"].T
    state = tuple(leaves[f"{part}_0"][None] for part in case.layer.state_sizes)
    state = state if len(state) > 1 else state[0]
    hs, last = torch.func.functional_call(net.double(), weights, (leaves["xs"], state))
    last = last if isinstance(last, tuple) else (last,)
    return collect(case, hs, [part[0] for part in last], leaves)
