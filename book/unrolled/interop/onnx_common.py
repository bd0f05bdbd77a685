"""What writing, reading and running ONNX models share."""

import importlib

FIXED = {"RNN": [], "LSTM": ["sigmoid"], "GRU": ["sigmoid", "tanh"]}  # not our options


def import_package(name):
    """Import onnx or onnxruntime, which the layers do without."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"ONNX models need {name}: pip install {name}") from error


def as_model(model):
    """Return a model that may have come as bytes."""
    onnx = import_package("onnx")
    return onnx.load_from_string(model) if isinstance(model, bytes) else model
