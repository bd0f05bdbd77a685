"""What the chapters of *Recurrent Networks, Unrolled* use but do not teach."""

from . import activations, data, figures, initialise, losses, measure, verify
from .compose import Model
from .exercises import check
from .gru import GRU, MGU
from .heads import Linear
from .lstm import LSTM
from .optimise import SGD, Adam, clip_by_norm
from .rnn import RNN
from .train import train

__all__ = [
    "SGD",
    "Adam",
    "GRU",
    "LSTM",
    "Linear",
    "MGU",
    "Model",
    "RNN",
    "activations",
    "check",
    "clip_by_norm",
    "data",
    "figures",
    "initialise",
    "losses",
    "measure",
    "train",
    "verify",
]
