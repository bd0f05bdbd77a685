"""Mistakes planted in the gated layers, and what finds each.

Every mistake is one equation written wrongly: of the cell, of the loop, or of the room
`fast`. The first three are those of three well-known tutorials, which train all the
same. Each is caught twice: by the complex step, and by autograd through the equations.
"""

from functools import cache

import pytest

from agreement import worst
from planted import Mistake, is_fast, plant_in
from transcription import by_transcription
from unrolled import GRU, LSTM, MGU
from unrolled.fast.gru import FastGRU
from unrolled.fast.loop import FastLoop
from unrolled.fast.lstm import FastLSTM
from unrolled.lstm import normalise_back
from unrolled.recurrent import Loop, Recurrent

LONG = {"B": 8, "T": 50, "I": 2, "H": 64}  # several blocks of steps


PEEPHOLE, COUPLED = {"peephole": True}, {"coupled": True}
NORM, RECURRENT = {"layer_norm": True}, {"gate_recurrence": True}
PROJECTED, BEFORE = {"projection_size": 2}, {"reset": "before"}
RELU = {"input_activation": "relu"}

LSTM_BY_EQUATIONS = {
    "dh overwritten before dc is formed": (
        LSTM.step_back, {"dc": "dc + dh * o * o * (1 - tanh_c**2)"},
    ),
    "no dc from the step to the right": (LSTM.step_back, {"dc_prev": "0 * dc"}),
    "sigmoid for its derivative": (LSTM.step_back, {"da_o": "do * o"}),
    "no dc through the output": (LSTM.step_back, {"dc": "dc"}),
    "no dh from the output above": (Loop.run_back, {"dstate_t[0]": "dstate_t[0]"}),
    "f of the wrong sequence": (LSTM.step_back, {"dc_prev": "dc * f[::-1]"}),
    "c_t for c_{t-1}": (LSTM.step_back, {"df": "dc * c"}),
    "tanh(c) as c": (LSTM.step_back, {"tanh_c": "c"}),
    "tanh' of g left out": (LSTM.step_back, {"da_g": "dg"}),
    "g' of sigmoid": (LSTM.step_back, {"da_g": "dg * g * (1 - g)"}),
    "i' of the forget gate": (LSTM.step_back, {"da_i": "di * f * (1 - f)"}),
    "gates in another order": (
        LSTM.step_back, {"da": "beside(da_f, da_i, da_g, da_o)"},
    ),
    "gradient of the last cell ignored": (
        Recurrent.backward,
        {"ends@2": "[packing.sort(ends[0]), 0 * packing.sort(ends[1])]"},
    ),
    "gradient of the first cell left out": (
        Loop.run_back, {"return": "[dstate[0], 0 * dstate[1]], grads"},
    ),
    "h_t for h_{t-1}": (LSTM.step_back, {"W_h": "(o * tanh_c, da)"}),
    "the steps forward in time": (
        Loop.run_back,
        {"for dh_above": "packing.by_step(dhs)",
         "dprev, received_t": "step_back(w, kept.pop(0), *dstate_t)"},
    ),
}  # fmt: skip

LSTM_FAST = {
    "dh overwritten before dc is formed": (
        FastLSTM.run_steps_back, {"dc_n@1": "dc_n + o * dh_n * m"},
    ),
    "no dc from the step to the right": (FastLSTM.run_steps_back, {"dc_n@2": "0"}),
    "sigmoid for its derivative": (FastLSTM._slopes, {"to_o": "h"}),
    "no dc through the output": (FastLSTM.run_steps_back, {"dc_n@1": "dc_n"}),
    "no dh from the output above": (FastLSTM.run_steps_back, {"dh_n@1": "dh_n"}),
    "f of the wrong step": (FastLSTM._slopes, {"kept[...]": "f[::-1]"}),
    "c_t for c_{t-1}": (
        FastLSTM._slopes, {"c_prev": "c[end].reshape(count, n, H)"},
    ),
    "tanh(c) as c": (FastLSTM._slopes, {"y": "c"}),
    "tanh' of g left out": (FastLSTM._slopes, {"to_g": "i"}),
    "g' of sigmoid": (FastLSTM._slopes, {"to_g": "i - i * g"}),
    "i' of the forget gate": (FastLSTM._slopes, {"to_i": "ig - ig * f"}),
    "the halves left in the weights": (FastLoop.run_back, {"W_h@1": "W_h"}),
    "the halves left in W_x": (FastLoop.run_back, {"W": "W"}),
    "gates in another order": (
        FastLoop.run_back, {"W_hT@2": "np.roll(W_h, len(W_h), 1).T / fold[:, None]"},
    ),
    "gradient of the last cell ignored": (
        FastLoop.run_back, {"room[...]": "part if room is ends[0] else 0"},
    ),
    "gradient of the first cell left out": (
        FastLoop.run_back, {"return": "[ends[0].copy(), 0 * ends[1]], grads"},
    ),
    "h_t for h_{t-1}": (FastLoop.run_back, {"dW_h": "states[0][packing.B :].T @ a"}),
    "a block's steps forward in time": (
        FastLSTM.run_steps_back,
        {"for da_t, da_ifg, da_o, dh_n, dc_n, u_n, ifg, o, m, f, dh_t": "[*views]"},
    ),
    # Seen only where there are several blocks, so this one proves that LONG has them.
    "cells of another block": (
        FastLSTM._slopes, {"c_prev": "c[: count * n].reshape(count, n, H)"}, {}, LONG,
    ),
}  # fmt: skip

BACK = LSTM.step_back_with_options
OPTIONS_BACK = {
    "dh overwritten before dc is formed": (
        {"dc_seen@1": "da_o * o * f_out.df(c_out)"}, COUPLED,
    ),
    "no dc from the step to the right": ({"dc": "dc_seen + da_o * p_o"}, PEEPHOLE),
    "sigmoid for its derivative": ({"da_o": "(do + dm * c_out) * o"}, PEEPHOLE),
    "the gradient of a peephole cut": ({"dc_prev": "dc * f"}, PEEPHOLE),
    "o's peephole not seen by c": ({"dc": "dc + dc_seen"}, PEEPHOLE),
    "o's peephole sees c_{t-1}": (
        {"for gate, cell": "zip('ifo', 3 * (c_prev,), strict=True)"}, PEEPHOLE,
    ),
    "coupled gates added": ({"df@2": "df + di"}, COUPLED),
    "gates of the step before forgotten": (
        {"dgates_prev@2": "[0 * da_ifo]"}, RECURRENT,
    ),
    "W_gates not transposed": ({"dgates_prev@2": "[da_ifo @ w.W_gates]"}, RECURRENT),
    "gates of this step": (
        {"W_gates": "beside(i, f, o), da_ifo"}, RECURRENT,
    ),
    "gates that recur, as they stand side by side": (
        {"da_ifo": "beside(da_i, da_f, da_g)"}, RECURRENT,
    ),
    "W_proj before the output gate": ({"W_proj": "c_out, dh"}, PROJECTED),
    "W_proj passed by": ({"dm@2": "dh[:, :1]"}, PROJECTED),
    "the gain of the state left out": (
        {"dproduct@2": "normalise_back(da, *norm_h)"}, NORM,
    ),
    "the gain of the cell left out": (
        {"dc_seen@2": "normalise_back(dc_seen, *norm_c)"}, NORM,
    ),
    "normalised, and not on the way back": ({"dc_seen@2": "w.gain_c * dc_seen"}, NORM),
    "relu's slope left out": ({"da_g": "dg"}, RELU),
}  # fmt: skip

OF_NORM = {
    "no mean in the normalisation": "(du - u * along) / s",
    "no variance in it": "(du - mean) / s",
    "no deviation in it": "du - mean - u * along",
}

AFTER = {
    "b_hn as if it were b": {"b_hn": "da_n"},
    "no reset on the way back": {"dq": "da_n"},
    "nothing straight to h_{t-1}": {"dh_prev": "dp @ w.W_h.T"},
    "z and 1 - z exchanged": {"dh_prev": "dh * (1 - z) + dp @ w.W_h.T"},
    "sigmoid for its derivative": {"da_z": "dz * z"},
    "r' left out": {"da_r": "dr"},
    "n outside the update": {"dz": "dh * h_prev"},
    "one gradient for both of the candidate's": {"dp": "beside(da_r, da_z, da_n)"},
    "the same, inside the reset": {"da": "beside(da_r, da_z, dq)"},
}

AFTER_FAST = {
    "b_hn as if it were b": (
        FastGRU.sum_others, {"db_hn": "self._q(len(a), H).sum(axis=0)"},
    ),
    "no reset on the way back": (FastGRU._slopes, {"to_q": "to_n"}),
    "nothing straight to h_{t-1}": (FastGRU.run_steps_back, {"dh_n@2": "da_t @ W_hT"}),
    "z and 1 - z exchanged": (FastGRU._slopes, {"kept[...]": "1 - z"}),
    "sigmoid for its derivative": (FastGRU._slopes, {"to_z@1": "z"}),
    "r' left out": (FastGRU._slopes, {"to_r@2": "to_r"}),
    "n outside the update": (FastGRU._slopes, {"to_z@2": "h_prev * to_z"}),
    "one gradient for both of the candidate's": (
        FastGRU.sum_others, {"dq[...]": "dq"},
    ),
    "the halves left in the weights": (FastLoop.run_back, {"W_h@1": "W_h"}),
    "the halves left in W_x": (FastLoop.run_back, {"W": "W"}),
    "no dh from the output above": (FastGRU.run_steps_back, {"dh_n@1": "dh_n"}),
    "h_t for h_{t-1}": (FastLoop.run_back, {"dW_h": "states[0][packing.B :].T @ a"}),
    "states of another block": (
        FastGRU._slopes, {"h_prev": "h[: count * n].reshape(count, n, H)"}, {}, LONG,
    ),
}  # fmt: skip

BEFORE_BACK = {
    "the reset's path to h_{t-1} dropped": {
        "dh_prev": "dh * z + da_r @ W_hr.T + da_z @ W_hz.T"
    },
    "h for r h": {"dW_h": "[(h_prev, da_r), (h_prev, da_z), (h_prev, da_n)]"},
    "1 - z left out": {"dn": "dh"},
    "sigmoid for its derivative": {"da_r": "dr * r", "da_z": "dz * z"},
}

MINIMAL = {
    "z as if it were f": {"df": "dh * (h_prev - n) + ds * h_prev"},
    "the reset's path to f dropped": {"df": "dh * (n - h_prev)"},
}

PLANTED = {
    **{f"LSTM: {n}": Mistake(LSTM, *m) for n, m in LSTM_BY_EQUATIONS.items()},
    **{f"LSTM, fast: {n}": Mistake(LSTM, *m) for n, m in LSTM_FAST.items()},
    **{f"options: {n}": Mistake(LSTM, BACK, *m) for n, m in OPTIONS_BACK.items()},
    **{
        f"options: {name}": Mistake(LSTM, normalise_back, {"return": wrong}, NORM)
        for name, wrong in OF_NORM.items()
    },
    "options: the gain of the inputs left out": Mistake(
        LSTM, LSTM.read_back, {"dproduct": "normalise_back(da_x, u, s)"}, NORM
    ),
    **{f"GRU: {n}": Mistake(GRU, GRU.step_back, m) for n, m in AFTER.items()},
    **{f"GRU, fast: {n}": Mistake(GRU, *m) for n, m in AFTER_FAST.items()},
    **{
        f"reset before: {name}": Mistake(GRU, GRU.step_before_back, wrong, BEFORE)
        for name, wrong in BEFORE_BACK.items()
    },
    **{f"MGU: {n}": Mistake(MGU, MGU.step_back, m) for n, m in MINIMAL.items()},
}  # fmt: skip


def by_complex_step(case):
    """Judge by the forward pass alone."""
    return case.by_complex_step()


@cache
def judged(name, judge):
    """Return what a judge says of the healthy layer, which has to agree."""
    healthy = PLANTED[name].case()
    want = judge(healthy)
    assert worst(healthy.run(), want)[1] < 1e-10
    return want


@pytest.mark.parametrize("judge", [by_complex_step, by_transcription])
@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_is_caught_and_the_healthy_code_passes(name, judge, monkeypatch):
    mistake = PLANTED[name]
    if mistake.sizes is LONG:
        judge = by_transcription  # a complex step for each number would take minutes
    alike = next(
        n for n, other in PLANTED.items() if variant(other) == variant(mistake)
    )
    want, outputs = judged(alike, judge), judged(alike, by_transcription)
    plant_in(monkeypatch, mistake.where, mistake.wrong)
    got = mistake.case().run()
    assert worst(got, want)[1] > 1e-3, "missed"
    # It is a mistake of the backward pass: the forward pass is that of the paper.
    assert worst(got, outputs)[0] < 1e-10


def variant(mistake):
    """Return what a judge needs to know."""
    return mistake.cls, mistake.options, mistake.sizes, is_fast(mistake.where)
