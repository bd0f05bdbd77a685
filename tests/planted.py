"""Classes with a mistake in them, planted by the name of the equation it spoils."""

from typing import NamedTuple

from cases import Case
from unrolled.layer import Layer
from unrolled.planting import plant

SIZES = {"B": 2, "T": 4, "I": 3, "H": 5}  # all above 1, and no two alike


class Mistake(NamedTuple):
    """Which layer, where, what was written there, and the variant that runs it."""

    cls: type
    where: callable
    wrong: dict
    options: dict = {}
    sizes: dict = SIZES
    names: dict = {}

    @property
    def variant(self):
        """What a judge needs to know."""
        return self.cls, self.options, self.sizes

    def healthy(self):
        """Return a case of the layer as it is."""
        return Case(self.cls, self.options, **self.sizes)

    def case(self):
        """Return the same case with the mistake in the layer."""
        cls = planted(self.cls, self.where, self.wrong, **self.names)
        return Case(cls, self.options, **self.sizes)


def subclass(function, mistakes, **names):
    """Return a subclass, of the same name, in which one method has a mistake.

    Parameters
    ----------
    function : function
        The method as it stands in its class: ``Packing.part``.
    mistakes, names
        As `unrolled.planting.plant` takes them.
    """
    cls = _owner(function)
    return type(
        cls.__name__, (cls,), {function.__name__: plant(function, mistakes, **names)}
    )


def planted(cls, function, mistakes, **names):
    """Return a layer's class with a mistake, in the layer or in the loop that it runs.

    Parameters
    ----------
    cls : class
        The layer; its subclass keeps the name, by which `transcription` looks it up.
    function, mistakes, names
        As `subclass` takes them; the function may be one that cls inherits.
    """
    if issubclass(_owner(function), Layer):
        wrong = {function.__name__: plant(function, mistakes, **names)}
    else:
        loop = subclass(function, mistakes, **names)
        wrong = {"loop": lambda self: loop()}
    return type(cls.__name__, (cls,), wrong)


def _owner(function):
    """Return the class in which a method is written."""
    return function.__globals__[function.__qualname__.split(".")[0]]
