"""Batches for ``train`` that say where they are, and go on from there.

Their random numbers come from ``rng``, a numpy.random.Generator. An argument that is
not what it must be raises a TypeError or a ValueError.
"""

from .arguments import expect_names, generator, positive, rectangular


class Sampler:
    """Batches that are drawn one by one.

    >>> batches = Sampler(lambda rng: tasks.adding(rng, 32, 50), 1000, rng)

    Parameters
    ----------
    draw : callable
        ``draw(rng)`` returns a batch.
    steps : int
        How many batches there are in all.
    """

    def __init__(self, draw, steps, rng):
        self.draw, self.steps, self.rng = draw, positive("steps", steps), generator(rng)
        self.place = 0

    def __len__(self):
        """Return how many batches are left."""
        return max(0, self.steps - self.place)

    def __iter__(self):
        """Draw those that are left."""
        while len(self):
            batch = self.draw(self.rng)
            self.place += 1
            yield batch

    def state_dict(self):
        """Return how many batches were drawn, and where the generator stands."""
        return {"place": self.place, "rng": self.rng.bit_generator.state}

    def load_state_dict(self, state):
        """Go back to where ``state_dict`` was asked."""
        expect_names("state", state, self.state_dict())
        self.place, self.rng.bit_generator.state = state["place"], state["rng"]


class Shuffled(Sampler):
    """Batches of a data set, each epoch in an order of its own.

    Parameters
    ----------
    arrays : tuple of array, each of shape (N, ...)
        Inputs, targets and, if there is one, the mask: a row a sequence.
    B : int
        How many rows make a batch; the last one of an epoch may have fewer.
    epochs : int
        How often each row comes.
    """

    def __init__(self, arrays, B, epochs, rng):
        self.arrays = [rectangular("arrays", array) for array in arrays]
        rows = [len(array) if array.ndim else 0 for array in self.arrays]
        N = min(rows, default=0)
        if N < 1 or max(rows) > N:
            raise ValueError(f"arrays must be of equally many rows, got {rows}")
        self.B, self.order = positive("B", B), []
        batches = -(-N // self.B)
        super().__init__(self._take, batches * positive("epochs", epochs), rng)

    def _take(self, rng):
        """Return the next rows of the epoch's order, or of a new one."""
        self.order = self.order or rng.permutation(len(self.arrays[0])).tolist()
        rows, self.order = self.order[: self.B], self.order[self.B :]
        return tuple(array[rows] for array in self.arrays)

    def state_dict(self):
        """Return the same as a sampler, and what is left of the epoch's order."""
        return {**super().state_dict(), "order": self.order}

    def load_state_dict(self, state):
        """Go back to where ``state_dict`` was asked."""
        super().load_state_dict(state)
        self.order = state["order"]
