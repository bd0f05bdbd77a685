"""Weights to and from other packages: torch.nn, Keras and ONNX.

What one side has and the other has not, and what is not of the shape, type or name that
it must be, raises a TypeError or a ValueError; a package that is not installed, an
ImportError.
"""

from .keras import from_keras, to_keras
from .onnx_read import from_onnx
from .onnx_run import run_onnx
from .onnx_write import to_onnx
from .torch import from_torch, to_torch

__all__ = [
    "from_keras",
    "from_onnx",
    "from_torch",
    "run_onnx",
    "to_keras",
    "to_onnx",
    "to_torch",
]
