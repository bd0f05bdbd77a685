"""The packages onnx and ONNX Runtime, imported where they are needed; a model run."""

import importlib

import numpy as np

from ..arguments import expect


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


def run_onnx(model, xs, state=None):
    """Run a model that `to_onnx` made, with ONNX Runtime.

    Parameters
    ----------
    model : onnx.ModelProto, or bytes
        In float32: ONNX Runtime has no recurrent nodes for float64.
    xs : array, shape (B, T, I)
        The inputs.
    state : dict of str to array, optional
        The initial states by name, such as ``h_0``; zero where none is given.

    Returns
    -------
    hs : array, shape (B, T, H)
        The outputs.
    state : dict of str to array
        The final states by name, such as ``h_T``.
    """
    model, onnx = as_model(model), import_package("onnx")
    runtime = import_package("onnxruntime")
    inputs = {value.name: value.type.tensor_type for value in model.graph.input}
    if any(kind.elem_type != onnx.TensorProto.FLOAT for kind in inputs.values()):
        raise TypeError(
            "ONNX Runtime runs recurrent nodes in float32 alone: "
            "call to_onnx with layer.astype(np.float32)"
        )
    sizes = {name: kind.shape.dim[-1].dim_value for name, kind in inputs.items()}
    single = np.dtype(np.float32)
    xs = expect("xs", xs, ("B", "T", sizes.pop("xs")), single)
    feed, given = {"xs": xs}, dict(state or {})
    for name, size in sizes.items():
        part = given.pop(name, np.zeros((len(xs), size)))
        feed[name] = expect(name, part, (len(xs), size), single)
    if given:
        raise ValueError(f"state must hold {', '.join(sizes)}, got {', '.join(given)}")
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, feed), strict=True))
    return outputs.pop("hs"), outputs
