"""Stacks side by side: with skip connections, and with dropout between the layers."""

import bench  # noqa: F401, before NumPy
import numpy as np
import torch
from abreast import Abreast


class Skipping(Abreast):
    """Each layer but the lowest adds what it reads to what it puts out."""

    def above(self, below, hs, k):
        """Return the outputs of layer k, with what went into it if both fit."""
        return hs + below if k else hs


class Dropping(Abreast):
    """Dropout between the layers, drawn for each network as `Stack` draws it.

    Parameters
    ----------
    shares : sequence of float
        The share that is dropped, one for each network.
    shared : sequence of bool
        Whether a network drops the same units at every step of a sequence.
    rngs : sequence of numpy.random.Generator
        Where the masks come from.
    """

    def __init__(self, models, rates, *, shares, shared, rngs, **options):
        super().__init__(models, rates, **options)
        self.drawn = [*zip(shares, shared, rngs, strict=True)]

    def between(self, hs):
        """Drop some of the outputs (T, R, H, B) of a layer; all stay in `predict`."""
        if not torch.is_grad_enabled():
            return hs
        T, _, H, B = hs.shape
        masks = np.ones(hs.shape)
        for k, (share, shared, rng) in enumerate(self.drawn):
            if share:
                kept = rng.random((B, 1 if shared else T, H)) >= share
                masks[:, k] = kept.transpose(1, 2, 0) / (1 - share)
        return hs * torch.as_tensor(masks, dtype=hs.dtype)
