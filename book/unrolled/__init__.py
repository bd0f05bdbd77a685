"""What the chapters of *Recurrent Networks, Unrolled* use but do not teach."""

from . import (
    activations,
    data,
    fast,
    figures,
    forecast,
    initialise,
    interop,
    losses,
    measure,
    tasks,
    verify,
)
from .bidirectional import Bidirectional
from .checkpoint import Checkpointed
from .compose import Stack
from .exercises import check
from .gru import GRU, MGU
from .heads import Embedding, Linear
from .lstm import LSTM
from .measure import store
from .model import Model
from .optimise import SGD, Adam, clip_by_norm
from .rnn import RNN
from .sampler import Sampler, Shuffled
from .train import train

__all__ = [
    "SGD",
    "Adam",
    "Bidirectional",
    "Checkpointed",
    "Embedding",
    "GRU",
    "LSTM",
    "Linear",
    "MGU",
    "Model",
    "RNN",
    "Sampler",
    "Shuffled",
    "Stack",
    "activations",
    "check",
    "clip_by_norm",
    "data",
    "fast",
    "figures",
    "forecast",
    "initialise",
    "interop",
    "losses",
    "measure",
    "store",
    "tasks",
    "train",
    "verify",
]
