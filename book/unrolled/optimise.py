"""Steps down the gradient, and the limit on their length."""

import numpy as np

from .arguments import shape_text


class SGD:
    """Step against the gradient, with momentum if asked for.

    Parameters
    ----------
    lr : float
        The learning rate.
    momentum : float
        How much of the last step's velocity is kept, 0 to 1.

    Notes
    -----
    v = momentum · v + grad, then param = param - lr · v.
    """

    def __init__(self, lr, momentum=0.0):
        self.lr, self.momentum = _not_negative("lr", lr), momentum
        self.velocity = {}

    def step(self, params, grads):
        """Move every parameter in place.

        Parameters
        ----------
        params, grads : dict of str to array
            The same keys and shapes.

        Raises
        ------
        ValueError
            If keys or shapes differ.
        """
        _same_shapes(params, grads)
        for name, param in params.items():
            v = grads[name]
            if self.momentum:
                v = self.velocity[name] = v + self.momentum * self.velocity.get(name, 0)
            param -= self.lr * v


class Adam:
    """Step by the mean gradient over the root of its mean square.

    Parameters
    ----------
    lr : float
        The learning rate: about the size of each step.
    beta1, beta2 : float
        How slowly the two means forget.
    eps : float
        Keeps the division finite.

    Notes
    -----
    Kingma and Ba (2015), algorithm 1.
    """

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr = _not_negative("lr", lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m, self.v, self.t = {}, {}, 0

    def step(self, params, grads):
        """Move every parameter in place.

        Parameters
        ----------
        params, grads : dict of str to array
            The same keys and shapes.

        Raises
        ------
        ValueError
            If keys or shapes differ.
        """
        _same_shapes(params, grads)
        self.t += 1
        for name, param in params.items():
            grad = grads[name]
            m = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * grad
            v = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * grad * grad
            self.m[name], self.v[name] = m, v
            m_hat = m / (1 - self.beta1**self.t)
            v_hat = v / (1 - self.beta2**self.t)
            param -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


def clip_by_norm(grads, limit):
    """Shorten all gradients together, if as one long vector they exceed the limit.

    Parameters
    ----------
    grads : dict of str to array
        Changed in place.
    limit : float or None
        The greatest length allowed; None measures and changes nothing.

    Returns
    -------
    float
        The length before clipping.

    Raises
    ------
    ValueError
        If the limit is below zero.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    # In float64: the squares of small float32 numbers would be zero.
    norms = [np.linalg.norm(grad.ravel().astype(np.float64)) for grad in grads.values()]
    norm = float(np.linalg.norm(norms))
    if limit is not None and norm > _not_negative("limit", limit):
        for grad in grads.values():
            grad *= limit / norm
    return norm


def _not_negative(name, value):
    """Return a number that is zero or more, or say what was expected."""
    if not value >= 0:
        raise ValueError(f"{name} must be zero or more, got {value}")
    return value


def _same_shapes(params, grads):
    """Refuse gradients that are not the parameters' own."""
    if params.keys() != grads.keys():
        raise ValueError(
            f"grads must hold {', '.join(params)}, "
            f"got {', '.join(grads) or 'nothing'}: call backward first"
        )
    for name, param in params.items():
        if grads[name].shape != param.shape:
            raise ValueError(
                f"grads[{name!r}] must have shape {shape_text(param.shape)}, "
                f"got {shape_text(grads[name].shape)}"
            )
