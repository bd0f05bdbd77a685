"""Modules of torch.nn beside the layers that are read from them."""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from agreement import error, floats
from nets import flat
from unrolled import interop

TORCH = {
    "RNN": {},
    "RNN, relu": {"nonlinearity": "relu"},
    "RNN, no bias": {"bias": False},
    "LSTM": {},
    "LSTM, no bias": {"bias": False},
    "LSTM, projection": {"proj_size": 2},
    "GRU": {},
    "GRU, no bias": {"bias": False},
}


def module_of(name, I=3, H=3, depth=1, ways=1, dtype=torch.float64, **more):
    """Make a module of torch.nn; its two biases differ, as torch draws them."""
    cls = getattr(torch.nn, name.split(",")[0])
    return cls(I, H, depth, bidirectional=ways == 2, dtype=dtype, batch_first=True,
               **TORCH[name], **more)  # fmt: skip


def by_module(module, case, lengths=None):
    """Run a module forward and backward; return all by our names, in its order.

    With lengths, all of which are 1 or more, it reads a packed sequence.
    """
    xs = torch.tensor(case["xs"], requires_grad=True)
    state = [torch.tensor(part, requires_grad=True) for part in case["state"]]
    first = tuple(state) if len(state) > 1 else state[0]
    if lengths is None:
        hs, last = module(xs, first)
    else:
        rows = pack_padded_sequence(xs, lengths, True, enforce_sorted=False)
        rows, last = module(rows, first)
        hs, _ = pad_packed_sequence(rows, True, total_length=xs.shape[1])
    last = last if isinstance(last, tuple) else (last,)
    loss = (hs * torch.tensor(case["dhs"])).sum()
    for part, d in zip(last, case["dstate"], strict=True):
        loss = loss + (part * torch.tensor(d)).sum()
    module.zero_grad()
    loss.backward()
    want = {"hs": hs, "dxs": xs.grad}
    want |= {f"last {k}": part for k, part in enumerate(last)}
    want |= {f"dfirst {k}": part.grad for k, part in enumerate(state)}
    for name, w in module.named_parameters():
        want[f"d{name}"] = w.grad
    return {name: part.detach().numpy() for name, part in want.items()}


def by_layer(layer, case, depth, ways, gru, mask=None):
    """Run our layer on the same; name and shape everything as torch does."""

    def nest(parts):
        """Give each of depth × ways layers its part of each (depth ways, B, H)."""
        each = [p[0] if len(p) == 1 else tuple(p) for p in zip(*parts, strict=True)]
        if ways == 2:
            each = [*zip(each[::2], each[1::2], strict=True)]
        return each[0] if depth == 1 else tuple(each)

    def unnest(state):
        state = flat(state if isinstance(state, tuple) else (state,))
        kinds = len(case["state"])
        return [np.stack(state[k::kinds]) for k in range(kinds)]

    hs, last = layer.forward(case["xs"], nest(case["state"]), mask)
    dxs, first = layer.backward(case["dhs"], nest(case["dstate"]))
    got = {"hs": hs, "dxs": dxs}
    got |= {f"last {k}": part for k, part in enumerate(unnest(last))}
    got |= {f"dfirst {k}": part for k, part in enumerate(unnest(first))}
    for key, grad in layer.grads.items():
        *way, letter = key.split(".")
        k = way[0] if depth > 1 else "0"
        end = f"_l{k}" + ("_reverse" if "backward" in way else "")
        if letter == "b_hn":
            continue
        names = {"W_x": "weight_ih", "W_h": "weight_hh", "W_proj": "weight_hr"}
        if letter in names:
            got[f"d{names[letter]}{end}"] = grad.T
        else:  # torch adds two biases: their gradients are the same, but for the n
            second = grad.copy()
            if gru:
                H = grad.size // 3
                second[2 * H :] = layer.grads[key[:-1] + "b_hn"]
            got[f"dbias_ih{end}"], got[f"dbias_hh{end}"] = grad, second
    return got


def drawn(name, depth=2, ways=2, I=3, H=3, B=2, T=4, seed=0, read=None):
    """Return a module, what from_torch makes of it, and a case for both."""
    torch.manual_seed(seed)
    module = module_of(name, I, H, depth, ways)
    layer = (read or interop.from_torch)(module)
    rng = np.random.default_rng(seed)
    out = TORCH[name].get("proj_size", H)
    sizes = [out, H] if name.startswith("LSTM") else [out]
    case = {
        "xs": floats(rng, B, T, I),
        "dhs": floats(rng, B, T, ways * out),
        "state": [floats(rng, depth * ways, B, size) for size in sizes],
        "dstate": [floats(rng, depth * ways, B, size) for size in sizes],
    }
    return module, layer, case


def compare_with_torch(name, depth=2, ways=2, *sizes, **more):
    """Return what from_torch makes of a module computes, and what the module does."""
    module, layer, case = drawn(name, depth, ways, *sizes, **more)
    got = by_layer(layer, case, depth, ways, name.startswith("GRU"))
    want = by_module(module, case)
    if not module.bias:
        got = {key: part for key, part in got.items() if not key.startswith("dbias")}
    return got, want


def torch_gap(name, read=None):
    """Return how far from torch a layer is that was read from it.

    I = H, so that every matrix is as wide as high, but for the number of gates.
    """
    got, want = compare_with_torch(name, depth=1, ways=1, read=read)
    return max(error(got[key], want[key], 1.0) for key in got)
