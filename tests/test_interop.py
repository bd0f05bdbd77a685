"""Weights of torch.nn and Keras, run there and here, and variants that are refused."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from agreement import assert_agree, error, floats
from cases import VARIANTS, Case
from nets import flat
from unrolled import GRU, LSTM, RNN, Bidirectional, Checkpointed, Stack, interop

SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**32 - 1)
BOTH = st.sampled_from([np.float64, np.float32])


def refusal(sentence):
    """Expect a whole sentence."""
    return pytest.raises((TypeError, ValueError), match=f"^{re.escape(sentence)}$")


def make(cls=RNN, I=3, H=3, dtype=np.float64, seed=0, **options):
    """Make a layer with weights of which none is zero."""
    return Case(cls, options, I=I, H=H, dtype=dtype, seed=seed).layer


def assert_same_layer(got, want):
    """Hold a layer against another: class, parameters, bit for bit."""
    assert type(got) is type(want)
    assert got.params.keys() == want.params.keys()
    assert got.dtype == want.dtype
    for name, p in want.params.items():
        assert got.params[name].dtype == p.dtype
        np.testing.assert_array_equal(got.params[name], p, err_msg=name)


def rows(depth, ways, part):
    """Put layers into a stack, with one or two directions."""
    grid = [[part(k, d) for d in range(ways)] for k in range(depth)]
    layers = [Bidirectional(*row) if ways == 2 else row[0] for row in grid]
    return layers[0] if depth == 1 else Stack(layers)


# --- torch.nn -----------------------------------------------------------------------

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


def by_module(module, case):
    """Run a module forward and backward; return all by our names, in its order."""
    xs = torch.tensor(case["xs"], requires_grad=True)
    state = [torch.tensor(part, requires_grad=True) for part in case["state"]]
    hs, last = module(xs, tuple(state) if len(state) > 1 else state[0])
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


def by_layer(layer, case, depth, ways, gru):
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

    hs, last = layer.forward(case["xs"], nest(case["state"]))
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


def compare_with_torch(name, depth=2, ways=2, I=3, H=3, B=2, T=4, seed=0, read=None):
    """Return what from_torch makes of a module computes, and what the module does."""
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
    got = by_layer(layer, case, depth, ways, name.startswith("GRU"))
    want = by_module(module, case)
    if not module.bias:
        got = {key: part for key, part in got.items() if not key.startswith("dbias")}
    return got, want


@given(st.sampled_from([*TORCH]), st.integers(1, 3), st.integers(1, 2),
       SIZE, st.integers(3, 5), SIZE, st.integers(1, 5), SEED)  # fmt: skip
def test_a_layer_from_torch_computes_what_the_module_does(
    name, depth, ways, I, H, B, T, seed
):
    got, want = compare_with_torch(name, depth, ways, I, H, B, T, seed)
    assert_agree(got, want, np.float64)


LEAVES = {
    "RNN": (RNN, {}),
    "relu": (RNN, {"activation": "relu"}),
    "LSTM": (LSTM, {}),
    "projection": (LSTM, {"projection_size": 2}),
    "GRU": (GRU, {}),
}


@given(st.sampled_from([*LEAVES]), st.integers(1, 3), st.integers(1, 2),
       SIZE, st.integers(3, 5), BOTH, SEED)  # fmt: skip
def test_to_torch_and_back_bit_for_bit(name, depth, ways, I, H, dtype, seed):
    cls, options = LEAVES[name]
    out = ways * options.get("projection_size", H)

    def part(k, d):
        return make(cls, out if k else I, H, dtype, (seed + 7 * k + d) % 2**32,
                    **options)  # fmt: skip

    layer = rows(depth, ways, part)
    module = interop.to_torch(layer)
    assert {str(w.dtype) for w in module.parameters()} == {f"torch.{layer.dtype}"}
    assert_same_layer(interop.from_torch(module), layer)
    xs = floats(np.random.default_rng(seed), 2, 3, I).astype(dtype)
    got = module(torch.tensor(xs))[0].detach().numpy()
    assert error(layer.forward(xs)[0], got, 1.0) < (
        1e-10 if dtype is np.float64 else 1e-5
    )


def test_a_module_survives_but_for_the_split_of_its_biases():
    torch.manual_seed(0)
    for name in TORCH:
        module = module_of(name, depth=2, ways=2)
        again = interop.to_torch(interop.from_torch(module))
        xs = torch.tensor(floats(np.random.default_rng(0), 2, 4, 3))
        np.testing.assert_allclose(again(xs)[0].detach(), module(xs)[0].detach(),
                                   rtol=0, atol=1e-14)  # fmt: skip


def test_the_second_bias_is_zero_but_for_that_behind_the_reset():
    layer = make(GRU)
    module = interop.to_torch(layer)
    assert not interop.to_torch(make(LSTM)).bias_hh_l0.any()
    assert not module.bias_hh_l0[:6].any()
    np.testing.assert_array_equal(module.bias_hh_l0[6:].detach(), layer.params["b_hn"])


def test_dropout_goes_along_and_needs_a_source():
    module = module_of("GRU", depth=2, dropout=0.25)
    with refusal("rng must come from np.random.default_rng(seed), got None"):
        interop.from_torch(module)
    stack = interop.from_torch(module.eval(), rng=np.random.default_rng(0))
    assert stack.dropout == 0.25 and not stack.training
    xs = floats(np.random.default_rng(0), 2, 4, 3)
    want = module(torch.tensor(xs))[0].detach().numpy()
    assert error(stack.forward(xs)[0], want, 1.0) < 1e-12
    again = interop.to_torch(stack)
    assert again.dropout == 0.25 and not again.training
    with pytest.warns(UserWarning, match="dropout"):  # torch: it acts between layers
        alone = module_of("GRU", dropout=0.25)
    assert type(interop.from_torch(alone)) is GRU


def test_batch_first_or_not_the_weights_are_the_same():
    module = torch.nn.LSTM(3, 2)
    layer = interop.from_torch(module)
    xs = floats(np.random.default_rng(0), 2, 4, 3).astype(np.float32)
    want = module(torch.tensor(xs.swapaxes(0, 1)))[0].detach().numpy().swapaxes(0, 1)
    assert error(layer.forward(xs)[0], want, 1.0) < 1e-6


ONE_KIND = "torch.nn stacks layers of one kind and size, got "


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (lambda: Stack([make(H=3), make(H=4)]),
         ONE_KIND + "RNN of H = 3 with tanh, one way; RNN of H = 4 with tanh, one way"),
        (lambda: Stack([make(LSTM), make(GRU)]),
         ONE_KIND + "LSTM of H = 3, one way; GRU of H = 3, one way"),
        (lambda: Stack([make(), make(activation="relu")]),
         ONE_KIND + "RNN of H = 3 with tanh, one way; RNN of H = 3 with relu, one way"),
        (lambda: Stack([make(LSTM), make(LSTM, projection_size=2)]),
         ONE_KIND + "LSTM of H = 3, one way; LSTM of H = 3 and P = 2, one way"),
        (lambda: Stack([make(GRU), Bidirectional(make(GRU), make(GRU))]),
         ONE_KIND + "GRU of H = 3, one way; GRU of H = 3, both ways"),
        (lambda: make(LSTM, projection_size=3),
         "torch.nn.LSTM projects to less than H = 3, got P = 3"),
        (lambda: Stack([make(), make()], 0.5, shared=True, rng=np.random.default_rng()),
         "torch.nn.RNN has no dropout shared by all steps"),
    ],
)  # fmt: skip
def test_stacks_that_torch_has_not(layer, sentence):
    with refusal(sentence):
        interop.to_torch(layer())


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (lambda: torch.nn.Linear(2, 3),
         "module must be a torch.nn.RNN, LSTM or GRU, got Linear"),
        (lambda: torch.nn.LSTMCell(2, 3),
         "module must be a torch.nn.RNN, LSTM or GRU, got LSTMCell"),
        (lambda: make(LSTM), "module must be a torch.nn.RNN, LSTM or GRU, got LSTM"),
        (lambda: torch.nn.GRU(2, 3, dtype=torch.float16),
         "module must be of type float32 or float64, got float16"),
        (lambda: torch.nn.GRU(2, 3, dtype=torch.bfloat16),
         "module must be of type float32 or float64, got bfloat16"),
    ],
)  # fmt: skip
def test_modules_that_are_refused(module, sentence):
    with refusal(sentence):
        interop.from_torch(module())


# --- Keras --------------------------------------------------------------------------
# Its layers, written from the equations that its documentation gives.


def keras_sigmoid(a):
    return 1 / (1 + np.exp(-a))


KERAS_F = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "sigmoid": keras_sigmoid,
    "linear": lambda a: a,
}


def keras_simple_rnn(x, h, kernel, recurrent, bias, f):
    return [f(x @ kernel + h @ recurrent + bias)]


def keras_lstm(x, h, c, kernel, recurrent, bias, f):
    z = x @ kernel + h @ recurrent + bias
    z_i, z_f, z_c, z_o = np.split(z, 4, axis=1)
    c = keras_sigmoid(z_f) * c + keras_sigmoid(z_i) * f(z_c)
    return [keras_sigmoid(z_o) * f(c), c]


def keras_gru(x, h, kernel, recurrent, bias, f):
    U_z, U_r, U_h = np.split(recurrent, 3, axis=1)
    if bias.ndim == 2:  # reset_after
        x_z, x_r, x_h = np.split(x @ kernel + bias[0], 3, axis=1)
        in_z, in_r, in_h = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = keras_sigmoid(x_z + in_z), keras_sigmoid(x_r + in_r)
        candidate = f(x_h + r * in_h)
    else:
        x_z, x_r, x_h = np.split(x @ kernel + bias, 3, axis=1)
        z, r = keras_sigmoid(x_z + h @ U_z), keras_sigmoid(x_r + h @ U_r)
        candidate = f(x_h + (r * h) @ U_h)
    return [z * h + (1 - z) * candidate]


KERAS = {
    "SimpleRNN": (keras_simple_rnn, 1),
    "LSTM": (keras_lstm, 4),
    "GRU": (keras_gru, 3),
}
KERAS_CASES = [
    *((kind, f, True) for kind in ("SimpleRNN", "LSTM") for f in KERAS_F),
    ("GRU", "tanh", True),
    ("GRU", "tanh", False),
]


def by_keras(kind, weights, activation, xs, state):
    """Run a Keras layer; return its outputs, and its last state."""
    step, _ = KERAS[kind]
    hs = []
    for t in range(xs.shape[1]):
        state = step(xs[:, t], *state, *weights, KERAS_F[activation])
        hs.append(state[0])
    return [np.stack(hs, axis=1), *state]


def keras_weights(rng, kind, I, H, reset_after, dtype=np.float64):
    """Draw what get_weights of Keras gives."""
    k = KERAS[kind][1]
    bias = (2, k * H) if kind == "GRU" and reset_after else (k * H,)
    shapes = (I, k * H), (H, k * H), bias
    return [floats(rng, *shape, low=-1, high=1).astype(dtype) for shape in shapes]


def keras_difference(kind, activation, reset_after, *, I=3, H=3, B=2, T=4, seed=0,
                     read=None, write=None):  # fmt: skip
    """Return how far from Keras a layer is that was read, and one that was written."""
    rng = np.random.default_rng(seed)
    weights = keras_weights(rng, kind, I, H, reset_after)
    options = {"activation": activation, "reset_after": reset_after}
    layer = (read or interop.from_keras)(kind, weights, **options)
    xs = floats(rng, B, T, I)
    state = [floats(rng, B, H) for _ in range(2 if kind == "LSTM" else 1)]
    hs, last = layer.forward(xs, state if kind == "LSTM" else state[0])
    ours = [hs, *last] if kind == "LSTM" else [hs, last]
    theirs = by_keras(kind, weights, activation, xs, state)
    first = max(error(a, b, 1.0) for a, b in zip(ours, theirs, strict=True))

    variant = keras_variant(type(layer), activation, reset_after)
    mine = make(type(layer), I, H, seed=seed, **variant)
    hs, _ = mine.forward(xs, state if kind == "LSTM" else state[0])
    given = (write or interop.to_keras)(mine)
    second = error(hs, by_keras(kind, given, activation, xs, state)[0], 1.0)
    return first, second


@given(st.sampled_from(KERAS_CASES), SIZE, SIZE, SIZE, st.integers(1, 5), SEED)
def test_layers_of_keras_are_those_of_its_equations(case, I, H, B, T, seed):
    sizes = {"I": I, "H": H, "B": B, "T": T, "seed": seed}
    first, second = keras_difference(*case, **sizes)
    assert first < 1e-12
    assert second < 1e-12


def keras_variant(cls, activation, reset_after):
    """Return the options with which our layer is that of Keras."""
    f = {"linear": "identity"}.get(activation, activation)
    return {
        RNN: {"activation": f},
        LSTM: {"input_activation": f, "output_activation": f},
        GRU: {"reset": "after" if reset_after else "before"},
    }[cls]


@given(st.sampled_from(KERAS_CASES), SIZE, SIZE, BOTH, SEED)
def test_to_keras_and_back_bit_for_bit(case, I, H, dtype, seed):
    kind, activation, reset_after = case
    cls = {"SimpleRNN": RNN, "LSTM": LSTM, "GRU": GRU}[kind]
    variant = keras_variant(cls, activation, reset_after)
    layer = make(cls, I, H, dtype, seed, **variant)
    weights = interop.to_keras(layer)
    assert {array.dtype for array in weights} == {np.dtype(dtype)}
    options = {"activation": activation, "reset_after": reset_after}
    again = interop.from_keras(kind, weights, **options)
    assert_same_layer(again, layer)
    for key, value in variant.items():
        assert getattr(again, key) == value


@pytest.mark.parametrize(("kind", "activation", "reset_after"), KERAS_CASES)
def test_a_keras_layer_without_bias_has_a_bias_of_zero(kind, activation, reset_after):
    weights = keras_weights(np.random.default_rng(0), kind, 3, 2, reset_after)
    options = {"activation": activation, "reset_after": reset_after}
    layer = interop.from_keras(kind, weights[:2], **options)
    none = [*weights[:2], np.zeros_like(weights[2])]
    assert_same_layer(layer, interop.from_keras(kind, none, **options))


W, R, BIAS = np.ones((2, 12)), np.ones((3, 12)), np.ones(12)
THREE = np.ones((2, 9)), np.ones((3, 9)), np.ones((2, 9))


@pytest.mark.parametrize(
    ("kind", "weights", "options", "sentence"),
    [
        ("RNN", [W, R], {}, "kind must be 'SimpleRNN', 'LSTM' or 'GRU', got 'RNN'"),
        ("LSTM", [W], {},
         "weights must hold kernel, recurrent kernel and perhaps bias, got 1 arrays"),
        ("LSTM", [W.T, R], {}, "kernel of LSTM must have shape (I, 4H), got (12, 2)"),
        ("GRU", [W[0], R], {}, "kernel of GRU must have shape (I, 3H), got (12,)"),
        ("LSTM", [W, R.T], {},
         "recurrent kernel must have shape (3, 12), got (12, 3)"),
        ("LSTM", [W, R, np.ones((2, 12))], {},
         "bias must have shape (12,), got (2, 12)"),
        ("GRU", [*THREE[:2], THREE[2][0]], {}, "bias must have shape (2, 9), got (9,)"),
        ("GRU", THREE, {"reset_after": False},
         "bias must have shape (9,), got (2, 9)"),
        ("GRU", THREE, {"activation": "relu"},
         "activation of GRU must be 'tanh', got 'relu'"),
        ("LSTM", [W, R], {"activation": "gelu"},
         "activation of LSTM must be 'tanh' or 'relu' or 'sigmoid' or 'linear', "
         "got 'gelu'"),
        ("LSTM", [W.astype(int), R], {}, "dtype must be float32 or float64, got int64"),
        ("LSTM", [W, np.nan * R], {},
         "recurrent kernel must be finite, got nan at index (0, 0)"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_keras_layer(kind, weights, options, sentence):
    with refusal(sentence):
        interop.from_keras(kind, weights, **options)


def test_keras_takes_a_single_layer():
    sentence = (
        "to_keras takes a single layer: call it for each of layer.layers, got a {}"
    )
    with refusal(sentence.format("Stack")):
        interop.to_keras(Stack([make()]))
    with refusal(sentence.format("Bidirectional")):
        interop.to_keras(Bidirectional(make(), make()))


# --- what each has not --------------------------------------------------------------

NO = {
    "sigmoid": "activation 'sigmoid'",
    "identity": "activation 'identity'",
    "relu": "activation 'relu'",
    "apart": "input activation apart from the output activation",
    "peephole": "peepholes",
    "coupled": "coupled gates",
    "input": "option to leave out the input gate",
    "forget": "option to leave out the forget gate",
    "output": "option to leave out the output gate",
    "recurrence": "gate recurrence",
    "norm": "layer normalisation",
    "projection": "projection",
    "before": "reset before the product",
    "minimal": "minimal gated unit",
}
# Of each variant what torch.nn, Keras and ONNX lack; "" where they have it.
REFUSED = {
    "RNN, tanh": ("", "", ""),
    "RNN, relu": ("", "", ""),
    "RNN, sigmoid": ("sigmoid", "", ""),
    "RNN, identity": ("identity", "", ""),
    "LSTM": ("", "", ""),
    "LSTM, peephole": ("peephole", "peephole", ""),
    "LSTM, coupled": ("coupled", "coupled", ""),
    "LSTM, coupled peephole": ("peephole", "peephole", ""),
    "LSTM, no input gate": ("input", "input", ""),
    "LSTM, no forget gate": ("forget", "forget", ""),
    "LSTM, no output gate": ("output", "output", ""),
    "LSTM, gate recurrence": ("recurrence", "recurrence", "recurrence"),
    "LSTM, the same, linear output": ("recurrence", "recurrence", "recurrence"),
    "LSTM, no input activation": ("identity", "apart", ""),
    "LSTM, no output activation": ("identity", "apart", ""),
    "LSTM, relu": ("relu", "", ""),
    "LSTM, projection": ("", "projection", "projection"),
    "LSTM, layer norm": ("norm", "norm", "norm"),
    "LSTM, forget bias": ("", "", ""),
    "GRU, reset after": ("", "", ""),
    "GRU, reset before": ("before", "", ""),
    "MGU": ("minimal", "minimal", ""),
}


def test_every_variant_has_its_row():
    assert REFUSED.keys() == VARIANTS.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_a_variant_is_written_or_refused_by_name(name):
    cls, options = VARIANTS[name]
    layer = make(cls, H=5, **options)
    kind = {"MGU": "GRU"}.get(cls.__name__, cls.__name__)
    keras = "SimpleRNN" if kind == "RNN" else kind
    writers = [
        (interop.to_torch, f"torch.nn.{kind}"),
        (interop.to_keras, f"Keras's {keras}"),
        (interop.to_onnx, f"ONNX's {kind}"),
    ]
    for (write, where), lacking in zip(writers, REFUSED[name], strict=True):
        if lacking:
            with refusal(f"{where} has no {NO[lacking]}"):
                write(layer)
            if write is not interop.to_keras:  # nor has it two of them
                with refusal(f"{where} has no {NO[lacking]}"):
                    write(Bidirectional(layer, layer.twin()))
        else:
            write(layer)


@pytest.mark.parametrize("write", [interop.to_torch, interop.to_keras, interop.to_onnx])
def test_what_is_no_layer_of_ours_is_refused(write):
    class Own(RNN):
        """A subclass may compute anything."""

    sentence = ("layer must be an RNN, LSTM, GRU or MGU, a Bidirectional of them, or a "
                "Stack of these, got a {} inside")  # fmt: skip
    stack = Stack([make(), make()])
    for layer in (
        Checkpointed(make()),
        Own(2, 3, rng=np.random.default_rng(0)),
        Stack([stack]),
        Bidirectional(stack, stack.twin()),
        torch.nn.LSTM(2, 3),
    ):
        inside = layer.layers[0] if isinstance(layer, Stack | Bidirectional) else layer
        with refusal(sentence.format(type(inside).__name__)):
            write(layer)


def test_nothing_is_shared_with_what_came_or_went():
    layer = make(GRU)
    kept = {name: p.copy() for name, p in layer.params.items()}
    for array in interop.to_keras(layer):
        array[...] = 99
    with torch.no_grad():
        for w in interop.to_torch(layer).parameters():
            w.fill_(99)
    for name, p in kept.items():
        np.testing.assert_array_equal(layer.params[name], p)

    module = module_of("GRU")
    weights = keras_weights(np.random.default_rng(0), "GRU", 3, 3, True)
    read = [interop.from_torch(module), interop.from_keras("GRU", weights)]
    kept = [{name: p.copy() for name, p in each.params.items()} for each in read]
    with torch.no_grad():
        for w in module.parameters():
            w.fill_(99)
    for array in weights:
        array[...] = 99
    for each, params in zip(read, kept, strict=True):
        for name, p in params.items():
            np.testing.assert_array_equal(each.params[name], p)
            assert (
                each.params[name].flags.c_contiguous
                and each.params[name].flags.writeable
            )
