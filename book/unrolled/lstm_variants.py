"""The LSTM with options: one loop in which each option is a line.

An option that is off is a neutral element: a peephole of zero, a gate that is always
open, a projection that changes nothing. So the equations stand here once.
"""

import numpy as np

from .activations import Activation, activation, sigmoid
from .layer import rows

EPS = 1e-5  # keeps layer normalisation finite, as in torch.nn.LayerNorm
OPEN = Activation(np.ones_like, np.zeros_like)  # a gate that is missing


class Parts:
    """The pieces of one variant, chosen before the loop."""

    def __init__(self, layer):
        p, H = layer.params, layer.hidden_size
        self.order, self.coupled = layer.order, layer.coupled
        self.columns = {gate: layer.columns(gate) for gate in layer.order}
        self.gate = {
            k: activation("sigmoid") if there else OPEN for k, there in layer.gates.items()
        }
        self.phi = activation(layer.input_activation)
        self.psi = activation(layer.output_activation)
        none = np.zeros(H, layer.dtype)
        self.p = {k: p.get(f"p_{k}", none).copy() for k in "ifo"}
        self.W_x, self.W_h, self.b = (p[name].copy() for name in ("W_x", "W_h", "b"))
        self.W_gates = p["W_gates"].copy() if layer.gate_recurrence else None
        self.W_proj = p["W_proj"].copy() if layer.projection_size else None
        off = layer.layer_norm is False
        self.norm_x, self.norm_h, self.norm_c = (
            Plain() if off else Norm(p[name].copy()) for name in ("gain_x", "gain_h", "gain_c")
        )
        self.b_c = none if off else p["b_c"].copy()
