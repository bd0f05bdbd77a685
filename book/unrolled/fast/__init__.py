"""The same layers, faster: loops that keep their arrays and fold the weights.

Each loop stands for one cell, and is taken for that very cell alone: a subclass with a
``step`` of its own runs in the loop of `recurrent`. ``layer.fast = False`` turns the
room off for one layer, ``Recurrent.fast = False`` for all.
Nothing outside this room knows of kept arrays, nor of the input that is always one.
"""

from ..gru import GRU
from ..lstm import LSTM
from ..recurrent import FASTER
from ..rnn import RNN
from .gru import FastGRU
from .lstm import FastLSTM
from .rnn import FastRNN

for _layer, _loop in ((RNN, FastRNN), (GRU, FastGRU), (LSTM, FastLSTM)):
    _cell = _layer.read, _layer.step, _layer.step_back, _layer.read_back
    FASTER[_cell] = _loop
