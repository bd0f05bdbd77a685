"""Mistakes planted in the backward passes of the gated layers, and what finds each.

Every mistake is one line of ``lstm.py``, ``lstm_variants.py`` or ``gru.py`` written
wrongly. The first three are those of three well-known tutorials, which train all the
same. Each is caught twice: by the complex step, and by autograd through the equations.
"""

import inspect
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from agreement import worst
from cases import Case
from transcription import by_transcription
from unrolled import gru, lstm, lstm_variants

SIZES = {"B": 2, "T": 4, "I": 3, "H": 5}  # all above 1, and no two alike
LONG = {"B": 8, "T": 50, "I": 2, "H": 64}  # several blocks of steps


class Mistake(NamedTuple):
    """One line, what was written in its place, and the variant that runs it."""

    line: str
    wrong: str
    options: dict = {}
    sizes: dict = SIZES


PEEPHOLE, COUPLED = {"peephole": True}, {"coupled": True}
NORM, RECURRENT = {"layer_norm": True}, {"gate_recurrence": True}
PROJECTED, BEFORE = {"projection_size": 2}, {"reset": "before"}

DC = "add(dc, multiply(dh, m, u), dc)"
PLAIN = {
    "dh overwritten before dc is formed": Mistake(
        DC, f"kept_dh = dh; dh = o * dh; {DC}; dh = kept_dh"
    ),
    "no dc from the step to the right": Mistake("multiply(dc, f, dc)", "dc[...] = 0"),
    "sigmoid for its derivative": Mistake(
        "subtract(h, multiply(h, o, to_o), to_o)", "to_o[...] = h"
    ),
    "no dc through the output": Mistake(DC, "pass"),
    "no dh from the output above": Mistake("add(dh, dh_t, dh)", "pass"),
    "f of the wrong step": Mistake("kept[...] = f", "kept[...] = f[::-1]"),
    "c_t for c_{t-1}": Mistake("multiply(c[:-1], f, kept)", "multiply(c[1:], f, kept)"),
    "tanh(c) as c": Mistake("np.tanh(c[1:], kept)", "c[1:]"),
    "tanh' of g left out": Mistake(
        "subtract(i, multiply(ig, g, to_g), to_g)", "to_g[...] = i"
    ),
    "g' of sigmoid": Mistake("multiply(ig, g, to_g)", "multiply(i, g, to_g)"),
    "i' of the forget gate": Mistake("multiply(ig, i, to_i)", "multiply(ig, f, to_i)"),
    "the halves left in the weights": Mistake("W_h *= unfold", "pass"),
    "gates in another order": Mistake(
        "W_hT = transposed(W_h, B)", "W_hT = transposed(np.roll(W_h, H, 1), B)"
    ),
    "gradient of the last cell ignored": Mistake(
        "dh[...], dc[...] = dh_T, dc_T", "dh[...], dc[...] = dh_T, 0"
    ),
    "gradient of the first cell left out": Mistake(
        "return x[..., :-1], dh, dc", "return x[..., :-1], dh, 0 * dc"
    ),
    "h_t for h_{t-1}": Mistake("rows(h[:-1]).T @ rows(a)", "rows(h[1:]).T @ rows(a)"),
    # Seen only where there are several blocks, so this one proves that LONG has them.
    "cells of another block": Mistake(
        "c[now.start : stop + 1]", "c[: n + 1]", sizes=LONG
    ),
    "a block's steps forward in time": Mistake("reversed([*views])", "[*views]"),
}

VARIED = {
    "dh overwritten before dc is formed": Mistake(
        "dseen = dm * s.o * v.psi.df(s.y)",
        "dseen = da_o * s.o * v.psi.df(s.y)",
        COUPLED,
    ),
    "no dc from the step to the right": Mistake(
        "dc = dc + dnorm_c + da_o * v.p_o", "dc = dnorm_c + da_o * v.p_o", PEEPHOLE
    ),
    "sigmoid for its derivative": Mistake('* v.gate["o"].df(s.o)', "* s.o", PEEPHOLE),
    "the gradient of a peephole cut": Mistake(
        "dc * s.f + da_i * v.p_i + da_f * v.p_f", "dc * s.f", PEEPHOLE
    ),
    "o's peephole sees c_{t-1}": Mistake(
        '("p_o", da_o, s.c)', '("p_o", da_o, s.c_prev)', PEEPHOLE
    ),
    "coupled gates added": Mistake("(zero, d_f - d_i)", "(zero, d_f + d_i)", COUPLED),
    "gates of the step before forgotten": Mistake(
        "dgates = [da_ifo @ v.W_gates.T]", "dgates = [0 * da_ifo]", RECURRENT
    ),
    "W_gates not transposed": Mistake(
        "da_ifo @ v.W_gates.T", "da_ifo @ v.W_gates", RECURRENT
    ),
    "gates of this step": Mistake(
        "s.gates_prev[0].T @", "np.hstack([s.i, s.f, s.o]).T @", RECURRENT
    ),
    "W_proj before the output gate": Mistake(
        "(s.o * s.y).T @ dh", "s.y.T @ dh", PROJECTED
    ),
    "no mean in the normalisation": Mistake(
        "(dunit - mean - unit", "(dunit - unit", NORM
    ),
    "no variance in it": Mistake("- mean - unit * along)", "- mean)", NORM),
    "its gain left out": Mistake("dunit = da * gain", "dunit = da", NORM),
    "relu's slope left out": Mistake(
        "da_g = dc * s.i * v.phi.df(s.g)",
        "da_g = dc * s.i",
        {"input_activation": "relu"},
    ),
}

AFTER = {
    "b_hn as if it were b": Mistake("dq.sum(axis=(0, 1))", "da_n.sum(axis=(0, 1))"),
    "no reset on the way back": Mistake("multiply(to_n, r, to_q)", "to_q[...] = to_n"),
    "nothing straight to h_{t-1}": Mistake(
        "add(dot(da_t, W_hT, dh), u, dh)", "dot(da_t, W_hT, dh)"
    ),
    "z and 1 - z exchanged": Mistake("kept[...] = z", "kept[...] = 1 - z"),
    "sigmoid for its derivative": Mistake(
        "multiply(subtract(1, z, kept), z, to_z)", "subtract(1, z, kept); to_z[...] = z"
    ),
    "r' left out": Mistake("subtract(to_r, multiply(to_r, r, kept), to_r)", "pass"),
    "n outside the update": Mistake(
        "multiply(subtract(h_prev, n, to_n), to_z, to_z)",
        "multiply(h_prev, to_z, to_z)",
    ),
    "one gradient for both of the candidate's": Mistake("dq[...] = da_n", "pass"),
    "the halves left in the weights": Mistake("W_h[:, : 2 * H] *= 2", "pass"),
}

BEFORE_PRODUCT = {
    "the reset's path to h_{t-1} dropped": Mistake("+ drh * r +", "+", BEFORE),
    "h for r h": Mistake("rh[t] = r * h[t]", "rh[t] = h[t]", BEFORE),
    "1 - z left out": Mistake("dh * (1 - z) * (1 - n * n)", "dh * (1 - n * n)", BEFORE),
    "sigmoid for its derivative": Mistake(
        "dgates * SIGMOID.df(gates)", "dgates * gates", BEFORE
    ),
}

MINIMAL = {"z as if it were f": Mistake("return dr - dz", "return dr + dz")}

KINDS = {  # module, class, mistakes
    "LSTM": (lstm, "LSTM", PLAIN),
    "variants": (lstm_variants, "LSTM", VARIED),
    "GRU": (gru, "GRU", AFTER),
    "reset before": (gru, "GRU", BEFORE_PRODUCT),
    "MGU": (gru, "MGU", MINIMAL),
}
PLANTED = {
    f"{kind}: {name}": (module, cls, mistake)
    for kind, (module, cls, mistakes) in KINDS.items()
    for name, mistake in mistakes.items()
}


def run_again(module, line="", wrong=""):
    """Run a module's text anew, with one line replaced; return its names."""
    text = inspect.getsource(module)
    assert not line or text.count(line) == 1, f"{line!r} must occur once"
    scope = {"__package__": "unrolled", "__name__": "planted"}
    exec(text.replace(line, wrong) if line else text, scope)
    return scope


def plant(module, cls, line="", wrong=""):
    """Make a layer's class in which one line is written wrongly."""
    scope = run_again(module, line, wrong)
    if module is lstm_variants:  # the class is in lstm, and calls these functions
        functions, scope = SimpleNamespace(**scope), run_again(lstm)
        scope["lstm_variants"] = functions
    return scope[cls]


def complex_step(case):
    """Judge by the forward pass alone."""
    return case.by_complex_step()


JUDGES = [complex_step, by_transcription]


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(("module", "cls", "mistake"), PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught_and_the_healthy_code_passes(module, cls, mistake, judge):
    if mistake.sizes is LONG:
        judge = by_transcription  # a complex step for each number would take minutes
    healthy = Case(plant(module, cls), mistake.options, **mistake.sizes)
    want = judge(healthy)
    assert worst(healthy.run(), want)[1] < 1e-10
    planted = plant(module, cls, mistake.line, mistake.wrong)
    got = Case(planted, mistake.options, **mistake.sizes).run()
    assert worst(got, want)[1] > 1e-3, "missed"
    # It is a mistake of the backward pass: the forward pass is that of the paper.
    assert worst(got, by_transcription(healthy))[0] < 1e-10


def test_a_mistake_that_cannot_be_planted_says_so():
    for line in ("no such line", "h_t"):
        with pytest.raises(AssertionError, match="must occur once"):
            plant(lstm, "LSTM", line, "1")
