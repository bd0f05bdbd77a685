"""Mistakes planted in the forward pass, and the equations that find each.

No estimate finds them: what is wrong forward and backward alike is the right gradient
of another layer. So the judge is the paper, transcribed.
"""

import pytest

from agreement import error, worst
from planted import Mistake, plant_in
from transcription import by_transcription
from unrolled import GRU, LSTM, MGU, RNN
from unrolled.fast.gru import FastGRU
from unrolled.fast.loop import FastLoop
from unrolled.fast.lstm import FastLSTM
from unrolled.fast.rnn import FastRNN
from unrolled.lstm import normalise
from unrolled.recurrent import Recurrent

PEEPHOLE, COUPLED = {"peephole": True}, {"coupled": True}
NORM, RECURRENT = {"layer_norm": True}, {"gate_recurrence": True}
PROJECTED, BEFORE = {"projection_size": 2}, {"reset": "before"}

WITH = LSTM.step_with_options
PLANTED = {
    "RNN: W_h transposed": (
        RNN, RNN.step, {"h": "self._f().f(a_x + h_prev @ w.W_h.T)"},
    ),
    "RNN: the bias left out": (RNN, Recurrent.read, {"return": "x @ w.W_x, x"}),
    "RNN, fast: the bias left out": (RNN, FastRNN.run_steps, {"h_t@2": "h_t"}),
    "LSTM: gates in another order": (
        LSTM, LSTM.step,
        {"a_i, a_f, a_g, a_o": "np.roll(blocks(a_x + h_prev @ w.W_h, 4), 1, 0)"},
    ),
    "LSTM: the cell goes in squashed": (
        LSTM, LSTM.step, {"c": "f * np.tanh(c_prev) + i * g"},
    ),
    "LSTM: h of the cell before": (LSTM, LSTM.step, {"h": "o * np.tanh(c_prev)"}),
    "LSTM: no tanh on the way out": (LSTM, LSTM.step, {"h": "o * c"}),
    "LSTM, fast: the old cell left out": (LSTM, FastLSTM.run_steps, {"c_t@1": "0"}),
    "LSTM, fast: nothing half": (LSTM, FastLoop.run, {"fold": "np.ones(b.size)"}),
    "LSTM, fast: the output gate left out": (
        LSTM, FastLSTM.run_steps, {"h_t": "np.tanh(c_t)"},
    ),
    "peephole: o sees c_{t-1}": (
        LSTM, WITH, {"o": "sigmoid(a['o'] + p_o * c_prev)"}, PEEPHOLE,
    ),
    "coupled: i is f": (LSTM, WITH, {"i@1": "f"}, COUPLED),
    "missing: a gate of a half": (
        LSTM, WITH, {"one": "0.5 + 0 * c_prev"}, {"output_gate": False},
    ),
    "gate recurrence: the gates in another order": (
        LSTM, WITH, {"for gate, term": "zip('iof', blocks(gates @ w.W_gates, 3))"},
        RECURRENT,
    ),
    "projection: before the output gate": (
        LSTM, WITH, {"h": "c_out @ w.W_proj"}, PROJECTED,
    ),
    "layer norm: the cell is carried normalised": (
        LSTM, WITH, {"return": "(h, c_seen), kept"}, NORM,
    ),
    "layer norm: no gain": (LSTM, WITH, {"product@2": "norm_h[0]"}, NORM),
    "layer norm: of the inputs, no gain": (
        LSTM, LSTM.read, {"return@2": "u + w.b, (x, u, s)"}, NORM,
    ),
    "layer norm: divided by the variance": (
        LSTM, normalise, {"return": "a / s**2, s"}, NORM,
    ),
    "GRU: z and 1 - z exchanged": (GRU, GRU.step, {"h": "z * n + (1 - z) * h_prev"}),
    "GRU: the second bias outside the reset": (
        GRU, GRU.step, {"q": "h_n", "n": "np.tanh(x_n + w.b_hn + r * q)"},
    ),
    "GRU, fast: z and 1 - z exchanged": (
        GRU, FastGRU.run_steps, {"h_t": "h_prev - u_t"},
    ),
    "GRU, fast: the second bias outside the reset": (
        GRU, FastGRU.run_steps, {"q_t": "p_n", "n@1": "u_t + bias_t + r * q_t"},
    ),
    "reset before: not at all": (GRU, GRU.step_before, {"s": "h_prev"}, BEFORE),
    "reset before: the gates exchanged": (
        GRU, GRU.step_before, {"s": "z * h_prev"}, BEFORE,
    ),
    "MGU: f and 1 - f exchanged": (MGU, MGU.step, {"h": "f * h_prev + (1 - f) * n"}),
    "MGU: no reset": (MGU, MGU.step, {"s": "h_prev"}),
}  # fmt: skip


@pytest.mark.parametrize("mistake", PLANTED.values(), ids=PLANTED)
def test_a_mistake_is_caught_and_the_healthy_code_passes(mistake, monkeypatch):
    mistake = Mistake(*mistake)
    want = by_transcription(mistake.case())
    assert worst(mistake.case().run(), want)[0] < 1e-10
    plant_in(monkeypatch, mistake.where, mistake.wrong)
    case = mistake.case()
    hs, last = case.layer.forward(case.xs, case.state)
    got = {"hs": hs, **{f"{name}_T": part for name, part in case.parts(last).items()}}
    assert max(error(part, want[name]) for name, part in got.items()) > 1e-3, "missed"
