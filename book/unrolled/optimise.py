"""Steps down the gradient, and the limit on their length.

``step`` moves every parameter in place; params and grads are dicts of arrays, with the
same keys and shapes. ``state_dict`` says what an optimiser has gathered on its way,
``load_state_dict`` puts it back. What it was made with, such as lr, is the caller's to
choose again. A key, shape or number that is not what it must be raises a TypeError or a
ValueError.
"""

import numpy as np

from .arguments import expect, expect_names, number


class SGD:
    """Step against the gradient, with momentum if asked for.

    v = momentum · v + grad, then param = param - lr · v.

    Parameters
    ----------
    lr : float
        The learning rate.
    momentum : float
        How much of the last step's velocity is kept: at least 0 and below 1.
    """

    def __init__(self, lr, momentum=0.0):
        self.lr = number("lr", lr, 0)
        self.momentum = number("momentum", momentum, 0, below=1)
        self.velocity = {}

    def step(self, params, grads):
        """Move every parameter in place."""
        grads = _gradients(params, grads)
        for name, param in params.items():
            v = grads[name]
            if self.momentum:
                v = self.velocity[name] = v + self.momentum * self.velocity.get(name, 0)
            param -= self.lr * v

    def state_dict(self):
        """Return the velocity of each parameter, as a dict of dicts of arrays."""
        return {"velocity": dict(self.velocity)}

    def load_state_dict(self, state):
        """Go on from what ``state_dict`` returned."""
        expect_names("state", state, self.state_dict())
        self.velocity = dict(state["velocity"])


class Adam:
    """Step by the mean gradient over the root of its mean square.

    Kingma and Ba (2015), algorithm 1.

    Parameters
    ----------
    lr : float
        The learning rate: about the size of each step.
    beta1, beta2 : float
        How slowly the two means forget: at least 0 and below 1.
    eps : float
        Keeps the division finite.
    """

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.eps = number("lr", lr, 0), number("eps", eps, 0)
        self.beta1 = number("beta1", beta1, 0, below=1)
        self.beta2 = number("beta2", beta2, 0, below=1)
        self.t, self.m, self.v = 0, {}, {}

    def step(self, params, grads):
        """Move every parameter in place."""
        grads = _gradients(params, grads)
        self.t += 1
        for name, param in params.items():
            grad = grads[name]
            m = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * grad
            v = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * grad * grad
            self.m[name], self.v[name] = m, v
            m_hat = m / (1 - self.beta1**self.t)
            v_hat = v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

    def state_dict(self):
        """Return the count of steps t and the two means m and v, dicts of arrays."""
        return {"t": self.t, "m": dict(self.m), "v": dict(self.v)}

    def load_state_dict(self, state):
        """Go on from what ``state_dict`` returned."""
        expect_names("state", state, self.state_dict())
        self.t, self.m, self.v = state["t"], dict(state["m"]), dict(state["v"])


def clip_by_norm(grads, limit):
    """Shorten all gradients together, if as one long vector they exceed the limit.

    Pascanu, Mikolov and Bengio (2013), algorithm 1.

    Parameters
    ----------
    grads : dict of str to array
        Changed in place.
    limit : float or None
        The greatest length allowed, 0 or more; None measures and changes nothing.

    Returns
    -------
    float
        The length before clipping.
    """
    # In float64: the squares of small float32 numbers would be zero.
    norms = [np.linalg.norm(grad.ravel().astype(np.float64)) for grad in grads.values()]
    norm = float(np.linalg.norm(norms))
    if limit is not None and norm > number("limit", limit, 0):
        for grad in grads.values():
            grad *= limit / norm
    return norm


def _gradients(params, grads):
    """Return the gradients of these parameters, of the same shapes and types."""
    expect_names("grads", grads, params, ": call backward first")
    return {
        name: expect(f"grads[{name!r}]", grads[name], p.shape, p.dtype, finite=False)
        for name, p in params.items()
    }
