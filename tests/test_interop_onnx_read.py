"""ONNX models that others wrote, run by ONNX Runtime and read by us."""

import numpy as np
import pytest
from onnx import helper, numpy_helper

from exchange import SINGLE, refusal
from foreign import foreign, foreign_difference
from oracle_onnx import one_node
from unrolled import interop

# A node as someone else would write it: two biases, and whatever is usual left out.


AFFINE = {"activation_alpha": [1.0], "activation_beta": [0.0]}
FOREIGN = {
    "RNN": {"op": "RNN"},
    "RNN, no bias": {"op": "RNN", "bias": False},
    "RNN, relu": {"op": "RNN", "activations": ["Relu"]},
    "RNN, affine": {"op": "RNN", "activations": ["Affine"], **AFFINE},
    "LSTM": {"op": "LSTM"},
    "LSTM, no bias": {"op": "LSTM", "bias": False},
    "LSTM, peephole": {"op": "LSTM", "peephole": True},
    "LSTM, coupled": {"op": "LSTM", "input_forget": 1},
    "LSTM, both": {"op": "LSTM", "input_forget": 1, "peephole": True},
    "LSTM, relu and tanh": {"op": "LSTM", "activations": ["Sigmoid", "Relu", "Tanh"]},
    "LSTM, tanh and affine": {
        "op": "LSTM", "activations": ["Sigmoid", "Tanh", "Affine"], **AFFINE,
    },
    "GRU, before": {"op": "GRU"},
    "GRU, after": {"op": "GRU", "linear_before_reset": 1},
}  # fmt: skip


@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_model_of_others_is_read(name, ways):
    node = {key: value * ways if isinstance(value, list) else value
            for key, value in FOREIGN[name].items()}  # fmt: skip
    assert foreign_difference(ways=ways, **node) < SINGLE


def chain(*ops):
    """Make a model of nodes of one input and output each."""
    model = foreign("RNN", I=2)
    (rnn,) = model.graph.node
    del model.graph.node[:]
    name = "X"
    for k, op in enumerate(ops):
        if op == "RNN":
            node = helper.make_node(op, [name, *rnn.input[1:]], [f"{k}"], hidden_size=2)
        else:
            node = helper.make_node(op, [name], [f"{k}"])
        model.graph.node.append(node)
        name = node.output[0]
    return model


def apart():
    """Make a model in which two nodes read the same input."""
    model = chain("RNN", "RNN")
    model.graph.node[1].input[0] = "X"
    return model


def reshaped(name, *shape):
    """Make a model of an LSTM in which one array has another shape; or has gone."""
    model = foreign("LSTM", I=3, H=2, peephole=True)
    others = [a for a in model.graph.initializer if a.name != name]
    del model.graph.initializer[:]
    model.graph.initializer.extend(others)
    if shape:
        array = np.ones(shape, np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    return model


@pytest.mark.parametrize(
    "op", ["Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity"]
)
def test_what_moves_axes_may_stand_between_two_nodes(op):
    assert len(interop.from_onnx(chain(op, "RNN", op, op, "RNN", op)).layers) == 2


ALONE = "the recurrent nodes of a model must stand one on the other, got RNN on "


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: chain("Relu"), "a model must have an RNN, LSTM or GRU node, got none"),
        (lambda: chain("RNN", "Squeeze", "Relu", "RNN"), ALONE + "Relu"),
        (apart, ALONE + "X"),
        *((lambda name=name: reshaped(name), f"{name} of an ONNX node must be among "
           "the model's initialisers") for name in "WRBP"),
        (lambda: one_node("RNN", ["X", "W"], ["Y"], {"W": np.ones((1, 2, 3))}),
         "R of an ONNX node must be among the model's initialisers"),
        (lambda: reshaped("W", 1, 6, 3), "W must have shape (1, 8, I), got (1, 6, 3)"),
        (lambda: reshaped("W", 2, 8, 3), "W must have shape (1, 8, I), got (2, 8, 3)"),
        (lambda: reshaped("R", 1, 4, 2), "R must have shape (1, 8, 2), got (1, 4, 2)"),
        (lambda: reshaped("R", 2, 8, 2), "R must have shape (1, 8, 2), got (2, 8, 2)"),
        (lambda: reshaped("B", 1, 8), "B must have shape (1, 16), got (1, 8)"),
        (lambda: reshaped("P", 1, 8), "P must have shape (1, 6), got (1, 8)"),
        (lambda: foreign("GRU", direction="reverse"),
         "our GRU has no direction 'reverse': got a node that has it"),
        (lambda: foreign("LSTM", clip=3.0),
         "our LSTM has no clip: got a node that has it"),
        (lambda: foreign("RNN", activations=["Softsign"]),
         "our RNN has no activations Softsign: got a node that has them"),
        (lambda: foreign("GRU", activations=["Sigmoid", "Relu"]),
         "our GRU has no activations Sigmoid, Relu: got a node that has them"),
        (lambda: foreign("LSTM", activations=["Tanh", "Tanh", "Tanh"]),
         "our LSTM has no activations Tanh, Tanh, Tanh: got a node that has them"),
        (lambda: foreign("RNN", activations=["Affine"], activation_alpha=[2.0]),
         "our RNN has no scaled activations: got a node that has them"),
        (lambda: foreign("RNN", activations=["Affine"], activation_beta=[0.5]),
         "our RNN has no scaled activations: got a node that has them"),
        (lambda: foreign("LSTM", activations=["Sigmoid", "Tanh"]),
         "our LSTM has no activations Sigmoid, Tanh: got a node that has them"),
    ],
)  # fmt: skip
def test_models_that_are_refused(model, sentence):
    with refusal(sentence):
        interop.from_onnx(model())
