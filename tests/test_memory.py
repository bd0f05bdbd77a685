"""What the layers keep between the passes and hold at most, in units of T·B·H."""

import tracemalloc

import numpy as np
import pytest

from unrolled import GRU, LSTM, RNN, Checkpointed

B, I, H = 32, 64, 128
UNIT = B * H * np.dtype(np.float32).itemsize  # of one step

# Kept: what the docstring says, and the outputs that were returned. The most: with dxs.
LAYERS = {
    "RNN": (RNN, 2 + I / H + 1, 4.5),
    "GRU": (GRU, 5 + I / H + 1, 8),
    "LSTM": (LSTM, 6 + I / H + 1, 10),
}


def measure(cls, T, wrap=lambda layer: layer):
    """Return the bytes kept after a forward pass, and the most until after backward."""
    rng = np.random.default_rng(0)
    layer = wrap(cls(I, H, rng=rng, dtype=np.float32))
    xs = rng.standard_normal((B, T, I)).astype(np.float32)
    dhs = rng.standard_normal((B, T, H)).astype(np.float32)
    tracemalloc.start()
    try:
        outputs = layer.forward(xs)
        kept = tracemalloc.get_traced_memory()[0]
        layer.backward(dhs)
        assert outputs is not None  # still held, as a caller would
        return np.array([kept, tracemalloc.get_traced_memory()[1]])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", LAYERS)
def test_memory_grows_with_the_steps_as_documented(name):
    cls, kept, most = LAYERS[name]
    got_kept, got_most = (measure(cls, 512) - measure(cls, 256)) / (256 * UNIT)
    assert abs(got_kept - kept) < 0.2
    assert got_most < most


@pytest.mark.parametrize("name", LAYERS)
def test_checkpoints_leave_inputs_outputs_and_a_root(name):
    """Beside xs, hs and dxs, only what grows with the square root of T."""
    cls, kept, _ = LAYERS[name]
    at = {T: measure(cls, T, Checkpointed) / UNIT for T in (256, 1024)}
    got_kept, got_most = at[1024] - at[256]
    root = 1024**0.5 - 256**0.5
    assert got_kept - (I / H + 1) * 768 < (kept + 2) * root
    assert got_most - (2 * I / H + 1) * 768 < (kept + 6) * root
